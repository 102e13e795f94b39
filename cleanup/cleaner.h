#ifndef CLEANUP_CLEANER_H
#define CLEANUP_CLEANER_H

/*
 * What all messages of one cleanup process share: the programs that feed
 * it, the queue manager, the ids it may give.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf;
struct daemon;
struct daemon_program;
struct door;
struct feeder;
struct ipc;
struct loop;
struct loop_timer;
struct message;
struct peer;
struct rules;

struct cleaner {
	struct daemon		*daemon;	/* borrowed */
	const struct conf	*conf;		/* borrowed */
	struct loop		*loop;		/* borrowed */
	struct door		*door;
	struct peer		*qmgr;
	struct peer		*lookup;
	unsigned		 mapped;	/* rewriting_places */
	struct loop_timer	*away;		/* while qmgr may return */
	struct rules		*rules;		/* of content checks */
	struct feeder		*feeders;	/* list */
	size_t			 message_count;
	size_t			 held_bytes;	/* wait for qmgr */
	size_t			 asked_bytes;	/* wait for lookup */
	uint64_t		 free_bytes;
	bool			 is_stopping;	/* the whole suite is */

	/* queue ids */
	bool			 has_lease;
	uint32_t		 slot;
	uint64_t		 last_us;
};

/* A connected program that sends mail: smtpd. */
struct feeder {
	struct cleaner	*cleaner;
	struct ipc	*ipc;
	struct message	*messages;	/* hash by the id of their frames */
	size_t		 held_bytes;	/* of them, in memory */
	struct feeder	*next, *prev;
};

extern const struct daemon_program cleaner_program;

/* The next queue id of our lease, which there must be. */
uint64_t	cleaner_next_id(struct cleaner *cleaner);

/* The queue manager: NULL while it is away. */
struct ipc	*cleaner_queue(const struct cleaner *cleaner);

/* It may come back: messages are held, not refused. */
bool		cleaner_may_wait(const struct cleaner *cleaner);

/* qmgr takes no more now: stop all feeders until it does. */
void		cleaner_check_room(struct cleaner *cleaner);

/* A message has ended. */
void		cleaner_check_end(struct cleaner *cleaner);

#endif
