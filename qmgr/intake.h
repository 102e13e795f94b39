#ifndef QMGR_INTAKE_H
#define QMGR_INTAKE_H

/*
 * Messages on their way from cleanup into the store.  A small content
 * stays in memory until it is committed, and then for its first delivery;
 * a large one goes to disk in chunks as it comes.
 */

struct client;

/* The cleanup is gone: what it had not closed is forgotten (S1 -> S0). */
void	intake_abort_all(struct client *client);

#endif
