#ifndef SMTP_DANE_H
#define SMTP_DANE_H

/*
 * What TLSA records a host has (RFC 7672 section 2.2; RFC 7671).
 */

#include "net/tlsa.h"

struct dane;
struct route_host;
struct sender;

enum dane_status {
	DANE_NONE,	/* no secure record: DANE does not apply */
	DANE_UNUSABLE,	/* there are some, none of use: TLS, with anybody */
	DANE_FOUND,
	DANE_TROUBLE,	/* a lookup failed or was bogus: not this host, now */
};

/* Borrowed until the receiver returns. */
struct dane_answer {
	enum dane_status	 status;
	const char		*base;	/* whose they are; DANE_FOUND */
	const struct tlsa	*tlsa;
};

typedef void (*dane_fn)(const struct dane_answer *answer, void *arg);

/* fn is called once, later, unless dane_free (accepts NULL) is before it. */
struct dane	*dane_find(struct sender *sender,
		    const struct route_host *host, dane_fn fn, void *arg);
void		 dane_free(struct dane **dane);

#endif
