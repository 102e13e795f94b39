/*
 * params.def as a table, and the names that follow from its rows.
 */

#include "conf/conf.h"

#include <string.h>

#include "util/mem.h"

static const struct conf_row rows[] = {
#define TEXT(name, value, text) \
	{ #name, CONF_TEXT, value, 0, 0, 0, NULL, text },
#define TEXT_AS(field, name, value, text) \
	{ #name, CONF_TEXT, value, 0, 0, 0, NULL, text },
#define CHOICE(name, value, choices, text) \
	{ #name, CONF_CHOICE, value, 0, 0, 0, choices, text },
#define BOOL(name, value, text) \
	{ #name, CONF_BOOL, value, 0, 0, 0, NULL, text },
#define NUMBER(name, value, min, max, text) \
	{ #name, CONF_NUMBER, value, min, max, 0, NULL, text },
#define SIZE(name, value, min, max, text) \
	{ #name, CONF_SIZE, value, min, max, 0, NULL, text },
#define TIME(name, value, unit, min, max, text) \
	{ #name, CONF_TIME, value, min * INT64_C(1000), max * INT64_C(1000), \
	    unit, NULL, text },
#include "conf/params.def"
	{ NULL, CONF_TEXT, NULL, 0, 0, 0, NULL, NULL }
};

/* A transport's name and one of these: its own value of that parameter. */
static const struct {
	const char	*suffix;
	const char	*row;
} suffixes[] = {
	{ "_destination_concurrency_limit",
	    "default_destination_concurrency_limit" },
	{ "_destination_recipient_limit",
	    "default_destination_recipient_limit" },
	{ "_destination_concurrency_failed_cohort_limit",
	    "default_destination_concurrency_failed_cohort_limit" },
	{ "_destination_concurrency_negative_feedback",
	    "default_destination_concurrency_negative_feedback" },
	{ "_destination_concurrency_positive_feedback",
	    "default_destination_concurrency_positive_feedback" },
	{ "_initial_destination_concurrency",
	    "initial_destination_concurrency" },
	{ "_delivery_slot_cost", "delivery_slot_cost" },
	{ "_destination_rate_delay", "default_destination_rate_delay" },
	{ "_transport_rate_delay", "default_transport_rate_delay" },
};

const struct conf_row *
conf_row_list(void)
{
	return rows;
}

const struct conf_row *
conf_row_find(const char *name)
{
	for (const struct conf_row *row = rows; row->name != NULL; row++)
		if (strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

const struct conf_row *
conf_row_find_suffix(const char *name)
{
	size_t	len = strlen(name);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		size_t	tail = strlen(suffixes[i].suffix);

		if (len > tail &&
		    strcmp(name + len - tail, suffixes[i].suffix) == 0)
			return conf_row_find(suffixes[i].row);
	}
	return NULL;
}

/* Those that are not the same behind another prefix. */
static const struct {
	const char	*name;
	const char	*row;
	const char	*value;		/* NULL: the row's */
} lmtp[] = {
	{ "lmtp_tcp_port", "smtp_tcp_port", "24" },
	{ "lmtp_connect_timeout", "smtp_connect_timeout", "0s" },
	{ "lmtp_lhlo_name", "smtp_helo_name", NULL },
	{ "lmtp_lhlo_timeout", "smtp_helo_timeout", NULL },
	{ "lmtp_discard_lhlo_keywords", "smtp_discard_ehlo_keywords", NULL },
	/* There are no MX records between. */
	{ "lmtp_tls_secure_cert_match", "smtp_tls_secure_cert_match",
	    "nexthop" },
	{ "lmtp_discard_lhlo_keyword_address_maps",
	    "smtp_discard_ehlo_keyword_address_maps", NULL },
	{ "lmtp_pix_workarounds", "smtp_pix_workarounds", "" },
	/* Postfix: the name of the program. */
	{ "lmtp_sasl_service", "smtp_sasl_service", "lmtp" },
};

char *
conf_row_lmtp_name(const struct conf_row *row, const char **value_r)
{
	*value_r = row->value;
	for (size_t i = 0; i < sizeof(lmtp) / sizeof(*lmtp); i++) {
		if (strcmp(row->name, lmtp[i].row) != 0)
			continue;
		if (lmtp[i].value != NULL)
			*value_r = lmtp[i].value;
		return mem_strdup(lmtp[i].name);
	}
	return strncmp(row->name, "smtp_", 5) == 0 ?
	    mem_printf("lmtp_%s", row->name + 5) : NULL;
}

const struct conf_row *
conf_row_find_lmtp(const char *name, const char **value_r)
{
	bool	is_same = false;

	if (strncmp(name, "lmtp_", 5) != 0)
		return NULL;
	for (const struct conf_row *row = rows; row->name != NULL; row++) {
		char	*own = conf_row_lmtp_name(row, value_r);

		is_same = own != NULL && strcmp(own, name) == 0;
		mem_free(own);
		if (is_same)
			return row;
	}
	return NULL;
}

void
conf_row_set_lmtp(struct conf_source *source)
{
	for (const struct conf_row *row = rows; row->name != NULL; row++) {
		const char	*value, *set;
		char		*name = conf_row_lmtp_name(row, &value);
		char		*copy;

		if (name == NULL)
			continue;
		set = conf_source_find(source, name);
		copy = mem_strdup(set != NULL ? set : value);
		conf_source_set(source, row->name, copy, name);
		mem_free(copy);
		mem_free(name);
	}
}

static char *
time_hint(const struct conf_row *row)
{
	return mem_printf("a time from %llds to %llds; without a unit: %c",
	    (long long)(row->min / 1000), (long long)(row->max / 1000),
	    row->unit);
}

char *
conf_row_hint(const struct conf_row *row)
{
	switch (row->type) {
	case CONF_TEXT:
		return mem_strdup("text");
	case CONF_CHOICE:
		return mem_printf("one of: %s", row->choices);
	case CONF_BOOL:
		return mem_strdup("yes or no");
	case CONF_NUMBER:
	case CONF_SIZE:
		return mem_printf("a %s from %lld to %lld",
		    row->type == CONF_SIZE ? "size" : "number",
		    (long long)row->min, (long long)row->max);
	case CONF_TIME:
		return time_hint(row);
	}
	return mem_strdup("");
}
