#ifndef LOOKUP_HEARING_H
#define LOOKUP_HEARING_H

/*
 * A question while it is judged (in a thread): what is known, whom the
 * restriction that runs is about, and what was found so far.
 *
 * Texts of replies and of the log are Postfix's, for those who read logs.
 */

#include <stdbool.h>

#include "mail/ipc.h"
#include "util/buf.h"
#include "util/slice.h"

struct conf;
struct dnsbl_search;
struct judge_question;
struct profile;
struct query;
struct verdict;

/* What a restriction has come to. */
enum ruling {
	RULING_DUNNO,		/* ask the next one */
	RULING_PERMIT,		/* the end of this list */
	RULING_REFUSE,		/* the end; the verdict says how */
};

/* A refusal that may come to be. */
struct hearing_reply {
	int		 code;		/* 0: none */
	char		 dsn[16];
	struct buf	 text;
};

struct hearing {
	const struct profile		*profile;
	const struct conf		*conf;
	const struct judge_question	*question;
	const struct msg_judge		*m;	/* the question's */
	struct query			*query;	/* NULL: there is no DNS */
	struct verdict			*verdict;

	/*
	 * Where mail to them goes: a domain of ours in front of a route is
	 * no way round what is said of the domain behind it.
	 */
	struct buf			 sender, recipient;

	/* whom the list that runs is about: "a@b", "Sender address" */
	struct slice			 name;	/* borrowed */
	const char			*class;	/* static */

	bool				 must_warn;	/* warn_if_reject */
	unsigned			 depth;	/* of lists in lists */
	struct hearing_reply		 if_permit;	/* defer_if_... */
	struct hearing_reply		 if_refuse;
	bool				 is_recipient_found;
	bool				 is_sender_found;
	bool				 is_discarded;
	struct dnsbl_search		*search;	/* NULL: not begun */
};

void		 hearing_init(struct hearing *hearing,
		    const struct profile *profile,
		    const struct judge_question *question,
		    struct verdict *verdict);
void		 hearing_clear(struct hearing *hearing);

/* A message is begun, so something can be done to it. */
bool		 hearing_has_message(const struct hearing *hearing);

/* MAIL was said: an empty sender is the null sender. */
bool		 hearing_has_sender(const struct hearing *hearing);

/*
 * Say no, unless a warning is all that is wanted.  The class of dsn becomes
 * that of code; soft_bounce and defer_if_reject are seen to.
 */
enum ruling	 hearing_refuse(struct hearing *hearing, int code,
		    const char *dsn, const char *format, ...)
		    __attribute__((format(printf, 4, 5)));

/* "<name>: class rejected: why" with the name and class that are heard. */
enum ruling	 hearing_refuse_name(struct hearing *hearing, int code,
		    const char *dsn, const char *format, ...)
		    __attribute__((format(printf, 4, 5)));

/* A no of ours, not of the client's making, which no warning replaces. */
enum ruling	 hearing_misconfigured(struct hearing *hearing);
enum ruling	 hearing_cannot_tell(struct hearing *hearing,
		    struct slice name);

/* If nothing else refuses, say no, at the end: the first reply counts. */
enum ruling	 hearing_defer_if_permit(struct hearing *hearing,
		    const char *dsn, const char *format, ...)
		    __attribute__((format(printf, 3, 4)));

/* If something else refuses, say no for now instead. */
enum ruling	 hearing_defer_if_refuse(struct hearing *hearing,
		    const char *dsn, const char *format, ...)
		    __attribute__((format(printf, 3, 4)));

/* At the end: a yes becomes the no that was put off. */
enum ruling	 hearing_finish(struct hearing *hearing, enum ruling ruling);

/* "NOQUEUE: what: RCPT from client: text; from=<...> ..." in smtpd's log. */
void		 hearing_log(const struct hearing *hearing, const char *what,
		    const char *format, ...)
		    __attribute__((format(printf, 3, 4)));

/* What the client is doing: "RCPT". */
const char	*hearing_stage(const struct hearing *hearing);

#endif
