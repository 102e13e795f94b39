/*
 * What a message in progress costs.
 */

#include "cleanup/passage.h"

#include <CUnit/CUnit.h>

#include "cleanup/fate.h"
#include "cleanup/rules.h"
#include "conf/conf.h"
#include "util/buf.h"
#include "util/log.h"

static struct conf	*conf;
static struct rules	*rules;
static struct fate	 fate;

static int
setup(void)
{
	struct conf_source	*source = conf_source_new();
	char			*why;

	conf_source_set(source, "myhostname", "m.example", "test");
	conf_source_set(source, "body_checks", "static:DUNNO", "test");
	conf = conf_new(source, &why);
	rules = conf == NULL ? NULL : rules_new(conf, &why);
	return rules == NULL;
}

static int
teardown(void)
{
	rules_free(&rules);
	conf_free(&conf);
	return 0;
}

static void
put(void *arg, struct slice bytes)
{
	*(size_t *)arg += bytes.len;
}

static struct passage *
begin(size_t *passed)
{
	static char			 text[] = "x";
	const struct fixup_client	 client = { text, text, text, text,
					    text, NULL, NULL, NULL, text };
	const struct passage_settings	 settings = {
		.fixup = { .conf = conf, .client = &client, .sender = "" },
		.rules = rules, .fate = &fate, .client = text, .put = put,
		.arg = passed,
	};
	struct passage			*passage = passage_new(&settings);

	passage_start(passage);
	return passage;
}

static void
put_text(struct passage *passage, const char *text, size_t times)
{
	while (times-- > 0)
		passage_put(passage, slice_str(text));
}

/* Multiparts, each with a long boundary, in each other. */
static void
nest(struct passage *passage, char letter)
{
	passage_put(passage, SLICE_LIT("Content-Type: multipart/mixed; "
	    "boundary=\""));
	for (int i = 0; i < 1000; i++)
		passage_put(passage, slice_from(&letter, 1));
	passage_put(passage, SLICE_LIT("\"\r\n\r\n--"));
	for (int i = 0; i < 1000; i++)
		passage_put(passage, slice_from(&letter, 1));
	passage_put(passage, SLICE_LIT("\r\n"));
}

static void
all_is_counted(void)
{
	size_t		 passed = 0;
	struct passage	*passage = begin(&passed);
	size_t		 before;

	for (char letter = 'a'; letter <= 'z'; letter++)
		nest(passage, letter);
	before = passage_size(passage);
	CU_ASSERT(before > 26 * 1000);
	/* The field of a part, which has not ended. */
	put_text(passage, "X-Long: 0123456789\r\n\t", 1);
	put_text(passage, "0123456789\r\n\t", 4000);
	CU_ASSERT(passage_size(passage) > before + 40000);
	passage_free(&passage);
}

/* What can go goes: a body does not stay, whatever came before it. */
static void
shrinks(void)
{
	size_t		 passed = 0, before;
	struct passage	*passage = begin(&passed);

	put_text(passage, "X-Long: 0123456789\r\n\t", 1);
	put_text(passage, "0123456789\r\n\t", 4000);
	put_text(passage, "end\r\n\r\nline\r\n", 1);
	before = passage_size(passage);
	passage_shrink(passage);
	CU_ASSERT(passed > 40000);
	CU_ASSERT(passage_size(passage) < 4000);
	CU_ASSERT(passage_size(passage) < before / 10);
	/* And goes on as if nothing had been. */
	passed = 0;
	passage_put(passage, SLICE_LIT("li"));
	passage_shrink(passage);
	passage_put(passage, SLICE_LIT("ne\r\n"));
	passage_end(passage);
	CU_ASSERT_EQUAL(passed, 6);
	CU_ASSERT_EQUAL(passage_verdict(passage)->code, 0);
	passage_free(&passage);
}

void	passage_test(void);

void
passage_test(void)
{
	CU_pSuite	suite = CU_add_suite("passage", setup, teardown);

	CU_add_test(suite, "all is counted", all_is_counted);
	CU_add_test(suite, "shrinks", shrinks);
}
