#ifndef MASTER_LISTEN_H
#define MASTER_LISTEN_H

/*
 * The listening sockets of the whole suite.  They belong to master and are
 * kept from one generation to the next where the address stays the same,
 * so that no client is turned away by a reload.
 */

#include <sys/types.h>

#include "net/addr.h"

struct listen_socket;

struct listen_set {
	struct listen_socket	*sockets;	/* list, owned */
};

/*
 * The socket at addr for one service of a generation: the one there is, or
 * a new one (of a Unix socket: with mode).  The descriptor stays the set's;
 * -1 with errno: EEXIST when this generation has it in use already.
 */
int	listen_get(struct listen_set *set, const struct addr *addr,
	    mode_t mode, int generation);

/* The generation has all of its sockets: close those only others had. */
void	listen_keep(struct listen_set *set, int generation);

/* The generation does not come about: close what was opened for it only. */
void	listen_revert(struct listen_set *set, int generation);

/* Close all, remove the files of Unix sockets. */
void	listen_clear(struct listen_set *set);

#endif
