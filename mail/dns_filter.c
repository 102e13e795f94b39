/*
 * Filters of records.
 */

#include "mail/dns_filter.h"

#include "mail/table_list.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"

struct dns_filter {
	struct table_list	*tables;
	struct table_list_held	*fixed;		/* NULL: as they are */
};

struct dns_filter *
dns_filter_new(const char *text, unsigned how, char **why_r)
{
	struct dns_filter	*filter = mem_new(sizeof(*filter));

	*why_r = NULL;
	filter->tables = table_list_new(text, how, why_r);
	if (filter->tables == NULL || table_list_is_empty(filter->tables))
		dns_filter_free(&filter);
	return filter;
}

void
dns_filter_free(struct dns_filter **filterp)
{
	struct dns_filter	*filter = *filterp;

	if (filter == NULL)
		return;
	*filterp = NULL;
	table_list_release(&filter->fixed);
	table_list_free(&filter->tables);
	mem_free(filter);
}

void
dns_filter_fix(struct dns_filter *filter)
{
	if (filter != NULL && filter->fixed == NULL)
		filter->fixed = table_list_hold(filter->tables);
}

static void
put_value(const struct dns_record *record, enum dns_type type,
    struct buf *text)
{
	char	ip[ADDR_TEXT_SIZE];

	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		buf_put_str(text, addr_format_ip(&record->addr, ip));
		break;
	case DNS_MX:
		buf_printf(text, "%u %s.", record->preference, record->name);
		break;
	case DNS_TXT:
		buf_put_str(text, record->text);
		break;
	case DNS_NS:
	case DNS_PTR:
	case DNS_CNAME:
		buf_printf(text, "%s.", record->name);
		break;
	case DNS_TLSA:
		buf_printf(text, "%u %u %u ", record->data[0],
		    record->data[1], record->data[2]);
		for (size_t i = 3; i < record->len; i++)
			buf_printf(text, "%02X", record->data[i]);
		break;
	}
}

/* Asked for one record: TABLE_FOUND means that it is to be ignored. */
static enum table_answer
ask(const struct table_list_held *held, struct slice record)
{
	struct buf		value = BUF_INIT;
	enum table_answer	answer;

	answer = table_list_find(held, record, &value);
	if (answer == TABLE_TROUBLE) {
		log_warn("DNS reply filter: %s", buf_cstr(&value));
	} else if (answer == TABLE_FOUND && !slice_is_nocase(slice_trim(
	    buf_slice(&value)), "IGNORE")) {
		log_warn("DNS reply filter: unknown action \"%s\" for \"%.*s\"",
		    buf_cstr(&value), SLICE_ARG(record));
		answer = TABLE_NONE;
	}
	buf_clear(&value);
	return answer;
}

/* False: nothing can be said of it. */
static bool
filter_all(const struct table_list_held *held, const char *name,
    enum dns_type type, struct dns_answer *answer)
{
	struct buf		text = BUF_INIT;
	enum table_answer	one = TABLE_NONE;

	for (size_t i = 0; i < answer->count && one != TABLE_TROUBLE;) {
		buf_empty(&text);
		buf_printf(&text, "%s. %d IN %s ", name,
		    answer->ttl_s < 0 ? 0 : answer->ttl_s,
		    dns_answer_type_name(type));
		put_value(&answer->records[i], type, &text);
		one = ask(held, buf_slice(&text));
		if (one == TABLE_FOUND)
			dns_answer_remove(answer, i);
		else
			i++;
	}
	buf_clear(&text);
	return one != TABLE_TROUBLE;
}

void
dns_filter_apply(const struct dns_filter *filter, const char *name,
    enum dns_type type, enum dns_status empty, struct dns_answer *answer)
{
	struct table_list_held	*own = NULL;
	bool			 ok;

	if (filter == NULL || answer->count == 0)
		return;
	if (filter->fixed == NULL)
		own = table_list_hold(filter->tables);
	ok = filter_all(own == NULL ? filter->fixed : own, name, type,
	    answer);
	table_list_release(&own);
	if (ok && answer->count > 0)
		return;
	while (answer->count > 0)
		dns_answer_remove(answer, 0);
	answer->status = ok ? empty : DNS_TROUBLE;
	answer->why = ok ? "DNS reply filter drops all results" :
	    "DNS reply filter has trouble";
}
