#ifndef QMGR_SCHEDULE_H
#define QMGR_SCHEDULE_H

/*
 * Whose turn it is.  A destination is a transport and a next hop, or one
 * recipient where the transport has one at a time (Q50).  A job is one
 * message at one destination; it is handed out in entries of at most
 * default_destination_recipient_limit recipients.
 *
 * Destinations with something to do take turns (Q42).  Within one, jobs
 * that fit in one entry and larger jobs wait in two lines: of every
 * delivery_slot_cost entries, all but one go to the small jobs while there
 * are any, so a small job never waits for a large one and a large one keeps
 * its share (Q43).  Larger jobs take turns among themselves.
 *
 * How many entries a destination has in flight follows how it does (Q44):
 * from initial_destination_concurrency, up with success, down with failure
 * to connect or greet, to the limit.  A destination that failed a whole
 * cohort is dead for minimal_backoff_time: its recipients are deferred at
 * once, so that they wait in the index and not in memory.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mail/outcome.h"
#include "util/slice.h"

struct active;
struct agent;
struct destination;
struct entry;
struct manager;
struct recipient;
struct schedule;

struct schedule	*schedule_new(struct manager *manager);

/* All recipients of the window that are to be tried. */
void		 schedule_add(struct schedule *schedule,
		    struct active *active);

/*
 * Take back all of a message that was not handed out; when nothing of it is
 * in flight, it ends.
 */
void		 schedule_withdraw(struct active *active);

/* Hand out what agents can take; cheap when nothing can be. */
void		 schedule_run(struct schedule *schedule);
void		 schedule_run_later(struct schedule *schedule);

/* Dead destinations get another chance now. */
void		 schedule_revive(struct schedule *schedule);

/* Nothing more is handed out (qmgr leaves). */
void		 schedule_stop(struct schedule *schedule);

/* ---- an entry: what an agent holds --------------------------------------- */

struct entry {
	struct destination	*destination;
	struct active		*active;	/* NULL after its last result */
	struct agent		*agent;
	struct recipient	**recipients;	/* of active */
	size_t			 count;
	size_t			 undecided;
	uint32_t		 id;		/* of the agent's frames */
	uint64_t		 queue_id;
	bool			 was_lost;	/* an agent died with it */
	struct entry		*next, *prev;	/* of the agent */
};

const char	*schedule_nexthop(const struct entry *entry);

/* How many connections there may be to its destination, just now. */
uint32_t	 schedule_window(const struct entry *entry);

/* The result of one recipient, by its number. */
void		 schedule_result(struct entry *entry, uint32_t number,
		    enum outcome_kind kind, struct slice dsn,
		    struct slice text);

/*
 * The agent is done with the entry: what has no result is deferred.  The
 * entry is gone.
 */
void		 schedule_done(struct entry *entry, enum outcome_site site,
		    struct slice why);

/*
 * The agent is gone: what has no result goes back into the schedule, the
 * second time, or when the message was stopped, it is deferred.  The entry
 * is gone.
 */
void		 schedule_lost(struct entry *entry);

#endif
