/*
 * Table types in files of their own.
 */

#include "mail/table_plugin.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "util/mem.h"
#include "util/path.h"
#include "util/version.h"

static const char *const	names[] = {
	"cdb", "ldap", "lmdb", "pgsql", "sqlite",
};

/* Installed beside the programs; built beside their folder, or in it. */
static const char *const	places[] = { "", "/../plugin", "/plugin" };

/* The caller frees; NULL when it is not there. */
static char *
find_file(const char *name)
{
	char	*folder = path_program_folder(), *path = NULL;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		path = mem_printf("%s%s/table_%s.so", folder, places[i],
		    name);
		if (access(path, R_OK) == 0)
			break;
		mem_free(path);
		path = NULL;
	}
	mem_free(folder);
	return path;
}

static const struct table_type *
load_file(const char *name, const char *file, char **why_r)
{
	char			*symbol = mem_printf("table_%s", name);
	const struct table_type	*type = NULL;
	/* Never closed: its library may have left something behind. */
	void			*handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);

	if (handle != NULL)
		type = dlsym(handle, symbol);
	if (type == NULL) {
		*why_r = mem_printf("cannot load the table type %s: %s", name,
		    dlerror());
	} else if (type->version == NULL ||
	    strcmp(type->version, VERSION) != 0) {
		*why_r = mem_printf("%s is of another version: mixed old and "
		    "new files?", file);
		type = NULL;
	}
	mem_free(symbol);
	return type;
}

const struct table_type *
table_plugin_load(struct slice name, char **why_r)
{
	const struct table_type	*type = NULL;
	const char		*known = NULL;
	char			*file;

	*why_r = NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (slice_is(name, names[i]))
			known = names[i];
	if (known == NULL)
		return NULL;
	if ((file = find_file(known)) != NULL)
		type = load_file(known, file, why_r);
	else
		*why_r = mem_printf("the table type %s is not installed",
		    known);
	mem_free(file);
	return type;
}

void
table_plugin_each(void (*fn)(const char *name, void *arg), void *arg)
{
	char	*file;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if ((file = find_file(names[i])) != NULL)
			fn(names[i], arg);
		mem_free(file);
	}
}
