#include "cleanup/fate.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "cleanup/recipients.h"
#include "conf/conf.h"
#include "util/mem.h"

static const struct {
	enum judge_action	 kind;
	const char		*text;
	bool			 ok;
} arguments[] = {
	{ JUDGE_HOLD, "", true },
	{ JUDGE_HOLD, "some text", true },
	{ JUDGE_DISCARD, "", true },
	{ JUDGE_FILTER, "smtp:[127.0.0.1]:10025", true },
	{ JUDGE_FILTER, "smtp:", true },
	{ JUDGE_FILTER, "smtp", false },
	{ JUDGE_FILTER, ":x", false },
	{ JUDGE_FILTER, "", false },
	{ JUDGE_REDIRECT, "a@b.example", true },
	{ JUDGE_REDIRECT, "<a@b.example>", true },
	{ JUDGE_REDIRECT, "a", false },
	{ JUDGE_REDIRECT, "a@", false },
	{ JUDGE_REDIRECT, "a@b.example c@d.example", false },
	{ JUDGE_REDIRECT, "", false },
	{ JUDGE_BCC, "a@b.example", true },
	{ JUDGE_BCC, "a", false },
	{ JUDGE_PREPEND, "X-A: b", true },
	{ JUDGE_PREPEND, "X-A:\tb\xff", true },
	{ JUDGE_PREPEND, "X-A: b\r\nX-B: c", false },
	{ JUDGE_PREPEND, "X-A: b\nX-B: c", false },
	{ JUDGE_PREPEND, "X-A: b\x7f", false },
	{ JUDGE_PREPEND, "text", false },
	{ JUDGE_PREPEND, "", false },
	{ (enum judge_action)99, "x", false },
};

static void
arguments_are_checked(void)
{
	for (size_t i = 0; i < sizeof(arguments) / sizeof(*arguments); i++) {
		struct fate	 fate = { .is_held = false };
		const char	*why = NULL;
		int		 got = fate_add(&fate, arguments[i].kind,
		    slice_str(arguments[i].text), &why);

		CU_ASSERT_EQUAL(got, arguments[i].ok ? 0 : -1);
		if (got != (arguments[i].ok ? 0 : -1))
			printf("%s\n", arguments[i].text);
		if (got < 0)
			CU_ASSERT_PTR_NOT_NULL(why);
		fate_clear(&fate);
	}
}

static void
add(struct fate *fate, enum judge_action kind, const char *text)
{
	const char	*why;

	CU_ASSERT_EQUAL(fate_add(fate, kind, slice_str(text), &why), 0);
}

static void
the_last_counts(void)
{
	struct fate	 fate = { .is_held = false };
	const char	*why;
	char		*text;
	int		 got = 0;

	add(&fate, JUDGE_HOLD, "first");
	add(&fate, JUDGE_HOLD, "second");
	CU_ASSERT(fate.is_held);
	CU_ASSERT_STRING_EQUAL(fate.reason, "first");
	add(&fate, JUDGE_FILTER, "a:b");
	add(&fate, JUDGE_FILTER, "c:d");
	CU_ASSERT_STRING_EQUAL(fate.filter, "c:d");
	add(&fate, JUDGE_REDIRECT, "a@b");
	add(&fate, JUDGE_REDIRECT, "<c@d>");
	CU_ASSERT_STRING_EQUAL(fate.redirect, "c@d");
	add(&fate, JUDGE_PREPEND, "A: b");
	add(&fate, JUDGE_PREPEND, "C: d ");
	CU_ASSERT_STRING_EQUAL(buf_cstr(&fate.front), "A: b\r\nC: d\r\n");
	add(&fate, JUDGE_BCC, "a@b");
	add(&fate, JUDGE_BCC, "a@b");
	CU_ASSERT_EQUAL(fate.bcc_count, 1);
	for (int i = 0; i < 1000 && got == 0; i++) {
		text = mem_printf("%d@b", i);
		got = fate_add(&fate, JUDGE_BCC, slice_str(text), &why);
		mem_free(text);
	}
	CU_ASSERT_EQUAL(got, -1);
	got = 0;
	for (int i = 0; i < 100000 && got == 0; i++)
		got = fate_add(&fate, JUDGE_PREPEND, SLICE_LIT("A: b"), &why);
	CU_ASSERT_EQUAL(got, -1);
	fate_clear(&fate);
}

static void
recipients_follow(void)
{
	struct fate		fate = { .is_held = false };
	struct recipients	recipients = { .count = 0 };
	struct msg_mail_rcpt	m = {
		.address = SLICE_LIT("a@b"), .original = SLICE_LIT("A@b"),
		.transport = SLICE_LIT("smtp"), .nexthop = SLICE_LIT("b"),
		.notify = RCPT_NOTIFY_SUCCESS, .orcpt = SLICE_LIT("rfc822;A"),
	};
	char			*why;
	struct conf		*conf = conf_new(conf_source_new(), &why);

	recipients_add(&recipients, conf, &m);
	conf_free(&conf);
	add(&fate, JUDGE_BCC, "a@b");
	add(&fate, JUDGE_BCC, "A@B");
	add(&fate, JUDGE_BCC, "x@y");
	add(&fate, JUDGE_BCC, "X@Y");
	recipients_apply(&recipients, &fate);
	CU_ASSERT_EQUAL_FATAL(recipients.count, 2);
	CU_ASSERT_STRING_EQUAL(recipients.list[0].transport, "smtp");
	CU_ASSERT_EQUAL(recipients.list[0].notify, RCPT_NOTIFY_SUCCESS);
	CU_ASSERT_STRING_EQUAL(recipients.list[1].address, "x@y");
	CU_ASSERT_STRING_EQUAL(recipients.list[1].transport, "");
	CU_ASSERT_EQUAL(recipients.list[1].notify, RCPT_NOTIFY_NEVER);
	add(&fate, JUDGE_REDIRECT, "r@s");
	recipients_apply(&recipients, &fate);
	CU_ASSERT_EQUAL_FATAL(recipients.count, 1);
	CU_ASSERT_STRING_EQUAL(recipients.list[0].address, "r@s");
	CU_ASSERT_STRING_EQUAL(recipients.list[0].original, "r@s");
	CU_ASSERT_STRING_EQUAL(recipients.list[0].orcpt, "");
	CU_ASSERT_STRING_EQUAL(recipients.list[0].transport, "");
	recipients_clear(&recipients);
	fate_clear(&fate);
}

void	fate_test(void);

void
fate_test(void)
{
	CU_pSuite	suite = CU_add_suite("fate", NULL, NULL);

	CU_add_test(suite, "arguments are checked", arguments_are_checked);
	CU_add_test(suite, "the last counts", the_last_counts);
	CU_add_test(suite, "recipients follow", recipients_follow);
}
