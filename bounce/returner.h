#ifndef BOUNCE_RETURNER_H
#define BOUNCE_RETURNER_H

/*
 * The bounce program: it tells senders what became of their mail.  It is an
 * agent of qmgr like smtp, but where that goes to the network, this makes
 * new mail.
 *
 *	errand	a job: a message and recipients that are to be reported
 *	notice	what is to be told of it, and to whom
 *	letter	one new message, handed to cleanup
 *	report	its text; status is the part of it for programs
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf;
struct daemon;
struct daemon_program;
struct errand;
struct ipc;
struct loop;
struct peer;

struct returner {
	struct daemon		*daemon;	/* borrowed */
	const struct conf	*conf;		/* borrowed */
	struct loop		*loop;		/* borrowed */
	struct peer		*qmgr, *cleanup, *lookup;
	struct errand		*errands;	/* hash by id */
	size_t			 errand_count;	/* to be done */
	struct errand		*told;		/* over, in the order told */
	uint32_t		 kept_count;	/* of them, safe at qmgr */
	size_t			 over_count;	/* done, qmgr is to be told */
	uint32_t		 last_old_id;	/* of errands from before */
	bool			 is_stopping;
};

extern const struct daemon_program returner_program;

/* The queue manager; NULL while it is away. */
struct ipc	*returner_qmgr(const struct returner *returner);

/* An errand has ended. */
void		 returner_check_end(struct returner *returner);

#endif
