/*
 * Which types of tables there are.
 */

#include "mail/table_type.h"

#include <string.h>

static const struct table_type *const	types[] = {
	&table_btree, &table_cidr, &table_environ, &table_fail, &table_hash,
	&table_inline, &table_internal, &table_pcre, &table_pipemap,
	&table_randmap, &table_regexp, &table_socketmap, &table_static,
	&table_tcp, &table_texthash, &table_unionmap, &table_unix,
};

const struct table_type *
table_type_find(struct slice spec, struct slice *name_r)
{
	ptrdiff_t	colon;

	/* Another process of Postfix's; here every program may ask. */
	while (slice_has_prefix(spec, "proxy:"))
		spec = slice_after(spec, strlen("proxy:"));
	*name_r = spec;
	if ((colon = slice_find(spec, ':')) < 0)
		return NULL;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (slice_is(slice_first(spec, (size_t)colon),
		    types[i]->name)) {
			*name_r = slice_after(spec, (size_t)colon + 1);
			return types[i];
		}
	return NULL;
}

void
table_type_each(void (*fn)(const char *name, void *arg), void *arg)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		fn(types[i]->name, arg);
}
