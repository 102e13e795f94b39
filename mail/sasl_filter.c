/*
 * The filter of mechanisms.
 */

#include "mail/sasl_filter.h"

#include "mail/match_list.h"
#include "net/sasl_options.h"
#include "util/log.h"
#include "util/mem.h"

#define SEPARATORS	", \t\r\n"

struct sasl_filter {
	const char		*parameter;	/* borrowed */
	char			*value;
	bool			 with_cram;
	struct match_list	*list;		/* NULL: value is no list */
};

struct sasl_filter *
sasl_filter_new(const char *parameter, const char *value, bool with_cram)
{
	struct sasl_filter	*filter = mem_new(sizeof(*filter));
	char			*why = NULL;

	filter->parameter = parameter;
	filter->value = mem_strdup(value);
	filter->with_cram = with_cram;
	filter->list = match_list_new(value, MATCH_LIST_STRING, 0, &why);
	if (filter->list == NULL) {
		log_warn("%s: %s", parameter, why);
		mem_free(why);
	}
	return filter;
}

void
sasl_filter_free(struct sasl_filter **filterp)
{
	struct sasl_filter	*filter = *filterp;

	if (filter == NULL)
		return;
	*filterp = NULL;
	match_list_free(&filter->list);
	mem_free(filter->value);
	mem_free(filter);
}

static bool
is_common(const struct sasl_filter *filter, struct slice name)
{
	static const char *const	common[] = { "PLAIN", "LOGIN",
		"SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256",
		"SCRAM-SHA-256-PLUS" };

	for (size_t i = 0; i < sizeof(common) / sizeof(*common); i++)
		if (slice_is_nocase(name, common[i]))
			return true;
	return filter->with_cram && slice_is_nocase(name, "CRAM-MD5");
}

static bool
is_named(const struct sasl_filter *filter, struct slice name)
{
	struct slice	rest = slice_str(filter->value), word;

	while (slice_get_word(&rest, SEPARATORS, &word) == 0)
		if (slice_equal_nocase(word, name))
			return true;
	return false;
}

static bool
passes(struct sasl_filter *filter, struct slice name)
{
	struct buf		why = BUF_INIT;
	enum match_list_answer	answer;

	if (filter->list == NULL || !sasl_options_is_name(name) ||
	    (!is_common(filter, name) && !is_named(filter, name)))
		return false;
	if (filter->value[0] == '\0')
		return true;
	answer = match_list_find(filter->list, name, &why);
	if (answer == MATCH_LIST_TROUBLE)
		log_warn("%s: %s", filter->parameter, buf_cstr(&why));
	buf_clear(&why);
	return answer == MATCH_LIST_YES;
}

void
sasl_filter_apply(struct sasl_filter *filter, struct slice names,
    struct buf *passed)
{
	struct slice	name;

	while (slice_get_word(&names, SEPARATORS, &name) == 0) {
		if (!passes(filter, name))
			continue;
		if (passed->len > 0)
			buf_put_u8(passed, ' ');
		buf_put_slice(passed, name);
	}
}
