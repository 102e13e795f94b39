#ifndef SMTPD_SESSION_H
#define SMTPD_SESSION_H

/*
 * The SMTP session: a machine without I/O.  Bytes from the client go in,
 * replies come out in a buf; what must be waited for (cleanup) calls back.
 *
 * Three lifetimes, nested: session (connection), transaction (MAIL to end
 * of data), command (one line).  Ending one is one free: no state of a
 * transaction can be found in the next.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"
#include "smtpd/gate.h"
#include "util/buf.h"
#include "util/slice.h"

struct login;
struct mechanisms;
struct question;
struct secured;
struct session;
struct transaction;
struct verb;

/* What a handler, or the machine as a whole, has come to. */
enum step {
	STEP_DONE,	/* ready for more input */
	STEP_WAIT,	/* for an answer: s->wake is called when to go on */
	STEP_HANGUP,	/* send what is written, then close */
	STEP_SECURE,	/* send it, then TLS begins: secured_begin */
};

/* Where in the dialogue of RFC 5321 section 4.1.4 the client is. */
#define SESSION_STATES(S)						\
	S(START)	/* connected */					\
	S(HELLO)	/* HELO or EHLO was said */			\
	S(MAIL)		/* in a transaction without good recipient */	\
	S(RCPT)		/* in a transaction with recipients */		\
	S(BODY)		/* receiving the content */			\
	S(CHUNK)	/* receiving a chunk of it (RFC 3030) */	\
	S(BETWEEN)	/* two chunks */				\
	S(SPOILT)	/* a chunk was refused: until LAST or RSET */	\
	S(AUTH)		/* the next line answers a challenge */		\
	S(END)		/* hanging up */

#define S(name)	STATE_NUMBER_##name,
enum session_number { SESSION_STATES(S) };
#undef S
#define S(name)	STATE_##name = 1 << STATE_NUMBER_##name,
enum session_state { SESSION_STATES(S) };
#undef S

#define SESSION_VERB_LIMIT	32	/* rows of the verb table */

/* In the log, what follows DATA when its content is there. */
#define SESSION_END_OF_MESSAGE	"END-OF-MESSAGE"

/* A chunk whose bytes are coming, of a message or to nobody. */
struct session_chunk {
	uint64_t	 size;
	uint64_t	 left;		/* not here yet */
	bool		 is_last;
	int		 code;		/* why it is refused; 0: it is not */
	const char	*dsn;		/* static */
	const char	*text;		/* static */
	bool		 is_answered;	/* refused, and the client knows */
};

struct session {
	struct gate		*gate;
	void			(*wake)(void *arg);
	void			*wake_arg;
	struct buf		*out;		/* borrowed: the client's */
	enum session_state	 state;
	struct buf		*replies;	/* out, or what is kept back */
	struct transaction	*txn;		/* NULL: none */
	struct transaction	*closing;	/* list, in their order */
	unsigned		 closing_count;

	/* the client */
	struct addr		 peer;
	struct addr		 self;		/* where it has connected to */
	uint64_t		 number;	/* of this process */
	struct question		*welcome;	/* NULL when greeted */
	struct question		*question;	/* but of RCPT; NULL: none */
	void			(*go_on)(struct session *s, bool ok);
	bool			 is_counted;	/* lookup counts it */
	bool			 is_announced;	/* "connect from" */
	char			 addr[ADDR_TEXT_SIZE];
	char			*name;		/* verified, or "unknown" */
	char			*reverse_name;	/* not verified */
	uint32_t		 name_flags;	/* JUDGE_*_TROUBLE */
	char			*helo;		/* NULL before HELO */
	char			*old_helo;	/* while another is judged */
	bool			 is_local;	/* its headers are rewritten */
	bool			 is_near;	/* in mynetworks */
	enum gate_bare_lf	 bare_lf;	/* what a bare LF gets */
	bool			 is_esmtp;	/* said EHLO */
	bool			 was_esmtp;	/* with old_helo */
	bool			 has_pipe_connect; /* may send ahead */
	bool			 has_verp;	/* may say XVERP */
	bool			 is_denied;	/* only QUIT is served */

	bool			 is_securing;	/* STARTTLS had its 220 */
	bool			 has_failed_tls; /* its handshake */
	struct secured		*secured;	/* NULL: no TLS */

	/* who it is (RFC 4954) */
	bool			 has_auth;	/* may log in */
	struct mechanisms	*mechanisms;	/* asked for; NULL: not now */
	struct login		*login;		/* on its way; NULL: none */
	char			*sasl_method;	/* NULL: not logged in */
	char			*sasl_username;

	/* the command that is running */
	const struct verb	*verb;
	bool			 is_followed;	/* more came behind it */
	bool			 is_waiting;
	bool			 is_urgent;	/* what is in out has waited */
	bool			 has_error;	/* its reply was 4xx or 5xx */
	bool			 is_leaving;	/* it was 421 or 521 (S28) */
	bool			 is_late;	/* replies wait: errors */
	bool			 is_utf8;	/* its reply may be */
	const char		*footer;	/* of its no; NULL: usual */

	/* input */
	size_t			 ahead;		/* bytes asked ahead */
	bool			 is_skipping;	/* rest of a long line */
	bool			 is_long_auth;	/* it was of AUTH */
	bool			 has_bare_lf;	/* noted for the log */
	bool			 has_noted_pipelining;
	struct session_chunk	 chunk;		/* in STATE_CHUNK */

	/* counts */
	int			 error_count;
	int			 junk_count;
	int			 pause_ms;	/* wanted before the reply */
	struct buf		 late;		/* replies kept for it */
	uint32_t		 good[SESSION_VERB_LIMIT];
	uint32_t		 total[SESSION_VERB_LIMIT];
	uint32_t		 unknown_count;
	const char		*last;		/* command, for the log */
};

/*
 * A session with the client at peer.  Replies are appended to out.
 * wake(arg) asks for session_input to be called again.
 */
struct session	*session_new(struct gate *gate, const struct addr *peer,
		    struct buf *out, void (*wake)(void *), void *arg);
void		 session_free(struct session **s);

/*
 * Take from in what can be used now.  When the step is STEP_WAIT and
 * s->pause_ms is set, what is in out is to be sent, and session_unpause
 * called after that time.
 */
enum step	 session_input(struct session *s, struct buf *in);
void		 session_unpause(struct session *s);

/* The end, after what was written. */
enum step	 session_hang_up(struct session *s);

/*
 * Something stands behind what must be the last of its group (S22-S25):
 * STEP_DONE where that is tolerated.
 */
enum step	 session_refuse_pipelining(struct session *s,
		    struct slice behind);

/* The command in a line, or what smtpd_command_filter has for it. */
struct slice	 session_filter(const struct session *s, struct slice line,
		    struct buf *scratch);

/* The end from our side: a 421 reply. */
enum step	 session_timeout(struct session *s);
enum step	 session_shutdown(struct session *s);

/* Nothing is being waited for, no transaction is open or closing. */
bool		 session_is_idle(const struct session *s);

/* The one place where the state changes. */
void		 session_enter(struct session *s, enum session_state state);

/* No transaction is open (any more). */
void		 session_enter_idle(struct session *s);

/* The 550 of smtpd_forbid_bare_newline = reject (S31). */
void		 session_refuse_bare_lf(struct session *s);

/* A command that is useful now and then, but not in masses (S64). */
void		 session_count_junk(struct session *s);

/* Content is coming, one way or the other. */
bool		 session_is_in_content(const struct session *s);

/* The command that waited has replied: go on. */
void		 session_resume(struct session *s);

/* A message has had its reply, whatever has become of the session since. */
void		 session_settled(struct session *s);

/* "name[address]", as in the log; borrowed from a buffer of the caller. */
#define SESSION_CLIENT_SIZE	(256 + ADDR_TEXT_SIZE + 8)
const char	*session_client(const struct session *s, char *text);

#endif
