#ifndef NET_TLS_LIBRARY_H
#define NET_TLS_LIBRARY_H

/*
 * OpenSSL's own configuration (S104): a file, by an absolute path, or
 * "default", its usual one, or "none"; and the name in it of the section that
 * is ours, "" being the usual one, which also stands in where there is none of
 * that name.
 */

#include "util/buf.h"

/*
 * Once in a process, before anything else of it uses OpenSSL.  0, or -1 and
 * why is appended.
 */
int	tls_library_open(const char *file, const char *name,
	    struct buf *why);

/* Whether it can be had, with nothing done.  0, or -1 and why is appended. */
int	tls_library_check(const char *file, struct buf *why);

#endif
