#ifndef LOOKUP_ADVISER_H
#define LOOKUP_ADVISER_H

/*
 * The lookup program: an event loop that takes questions and sends answers,
 * and plain sequential code that finds them, in the loop as far as nothing
 * has to be waited for, else in threads.
 *
 *	adviser	 the program: who asks
 *	inquiry	 one question, and where it is answered
 *	profile	 the parameters that a question is judged by, compiled
 *	judge	 may this client do that
 *	hearing	 what judge knows and has found so far
 *	restriction	 the table of restrictions; rule_... are what they do
 *	verdict	 what judge has found
 *	query	 a thread's questions to the DNS
 *	resolve	 where an address leads to
 */

#include <stdbool.h>
#include <stddef.h>

#include "net/loop.h"

struct conf;
struct daemon;
struct daemon_program;
struct door;
struct ipc;
struct profile;
struct query;
struct rate_holder;
struct worker;

struct adviser {
	struct daemon		*daemon;	/* borrowed */
	const struct conf	*conf;		/* borrowed */
	struct loop		*loop;		/* borrowed */
	struct worker		*worker;
	struct door		*door;
	struct query		*query;
	struct profile		*profiles;	/* list */
	struct asker		*askers;	/* list */
};

/* Who asks. */
struct asker {
	struct adviser	*adviser;
	struct ipc	*ipc;		/* NULL: gone, answers are awaited */
	struct profile	*profile;	/* NULL: not chosen yet */
	struct rate_holder *guests;	/* its clients; NULL: none */
	size_t		 pending;	/* questions of this one in threads */
	bool		 is_paused;	/* too many of them */
	struct asker	*next, *prev;
};

extern const struct daemon_program adviser_program;

/*
 * What is asked, each of its kind being answered like the last one: at once,
 * or in a thread because something has to be waited for.
 */
enum adviser_kind {
	ADVISER_ROUTE, ADVISER_LEAD, ADVISER_REWRITE, ADVISER_TLS,
	ADVISER_LOGIN,
	ADVISER_JUDGE			/* and its stage */
};

/* The profile that this one's questions are judged by. */
struct profile	*adviser_profile(struct asker *asker);

/* A question has begun, or has ended: asker may be gone after its end. */
void		 adviser_begin(struct asker *asker);
void		 adviser_end(struct asker *asker);

/*
 * Have a question answered: run, here in haste (util/haste.h) or in a
 * thread, then done, in the loop; between an attempt in haste that came to
 * nothing and the thread, forget.  All three get job, and asker is not gone
 * before done ends it.
 */
void		 adviser_ask(struct asker *asker, unsigned kind, loop_fn run,
		    loop_fn forget, loop_fn done, void *job);

#endif
