/*
 * unix:passwd.byname, unix:group.byname: the accounts of the system.
 */

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "mail/table_type.h"
#include "util/mem.h"

#define ROOM_MAX	((size_t)1 << 20)

/* Ask with room for the strings of the entry; the C library's answer. */
typedef int (*ask_fn)(const char *name, char *room, size_t len,
    struct buf *value);

static int
ask_passwd(const char *name, char *room, size_t len, struct buf *value)
{
	struct passwd	 entry, *found = NULL;
	int		 error;

	error = getpwnam_r(name, &entry, room, len, &found);
	/* Never the password, though we be root. */
	if (error == 0 && found != NULL)
		buf_printf(value, "%s:x:%lu:%lu:%s:%s:%s", found->pw_name,
		    (unsigned long)found->pw_uid,
		    (unsigned long)found->pw_gid, found->pw_gecos,
		    found->pw_dir, found->pw_shell);
	return error;
}

static int
ask_group(const char *name, char *room, size_t len, struct buf *value)
{
	struct group	 entry, *found = NULL;
	int		 error;

	error = getgrnam_r(name, &entry, room, len, &found);
	if (error != 0 || found == NULL)
		return error;
	buf_printf(value, "%s:x:%lu:", found->gr_name,
	    (unsigned long)found->gr_gid);
	for (char **member = found->gr_mem; *member != NULL; member++)
		buf_printf(value, "%s%s", member == found->gr_mem ? "" : ",",
		    *member);
	return 0;
}

static const struct view {
	const char	*name;
	ask_fn		 ask;
} views[] = {
	{ "passwd.byname", ask_passwd }, { "group.byname", ask_group },
};

static int
open_unix(const struct table_source *source, void **content_r,
    struct buf *why)
{
	for (size_t i = 0; i < sizeof(views) / sizeof(*views); i++)
		if (strcmp(source->name, views[i].name) == 0) {
			*content_r = mem_copy(&views[i], sizeof(views[i]));
			return 0;
		}
	buf_put_str(why, "expected passwd.byname or group.byname");
	return -1;
}

static enum table_answer
find_unix(void *content, struct slice key, struct buf *value)
{
	const struct view	*view = content;
	size_t			 len = 1024, old_len = value->len;
	char			*name, *room = NULL;
	int			 error;

	if (slice_find(key, '\0') >= 0)
		return TABLE_NONE;
	name = slice_dup(key);
	do {
		len *= 4;
		room = mem_resize(room, len);
		error = view->ask(name, room, len, value);
	} while ((error == EINTR || error == ERANGE) && len < ROOM_MAX);
	mem_free(room);
	mem_free(name);
	if (value->len > old_len)
		return TABLE_FOUND;
	/* What getpwnam(3) says when there is no such name, or no file. */
	if (error == 0 || error == ENOENT || error == ESRCH)
		return TABLE_NONE;
	buf_printf(value, "unix:%s: %s", view->name, strerror(error));
	return TABLE_TROUBLE;
}

const struct table_type table_unix = {
	.name = "unix", .open = open_unix, .find = find_unix,
	.close = mem_free,
};
