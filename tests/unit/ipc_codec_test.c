/*
 * Every message of mail/ipc.def: whole, cut, stretched, and as rubbish.
 * The tests are made from the list, so a new message is tested with it.
 */

#include "mail/ipc_codec.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/loop.h"
#include "util/buf.h"
#include "util/mem.h"

static void
ignore(struct ipc *ipc, enum ipc_event event, void *arg)
{
	(void)ipc;
	(void)event;
	(void)arg;
}

static const struct ipc_handler	 none[] = { { 0, 0, NULL, NULL } };
static const struct ipc_side	 side = { "smtpd", none, ignore, 0 };

static struct loop		*loop;
static struct ipc		*ipc;
static int			 other;

static void
setup(void)
{
	int	ends[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK,
	    0, ends), 0);
	loop = loop_new();
	ipc = ipc_new(loop, ends[0], true, &side, NULL);
	other = ends[1];
}

static void
teardown(void)
{
	ipc_free(&ipc);
	loop_tick(loop, 0);
	loop_free(&loop);
	close(other);
}

/* What a sender has written: one frame. */
static struct slice
frame(void)
{
	return buf_slice(ipc_out(ipc));
}

static struct slice
payload(void)
{
	return slice_after(frame(), IPC_HEADER_SIZE);
}

#define FILL_u32	0x01020304u
#define FILL_u64	0x0102030405060708u
#define FILL_str	SLICE_LIT("some text")
#define FILL_bytes	SLICE_LIT("any\0\r\n\xff bytes")

#define SAME_u32(a)	CU_ASSERT_EQUAL((a), FILL_u32)
#define SAME_u64(a)	CU_ASSERT_EQUAL((a), FILL_u64)
#define SAME_str(a)	CU_ASSERT(slice_equal((a), FILL_str))
#define SAME_bytes(a)	CU_ASSERT(slice_equal((a), FILL_bytes))

/* Round trip; every shorter payload and a longer one are refused. */
#define MSG(name, code, from, to, text)					\
	static void							\
	check_##name(void)						\
	{								\
		struct msg_##name	m, got;				\
		struct buf		longer = BUF_INIT;		\
		void (*send)(struct ipc *, uint32_t,			\
		    const struct msg_##name *) = ipc_send_##name;	\
		int (*parse)(struct slice, struct msg_##name *) =	\
		    ipc_parse_##name;					\
									\
		memset(&m, 0, sizeof(m));
#define REPLY(name, code, from, to, text)	MSG(name, code, from, to, text)
#define FIELD(type, name, text)						\
		m.name = FILL_##type;
#define END(name)							\
		buf_empty(ipc_out(ipc));				\
		send(ipc, 7, &m);					\
		CU_ASSERT_EQUAL(parse(payload(), &got), 0);		\
		same_##name(&got);					\
		for (size_t i = 0; i < payload().len; i++)		\
			CU_ASSERT_EQUAL(parse(slice_first(payload(),	\
			    i), &got), -1);				\
		buf_put_slice(&longer, payload());			\
		buf_put_u8(&longer, 0);					\
		CU_ASSERT_EQUAL(parse(buf_slice(&longer), &got), -1);	\
		buf_clear(&longer);					\
	}

/* First the comparisons ... */
#pragma push_macro("MSG")
#pragma push_macro("REPLY")
#pragma push_macro("FIELD")
#pragma push_macro("END")
#undef MSG
#undef REPLY
#undef FIELD
#undef END
#define MSG(name, code, from, to, text)					\
	static void							\
	same_##name(const struct msg_##name *got)			\
	{
#define REPLY(name, code, from, to, text)	MSG(name, code, from, to, text)
#define FIELD(type, name, text)		SAME_##type(got->name);
#define END(name)		}
#include "mail/ipc.def"
#pragma pop_macro("END")
#pragma pop_macro("FIELD")
#pragma pop_macro("REPLY")
#pragma pop_macro("MSG")
/* ... then the checks that use them. */
#include "mail/ipc.def"

static void
every_message(void)
{
	setup();
#define MSG(name, code, from, to, text)		check_##name();
#define REPLY(name, code, from, to, text)	check_##name();
#include "mail/ipc.def"
	teardown();
}

static void
codes_are_unique(void)
{
	static const uint16_t	codes[] = {
#define MSG(name, code, from, to, text)		code,
#define REPLY(name, code, from, to, text)	code,
#include "mail/ipc.def"
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		for (size_t k = 0; k < i; k++)
			CU_ASSERT_NOT_EQUAL(codes[i], codes[k]);
}

static void
rubbish(void)
{
	unsigned char	bytes[64];

	srandom(1);
	for (int i = 0; i < 100000; i++) {
		size_t		len = (size_t)random() % sizeof(bytes);
		struct slice	s = slice_from(bytes, len);

		for (size_t k = 0; k < len; k++)
			bytes[k] = random() % 3 == 0 ?
			    (unsigned char)random() : 0;
#define MSG(name, code, from, to, text)					\
		{ struct msg_##name m; ipc_parse_##name(s, &m); }
#define REPLY(name, code, from, to, text)	MSG(name, code, from, to, text)
#include "mail/ipc.def"
	}
	CU_PASS("no crash");
}

/* A line break in a text would be one in the log or in a header. */
static void
text_has_no_control_characters(void)
{
	struct msg_mail_rcpt	m = { .address = SLICE_LIT("a\r\nb\x7f") };
	struct msg_mail_rcpt	got;
	struct buf		raw = BUF_INIT;

	setup();
	ipc_send_mail_rcpt(ipc, 1, &m);
	CU_ASSERT_EQUAL(ipc_parse_mail_rcpt(payload(), &got), 0);
	CU_ASSERT(slice_is(got.address, "a??b?"));
	/* Written by somebody who does not mask it. */
	buf_put_slice(&raw, payload());
	raw.data[raw.start + 5] = '\n';
	CU_ASSERT_EQUAL(ipc_parse_mail_rcpt(buf_slice(&raw), &got), -1);
	buf_clear(&raw);
	teardown();
}

/* With SMTPUTF8 addresses are UTF-8. */
static void
text_may_be_utf8(void)
{
	struct msg_mail_rcpt	m = {
		.address = SLICE_LIT("\xd0\xb6\xc3\xbc@\xe7\xb6\xb2.example"),
	};
	struct msg_mail_rcpt	got;

	setup();
	ipc_send_mail_rcpt(ipc, 1, &m);
	CU_ASSERT_EQUAL(ipc_parse_mail_rcpt(payload(), &got), 0);
	CU_ASSERT(slice_equal(got.address, m.address));
	teardown();
}

static void
text_is_cut(void)
{
	char			*text = mem_new(IPC_TEXT_LIMIT + 100);
	struct msg_mail_abort	 m, got;

	memset(text, 'x', IPC_TEXT_LIMIT + 50);
	m.reason = slice_str(text);
	setup();
	ipc_send_mail_abort(ipc, 1, &m);
	CU_ASSERT_EQUAL(ipc_parse_mail_abort(payload(), &got), 0);
	CU_ASSERT_EQUAL(got.reason.len, IPC_TEXT_LIMIT);
	teardown();
	mem_free(text);
}

void	ipc_codec_test(void);

void
ipc_codec_test(void)
{
	CU_pSuite	suite = CU_add_suite("ipc_codec", NULL, NULL);

	CU_add_test(suite, "every message", every_message);
	CU_add_test(suite, "codes are unique", codes_are_unique);
	CU_add_test(suite, "rubbish", rubbish);
	CU_add_test(suite, "text has no control characters",
	    text_has_no_control_characters);
	CU_add_test(suite, "text may be UTF-8", text_may_be_utf8);
	CU_add_test(suite, "text is cut", text_is_cut);
}
