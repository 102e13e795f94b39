/*
 * A clean environment.
 */

#include "master/environment.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "util/mem.h"

/* What may stay, by its beginning. */
static const char *const kept[] = {
	"TZ=", "TERN_", "ASAN_OPTIONS=", "LSAN_OPTIONS=", "UBSAN_OPTIONS=",
};

static bool
is_kept(const char *variable)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		if (strncmp(variable, kept[i], strlen(kept[i])) == 0)
			return true;
	return false;
}

char **
environment_new(const char *folder, char **from)
{
	char	**list;
	size_t	  count = 0;

	while (from[count] != NULL)
		count++;
	list = mem_new_array(count + 4, sizeof(*list));
	count = 0;
	list[count++] = mem_strdup("PATH=/usr/sbin:/usr/bin:/sbin:/bin");
	list[count++] = mem_strdup("LANG=C");
	list[count++] = mem_printf("MAIL_CONFIG=%s", folder);
	for (; *from != NULL; from++)
		if (is_kept(*from))
			list[count++] = mem_strdup(*from);
	return list;
}

void
environment_free(char ***environment)
{
	if (*environment == NULL)
		return;
	for (char **variable = *environment; *variable != NULL; variable++)
		mem_free(*variable);
	mem_free(*environment);
	*environment = NULL;
}
