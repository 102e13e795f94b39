#ifndef SMTPD_TRANSACTION_H
#define SMTPD_TRANSACTION_H

/*
 * One mail transaction: from MAIL to the reply after the content.  It is
 * cleanup's client; when cleanup goes away before the content began, it
 * begins again with the next one, later the client hears 451.
 */

#include "mail/ipc.h"
#include "mail/queue_id.h"
#include "smtpd/body.h"
#include "smtpd/session.h"

struct ipc_call;
struct peer_wait;
struct question;

/* Where a recipient leads to. */
struct transaction_rcpt {
	char		*address;
	char		*original;	/* as the client gave it */
	char		*transport;
	char		*nexthop;
	uint32_t	 notify;	/* RCPT_NOTIFY_*; 0: none given */
	char		*orcpt;		/* "": none */
};

/* What becomes of the message; of one kind and text, one. */
struct transaction_action {
	enum judge_action		 kind;
	char				*text;
	struct transaction_action	*next, *prev;
};

/* A RCPT whose answer is waited for. */
struct transaction_asked {
	struct question	*question;	/* its recipient is the address */
	uint32_t	 notify;	/* RCPT_NOTIFY_*; 0: none given */
	char		*orcpt;		/* "": none */
};

struct transaction {
	struct session		*session;
	struct transaction	*next, *prev;	/* while it is closing */
	uint64_t		 number;	/* of this process */
	char			*sender;	/* "" is the null sender */
	bool			 is_bare;	/* its domain is our addition */
	uint32_t		 flags;		/* MAIL_* */
	char			*envid;		/* "": none */
	char			*sasl_sender;	/* of AUTH=; NULL: none */
	uint64_t		 size;		/* as announced */
	struct transaction_rcpt	*recipients;
	size_t			 rcpt_count;	/* of those */
	size_t			 last_rcpt;	/* first of the last RCPT */
	size_t			 count;		/* RCPT commands accepted */
	int			 over_count;	/* refused: too many */
	struct transaction_action *actions;	/* list; cleanup has them */
	size_t			 action_count;
	struct question		*ahead;		/* list: RCPTs to come */
	struct transaction_asked *asked;	/* the RCPT at hand; or NULL */

	struct ipc		*ipc;		/* of call; borrowed */
	struct ipc_call		*call;		/* NULL: not with cleanup */
	struct peer_wait	*wait;
	void			(*ready)(struct session *s, bool ok);
	uint64_t		 queue_id;	/* 0: not known yet */

	/* content */
	struct body		 body;
	struct buf		 chunk;		/* not sent yet */
	uint64_t		 announced;	/* bytes of all chunks so far */
	uint64_t		 sent;		/* bytes given to cleanup */
	bool			 is_started;	/* content was given */
	bool			 is_closed;	/* all of it was */
	const struct verb	*verb;		/* DATA or BDAT; closing */
	int			 errors, junk;	/* counted before it closed */
	struct buf		 behind;	/* replies after its own */
	int			 code;		/* the verdict; 0: none yet */
	char			*dsn;
	char			*text;
};

/* As the client gave it: maybe without a domain. */
struct slice	 transaction_given_sender(const struct transaction *txn);

struct transaction *transaction_new(struct session *s, struct slice sender,
		    uint32_t flags, struct slice envid);
/* Ends it, with cleanup too, wherever it is. Accepts NULL. */
void		 transaction_free(struct transaction **txn);

/* A RCPT was accepted, and leads to what the answer says. */
void		 transaction_add(struct transaction *txn,
		    const struct transaction_asked *asked);

/* A question was accepted: what its answer wants of the message is done. */
void		 transaction_act(struct transaction *txn,
		    const struct question *question);

/* The RCPT at hand has had its reply. */
void		 transaction_end_rcpt(struct transaction *txn);

/* The last one is refused after all; cleanup does not know it. */
void		 transaction_drop_last(struct transaction *txn);

/*
 * See that cleanup has the envelope.  STEP_DONE: it has; STEP_WAIT: ready
 * is called later, with ok false when there is no cleanup in time.
 */
enum step	 transaction_open(struct transaction *txn,
		    void (*ready)(struct session *s, bool ok));

/* More content; what is too much is kept from us by transaction_is_full. */
void		 transaction_put(struct transaction *txn,
		    struct slice content);
/* Send what transaction_put has gathered. */
void		 transaction_flush(struct transaction *txn);
bool		 transaction_is_full(const struct transaction *txn);

/*
 * All content is given: the reply follows by itself, and the session may go
 * on meanwhile (smtpd/closing.h) or has to wait: STEP_WAIT.
 */
enum step	 transaction_close(struct transaction *txn);

/* Its verdict, as a reply. */
void		 transaction_tell(const struct transaction *txn);

/* The queue id for the log, or NOQUEUE; txn may be NULL.  Returns text. */
#define TRANSACTION_ID_SIZE	QUEUE_ID_TEXT_SIZE
const char	*transaction_id(const struct transaction *txn, char *text);

#endif
