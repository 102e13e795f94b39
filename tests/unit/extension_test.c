#include "mail/extension.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char	*local, *delimiters;
	const char	*user, *extension;	/* NULL: has none */
} cases[] = {
	{ "user+ext", "+", "user", "+ext" },
	{ "user", "+", NULL, NULL },
	{ "user+ext", "", NULL, NULL },
	{ "user+", "+", "user", "+" },
	{ "+ext", "+", NULL, NULL },
	{ "user+a+b", "+", "user", "+a+b" },
	{ "user-a+b", "+-", "user", "-a+b" },
	{ "user-a+b", "-+", "user", "-a+b" },
	{ "user+a", "-", NULL, NULL },
	{ "\"a b+ext\"", "+", "\"a b\"", "+ext" },
	{ "\"a+b c\"", "+", "a", "+b c" },
	{ "\"a\\\"b+c\"", "+", "\"a\\\"b\"", "+c" },
	{ "owner-list", "-", NULL, NULL },
	{ "list-request", "-", NULL, NULL },
	{ "owner+list", "+", "owner", "+list" },
	{ "-request", "-", NULL, NULL },
	{ "Mailer-Daemon", "-", NULL, NULL },
	{ "double-bounce", "-", NULL, NULL },
};

static void
splits(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf	user = BUF_INIT, extension = BUF_INIT;
		bool		has_any;

		has_any = extension_split(slice_str(cases[i].local),
		    cases[i].delimiters, &user, &extension);
		CU_ASSERT_EQUAL(has_any, cases[i].user != NULL);
		if (has_any && cases[i].user != NULL) {
			CU_ASSERT_STRING_EQUAL(buf_cstr(&user),
			    cases[i].user);
			CU_ASSERT_STRING_EQUAL(buf_cstr(&extension),
			    cases[i].extension);
		} else {
			CU_ASSERT_EQUAL(user.len + extension.len, 0);
		}
		buf_clear(&user);
		buf_clear(&extension);
	}
}

static const struct {
	const char	*address, *extension, *want;
} longer[] = {
	{ "user@host", "+ext", "user+ext@host" },
	{ "user@host", "", "user@host" },
	{ "user", "+ext", "user+ext" },
	{ "\"a b\"@host", "+ext", "\"a b+ext\"@host" },
	{ "user@host", "+a b", "\"user+a b\"@host" },
};

static void
puts_back(void)
{
	for (size_t i = 0; i < sizeof(longer) / sizeof(*longer); i++) {
		struct buf	out = BUF_INIT;

		extension_put(&out, slice_str(longer[i].address),
		    slice_str(longer[i].extension));
		CU_ASSERT_STRING_EQUAL(buf_cstr(&out), longer[i].want);
		buf_clear(&out);
	}
}

void	extension_test(void);

void
extension_test(void)
{
	CU_pSuite	suite = CU_add_suite("extension", NULL, NULL);

	CU_add_test(suite, "splits", splits);
	CU_add_test(suite, "puts back", puts_back);
}
