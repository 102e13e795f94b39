/*
 * Encoders and decoders of every message, made from mail/ipc.def.
 */

#include "mail/ipc_codec.h"

#include <string.h>

#include "util/buf.h"
#include "util/log.h"

static void
put_u32(struct buf *out, uint32_t value)
{
	buf_put_u32(out, value);
}

static void
put_u64(struct buf *out, uint64_t value)
{
	buf_put_u64(out, value);
}

static bool
is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

static void
put_str(struct buf *out, struct slice s)
{
	unsigned char	*p;

	s = slice_first(s, IPC_TEXT_LIMIT);
	buf_put_u32(out, (uint32_t)s.len);
	p = buf_reserve(out, s.len);
	for (size_t i = 0; i < s.len; i++)
		p[i] = is_control(s.data[i]) ? '?' : s.data[i];
	buf_commit(out, s.len);
}

static void
put_bytes(struct buf *out, struct slice s)
{
	if (s.len > IPC_DATA_LIMIT)
		log_panic("frame of %zu bytes", s.len);
	buf_put_u32(out, (uint32_t)s.len);
	buf_put_slice(out, s);
}

static int
get_u32(struct slice *from, uint32_t *value_r)
{
	return slice_get_u32(from, value_r);
}

static int
get_u64(struct slice *from, uint64_t *value_r)
{
	return slice_get_u64(from, value_r);
}

static int
get_bytes(struct slice *from, struct slice *value_r)
{
	uint32_t	len;

	if (slice_get_u32(from, &len) < 0 || len > IPC_DATA_LIMIT)
		return -1;
	return slice_get_bytes(from, len, value_r);
}

static int
get_str(struct slice *from, struct slice *value_r)
{
	if (get_bytes(from, value_r) < 0 || value_r->len > IPC_TEXT_LIMIT)
		return -1;
	for (size_t i = 0; i < value_r->len; i++)
		if (is_control(value_r->data[i]))
			return -1;
	return 0;
}

/* Room for the header; its length is filled in by end_frame. */
static size_t
begin_frame(struct buf *out, uint16_t code, uint32_t id)
{
	size_t	start = out->len;

	buf_put_u32(out, 0);
	buf_put_u16(out, code);
	buf_put_u32(out, id);
	return start;
}

static void
end_frame(struct ipc *ipc, struct buf *out, size_t start)
{
	buf_set_u32(out, start, (uint32_t)(out->len - start - 4));
	ipc_out_done(ipc);
}

#define MSG(name, code, from, to, text)					\
	void								\
	ipc_send_##name(struct ipc *ipc, uint32_t id,			\
	    const struct msg_##name *m)					\
	{								\
		struct buf	*out = ipc_out(ipc);			\
		size_t		 start;					\
									\
		if (out == NULL)					\
			return;						\
		start = begin_frame(out, code, id);
#define REPLY(name, code, from, to, text)	MSG(name, code, from, to, text)
#define FIELD(type, name, text)						\
		put_##type(out, m->name);
#define END(name)							\
		end_frame(ipc, out, start);				\
	}
#include "mail/ipc.def"

#define MSG(name, code, from, to, text)					\
	int								\
	ipc_parse_##name(struct slice payload, struct msg_##name *m_r)	\
	{
#define REPLY(name, code, from, to, text)	MSG(name, code, from, to, text)
#define FIELD(type, name, text)						\
		if (get_##type(&payload, &m_r->name) < 0)		\
			return -1;
#define END(name)							\
		return payload.len == 0 ? 0 : -1;			\
	}
#include "mail/ipc.def"
