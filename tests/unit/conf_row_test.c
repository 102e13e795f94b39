/*
 * The table of parameters: what conf/params.def must keep to.
 */

#include "conf/conf.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "util/mem.h"
#include "util/slice.h"

static void
finds_every_row(void)
{
	size_t	count = 0;

	for (const struct conf_row *row = conf_row_list(); row->name != NULL;
	    row++, count++) {
		/* Also: no name twice. */
		CU_ASSERT_PTR_EQUAL(conf_row_find(row->name), row);
		CU_ASSERT(conf_source_is_name(slice_str(row->name)));
		CU_ASSERT_PTR_NOT_NULL(row->value);
		CU_ASSERT(row->text != NULL && row->text[0] != '\0');
	}
	CU_ASSERT(count > 50);
	CU_ASSERT_PTR_NULL(conf_row_find(""));
	CU_ASSERT_PTR_NULL(conf_row_find("no_such_parameter"));
	CU_ASSERT_PTR_NULL(conf_row_find("myhostnam"));
	CU_ASSERT_PTR_NULL(conf_row_find("myhostname "));
	CU_ASSERT_PTR_NULL(conf_row_find("MYHOSTNAME"));
}

/* Every number has room, and a time has a unit. */
static void
ranges(void)
{
	for (const struct conf_row *row = conf_row_list(); row->name != NULL;
	    row++)
		switch (row->type) {
		case CONF_TIME:
			CU_ASSERT(strchr("smhdw", row->unit) != NULL);
			CU_ASSERT(row->unit != '\0');
			CU_ASSERT(row->min < row->max);
			CU_ASSERT_EQUAL(row->min % 1000, 0);
			break;
		case CONF_NUMBER:
		case CONF_SIZE:
			CU_ASSERT(row->min < row->max);
			break;
		case CONF_CHOICE:
			CU_ASSERT_PTR_NOT_NULL(row->choices);
			break;
		case CONF_TEXT:
		case CONF_BOOL:
			break;
		}
}

static void
suffixes(void)
{
	const struct conf_row	*row =
	    conf_row_find("default_destination_concurrency_limit");

	CU_ASSERT_PTR_NOT_NULL_FATAL(row);
	CU_ASSERT_PTR_EQUAL(
	    conf_row_find_suffix("slow_destination_concurrency_limit"), row);
	CU_ASSERT_PTR_EQUAL(
	    conf_row_find_suffix("a_b_destination_concurrency_limit"), row);
	CU_ASSERT_PTR_EQUAL(
	    conf_row_find_suffix("x_destination_recipient_limit"),
	    conf_row_find("default_destination_recipient_limit"));
	/* A suffix alone is no transport's. */
	CU_ASSERT_PTR_NULL(
	    conf_row_find_suffix("_destination_concurrency_limit"));
	CU_ASSERT_PTR_NULL(
	    conf_row_find_suffix("destination_concurrency_limit"));
	CU_ASSERT_PTR_NULL(
	    conf_row_find_suffix("slow_destination_concurrency_limits"));
	CU_ASSERT_PTR_NULL(conf_row_find_suffix(""));
}

/* The name, the row it is the counterpart of, its default; NULL: none. */
static const struct {
	const char	*name, *row, *value;
} counterparts[] = {
	{ "lmtp_mail_timeout", "smtp_mail_timeout", "300s" },
	{ "lmtp_tcp_port", "smtp_tcp_port", "24" },
	{ "lmtp_connect_timeout", "smtp_connect_timeout", "0s" },
	{ "lmtp_lhlo_name", "smtp_helo_name", "$myhostname" },
	{ "lmtp_lhlo_timeout", "smtp_helo_timeout", "300s" },
	{ "lmtp_discard_lhlo_keywords", "smtp_discard_ehlo_keywords", "" },
	{ "lmtp_sasl_service", "smtp_sasl_service", "lmtp" },
	{ "lmtp_sasl_password_maps", "smtp_sasl_password_maps", "" },
	{ "lmtp_helo_name", NULL, NULL },
	{ "lmtp_", NULL, NULL },
	{ "lmtp_no_such", NULL, NULL },
	{ "smtp_mail_timeout", NULL, NULL },
	{ "lmtp_d_banner", NULL, NULL },
};

static void
lmtp(void)
{
	for (size_t i = 0; i < sizeof(counterparts) / sizeof(*counterparts);
	    i++) {
		const char		*value;
		const struct conf_row	*row;

		row = conf_row_find_lmtp(counterparts[i].name, &value);
		if (counterparts[i].row == NULL) {
			CU_ASSERT_PTR_NULL(row);
			continue;
		}
		CU_ASSERT_PTR_EQUAL(row, conf_row_find(counterparts[i].row));
		CU_ASSERT_STRING_EQUAL(value, counterparts[i].value);
	}
}

/* A type's hint, and what must be in it. */
static bool
hints(const char *name, const char *part)
{
	char	*hint = conf_row_hint(conf_row_find(name));
	bool	 result = strstr(hint, part) != NULL;

	mem_free(hint);
	return result;
}

static void
says_what_may_stand(void)
{
	for (const struct conf_row *row = conf_row_list(); row->name != NULL;
	    row++) {
		char	*hint = conf_row_hint(row);

		CU_ASSERT(hint[0] != '\0');
		if (row->type == CONF_CHOICE)
			CU_ASSERT_PTR_NOT_NULL(strstr(hint, row->choices));
		mem_free(hint);
	}
	CU_ASSERT(hints("myhostname", "text"));
	CU_ASSERT(hints("smtpd_helo_required", "yes or no"));
	CU_ASSERT(hints("smtpd_recipient_limit", "from 1 to 1000000"));
	CU_ASSERT(hints("smtpd_timeout", "from 1s to 86400s"));
	CU_ASSERT(hints("smtpd_timeout", "unit: s"));
}

void	conf_row_test(void);

void
conf_row_test(void)
{
	CU_pSuite	suite = CU_add_suite("conf_row", NULL, NULL);

	CU_add_test(suite, "finds every row", finds_every_row);
	CU_add_test(suite, "ranges", ranges);
	CU_add_test(suite, "suffixes", suffixes);
	CU_add_test(suite, "names of lmtp", lmtp);
	CU_add_test(suite, "says what may stand", says_what_may_stand);
}
