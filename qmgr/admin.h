#ifndef QMGR_ADMIN_H
#define QMGR_ADMIN_H

/*
 * Requests of administrators and users: listing, showing (qmgr/admin.c) and
 * acting on messages (qmgr/act.c).
 *
 * A request goes through the queue a page at a time, each page one read of
 * the store, and waits whenever its client has not taken what was sent: so
 * one costs a page of memory, however long the queue, and deliveries go on
 * in between.  A client that sends more requests than we work at is not
 * read from meanwhile.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;
struct ipc;
struct manager;
struct store_message;

struct admin_request {
	struct manager	*manager;
	struct client	*client;	/* NULL: gone, or it does not wait */
	struct admin_request	*next, *prev;	/* of the client */
	unsigned	 weight;
	bool		 is_waiting;	/* until the client takes more */
	uint32_t	 id;		/* of the frames */
	void		(*step)(struct admin_request *request);
	uint64_t	 after;		/* last message seen */
	uint64_t	 only;		/* this one; 0: all */
	uint32_t	 count;		/* messages done */

	/* list, show */
	uint32_t	 left;		/* messages to go */
	uint32_t	 number;	/* of the next recipient */
	void		(*then)(struct admin_request *request);
	uint32_t	 chunk;		/* of content, next */
	uint32_t	 chunks;

	/* act */
	unsigned	 action;	/* enum admin_action */
	unsigned	 states;	/* only in these; 0: in any */
	uint64_t	 until;		/* what came later is left alone */
	size_t		 pending;	/* writes not on the disk yet */
	bool		 is_detached;	/* goes on without a client */
};

/*
 * A request of this connection.  weight says how many of its kind one
 * client may have at a time: ADMIN_WEIGHT_LIMIT for only one.
 */
#define ADMIN_WEIGHT_LIMIT	256
struct admin_request *admin_request_new(struct ipc *ipc, uint32_t id,
		    unsigned weight);

/* Answer (error "" when all is well); the request is gone. */
void		 admin_request_end(struct admin_request *request,
		    uint64_t last, const char *error);

/*
 * Call its step now, or when the client has taken what it was sent; when
 * nobody waits any more, the request ends.
 */
void		 admin_request_go_on(struct admin_request *request);

/* Answer what needs no request. */
void		 admin_answer(struct ipc *ipc, uint32_t id, uint32_t count,
		    const char *error);

/*
 * The peer is an administrator, or everybody is in the list of users
 * (authorized_flush_users and the like).
 */
bool		 admin_is_authorized(const struct ipc *ipc,
		    const char *users);

/* Where the message is, enum admin_state. */
unsigned	 admin_state_of(const struct manager *manager,
		    const struct store_message *message);

/* The client has taken all we sent; the client is gone. */
void		 admin_drained(struct client *client);
void		 admin_lost(struct client *client);

#endif
