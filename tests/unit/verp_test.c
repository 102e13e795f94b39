#include "qmgr/verp.h"

#include <CUnit/CUnit.h>

#include "mail/ipc.h"
#include "qmgr/flags.h"
#include "util/buf.h"

static const struct {
	const char	*sender, *recipient, *want;
} cases[] = {
	{ "o@l.example", "u@d.example", "o+u=d.example@l.example" },
	{ "o@l.example", "u", "o+u@l.example" },
	{ "o", "u@d", "o+u=d" },
	{ "o-x@l", "u+y@d", "o-x+u+y=d@l" },
	{ "o@l", "\"a b\"@d", "o+\"a b\"=d@l" },
};

static void
senders(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf	got = BUF_INIT;

		verp_put_sender(&got, MAIL_VERP_OF('+', '='),
		    cases[i].sender, cases[i].recipient);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&got), cases[i].want);
		buf_clear(&got);
	}
}

/* What another program says is kept if it can be in an address. */
static void
delimiters(void)
{
	uint32_t	good = MAIL_VERP_OF('-', '=') | MAIL_UTF8;

	CU_ASSERT(verp_is_good(good));
	CU_ASSERT_EQUAL(flags_to_mail(flags_from_mail(good)), good);
	CU_ASSERT_FALSE(verp_is_good(0));
	CU_ASSERT_FALSE(verp_is_good(MAIL_VERP_OF('+', 0)));
	CU_ASSERT_FALSE(verp_is_good(MAIL_VERP_OF('>', '=')));
	CU_ASSERT_FALSE(verp_is_good(MAIL_VERP_OF('+', '\r')));
	CU_ASSERT_FALSE(verp_is_good(MAIL_VERP_OF('@', '=')));
	CU_ASSERT_FALSE(verp_is_good(MAIL_VERP_OF('+', 0xc3)));
	CU_ASSERT_EQUAL(flags_from_mail(MAIL_VERP_OF('+', '\n')), 0);
}

void	verp_test(void);

void
verp_test(void)
{
	CU_pSuite	suite = CU_add_suite("verp", NULL, NULL);

	CU_add_test(suite, "senders", senders);
	CU_add_test(suite, "delimiters", delimiters);
}
