#ifndef MASTER_BROKER_H
#define MASTER_BROKER_H

/*
 * Connections for children: they have no path to any socket, so master
 * connects for them, says who they are, and hands the connection over.
 */

struct child;
struct service;

/*
 * Answer the wish of a child of the service from for the Unix service name,
 * one of services (a list): CONTROL_CONNECTED, with a connection if its
 * program may have one and there is one.
 */
void	broker_connect(struct child *child, const struct service *from,
	    const struct service *services, const char *name);

#endif
