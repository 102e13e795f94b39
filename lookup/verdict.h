#ifndef LOOKUP_VERDICT_H
#define LOOKUP_VERDICT_H

/*
 * What became of a question.
 */

#include <stdint.h>

#include "mail/ipc.h"
#include "util/buf.h"

struct verdict_rcpt {
	char			*address;
	char			*transport;
	char			*nexthop;
	struct verdict_rcpt	*next, *prev;
};

struct verdict_action {
	enum judge_action	 kind;
	char			*text;
	struct verdict_action	*next, *prev;
};

/* A line for the log of smtpd, which knows the rest of it. */
struct verdict_note {
	char			*what;		/* "hold" */
	char			*text;
	struct verdict_note	*next, *prev;
};

/* Zeroed it says nothing yet. */
struct verdict {
	int			 code;		/* 0: nothing against it */
	char			 dsn[16];
	struct buf		 text;
	struct buf		 footer;	/* smtpd_reject_footer_maps */
	uint32_t		 pause_s;	/* before all that */
	struct verdict_note	*notes;		/* list; owned */
	struct verdict_rcpt	*rcpts;		/* list; owned */
	struct verdict_action	*actions;	/* list; owned */
	char			*name;		/* of the client; or NULL */
	char			*reverse_name;
	uint32_t		 flags;		/* JUDGE_*_TROUBLE */
};

void	verdict_clear(struct verdict *verdict);

/* Refuse; what was said before is forgotten. */
void	verdict_refuse(struct verdict *verdict, int code, const char *dsn,
	    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The texts are copied. */
void	verdict_add_rcpt(struct verdict *verdict, struct slice address,
	    struct slice transport, struct slice nexthop);
void	verdict_add_action(struct verdict *verdict, enum judge_action kind,
	    struct slice text);

/* Some notes a question are enough for any log: more are dropped. */
void	verdict_add_note(struct verdict *verdict, const char *what,
	    struct slice text);

/* Who the client is: to be told it, too. */
void	verdict_set_client(struct verdict *verdict, const char *name,
	    const char *reverse_name, uint32_t flags);

/* All of it, as replies to the question with that id. */
void	verdict_send(const struct verdict *verdict, struct ipc *ipc,
	    uint32_t id);

#endif
