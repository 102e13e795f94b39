#ifndef QMGR_DESTINATION_H
#define QMGR_DESTINATION_H

/*
 * The inside of the schedule: destinations and the jobs that wait at them
 * (qmgr/schedule.h says how they take turns).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#include "mail/feedback.h"
#include "util/slice.h"

struct active;
struct agent;
struct loop_timer;
struct manager;
struct recipient;

/* One message at one destination: recipients not handed out yet. */
struct job {
	struct active		*active;
	struct recipient	**recipients;
	size_t			 count;
	size_t			 next_one;	/* handed out before it */
	bool			 was_lost;	/* an agent died with it */
	bool			 is_small;	/* which line it stands in */
	struct destination	*destination;
	struct job		*next, *prev;	/* of the line */
	struct job		*sibling, *before; /* of the message */
};

/*
 * A transport with a delay between its deliveries, whatever their
 * destinations (Q45): one goes on at a time.
 */
struct lane {
	struct schedule		*schedule;
	char			*transport;
	int64_t			 delay_ms;
	bool			 is_busy;	/* with an entry, or resting */
	struct loop_timer	*rest;
	struct lane		*next;
};

struct destination {
	struct schedule		*schedule;
	struct lane		*lane;		/* or NULL; the schedule's */
	UT_hash_handle		 hh;		/* by key */
	char			*key;		/* "transport\nnexthop", and
						   "\nrecipient" (Q50) */
	char			*transport;
	char			*nexthop;
	struct job		*small, *large;	/* lists */
	int64_t			 limit;		/* of window */
	int64_t			 recipient_limit;
	int64_t			 slot_cost;
	int64_t			 cohort_limit;	/* 0: it never dies */
	struct feedback		 up, down;
	int64_t			 window;	/* connections at a time */
	double			 rise, fall;	/* towards the next window */
	int64_t			 in_flight;
	int64_t			 small_turns;	/* since a large one's */
	int64_t			 delay_ms;	/* between entries; 0: none */
	struct loop_timer	*rest;		/* for that long; NULL: none */
	double			 failed_cohorts;
	bool			 is_well;	/* the last entry succeeded */
	int64_t			 dead_until_ms;	/* 0: alive */
	char			*why_dead;
	const struct agent	*last_agent;	/* compared only */
	bool			 is_ready;	/* in the ready list */
	struct destination	*next, *prev;	/* of the ready list */
};

struct schedule {
	struct manager		*manager;
	struct destination	*destinations;	/* hash */
	struct destination	*ready;		/* list: their turns */
	struct loop_timer	*no_agent;	/* how long without one */
	struct loop_timer	*sweep;		/* of dead destinations */
	struct lane		*lanes;		/* list */
	bool			 is_deferred;	/* a run is coming */
	bool			 is_stopped;
};

/* The destination of that transport and next hop, made when missing. */
struct destination *destination_find(struct schedule *schedule,
		    const char *transport, const char *nexthop);

/*
 * That of a recipient.  Where entries have one recipient, each of these is
 * a destination of its own, so that limits and delays are for a mailbox
 * (Q50).
 */
struct destination *destination_find_for(struct schedule *schedule,
		    const struct recipient *recipient);

/* A job in one of its lines. */
void		 destination_add_job(struct destination *d, struct job *job);

/* Out of its line and off its message; the caller frees it. */
void		 destination_take_job(struct job *job);

bool		 destination_has_jobs(const struct destination *d);

/*
 * Something about it has changed: it takes its turn, or waits, or (idle and
 * alive) is forgotten: d may be gone.
 */
void		 destination_check(struct destination *d);

/* An entry leaves for it, or has come to its end: delays begin. */
void		 destination_begin(struct destination *d);
void		 destination_end(struct destination *d);

/* Dead now?  One whose time is over gets one try, to see. */
bool		 destination_is_dead(struct destination *d);

/* How an entry fared (Q44). */
void		 destination_succeeded(struct destination *d);
void		 destination_failed(struct destination *d, struct slice why);

/* Timer of the schedule: forgets the dead whose time is over. */
void		 destination_on_sweep(void *schedule);

#endif
