#include "smtp/known.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

#include "smtp/credentials.h"
#include "smtp/offer.h"

#define RELAY	"a[192.0.2.1]:25"
#define OTHER	"a[192.0.2.2]:25"

static void
offers_have_a_lifetime(void)
{
	struct known		*known = known_new();
	struct offer		 offer = { .has_dsn = true, .size_limit = 7 };
	const struct offer	*found;

	CU_ASSERT_PTR_NULL(known_offer(known, RELAY, 0));
	known_put_offer(known, RELAY, &offer, 1000);
	offer.size_limit = 8;
	found = known_offer(known, RELAY, 999);
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	CU_ASSERT(found->has_dsn);
	CU_ASSERT_EQUAL(found->size_limit, 7);
	CU_ASSERT_PTR_NULL(known_offer(known, RELAY, 1000));
	CU_ASSERT_PTR_NULL(known_offer(known, RELAY, 1001));
	CU_ASSERT_PTR_NULL(known_offer(known, OTHER, 1));
	/* Put anew it is the new one, for its new time. */
	known_put_offer(known, RELAY, &offer, 2000);
	CU_ASSERT_EQUAL(known_offer(known, RELAY, 1999)->size_limit, 8);
	known_drop_offer(known, RELAY);
	known_drop_offer(known, OTHER);
	CU_ASSERT_PTR_NULL(known_offer(known, RELAY, 1));
	known_free(&known);
	CU_ASSERT_PTR_NULL(known);
	known_free(&known);
}

static void
distrust_has_one_too(void)
{
	struct known	*known = known_new();
	struct offer	 offer = { .has_pipelining = true };

	CU_ASSERT_FALSE(known_is_distrusted(known, RELAY, 0));
	known_put_offer(known, RELAY, &offer, 5000);
	known_distrust(known, RELAY, 1000);
	CU_ASSERT(known_is_distrusted(known, RELAY, 999));
	CU_ASSERT_FALSE(known_is_distrusted(known, RELAY, 1000));
	CU_ASSERT_FALSE(known_is_distrusted(known, OTHER, 1));
	/* One has nothing to do with the other. */
	CU_ASSERT_PTR_NOT_NULL(known_offer(known, RELAY, 1));
	known_drop_offer(known, RELAY);
	CU_ASSERT(known_is_distrusted(known, RELAY, 999));
	known_free(&known);
}

/* However many servers there are, the last ones are known. */
static void
is_bounded(void)
{
	struct known	*known = known_new();
	struct offer	 offer = { .has_dsn = true };
	char		 relay[40];
	size_t		 left = 0;

	for (unsigned i = 0; i < 30000; i++) {
		snprintf(relay, sizeof(relay), "h%u[::1]:25", i);
		if (i % 2 == 0)
			known_put_offer(known, relay, &offer, 10);
		else
			known_distrust(known, relay, 10);
	}
	for (unsigned i = 0; i < 30000; i++) {
		snprintf(relay, sizeof(relay), "h%u[::1]:25", i);
		left += known_offer(known, relay, 1) != NULL ||
		    known_is_distrusted(known, relay, 1);
	}
	CU_ASSERT(left >= 1000);
	CU_ASSERT(left <= 10000);
	CU_ASSERT(known_is_distrusted(known, relay, 1));
	CU_ASSERT_PTR_NULL(known_offer(known, "h0[::1]:25", 1));
	known_free(&known);
}

static void
remembers_refusals(void)
{
	struct known		*known = known_new();
	char			 joe[] = "joe", jim[] = "jim", a[] = "a";
	char			 b[] = "b";
	struct credentials	 first = { joe, a }, other = { jim, a };
	struct credentials	 changed = { joe, b };

	known_put_refusal(known, RELAY, &first, "no", 100);
	CU_ASSERT_STRING_EQUAL(known_refusal(known, RELAY, &first, 99), "no");
	CU_ASSERT_PTR_NULL(known_refusal(known, RELAY, &first, 100));
	CU_ASSERT_PTR_NULL(known_refusal(known, OTHER, &first, 1));
	CU_ASSERT_PTR_NULL(known_refusal(known, RELAY, &other, 1));
	CU_ASSERT_PTR_NULL(known_refusal(known, RELAY, &changed, 1));
	known_put_refusal(known, RELAY, &changed, "nor that", 200);
	CU_ASSERT_STRING_EQUAL(known_refusal(known, RELAY, &changed, 1),
	    "nor that");
	known_free(&known);
}

void	known_test(void);

void
known_test(void)
{
	CU_pSuite	suite = CU_add_suite("known", NULL, NULL);

	CU_add_test(suite, "offers have a lifetime", offers_have_a_lifetime);
	CU_add_test(suite, "distrust has one, too", distrust_has_one_too);
	CU_add_test(suite, "is bounded", is_bounded);
	CU_add_test(suite, "remembers refusals", remembers_refusals);
}
