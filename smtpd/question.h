#ifndef SMTPD_QUESTION_H
#define SMTPD_QUESTION_H

/*
 * A question to lookup about what the client is about to do.  When lookup
 * goes away, the next one is asked again; when there is none in time, or it
 * is slow, the answer is 451: never yes.
 */

#include <stdbool.h>
#include <stddef.h>

#include "mail/ipc.h"

struct ipc;
struct ipc_call;
struct loop_timer;
struct peer_wait;
struct question;
struct session;

/* Where a recipient leads to. */
struct question_rcpt {
	char	*address;
	char	*transport;
	char	*nexthop;
};

/* What becomes of the message. */
struct question_action {
	enum judge_action	 kind;
	char			*text;
};

/* A line for the log. */
struct question_note {
	char	*what;		/* "hold" */
	char	*text;
};

typedef void (*question_fn)(struct question *question);

/* The answer is to be read when is_answered is set. */
struct question {
	struct session		*session;	/* borrowed */
	enum judge_stage	 stage;
	char			*recipient;	/* or "" */
	question_fn		 fn;
	struct peer_wait	*wait;
	struct ipc_call		*call;
	struct loop_timer	*pause;		/* answered, not yet told */
	int64_t			 asked_ms;
	bool			 is_repeated;	/* lookup went away once */
	bool			 is_answered;
	bool			 is_judged;	/* lookup has said it */

	int			 code;		/* 250, or why not */
	char			*dsn;
	char			*text;
	char			*footer;	/* of a no; "": the usual */
	struct question_note	*notes;
	size_t			 note_count;
	struct question_rcpt	*rcpts;		/* JUDGE_RCPT */
	size_t			 rcpt_count;
	struct question_action	*actions;
	size_t			 action_count;
	char			*name;		/* JUDGE_CONNECT, or NULL */
	char			*reverse_name;
	uint32_t		 flags;		/* JUDGE_* */
	struct question		*next, *prev;	/* for its owner */
};

/* fn is called once, later; the caller frees the question at any time. */
struct question	*question_new(struct session *s, enum judge_stage stage,
		    const char *recipient, question_fn fn);
void		 question_free(struct question **question);

#endif
