#ifndef MASTER_OUTFIT_H
#define MASTER_OUTFIT_H

/*
 * TLS of a client's service, before it is started: whether its files can be
 * read and are of use.
 */

struct conf;

/* conf is that of the service.  0, or -1 and *why_r (caller frees). */
int	outfit_check(const struct conf *conf, const char *where,
	    char **why_r);

#endif
