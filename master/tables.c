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
    char **why_r)
{
	const char		*where = conf_source_where(conf->source,
				    name);
	struct table_list	*list;
	char			*why;

	list = table_list_new(value, TABLE_QUICK, &why);
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
	/* cleanup asks these in its event loop. */
	const struct {
		const char	*name, *value;
	} quick[] = {
		{ "header_checks", conf->header_checks },
		{ "mime_header_checks", conf->mime_header_checks },
		{ "nested_header_checks", conf->nested_header_checks },
		{ "body_checks", conf->body_checks },
	};

	for (size_t i = 0; i < sizeof(quick) / sizeof(*quick); i++)
		if (check(conf, quick[i].name, quick[i].value, why_r) < 0)
			return -1;
	return 0;
}
