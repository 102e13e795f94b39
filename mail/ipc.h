#ifndef MAIL_IPC_H
#define MAIL_IPC_H

/*
 * Typed messages between the programs, over Unix stream sockets.
 *
 * A frame is: length of the rest (u32), message code (u16), id (u32),
 * fields in the order of mail/ipc.def (integers big-endian, text and bytes
 * with a u32 length in front).  A decoder refuses every frame that is
 * short, long, unknown, or not allowed from that peer: the connection is
 * closed, the program goes on.
 *
 * The first frame each way is HELLO: version, number of the process, and
 * program name.  On the connections that master makes for its children,
 * master says it for them (mail/daemon.h), so no program can take another's
 * name; on a connection made by anybody else the user id decides
 * (SO_PEERCRED).
 *
 * What a peer can make us hold is bounded: who may be connected (mail/door.h),
 * what waits for a peer that does not read (it is not heard meanwhile), and
 * by each program, what its messages make it remember.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/slice.h"

#define IPC_VERSION	13
#define IPC_FRAME_LIMIT	65536	/* bytes after the length field */
#define IPC_HEADER_SIZE	10
#define IPC_DATA_LIMIT	32768	/* bytes of content in one frame */
#define IPC_JOB_LIMIT	1000	/* jobs an agent takes at a time, at most */
#define IPC_HIGH_WATER	1048576	/* a connection this full is congested */
#define IPC_STRANGER_WATER 65536 /* the same for IPC_USER */

struct buf;
struct door;
struct ipc;
struct ipc_call;
struct loop;

/* Roles: who speaks.  A set of them says who may send a message. */
enum {
	IPC_NONE = 0,
	IPC_SMTPD = 1,
	IPC_CLEANUP = 2,
	IPC_QMGR = 4,
	IPC_AGENT = 8,		/* smtp, later local */
	IPC_ADMIN = 16,		/* root, or who started the suite */
	IPC_USER = 32,		/* any other local user */
	IPC_LOOKUP = 64,
	IPC_AUTH = 128,
	IPC_BOUNCE = 256,

	IPC_AGENTS = IPC_AGENT | IPC_BOUNCE,	/* they get jobs of qmgr */
	IPC_FEEDERS = IPC_SMTPD | IPC_BOUNCE,	/* they make new mail */
};

/* mail_open.flags, queue_open.flags, queue_close.flags, deliver.flags */
enum {
	MAIL_EIGHT_BIT = 1,	/* BODY=8BITMIME, or a byte was not ASCII */
	MAIL_LOCAL = 2,		/* from a client as of JUDGE_LOCAL */
	MAIL_BINARY = 4,	/* BODY=BINARYMIME */
	MAIL_UTF8 = 8,		/* SMTPUTF8 */
	MAIL_RET_FULL = 16,	/* RET=FULL */
	MAIL_RET_HDRS = 32,	/* RET=HDRS */
	MAIL_NO_CHECKS = 64,	/* receive_override_options of its smtpd */
	MAIL_NO_MAPPINGS = 128,
	MAIL_NO_MILTERS = 256,
};

/* And in the same: the two delimiters of XVERP, or 0 (qmgr/verp.h). */
#define MAIL_VERP	0xffff0000u
#define MAIL_VERP_OF(first, second)					\
	((uint32_t)(first) << 24 | (uint32_t)(second) << 16)

/*
 * deliver.nexthop of what goes by the transport of bounce: which report is
 * wanted.
 */
#define REPORT_TRANSPORT "bounce"
#define REPORT_FAILED	"failed"	/* undeliverable, for good */
#define REPORT_DELAYED	"delayed"	/* it will be tried again */
#define REPORT_RELAYED	"relayed"	/* sent on, where DSN ends */

/* Recipients of one report, at most. */
#define REPORT_WINDOW	1000

/* mail_rcpt.notify, queue_rcpt.notify, deliver_rcpt.notify (RFC 3461) */
enum {
	RCPT_NOTIFY_NEVER = 1,	/* then no other */
	RCPT_NOTIFY_SUCCESS = 2,
	RCPT_NOTIFY_FAILURE = 4,
	RCPT_NOTIFY_DELAY = 8,
	RCPT_NOTIFY_ALL = 15,	/* the bits there are */
};

/* judge.stage: what the client is about to do */
enum judge_stage {
	JUDGE_CONNECT, JUDGE_HELO, JUDGE_MAIL, JUDGE_RCPT, JUDGE_DATA,
	JUDGE_END,		/* of the content */
	JUDGE_VRFY, JUDGE_ETRN,
	JUDGE_AUTH,		/* to log in; only counted */
	JUDGE_STARTTLS,		/* may it have a handshake? */
	JUDGE_TLS,		/* it had one, of a new session; counted */
};

/* judge.flags, and judge_client.flags */
enum {
	JUDGE_NAME_TROUBLE = 1,	/* of the client: the DNS did not answer */
	JUDGE_REVERSE_TROUBLE = 2,
	JUDGE_UTF8 = 4,		/* SMTPUTF8 was asked for */
	JUDGE_TRUSTED = 8,	/* its certificate is of a CA we trust */
	/* of judge_client only */
	JUDGE_LOCAL = 256,	/* in local_header_rewrite_clients */
	JUDGE_BARE_LF = 512,	/* smtpd_forbid_bare_newline_exclusions */
	JUDGE_PIPECONNECT = 1024, /* smtpd_authorized_pipeconnect_clients */
	JUDGE_VERP = 2048,	/* smtpd_authorized_verp_clients */
	JUDGE_NO_AUTH = 4096,	/* smtpd_sasl_exceptions_networks */
	JUDGE_NETWORK = 8192,	/* in mynetworks */
};

/* judge_action.kind: what becomes of the message (access(5)) */
enum judge_action {
	JUDGE_HOLD, JUDGE_DISCARD, JUDGE_FILTER, JUDGE_REDIRECT, JUDGE_BCC,
	JUDGE_PREPEND,
};

/* auth_begin.flags */
enum {
	AUTH_TLS = 1,		/* the session is encrypted */
	AUTH_INITIAL = 2,	/* there is an initial response, maybe empty */
	AUTH_LOCAL = 4,		/* the client is in mynetworks */
};

/* auth_done.result */
enum auth_result {
	AUTH_OK,
	AUTH_FAILED,		/* not who he says he is */
	AUTH_LATER,		/* it cannot be told now */
	AUTH_MALFORMED,		/* that is no response of the mechanism */
	AUTH_UNKNOWN,		/* there is no such mechanism */
	AUTH_WEAK,		/* there is, but it is not allowed */
	AUTH_NEEDS_TLS,		/* it is allowed with TLS only */
};

/* rewrite.addresses: where one stands */
enum {
	PLACE_ENVELOPE_SENDER = 1,
	PLACE_ENVELOPE_RECIPIENT = 2,
	PLACE_HEADER_SENDER = 4,
	PLACE_HEADER_RECIPIENT = 8,
	PLACE_OUTSIDE = 16,	/* any, of mail that leaves: generic(5) */

	PLACE_SENDER = PLACE_ENVELOPE_SENDER | PLACE_HEADER_SENDER,
};

enum admin_action {
	ADMIN_HOLD, ADMIN_RELEASE, ADMIN_DELETE, ADMIN_REQUEUE, ADMIN_FLUSH,
};

enum admin_state {
	ADMIN_ACTIVE, ADMIN_DEFERRED, ADMIN_HELD, ADMIN_QUEUED,
};

/* ---- structs, encoders, decoders, from ipc.def --------------------------- */

#define IPC_TYPE_u32	uint32_t
#define IPC_TYPE_u64	uint64_t
#define IPC_TYPE_str	struct slice	/* borrowed from the frame */
#define IPC_TYPE_bytes	struct slice

#define MSG(name, code, from, to, text)		struct msg_##name {
#define REPLY(name, code, from, to, text)	struct msg_##name {
#define FIELD(type, name, text)			IPC_TYPE_##type name;
#define END(name)				};
#include "mail/ipc.def"

#define MSG(name, code, from, to, text)		IPC_CODE_##name = code,
#define REPLY(name, code, from, to, text)	IPC_CODE_##name = code,
enum ipc_code {
	IPC_CODE_HELLO = 1,
#include "mail/ipc.def"
};

/*
 * ipc_send_<name>: append the frame to what leaves at the end of the tick.
 * Over-long text is cut to IPC_TEXT_LIMIT, control characters in it become
 * '?'; bytes must fit IPC_DATA_LIMIT.  Nothing happens on a connection that
 * was lost.
 *
 * ipc_parse_<name>: the payload of a frame; 0, or -1 when it is not exactly
 * that message.
 */
#define IPC_TEXT_LIMIT	4096

#define IPC_PROTOTYPES(name)						\
	void	ipc_send_##name(struct ipc *ipc, uint32_t id,		\
		    const struct msg_##name *m);			\
	int	ipc_parse_##name(struct slice payload,			\
		    struct msg_##name *m_r);
#define MSG(name, code, from, to, text)		IPC_PROTOTYPES(name)
#define REPLY(name, code, from, to, text)	IPC_PROTOTYPES(name)
#include "mail/ipc.def"

/* ---- connections --------------------------------------------------------- */

/* One row of a program's dispatch table (mail/ipc_dispatch.h makes it). */
struct ipc_handler {
	uint16_t	 code;
	unsigned	 from;		/* roles */
	int		(*run)(struct ipc *ipc, uint32_t id,
			    struct slice payload);
	const char	*name;
};

enum ipc_event {
	IPC_OPENED,	/* the peer has said HELLO: ipc_peer is known */
	IPC_DRAINED,	/* a congested connection has room again */
	IPC_CLOSED,	/* lost or refused; ipc_free it (calls know) */
};

typedef void (*ipc_event_fn)(struct ipc *ipc, enum ipc_event event,
	    void *arg);

/* What a program is on all its connections. */
struct ipc_side {
	const char			*program;	/* "smtpd" */
	const struct ipc_handler	*handlers;	/* ends with code 0 */
	ipc_event_fn			 on_event;
	unsigned			 peers;	/* roles to talk with; 0: any */
};

/*
 * Over a Unix socket that a client has connected to ours; ipc owns it from
 * now on.  NULL when that client has too many already: it is closed.  While
 * the client does not take what we send (ipc_is_congested), no message of
 * it is handled.
 */
struct ipc	*ipc_accept(struct door *door, int fd,
		    const struct ipc_side *side, void *arg);

/*
 * Over a connected Unix socket, which ipc owns from now on.  is_brokered:
 * made by master for one of its children at our side, so our HELLO was
 * said already.
 */
struct ipc	*ipc_new(struct loop *loop, int fd, bool is_brokered,
		    const struct ipc_side *side, void *arg);

/*
 * Whose connections are those of programs and of the administrator: root's,
 * and those of this user: master's.  Called once at the start of a program,
 * before it gives up its rights; until then, our own user.
 */
void		 ipc_set_owner(uid_t uid);

/* Flush, close; open calls end with code 0.  Accepts NULL. */
void		 ipc_free(struct ipc **ipc);

/*
 * A message was too much: nothing more is heard from the peer, and after
 * this tick IPC_CLOSED comes.  why goes to the log: "it ...".
 */
void		 ipc_refuse(struct ipc *ipc, const char *why);

/* The role of the peer, IPC_NONE before its HELLO, and its program name. */
unsigned	 ipc_peer(const struct ipc *ipc);
const char	*ipc_peer_name(const struct ipc *ipc);
uid_t		 ipc_peer_uid(const struct ipc *ipc);

/* Of the suite's processes, the number in its HELLO: its process id. */
uint32_t	 ipc_peer_process(const struct ipc *ipc);

/*
 * What master.cf says of the peer's service with -o: pairs of name and
 * value, each ended by a NUL.  Only master says it, so a program cannot
 * give itself other parameters.  Borrowed until ipc_free.
 */
struct slice	 ipc_peer_settings(const struct ipc *ipc);

void		*ipc_arg(const struct ipc *ipc);
void		 ipc_set_arg(struct ipc *ipc, void *arg);

/* More than IPC_HIGH_WATER bytes wait: stop feeding until IPC_DRAINED. */
bool		 ipc_is_congested(const struct ipc *ipc);

/* What passes on it is overwritten in memory as soon as it has passed. */
void		 ipc_keep_secrets(struct ipc *ipc);

/* Stop and restart reading from the peer. */
void		 ipc_pause(struct ipc *ipc);
void		 ipc_resume(struct ipc *ipc);

/* ---- calls: a request, its replies, its deadline ------------------------- */

/*
 * code is that of the reply, or 0 when the peer was lost or the deadline
 * has passed: the call is over then and must not be cancelled.
 */
typedef void (*ipc_reply_fn)(struct ipc_call *call, uint16_t code,
	    struct slice payload, void *arg);

/*
 * A new id on ipc for one exchange: send messages with ipc_call_id; every
 * frame that comes back with it goes to fn.  The caller owns the call and
 * ends it with ipc_cancel.
 */
struct ipc_call	*ipc_call_new(struct ipc *ipc, ipc_reply_fn fn, void *arg);
uint32_t	 ipc_call_id(const struct ipc_call *call);

/* fn with code 0 after delay_ms, unless set again; 0: no deadline. */
void		 ipc_call_deadline(struct ipc_call *call, int64_t delay_ms);

/* The end of a call, from inside its fn too.  Accepts NULL. */
void		 ipc_cancel(struct ipc_call **call);

#endif
