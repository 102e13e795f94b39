#include "smtp/answer.h"

#include <CUnit/CUnit.h>
#include <string.h>

static const struct {
	const char	*input;
	int		 result;	/* of the last call */
	int		 code;
	const char	*text;
	const char	*dsn;
} cases[] = {
	{ "250 ok\r\n", 1, 250, "250 ok", "2.0.0" },
	{ "250\r\n", 1, 250, "250", "2.0.0" },
	{ "250 ok\n", 1, 250, "250 ok", "2.0.0" },
	{ "550-5.1.1 no\r\n550 5.1.1 user\r\n", 1, 550,
	    "550-5.1.1 no 550 5.1.1 user", "5.1.1" },
	{ "450 4.7.1\r\n", 1, 450, "450 4.7.1", "4.7.1" },
	{ "450 5.7.1 no\r\n", 1, 450, "450 5.7.1 no", "4.0.0" },
	{ "550 5.1111.1 no\r\n", 1, 550, "550 5.1111.1 no", "5.0.0" },
	{ "550 5.1 no\r\n", 1, 550, "550 5.1 no", "5.0.0" },
	{ "354 go\r\n", 1, 354, "354 go", "4.0.0" },
	{ "250-a\r\n", 0, 0, "", "" },
	{ "250 a", 0, 0, "", "" },
	{ "250-a\r\n251 b\r\n", -1, 0, "", "" },
	{ "150 a\r\n", -1, 0, "", "" },
	{ "600 a\r\n", -1, 0, "", "" },
	{ "25\r\n", -1, 0, "", "" },
	{ "\r\n", -1, 0, "", "" },
	{ "250+a\r\n", -1, 0, "", "" },
	{ "hello\r\n", -1, 0, "", "" },
};

static void
check(size_t n, size_t step)
{
	struct answer	 answer = { .code = 0 };
	struct buf	 in = BUF_INIT;
	struct slice	 rest = slice_str(cases[n].input);
	const char	*why;
	char		 dsn[ANSWER_DSN_SIZE];
	int		 got = 0;

	for (; rest.len > 0 && got == 0; rest = slice_after(rest, step)) {
		buf_put_slice(&in, slice_first(rest, step));
		got = answer_next(&answer, &in, &why);
	}
	CU_ASSERT_EQUAL(got, cases[n].result);
	if (got == 1) {
		CU_ASSERT_EQUAL(answer.code, cases[n].code);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&answer.text), cases[n].text);
		CU_ASSERT_STRING_EQUAL(answer_dsn(&answer, dsn),
		    cases[n].dsn);
	}
	answer_clear(&answer);
	buf_clear(&in);
}

static void
replies_cut_anywhere(void)
{
	for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++)
		for (size_t step = 1; step <= strlen(cases[n].input); step++)
			check(n, step);
}

static void
endless_replies_end(void)
{
	struct answer	 answer = { .code = 0 };
	struct buf	 in = BUF_INIT;
	const char	*why = "";
	int		 got = 0, lines = 0;

	for (; got == 0 && lines < 100000; lines++) {
		buf_put_str(&in, "250-and so on\r\n");
		got = answer_next(&answer, &in, &why);
	}
	CU_ASSERT_EQUAL(got, -1);
	CU_ASSERT_STRING_EQUAL(why, "reply too long");
	CU_ASSERT(answer.text.len < 4096);
	answer_clear(&answer);
	buf_empty(&in);
	for (got = 0, lines = 0; got == 0 && lines < 100000; lines++) {
		buf_put_u8(&in, '2');
		got = answer_next(&answer, &in, &why);
	}
	CU_ASSERT_EQUAL(got, -1);
	CU_ASSERT(lines < 5000);
	answer_clear(&answer);
	buf_clear(&in);
}

static void
random_bytes_do_no_harm(void)
{
	unsigned	seed = 11;

	for (int i = 0; i < 100000; i++) {
		struct answer	 answer = { .code = 0 };
		struct buf	 in = BUF_INIT;
		const char	*why;

		for (int k = 0; k < 24; k++) {
			seed = seed * 1103515245 + 12345;
			buf_put_u8(&in, (uint8_t)"25049. -\r\n\0\377x"
			    [(seed >> 16) % 14]);
		}
		while (in.len > 0 && answer_next(&answer, &in, &why) == 1)
			continue;
		answer_clear(&answer);
		buf_clear(&in);
	}
	CU_PASS("no crash");
}

void	answer_test(void);

void
answer_test(void)
{
	CU_pSuite	suite = CU_add_suite("answer", NULL, NULL);

	CU_add_test(suite, "replies cut anywhere", replies_cut_anywhere);
	CU_add_test(suite, "endless replies end", endless_replies_end);
	CU_add_test(suite, "random bytes do no harm",
	    random_bytes_do_no_harm);
}
