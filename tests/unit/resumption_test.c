#include "smtp/resumption.h"

#include <CUnit/CUnit.h>
#include <openssl/ssl.h>
#include <stdio.h>

#define LIMIT	2000

static struct tls_session *
make(void)
{
	return (struct tls_session *)SSL_SESSION_new();
}

static void
keeps_sessions(void)
{
	struct resumption	*resumption = resumption_new();
	struct tls_session	*a = make(), *b = make();
	struct slice		 one = slice_str("one"), two = slice_str("two");

	CU_ASSERT_PTR_NULL(resumption_find(resumption, one, 0));
	resumption_put(resumption, one, a, 100);
	resumption_put(resumption, two, b, 200);
	CU_ASSERT_PTR_EQUAL(resumption_find(resumption, one, 99), a);
	CU_ASSERT_PTR_EQUAL(resumption_find(resumption, two, 99), b);
	CU_ASSERT_PTR_NULL(resumption_find(resumption, slice_str("on"), 0));
	/* A newer one takes its place. */
	a = make();
	resumption_put(resumption, one, a, 150);
	CU_ASSERT_PTR_EQUAL(resumption_find(resumption, one, 149), a);
	CU_ASSERT_PTR_NULL(resumption_find(resumption, one, 150));
	CU_ASSERT_PTR_NULL(resumption_find(resumption, one, 0));
	resumption_drop(resumption, two);
	resumption_drop(resumption, two);
	CU_ASSERT_PTR_NULL(resumption_find(resumption, two, 0));
	resumption_free(&resumption);
	CU_ASSERT_PTR_NULL(resumption);
	resumption_free(&resumption);
}

/* The oldest go: what was put anew is not one of them. */
static void
has_a_bound(void)
{
	struct resumption	*resumption = resumption_new();
	char			 key[16];

	for (int i = 0; i < LIMIT; i++) {
		snprintf(key, sizeof(key), "%d", i);
		resumption_put(resumption, slice_str(key), make(), 1);
	}
	resumption_put(resumption, slice_str("0"), make(), 1);
	resumption_put(resumption, slice_str("more"), make(), 1);
	CU_ASSERT_PTR_NOT_NULL(resumption_find(resumption, slice_str("0"),
	    0));
	CU_ASSERT_PTR_NULL(resumption_find(resumption, slice_str("1"), 0));
	CU_ASSERT_PTR_NOT_NULL(resumption_find(resumption, slice_str("2"),
	    0));
	CU_ASSERT_PTR_NOT_NULL(resumption_find(resumption, slice_str("more"),
	    0));
	resumption_free(&resumption);
}

void	resumption_test(void);

void
resumption_test(void)
{
	CU_pSuite	suite = CU_add_suite("resumption", NULL, NULL);

	CU_add_test(suite, "sessions", keeps_sessions);
	CU_add_test(suite, "bound", has_a_bound);
}
