#ifndef NET_TLS_PROTOCOL_H
#define NET_TLS_PROTOCOL_H

/*
 * What may be spoken, as Postfix's parameters say it: lists of protocols,
 * grades of ciphers.
 */

#include "util/buf.h"
#include "util/slice.h"

/* Versions as on the wire; 0: no bound. */
struct tls_protocols {
	int		 min, max;
	unsigned	 excluded;	/* bit n: version 0x0300 + n */
};

/*
 * ">=TLSv1.2", "<=TLSv1.2", "!SSLv3", "TLSv1.2 TLSv1.3" (only these), any
 * of them together, separated by blanks, commas or colons; "" is all.
 * 0, or -1 and why, appended.
 */
int		 tls_protocol_parse(const char *list,
		    struct tls_protocols *protocols_r, struct buf *why);

/*
 * OpenSSL's list of ciphers for a grade: its list, less each word of
 * exclude.  "export" and "low", which no library has any more, mean medium,
 * as in Postfix.  0, or -1: an unknown grade.
 */
struct tls_grades {
	const char	*high, *medium, *null;	/* tls_high_cipherlist... */
};
int		 tls_protocol_ciphers(const struct tls_grades *grades,
		    const char *grade, const char *exclude, struct buf *list);

#endif
