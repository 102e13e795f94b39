#include "cleanup/recipients.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

#include "conf/conf.h"
#include "mail/ipc.h"
#include "util/buf.h"
#include "util/mem.h"

static struct conf	*conf;

static int
set_up(void)
{
	char	*why;

	conf = conf_new(conf_source_new(), &why);
	return conf == NULL;
}

static int
tear_down(void)
{
	conf_free(&conf);
	return 0;
}

static void
add(struct recipients *recipients, const char *address,
    const char *original, uint32_t notify, const char *orcpt)
{
	struct msg_mail_rcpt	m = {
		.address = slice_str(address),
		.original = slice_str(original),
		.notify = notify,
		.orcpt = slice_str(orcpt),
	};

	recipients_add(recipients, conf, &m);
}

/* Those of one message; how many it has with and without the original. */
static const struct {
	const char	*address, *original, *orcpt;
	uint32_t	 notify;
	size_t		 with, without;
} cases[] = {
	{ "a@x", "a@x", "", 0, 1, 1 },
	{ "a@x", "a@x", "", 0, 1, 1 },
	{ "A@X", "a@X", "", 0, 1, 1 },
	{ "a@x", "list@x", "", 0, 2, 1 },
	{ "a@x", "list@x", "", 0, 2, 1 },
	{ "b@x", "list@x", "", 0, 3, 2 },
	{ "a@x", "a@x", "", RCPT_NOTIFY_NEVER, 4, 2 },
	{ "a@x", "a@x", "rfc822;z@x", 0, 5, 2 },
	{ "a@xa@x", "", "", 0, 6, 3 },
	{ "a@x", "a@xa@x", "", 0, 7, 3 },
};

static void
same(void)
{
	for (int with = 0; with < 2; with++) {
		struct recipients	recipients = { .list = NULL };

		conf->enable_original_recipient = with == 1;
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			add(&recipients, cases[i].address, cases[i].original,
			    cases[i].notify, cases[i].orcpt);
			CU_ASSERT_EQUAL(recipients.count, with == 1 ?
			    cases[i].with : cases[i].without);
		}
		recipients_clear(&recipients);
	}
	conf->enable_original_recipient = true;
}

/* Each of the first ten is known, and of those behind none; 0: all are. */
static void
limits(void)
{
	int64_t	usual = conf->duplicate_filter_limit;

	for (int limit = 0; limit <= 10; limit += 10) {
		struct recipients	recipients = { .list = NULL };
		char			address[20];

		conf->duplicate_filter_limit = limit;
		for (int i = 0; i < 60; i++) {
			snprintf(address, sizeof(address), "%d@x", i % 30);
			add(&recipients, address, address, 0, "");
		}
		CU_ASSERT_EQUAL(recipients.count, limit == 0 ? 30 : 50);
		recipients_clear(&recipients);
	}
	conf->duplicate_filter_limit = usual;
}

void	recipients_test(void);

void
recipients_test(void)
{
	CU_pSuite	suite = CU_add_suite("recipients", set_up, tear_down);

	CU_add_test(suite, "who is the same", same);
	CU_add_test(suite, "limits", limits);
}
