#ifndef QMGR_MANAGER_H
#define QMGR_MANAGER_H

/*
 * The queue manager: what its parts share.
 *
 *	intake	 cleanup's messages into the store
 *	active	 messages in memory, from activation to the last result
 *	schedule destinations and whose turn it is
 *	agent	 delivery agents and the jobs they hold
 *	admin	 requests of the tools: listing and showing messages
 *	act	 and acting on them
 *	scan	 the due index: what is to be tried when
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct active;
struct admin_request;
struct agent;
struct conf;
struct daemon;
struct daemon_program;
struct door;
struct intake;
struct ipc;
struct loading;
struct loop;
struct loop_timer;
struct orphan;
struct peer;
struct request;
struct scan;
struct schedule;
struct store;

struct manager {
	struct daemon		*daemon;	/* borrowed */
	const struct conf	*conf;		/* borrowed */
	struct loop		*loop;		/* borrowed */
	struct store		*store;
	struct schedule		*schedule;
	struct scan		*scan;
	struct peer		*lookup;	/* NULL: offline */
	struct door		*door;
	struct client		*clients;	/* list: all connections */
	struct active		*actives;	/* hash by queue id */
	struct loading		*loadings;	/* list: soon active */
	size_t			 active_count;
	size_t			 recipient_count; /* in memory */
	int64_t			 cached_bytes;	/* contents in memory */
	struct active		*unwritten;	/* list: results to write */
	struct intake		*arriving;	/* hash by queue id */
	size_t			 intake_count;
	uint32_t		 next_slot;
	uint64_t		 free_bytes;
	struct loop_timer	*space;		/* looks at the disk */
	struct loop_timer	*room;		/* looks at the backlog */
	struct loop_timer	*keep;		/* flushes results (agent) */
	struct loop_timer	*last_call;	/* of draining */
	bool			 is_paused;	/* cleanup must wait */
	bool			 is_flushing;	/* all that is deferred */
	bool			 is_ending;	/* the store is being closed */
	bool			 is_keeping;	/* a flush of results goes on */
};

/* A connection: cleanup, an agent, an admin tool. */
struct client {
	struct manager	*manager;
	struct ipc	*ipc;
	struct intake	*intakes;	/* of a cleanup: hash by frame id */
	size_t		 envelope_bytes; /* of them, in memory */
	size_t		 content_bytes;
	struct agent	*agent;		/* of an agent; NULL before ready */
	struct admin_request	*requests; /* of a tool: list */
	unsigned	 request_weight;
	struct orphan	*orphans;	/* of an agent: hash by queue id */
	struct request	*reads;		/* of an agent: list, on their way */
	size_t		 read_count;
	uint32_t	 done;		/* deliver_done frames that came */
	uint32_t	 keeping;	/* of them, being flushed */
	uint32_t	 kept;		/* of them, on the disk */
	struct client	*next, *prev;
};

extern const struct daemon_program manager_program;

/*
 * So many bytes more come to the disk; false when it will be full, with
 * what qmgr itself has yet to write.
 */
bool	manager_take_disk(struct manager *manager, uint64_t bytes);

/* Too much waits for the disk: cleanup and the agents must wait too. */
void	manager_check_room(struct manager *manager);

/* Draining: something has ended that was waited for. */
void	manager_check_end(struct manager *manager);

#endif
