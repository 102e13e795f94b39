#include "lookup/rbl_reply.h"

#include "lookup/hearing.h"
#include "tests/unit/judge_fixture.h"

static const struct {
	const char	*template, *want;
} cases[] = {
	{ "$rbl_code Service unavailable; $rbl_class [$rbl_what] blocked "
	    "using $rbl_domain${rbl_reason?; $rbl_reason}",
	    "554 Service unavailable; Client host [192.0.2.1] blocked using "
	    "l.example; because $sender" },
	{ "$$5", "$5" },
	{ "$", "$" },
	{ "$unknown.", "." },
	{ "${client}", "unknown[192.0.2.1]" },
	{ "${recipient}, $recipient_name, $recipient_domain",
	    "r@relay.example, r, relay.example" },
	{ "$sender $sender_name ${sender_domain}", "s@sender.example s "
	    "sender.example" },
	{ "${helo_name:none}${unknown:none}", "none" },
	{ "${helo_name?yes}${unknown?no}", "yes" },
	{ "${helo_name?a ${unknown:b}}", "a b" },
	{ "${client", "${client" },
	{ "$rbl_txt", "because $sender" },
	{ "$client_name $reverse_client_name", "unknown unknown" },
};

static void
templates(void)
{
	struct judge_fixture	f;
	struct judge_question	question;
	struct verdict		verdict = { .code = 0 };
	struct hearing		hearing;

	judge_fixture_init(&f, "", NULL);
	judge_init(&question, &f.m);
	hearing_init(&hearing, f.profile, &question, &verdict);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf		out = BUF_INIT;
		struct rbl_reply	reply = {
			.hearing = &hearing,
			.code = 554,
			.class = "Client host",
			.what = SLICE_LIT("192.0.2.1"),
			.domain = "l.example",
			/* What a list says is not looked into. */
			.reason = SLICE_LIT("because $sender"),
		};

		rbl_reply_expand(&reply, slice_str(cases[i].template), &out);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&out), cases[i].want);
		buf_clear(&out);
	}
	hearing_clear(&hearing);
	judge_clear(&question);
	judge_fixture_clear(&f);
}

/* As main.cf has it, and as the default is written. */
static void
parameter(void)
{
	struct judge_fixture	f;

	judge_fixture_init(&f, "", NULL);
	CU_ASSERT_EQUAL(strncmp(f.profile->rbl_reply, "$rbl_code Serv", 14),
	    0);
	judge_fixture_clear(&f);
	judge_fixture_init(&f, "default_rbl_reply = $rbl_code no\n", NULL);
	CU_ASSERT_STRING_EQUAL(f.profile->rbl_reply, "$rbl_code no");
	judge_fixture_clear(&f);
	judge_fixture_init(&f, "default_rbl_reply = $$rbl_code no\n", NULL);
	CU_ASSERT_STRING_EQUAL(f.profile->rbl_reply, "$rbl_code no");
	judge_fixture_clear(&f);
}

void	rbl_reply_test(void);

void
rbl_reply_test(void)
{
	CU_pSuite	suite = CU_add_suite("rbl_reply", NULL, NULL);

	CU_add_test(suite, "templates", templates);
	CU_add_test(suite, "default_rbl_reply", parameter);
}
