#ifndef MASTER_OUTFIT_H
#define MASTER_OUTFIT_H

/*
 * TLS of a client's service, before it is started: whether its files can be
 * read and are of use.
 */

struct conf;
struct generation;

/*
 * conf is that of the service; programs other than smtp and lmtp have no such
 * thing.  0, and what tern check tells is noted; or -1 and *why_r (caller
 * frees).
 */
int	outfit_check(struct generation *generation, const struct conf *conf,
	    const char *program, const char *where, char **why_r);

#endif
