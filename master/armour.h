#ifndef MASTER_ARMOUR_H
#define MASTER_ARMOUR_H

/*
 * TLS of a service, before it is started: whether its certificates and keys
 * can be read and belong together, how long they are good for.
 */

struct conf;
struct generation;

/*
 * conf is that of the service.  0, or -1 and *why_r (caller frees); what
 * somebody should look at goes to the generation's notes.
 */
int	armour_check(struct generation *generation, const struct conf *conf,
	    const char *where, const char *service, char **why_r);

#endif
