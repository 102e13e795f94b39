#ifndef SMTPD_CLIENT_H
#define SMTPD_CLIENT_H

/*
 * A connected client: the stream, the time it may take, and the session
 * that runs on them.
 */

#include <stdbool.h>

#include "net/addr.h"

struct gate;

/* A member of the gate's list; the rest is private. */
struct client {
	struct client	*next, *prev;
};

/* fd is the client's from now on; it frees itself when it is over. */
void	client_new(struct gate *gate, int fd, const struct addr *peer);

/* What blocked it may be over. */
void	client_wake(struct client *client);

/* End it: at once when nothing is in flight, else after that. */
void	client_shutdown(struct client *client);

#endif
