/*
 * LMTP.
 */

#include "smtp/lmtp.h"

#include <string.h>

#include "conf/conf.h"
#include "util/mem.h"

void
lmtp_set(struct conf_source *source)
{
	for (const struct conf_row *row = conf_row_list(); row->name != NULL;
	    row++) {
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
	/* lookup knows the tables of smtp alone. */
	conf_source_set(source, "smtp_generic_maps", "", "lmtp");
	conf_source_set(source, "smtp_sasl_password_maps", "", "lmtp");
}

bool
lmtp_get_socket(struct slice *nexthop)
{
	bool	is_socket = slice_has_prefix_nocase(*nexthop, "unix:");

	if (is_socket || slice_has_prefix_nocase(*nexthop, "inet:"))
		*nexthop = slice_after(*nexthop, 5);
	return is_socket;
}
