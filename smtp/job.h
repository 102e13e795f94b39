#ifndef SMTP_JOB_H
#define SMTP_JOB_H

/*
 * A job: one message, some of its recipients, one next hop.  Its content
 * comes in chunks: a small one with the job, a large one as it is asked
 * for, a few chunks ahead.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#include "mail/delivery_log.h"
#include "mail/outcome.h"
#include "net/addr.h"
#include "smtp/tried.h"
#include "util/buf.h"

struct connection;
struct credentials;
struct credentials_search;
struct generic;
struct sender;
struct terms;

/* A result, until the queue manager has it on its disk. */
struct job_late {
	enum outcome_kind	 kind;
	char			*dsn;
	char			*reason;
};

struct job_rcpt {
	uint32_t	 number;
	char		*address;
	char		*outside;	/* as the server sees it; NULL: so */
	char		*original;
	uint32_t	 notify;	/* RCPT_NOTIFY_*; 0: none given */
	char		*orcpt;		/* addr-type;xtext; "": none */
	bool		 is_decided;
	bool		 is_kept;	/* for another server */
	struct job_late	*late;		/* result not kept yet; owned */
};

struct job {
	struct sender		*sender;
	uint32_t		 id;		/* of frames */
	UT_hash_handle		 hh;
	uint64_t		 queue_id;
	uint64_t		 size;
	uint32_t		 flags;		/* MAIL_* */
	char			*nexthop;
	uint32_t		 window;	/* connections to it, at most */
	char			*from;		/* envelope sender */
	char			*envid;		/* xtext; "": none */
	struct job_rcpt		*recipients;
	size_t			 count;
	size_t			 announced;	/* recipients to come */
	struct delivery_times	 times;

	struct buf		 stamp;		/* before the content */
	struct generic		*generic;	/* NULL: no such tables */
	struct terms		*terms;		/* until it is over */
	struct credentials	*credentials;	/* the sender's, likewise */
	struct credentials_search *search;	/* for them */

	/* content */
	struct buf		*chunks;	/* by number; empty: not here */
	uint32_t		 chunk_count;
	uint32_t		 needed;	/* chunks before it were sent */
	uint32_t		 asked;		/* so many were asked */
	bool			 is_gone;	/* from the queue */
	void			(*on_chunk)(void *arg);
	void			*chunk_arg;

	/* over, until the queue manager has it on its disk */
	bool			 is_over;
	bool			 is_told;	/* in the sender's list */
	enum outcome_site	 site;
	char			*why;

	int			 tries;		/* connections it was on */
	struct addr		 server;	/* it is at */
	struct tried		 tried;		/* servers before that */
	bool			 has_backup;	/* there is another server */
	bool			 has_kept;	/* recipients for it */
	struct job		*next, *prev;	/* of a list it is in */
};

/* How a recipient's result reads. */
struct job_result {
	enum outcome_kind	 kind;
	const char		*dsn;
	const char		*reason;
	const char		*relay;		/* "host[ip]:port", "none" */
	int			 use;		/* of the connection */
	const char		*tls;		/* mail/delivery_log.h */
	bool			 is_soft;	/* likewise */
	bool			 has_dsn;	/* the server reports itself */
};

/*
 * Log and report the result of one recipient (once).  Where there is another
 * server, a delay is none yet: job_end gives the job to that one.  Results
 * are kept, and the job with them, until the queue manager says that it has
 * them on its disk; the next one is told them again.
 */
void	job_decide(struct job *job, struct job_rcpt *rcpt,
	    const struct job_result *result);

/* The same for all that have none, then job_end. */
void	job_decide_all(struct job *job, const struct job_result *result,
	    enum outcome_site site);

/* This server is of no use for it, whatever others say; has_backup is set. */
void	job_keep_all(struct job *job, const char *reason);

/* It is to be begun with a server of which nothing is known yet. */
void	job_forget_server(struct job *job);

/*
 * Report the job's end; it is gone for the caller.  why says what the site
 * does not do, for OUTCOME_SITE_DEAD.
 */
void	job_end(struct job *job, enum outcome_site site, const char *why);

/* Its content is to be sent from the start. */
void	job_rewind(struct job *job);

/*
 * The content chunk of that number, or NULL: then it was asked for, and
 * fn(arg) is called when it is there, or is_gone.
 */
struct buf *job_chunk(struct job *job, uint32_t number,
	    void (*fn)(void *arg), void *arg);

/*
 * The first one, in *chunk_r, for who looks at the header: NULL when there is
 * no content, or the job is_gone.  false: fn(job) is called later.
 */
bool	job_first_chunk(struct job *job, void (*fn)(void *job),
	    struct buf **chunk_r);

/* The chunk was sent: a large message is not kept. */
void	job_drop_chunk(struct job *job, uint32_t number);

/* The connection is not interested any more. */
void	job_forget_waiter(struct job *job);

/* The queue manager was lost: what came by half is forgotten. */
void	job_drop_partial(struct sender *sender);

/* There is a new queue manager: tell it what we hold and what is over. */
void	job_tell_all(struct sender *sender);

#endif
