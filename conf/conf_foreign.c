/*
 * Parameters of Postfix that Tern does without.
 */

#include "conf/conf.h"

#include <string.h>

#include "util/mem.h"

static const struct conf_foreign foreigners[] = {
#define FOREIGN(name, value, text)	{ #name, value, text },
#include "conf/params_foreign.def"
	{ NULL, NULL, NULL }
};

const struct conf_foreign *
conf_foreign_list(void)
{
	return foreigners;
}

static bool
is_it(const struct conf_foreign *foreign, const char *name)
{
	size_t	len = strlen(foreign->name);

	if (foreign->name[len - 1] == '*')
		return strncmp(foreign->name, name, len - 1) == 0;
	return strcmp(foreign->name, name) == 0;
}

const struct conf_foreign *
conf_foreign_find(const char *name)
{
	char				*smtp = NULL;
	const struct conf_foreign	*foreign = foreigners;

	if (strncmp(name, "lmtp_", 5) == 0)
		smtp = mem_printf("smtp_%s", name + 5);
	while (foreign->name != NULL &&
	    !is_it(foreign, smtp != NULL ? smtp : name))
		foreign++;
	mem_free(smtp);
	return foreign->name == NULL ? NULL : foreign;
}

bool
conf_foreign_is_quiet(const struct conf_foreign *foreign, const char *value)
{
	return foreign->value != NULL && strcmp(foreign->value, value) == 0;
}
