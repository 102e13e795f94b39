/*
 * Which types of tables there are.
 */

#include "mail/table_type.h"

#include <string.h>

#include "mail/table_plugin.h"
#include "util/mem.h"

static const struct table_type *const	types[] = {
	&table_btree, &table_cidr, &table_environ, &table_fail, &table_hash,
	&table_inline, &table_internal, &table_pcre, &table_pipemap,
	&table_randmap, &table_regexp, &table_socketmap, &table_static,
	&table_tcp, &table_texthash, &table_unionmap, &table_unix,
};

/*
 * They are memory, or files on this machine, or made of other tables, each of
 * which is asked the same; any other may wait.
 */
static const char *const	quick[] = {
	"btree", "cdb", "cidr", "environ", "fail", "hash", "inline", "lmdb",
	"pcre", "pipemap", "randmap", "regexp", "static", "texthash",
	"unionmap",
};

static const struct table_type *
find(struct slice name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (slice_is(name, types[i]->name))
			return types[i];
	return NULL;
}

const struct table_type *
table_type_find(const char *spec, struct slice *name_r, char **why_r)
{
	struct slice		 text = slice_str(spec), word;
	const struct table_type	*type;
	ptrdiff_t		 colon;
	char			*why = NULL;

	/* Another process of Postfix's; here every program may ask. */
	while (slice_has_prefix(text, "proxy:"))
		text = slice_after(text, strlen("proxy:"));
	if ((colon = slice_find(text, ':')) < 0) {
		*why_r = mem_printf("%s: expected \"type:name\"", spec);
		return NULL;
	}
	word = slice_first(text, (size_t)colon);
	*name_r = slice_after(text, (size_t)colon + 1);
	if ((type = find(word)) == NULL)
		type = table_plugin_load(word, &why);
	if (type == NULL && why != NULL)
		*why_r = mem_printf("%s: %s", spec, why);
	else if (type == NULL)
		*why_r = mem_printf("%s: there is no table type \"%.*s\"",
		    spec, SLICE_ARG(word));
	mem_free(why);
	return type;
}

bool
table_type_is_quick(const struct table_type *type)
{
	for (size_t i = 0; i < sizeof(quick) / sizeof(*quick); i++)
		if (strcmp(type->name, quick[i]) == 0)
			return true;
	return false;
}

void
table_type_each(void (*fn)(const char *name, void *arg), void *arg)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		fn(types[i]->name, arg);
	table_plugin_each(fn, arg);
}
