/*
 * Connections between the programs: HELLO, dispatch, calls.
 * The encoders and decoders are in mail/ipc_codec.c.
 */

#include "mail/ipc.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uthash.h>

#include "mail/door.h"
#include "mail/ipc_codec.h"
#include "mail/ipc_hello.h"
#include "net/io.h"
#include "net/loop.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"


struct ipc_call {
	struct ipc		*ipc;
	struct loop_timer	*timer;		/* NULL: no deadline */
	ipc_reply_fn		 fn;
	void			*arg;
	uint32_t		 id;
	UT_hash_handle		 hh;
};

struct ipc {
	struct loop		*loop;
	struct io		*io;
	const struct ipc_side	*side;		/* static */
	void			*arg;
	struct ipc_call		*calls;		/* hash by id */
	uint32_t		 next_id;
	unsigned		 peer;		/* role */
	uid_t			 peer_uid;
	char			 peer_name[32];
	struct buf		 peer_settings;
	struct door		*door;		/* we accepted it; borrowed */
	unsigned		 entered_as;	/* role; none: not counted */
	uint32_t		 entered;	/* user id, process id */
	bool			 is_stranger;
	bool			 is_congested;
	bool			 is_paused;
	bool			 is_refused;	/* closed after this tick */
	bool			 is_closed;
};

/* Process-wide, set once at the start. */
static struct {
	uid_t	uid;
	bool	is_set;
} owner;

void
ipc_set_owner(uid_t uid)
{
	owner.uid = uid;
	owner.is_set = true;
}

static void
end_calls(struct ipc *ipc)
{
	while (ipc->calls != NULL) {
		struct ipc_call	*call = ipc->calls;

		HASH_DEL(ipc->calls, call);
		call->ipc = NULL;
		call->fn(call, 0, slice_from(NULL, 0), call->arg);
		loop_timer_free(&call->timer);
		mem_free(call);
	}
}

static void
lose(struct ipc *ipc)
{
	if (ipc->is_closed)
		return;
	ipc->is_closed = true;
	io_pause(ipc->io);
	end_calls(ipc);
	ipc->side->on_event(ipc, IPC_CLOSED, ipc->arg);
}

static void
warn(struct ipc *ipc, const char *why)
{
	const char	*name = ipc->peer_name[0] == '\0' ? "a peer" :
			    ipc->peer_name;

	if (ipc->door != NULL)
		door_warn(ipc->door, ipc->is_stranger, "refused %s (uid %ld) "
		    "on a Unix socket: %s", name, (long)ipc->peer_uid, why);
	else
		log_warn("refused %s (uid %ld) on a Unix socket: %s", name,
		    (long)ipc->peer_uid, why);
}

static void
refuse(struct ipc *ipc, const char *why)
{
	warn(ipc, why);
	lose(ipc);
}

static void
on_refused(void *arg)
{
	lose(arg);
}

void
ipc_refuse(struct ipc *ipc, const char *why)
{
	if (ipc->is_closed || ipc->is_refused)
		return;
	warn(ipc, why);
	ipc->is_refused = true;
	io_pause(ipc->io);
	loop_defer(ipc->loop, on_refused, ipc);
}

/*
 * Programs are children of master, connected by it.  Anybody else is a
 * user, whatever he says he is; so is who shares our own user id when that
 * is nobody's.
 */
static bool
is_stranger(uid_t uid)
{
	return uid != 0 && uid != (owner.is_set ? owner.uid : geteuid());
}

/* Its HELLO gives it this role: NULL, or why that is none here. */
static const char *
admit(struct ipc *ipc, unsigned role, uint32_t process)
{
	const char	*why;

	if (ipc->side->peers != 0 && (ipc->side->peers & role) == 0)
		return "it has nothing to say here";
	if (ipc->door != NULL && (role & (IPC_ADMIN | IPC_USER)) == 0) {
		if ((why = door_enter(ipc->door, role, process)) != NULL)
			return why;
		ipc->entered_as = role;
		ipc->entered = process;
	}
	io_set_timeout(ipc->io, 0);
	ipc->peer = role;
	return NULL;
}

static void
accept_hello(struct ipc *ipc, uint16_t code, struct slice payload)
{
	struct ipc_hello	 hello;
	struct slice		 name;
	unsigned		 role;
	const char		*why;

	if (ipc_hello_parse(code, payload, &hello, &why) < 0) {
		refuse(ipc, why);
		return;
	}
	name = slice_first(hello.program, sizeof(ipc->peer_name) - 1);
	memcpy(ipc->peer_name, name.data, name.len);
	buf_put_slice(&ipc->peer_settings, hello.settings);
	role = is_stranger(ipc->peer_uid) ? IPC_USER : hello.role;
	if ((why = admit(ipc, role, hello.process)) != NULL)
		refuse(ipc, why);
	else
		ipc->side->on_event(ipc, IPC_OPENED, ipc->arg);
}

static void
dispatch(struct ipc *ipc, uint16_t code, uint32_t id, struct slice payload)
{
	struct ipc_call	*call;

	for (const struct ipc_handler *h = ipc->side->handlers; h->code != 0;
	    h++) {
		if (h->code != code)
			continue;
		if ((h->from & ipc->peer) == 0)
			refuse(ipc, "it may not send that message");
		else if (h->run(ipc, id, payload) < 0)
			refuse(ipc, "malformed message");
		return;
	}
	HASH_FIND(hh, ipc->calls, &id, sizeof(id), call);
	if (call != NULL)
		call->fn(call, code, payload, call->arg);
	else if ((code & 0x80) == 0 || ipc->next_id == 0)
		refuse(ipc, "unknown message");
	/* else: a reply to a call that was cancelled */
}

/* One whole frame off the front of the input: 1, 0 (need more), -1 (bad). */
static int
get_frame(struct buf *in, uint16_t *code_r, uint32_t *id_r,
    struct slice *payload_r, size_t *size_r)
{
	struct slice	s = buf_slice(in);
	uint32_t	len;

	if (slice_get_u32(&s, &len) < 0)
		return 0;
	if (len < IPC_HEADER_SIZE - 4 || len > IPC_FRAME_LIMIT)
		return -1;
	if (s.len < len)
		return 0;
	s = slice_first(s, len);
	*size_r = len + 4;
	if (slice_get_u16(&s, code_r) < 0 || slice_get_u32(&s, id_r) < 0)
		return -1;
	*payload_r = s;
	return 1;
}

/*
 * Nothing is taken from it now.  Who asks us and does not take our answers
 * is not heard; whom we ask always is, or both could wait for each other.
 */
static bool
is_held(const struct ipc *ipc)
{
	return ipc->is_closed || ipc->is_refused || ipc->is_paused ||
	    (ipc->door != NULL && ipc->is_congested);
}

/* Something whole came from it, or went to it. */
static void
note_life(struct ipc *ipc)
{
	if (ipc->is_stranger && ipc->peer != IPC_NONE)
		io_set_timeout(ipc->io, ipc->door->idle_ms);
}

static void
take_input(struct ipc *ipc)
{
	while (!is_held(ipc)) {
		struct buf	*in = io_in(ipc->io);
		struct slice	 payload;
		size_t		 size;
		uint32_t	 id;
		uint16_t	 code;
		int		 got;

		got = get_frame(in, &code, &id, &payload, &size);
		if (got < 0)
			refuse(ipc, "malformed frame");
		if (got <= 0)
			return;
		if (ipc->peer == IPC_NONE)
			accept_hello(ipc, code, payload);
		else
			dispatch(ipc, code, id, payload);
		/* The handler may have freed us: then io is gone. */
		if (ipc->io == NULL)
			return;
		buf_drop(io_in(ipc->io), size);
		note_life(ipc);
	}
}

/* Frames that came before we stopped to read are waiting in the buffer. */
static void
read_on(struct ipc *ipc)
{
	io_resume(ipc->io);
	io_again(ipc->io);
}

static void
take_drained(struct ipc *ipc)
{
	if (ipc->is_closed)
		return;
	note_life(ipc);
	if (!ipc->is_congested)
		return;
	ipc->is_congested = false;
	if (!is_held(ipc))
		read_on(ipc);
	ipc->side->on_event(ipc, IPC_DRAINED, ipc->arg);
}

static void
on_io(struct io *io, enum io_event event, void *arg)
{
	struct ipc	*ipc = arg;

	(void)io;
	switch (event) {
	case IO_INPUT:
		take_input(ipc);
		break;
	case IO_DRAINED:
		take_drained(ipc);
		break;
	case IO_TIMEOUT:
		refuse(ipc, ipc->peer == IPC_NONE ?
		    "it did not say HELLO in time" : "it was idle too long");
		break;
	case IO_CLOSED:
	case IO_ERROR:
		lose(ipc);
		break;
	default:
		break;
	}
}

static uid_t
uid_of(int fd)
{
	struct ucred	cred = { .uid = (uid_t)-1 };
	socklen_t	len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return (uid_t)-1;
	return cred.uid;
}

struct ipc *
ipc_new(struct loop *loop, int fd, bool is_brokered,
    const struct ipc_side *side, void *arg)
{
	struct ipc	*ipc = mem_new(sizeof(*ipc));

	ipc->loop = loop;
	ipc->side = side;
	ipc->arg = arg;
	ipc->peer_uid = uid_of(fd);
	ipc->io = io_new(loop, fd, on_io, ipc);
	io_set_limit(ipc->io, 4 * IPC_FRAME_LIMIT);
	if (!is_brokered) {
		ipc_hello_put(io_out(ipc->io), side->program, 0,
		    slice_from(NULL, 0));
		io_flush_later(ipc->io);
	}
	return ipc;
}

struct ipc *
ipc_accept(struct door *door, int fd, const struct ipc_side *side, void *arg)
{
	uid_t		 uid = uid_of(fd);
	const char	*why = NULL;
	struct ipc	*ipc;

	if (is_stranger(uid))
		why = door_enter(door, IPC_USER, uid);
	if (why != NULL) {
		door_warn(door, true, "refused a connection of uid %ld to a "
		    "Unix socket: %s", (long)uid, why);
		close(fd);
		return NULL;
	}
	ipc = ipc_new(door->loop, fd, false, side, arg);
	ipc->door = door;
	ipc->is_stranger = is_stranger(uid);
	if (ipc->is_stranger) {
		ipc->entered_as = IPC_USER;
		ipc->entered = uid;
	}
	io_set_timeout(ipc->io, door->hello_ms);
	return ipc;
}

static void
on_free(void *arg)
{
	struct ipc	*ipc = arg;

	buf_clear(&ipc->peer_settings);
	mem_free(ipc);
}

void
ipc_free(struct ipc **ipcp)
{
	struct ipc	*ipc = *ipcp;

	if (ipc == NULL)
		return;
	*ipcp = NULL;
	/* The last words go as far as the peer takes them now. */
	if (!ipc->is_closed) {
		ipc->is_closed = true;
		io_flush(ipc->io);
	}
	end_calls(ipc);
	if (ipc->entered_as != IPC_NONE)
		door_leave(ipc->door, ipc->entered_as, ipc->entered);
	io_free(&ipc->io);
	loop_undefer(ipc->loop, ipc);
	/* take_input of this very connection may be on the stack. */
	loop_defer(ipc->loop, on_free, ipc);
}

unsigned
ipc_peer(const struct ipc *ipc)
{
	return ipc->peer;
}

const char *
ipc_peer_name(const struct ipc *ipc)
{
	return ipc->peer_name;
}

uid_t
ipc_peer_uid(const struct ipc *ipc)
{
	return ipc->peer_uid;
}

uint32_t
ipc_peer_process(const struct ipc *ipc)
{
	return ipc->is_stranger ? 0 : ipc->entered;
}

struct slice
ipc_peer_settings(const struct ipc *ipc)
{
	return buf_slice(&ipc->peer_settings);
}

void *
ipc_arg(const struct ipc *ipc)
{
	return ipc->arg;
}

void
ipc_set_arg(struct ipc *ipc, void *arg)
{
	ipc->arg = arg;
}

bool
ipc_is_congested(const struct ipc *ipc)
{
	return ipc->is_congested;
}

void
ipc_keep_secrets(struct ipc *ipc)
{
	io_in(ipc->io)->keeps_secrets = true;
	io_out(ipc->io)->keeps_secrets = true;
}

void
ipc_pause(struct ipc *ipc)
{
	ipc->is_paused = true;
	io_pause(ipc->io);
}

void
ipc_resume(struct ipc *ipc)
{
	if (!ipc->is_paused || ipc->is_closed)
		return;
	ipc->is_paused = false;
	if (!is_held(ipc))
		read_on(ipc);
}

struct buf *
ipc_out(struct ipc *ipc)
{
	return ipc->is_closed ? NULL : io_out(ipc->io);
}

void
ipc_out_done(struct ipc *ipc)
{
	if (io_pending(ipc->io) > (ipc->is_stranger ? IPC_STRANGER_WATER :
	    IPC_HIGH_WATER)) {
		ipc->is_congested = true;
		if (ipc->door != NULL)
			io_pause(ipc->io);
	}
	io_flush_later(ipc->io);
}

/* ---- calls --------------------------------------------------------------- */

struct ipc_call *
ipc_call_new(struct ipc *ipc, ipc_reply_fn fn, void *arg)
{
	struct ipc_call	*call = mem_new(sizeof(*call)), *other;

	call->ipc = ipc;
	call->fn = fn;
	call->arg = arg;
	do {
		call->id = ++ipc->next_id;
		HASH_FIND(hh, ipc->calls, &call->id, sizeof(call->id), other);
	} while (other != NULL || call->id == 0);
	HASH_ADD(hh, ipc->calls, id, sizeof(call->id), call);
	return call;
}

uint32_t
ipc_call_id(const struct ipc_call *call)
{
	return call->id;
}

static void
on_deadline(void *arg)
{
	struct ipc_call	*call = arg;

	HASH_DEL(call->ipc->calls, call);
	call->ipc = NULL;
	call->fn(call, 0, slice_from(NULL, 0), call->arg);
	loop_timer_free(&call->timer);
	mem_free(call);
}

void
ipc_call_deadline(struct ipc_call *call, int64_t delay_ms)
{
	if (call->timer == NULL)
		call->timer = loop_timer_new(call->ipc->loop, on_deadline,
		    call);
	if (delay_ms == 0)
		loop_timer_stop(call->timer);
	else
		loop_timer_start(call->timer, delay_ms);
}

void
ipc_cancel(struct ipc_call **callp)
{
	struct ipc_call	*call = *callp;

	if (call == NULL)
		return;
	*callp = NULL;
	HASH_DEL(call->ipc->calls, call);
	loop_timer_free(&call->timer);
	mem_free(call);
}
