#ifndef QMGR_AGENT_H
#define QMGR_AGENT_H

/*
 * Delivery agents: they connect, say which transport they serve and how
 * many jobs they take, and get jobs pushed.
 *
 * An agent outlives a queue manager: when it connects to the next one it
 * says which deliveries it still holds, and their results count
 * (mail/ipc.def, agent_holds).  Until then those messages are left alone.
 * Results that we have not yet called safe on the disk (deliver_kept) it
 * tells again: only an agent that dies can make a twin.
 *
 * An agent talks with the network and may not be its own master any more:
 * it gets the content of messages that it was given or holds, and no other;
 * it holds what it says at once, before it is ready; and it gets no job
 * while it does not read those before.
 */

#include <stdbool.h>
#include <stdint.h>

struct active;
struct client;
struct entry;
struct manager;

struct agent {
	struct client	*client;
	char		*transport;
	uint32_t	 capacity;
	uint32_t	 busy;		/* entries in flight */
	uint32_t	 last_id;
	struct entry	*entries;	/* list */
};

/*
 * An agent of that transport with room, the one called liked before others;
 * NULL: there is none.  *has_any_r: there is one at all.
 */
struct agent	*agent_find(const struct manager *manager,
		    const char *transport, const struct agent *liked,
		    bool *has_any_r);

/* Give the entry to the agent. */
void		 agent_send(struct agent *agent, struct entry *entry);

/* The agent is done with it. */
void		 agent_forget(struct agent *agent, struct entry *entry);

/* The client was an agent, and is gone. */
void		 agent_lost(struct client *client);

/* The client has taken what it was sent: if it is an agent, it gets more. */
void		 agent_drained(struct client *client);

/* Deliveries of this message may be going on from before our start. */
bool		 agent_is_held(const struct manager *manager, uint64_t id);

/* The timer of deliver_kept. */
void		 agent_start(struct manager *manager);

/* Entries in flight with all agents. */
bool		 agent_has_entries(const struct manager *manager);

#endif
