#ifndef SMTP_DIALOGUE_H
#define SMTP_DIALOGUE_H

/*
 * The client's side of SMTP (RFC 5321) and LMTP (RFC 2033), a machine
 * without I/O: replies go in, commands come out in a buf.  With PIPELINING
 * (RFC 2920) a job's commands leave together, and the next job's behind the
 * end of its content.
 */

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct challenge_setup;
struct conf;
struct dialogue;
struct job;
struct offer;
struct table_list_held;

enum dialogue_state {
	DIALOGUE_BUSY,		/* goes on */
	DIALOGUE_READY,		/* for a job; others may wait for replies */
	DIALOGUE_BROKEN,	/* no use any more: dialogue_fault says why */
	DIALOGUE_CLOSED,	/* the server answered QUIT */
	/*
	 * The server waits for our handshake.  What else it has said is
	 * thrown away; call dialogue_secured when TLS is there.
	 */
	DIALOGUE_SECURE,
	DIALOGUE_LOGIN,		/* waits for dialogue_log_in */
};

/* What becomes of STARTTLS (RFC 3207). */
enum dialogue_tls {
	DIALOGUE_TLS_NEVER,	/* not used, or TLS is there already */
	DIALOGUE_TLS_MAY,	/* used when it is offered */
	DIALOGUE_TLS_MUST,	/* or the dialogue is broken */
};

/* What on our side a new connection should do without. */
enum dialogue_blame {
	DIALOGUE_NOTHING,
	DIALOGUE_GUESS,		/* dialogue_guess was wrong */
	DIALOGUE_PIPELINING,	/* is announced, but replies are lost */
	DIALOGUE_CREDENTIALS,	/* the server refuses them */
};

/* Why it is broken. */
struct dialogue_fault {
	char			 dsn[16];
	const char		*reason;	/* as logged; the dialogue's */
	bool			 is_permanent;
	bool			 is_plain;	/* TLS must be, and is not */
	bool			 is_parting;	/* out ends with QUIT */
	enum dialogue_blame	 blame;
};

struct dialogue_server {
	const char	*host;
	const char	*ip;		/* or the path of a socket */
	uint16_t	 port;		/* 0: that */
	bool		 is_lmtp;
	bool		 is_distrusted;	/* its PIPELINING is not used */
	/*
	 * What it will offer, when it takes commands before its greeting
	 * (PIPECONNECT); NULL: wait and see.
	 */
	const struct offer *guess;
	enum dialogue_tls tls;
	const struct table_list_held *filter;	/* of its replies; or NULL */
	const char	*discard;	/* EHLO keywords; NULL: none */
	unsigned	 firewall;	/* QUIRK_*, if its greeting is masked */
	bool		 has_login;	/* DIALOGUE_LOGIN before any job */
};

/* "host[ip]:port", "host[path]"; the caller frees. */
char		*dialogue_format_server(const struct dialogue_server *server);

/* What results say of TLS; borrowed until it is set anew. */
void		 dialogue_set_tls(struct dialogue *d, const char *tls);

/*
 * TLS is there (DIALOGUE_SECURE): all that was known of the server is
 * forgotten (RFC 3207 section 4.2) but guess, which is what it offered
 * inside of TLS once; NULL: wait and see.
 */
void		 dialogue_secured(struct dialogue *d,
		    const struct offer *guess);

/*
 * What the server offers is known, inside of TLS where there is some
 * (DIALOGUE_LOGIN): with what to log in.  credentials NULL: not at all.
 * mechanisms is set here; setup is not needed after the call.
 */
enum dialogue_state dialogue_log_in(struct dialogue *d,
		    struct challenge_setup *setup);

/*
 * Commands are appended to out, which is the caller's; on_chunk(arg) is
 * called when content that was waited for has come: call dialogue_write.
 * server is not needed after the call.
 */
struct dialogue	*dialogue_new(const struct conf *conf,
		    const struct dialogue_server *server, struct buf *out,
		    void (*on_chunk)(void *arg), void *arg);
/* Its jobs must have been released or ended.  Accepts NULL. */
void		 dialogue_free(struct dialogue **d);

enum dialogue_state dialogue_state(const struct dialogue *d);

/* Ready, and no job on it. */
bool		 dialogue_is_idle(const struct dialogue *d);

/* One or more jobs are on it. */
bool		 dialogue_has_jobs(const struct dialogue *d);

/* Replies.  What they make possible is appended to out. */
enum dialogue_state dialogue_read(struct dialogue *d, struct buf *in);

/*
 * Send what may be sent now; only as much as keeps out below its limit:
 * call again when out has drained.
 */
enum dialogue_state dialogue_write(struct dialogue *d);

/* A job for a dialogue that is ready.  It may end at once. */
void		 dialogue_start(struct dialogue *d, struct job *job);

/* QUIT, behind the jobs on a dialogue that is ready. */
void		 dialogue_quit(struct dialogue *d);

/* What the server offers; NULL before its answer to EHLO. */
const struct offer *dialogue_offer(const struct dialogue *d);

/* "host[ip]:port"; the dialogue's. */
const char	*dialogue_relay(const struct dialogue *d);

/*
 * How long the server may take for what is waited for, in milliseconds
 * (K27).  The time runs from when dialogue_turn changed: half a reply gives
 * no more time.
 */
int64_t		 dialogue_timeout_ms(const struct dialogue *d);
unsigned	 dialogue_turn(const struct dialogue *d);

/* What is waited for is that the server takes content, or that it comes. */
bool		 dialogue_is_in_body(const struct dialogue *d);

/*
 * The content has left, and the dot that ends it is to leave some time
 * behind it (QUIRK_SLOW_DOT): call dialogue_end_pause then.
 */
bool		 dialogue_is_pausing(const struct dialogue *d);
enum dialogue_state dialogue_end_pause(struct dialogue *d);

/* Commands that were sent, and how often we had to wait for replies. */
unsigned	 dialogue_commands(const struct dialogue *d);
unsigned	 dialogue_waits(const struct dialogue *d);

/*
 * The connection is lost, or the time is up: the dialogue is broken, in the
 * words of the log.
 */
void		 dialogue_lose(struct dialogue *d, bool is_timeout);
const struct dialogue_fault *dialogue_fault(const struct dialogue *d);

/*
 * The jobs on a broken dialogue, one a call: what may be begun again
 * elsewhere is returned, and of the others all that is undecided is
 * deferred.  NULL: there are no more.
 */
struct job	*dialogue_release(struct dialogue *d);

#endif
