#include "mail/ipc_hello.h"

#include <CUnit/CUnit.h>

#include "mail/ipc.h"
#include "util/buf.h"

#define SETTINGS	"name\0value\0stress\0\0"

static struct buf	frame = BUF_INIT;

static struct slice
payload(void)
{
	return slice_after(buf_slice(&frame), IPC_HEADER_SIZE);
}

static void
whole(void)
{
	struct ipc_hello	hello;
	const char		*why;

	buf_empty(&frame);
	ipc_hello_put(&frame, "smtpd", 77, SLICE_LIT(SETTINGS));
	CU_ASSERT_EQUAL_FATAL(ipc_hello_parse(IPC_CODE_HELLO, payload(),
	    &hello, &why), 0);
	CU_ASSERT(slice_is(hello.program, "smtpd"));
	CU_ASSERT_EQUAL(hello.role, IPC_SMTPD);
	CU_ASSERT_EQUAL(hello.process, 77);
	CU_ASSERT(slice_equal(hello.settings, SLICE_LIT(SETTINGS)));
	CU_ASSERT_EQUAL(ipc_hello_parse(IPC_CODE_judge, payload(), &hello,
	    &why), -1);
	CU_ASSERT_STRING_EQUAL(why, "it did not say HELLO");
}

/* Cut anywhere, or longer, it is none. */
static void
cut(void)
{
	struct ipc_hello	hello;
	const char		*why;

	buf_empty(&frame);
	ipc_hello_put(&frame, "qmgr", 1, SLICE_LIT(SETTINGS));
	for (size_t len = 0; len < payload().len; len++)
		CU_ASSERT_EQUAL(ipc_hello_parse(IPC_CODE_HELLO,
		    slice_first(payload(), len), &hello, &why), -1);
	buf_put_u8(&frame, 0);
	CU_ASSERT_EQUAL(ipc_hello_parse(IPC_CODE_HELLO, payload(), &hello,
	    &why), -1);
}

static void
strangers(void)
{
	struct ipc_hello	hello;
	const char		*why;

	buf_empty(&frame);
	ipc_hello_put(&frame, "nobody", 1, slice_from(NULL, 0));
	CU_ASSERT_EQUAL(ipc_hello_parse(IPC_CODE_HELLO, payload(), &hello,
	    &why), -1);
	CU_ASSERT_STRING_EQUAL(why, "unknown program in its HELLO");
	frame.data[frame.start + IPC_HEADER_SIZE + 7]++;
	CU_ASSERT_EQUAL(ipc_hello_parse(IPC_CODE_HELLO, payload(), &hello,
	    &why), -1);
	CU_ASSERT_STRING_EQUAL(why,
	    "it speaks another version: mixed old and new binaries?");
}

static int
clear(void)
{
	buf_clear(&frame);
	return 0;
}

void	ipc_hello_test(void);

void
ipc_hello_test(void)
{
	CU_pSuite	suite = CU_add_suite("ipc_hello", NULL, clear);

	CU_add_test(suite, "whole", whole);
	CU_add_test(suite, "cut", cut);
	CU_add_test(suite, "strangers", strangers);
}
