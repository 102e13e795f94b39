#ifndef NET_TLS_AUTHORITY_H
#define NET_TLS_AUTHORITY_H

/*
 * A folder of CA certificates, each in a file that is named by its hash
 * (openssl rehash).  Read at once: OpenSSL would look into it when it needs
 * one, and in a chroot find nothing.  With OpenSSL's types: for net/tls*.c
 * only.
 */

#include <openssl/ssl.h>

#include "util/buf.h"

/* 0, or -1 and why is appended.  A file that holds no certificate is none. */
int	tls_authority_read(SSL_CTX *ctx, const char *folder,
	    struct buf *why);

/* The system's own file and folder, as far as they are there. */
void	tls_authority_read_system(SSL_CTX *ctx);

#endif
