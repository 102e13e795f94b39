/*
 * Tables of the configuration.
 */

#include "master/tables.h"

#include <stddef.h>

#include "conf/conf.h"
#include "mail/table_list.h"
#include "util/mem.h"

static int
check(const struct conf *conf, const char *name, const char *value,
    unsigned how, char **why_r)
{
	const char		*where = conf_source_where(conf->source,
				    name);
	struct table_list	*list;
	char			*why;

	list = table_list_new(value, how, &why);
	if (list == NULL) {
		*why_r = mem_printf("%s%s%s: %s", where == NULL ? "" : where,
		    where == NULL ? "" : ": ", name, why);
		mem_free(why);
		return -1;
	}
	table_list_free(&list);
	return 0;
}

int
tables_check(const struct conf *conf, char **why_r)
{
	/* cleanup, smtp and smtpd ask these in their event loops. */
	const struct {
		const char	*name, *value;
		unsigned	 how;
	} rows[] = {
		{ "header_checks", conf->header_checks, TABLE_QUICK },
		{ "mime_header_checks", conf->mime_header_checks,
		    TABLE_QUICK },
		{ "nested_header_checks", conf->nested_header_checks,
		    TABLE_QUICK },
		{ "body_checks", conf->body_checks, TABLE_QUICK },
		{ "smtp_dns_reply_filter", conf->smtp_dns_reply_filter,
		    TABLE_QUICK },
		{ "smtp_delivery_status_filter",
		    conf->smtp_delivery_status_filter, TABLE_QUICK },
		{ "smtp_reply_filter", conf->smtp_reply_filter, TABLE_QUICK },
		{ "smtp_discard_ehlo_keyword_address_maps",
		    conf->smtp_discard_ehlo_keyword_address_maps,
		    TABLE_QUICK },
		{ "smtp_pix_workaround_maps",
		    conf->smtp_pix_workaround_maps, TABLE_QUICK },
		{ "smtpd_command_filter", conf->smtpd_command_filter,
		    TABLE_QUICK },
		{ "smtpd_reject_filter_maps",
		    conf->smtpd_reject_filter_maps, TABLE_QUICK },
		{ "smtpd_dns_reply_filter", conf->smtpd_dns_reply_filter, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (check(conf, rows[i].name, rows[i].value, rows[i].how,
		    why_r) < 0)
			return -1;
	return 0;
}
