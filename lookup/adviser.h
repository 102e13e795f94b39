#ifndef LOOKUP_ADVISER_H
#define LOOKUP_ADVISER_H

/*
 * The lookup program: an event loop that takes questions and sends answers,
 * and threads that find them, in plain sequential code that may block.
 *
 *	adviser	 the program: who asks
 *	inquiry	 one question, from the loop to a thread and back
 *	profile	 the parameters that a question is judged by, compiled
 *	judge	 may this client do that (in a thread)
 *	hearing	 what judge knows and has found so far
 *	restriction	 the table of restrictions; rule_... are what they do
 *	verdict	 what judge has found
 *	query	 a thread's questions to the DNS
 *	resolve	 where an address leads to (in a thread)
 */

#include <stdbool.h>
#include <stddef.h>

struct conf;
struct daemon;
struct daemon_program;
struct door;
struct ipc;
struct loop;
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

/* The profile that this one's questions are judged by. */
struct profile	*adviser_profile(struct asker *asker);

/* A question has begun, or has ended: asker may be gone after its end. */
void		 adviser_begin(struct asker *asker);
void		 adviser_end(struct asker *asker);

#endif
