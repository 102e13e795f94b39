/*
 * Making the file of a table.
 */

#include "mail/table_build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uthash.h>

#include "mail/table_type.h"
#include "util/mem.h"

struct item {
	UT_hash_handle	 hh;
	size_t		 key_len, value_len;
	unsigned char	 bytes[];	/* the key, then the value */
};

struct table_build {
	const struct table_type	*type;
	char			*spec, *file;
	struct item		*items;		/* in the order of adding */
	int			 lock;		/* -1: there is no file yet */
};

/* ---- the lock ------------------------------------------------------------ */

static bool
is_still(int fd, const char *file)
{
	struct stat	a, b;

	return fstat(fd, &a) == 0 && stat(file, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/*
 * Of the old file, for which one must be allowed to write to it: nobody
 * else can make us wait.  Whose turn it is after a commit finds another
 * file in its place.
 */
static int
lock_file(const char *file)
{
	struct flock	lock = { .l_type = F_WRLCK };
	int		fd;

	while ((fd = open(file, O_RDWR | O_CLOEXEC | O_NOFOLLOW)) >= 0) {
		if (fcntl(fd, F_OFD_SETLKW, &lock) == 0 && is_still(fd, file))
			return fd;
		close(fd);
	}
	return -1;
}

/* ---- entries ------------------------------------------------------------- */

struct table_build *
table_build_new(const char *spec, char **why_r)
{
	struct slice		 name;
	const struct table_type	*type = table_type_find(spec, &name, why_r);
	struct table_build	*build;

	if (type == NULL)
		return NULL;
	if (type->build == NULL || name.len == 0) {
		*why_r = mem_printf(name.len == 0 ? "%s: no file name" :
		    "%s: tables of this type are not built", spec);
		return NULL;
	}
	build = mem_new(sizeof(*build));
	build->type = type;
	build->spec = mem_strdup(spec);
	build->file = mem_printf("%.*s%s", SLICE_ARG(name), type->suffix);
	build->lock = lock_file(build->file);
	return build;
}

void
table_build_free(struct table_build **buildp)
{
	struct table_build	*build = *buildp;
	struct item		*item, *next;

	if (build == NULL)
		return;
	HASH_ITER(hh, build->items, item, next) {
		HASH_DEL(build->items, item);
		mem_free(item);
	}
	if (build->lock >= 0)
		close(build->lock);
	mem_free(build->file);
	mem_free(build->spec);
	mem_free(build);
	*buildp = NULL;
}

const char *
table_build_file(const struct table_build *build)
{
	return build->file;
}

bool
table_build_add(struct table_build *build, struct slice key,
    struct slice value)
{
	struct item	*item;

	HASH_FIND(hh, build->items, key.data, key.len, item);
	if (item != NULL)
		return false;
	item = mem_new(sizeof(*item) + key.len + value.len);
	item->key_len = key.len;
	item->value_len = value.len;
	if (key.len > 0)
		memcpy(item->bytes, key.data, key.len);
	if (value.len > 0)
		memcpy(item->bytes + key.len, value.data, value.len);
	HASH_ADD_KEYPTR(hh, build->items, item->bytes, key.len, item);
	return true;
}

bool
table_build_remove(struct table_build *build, struct slice key)
{
	struct item	*item;

	HASH_FIND(hh, build->items, key.data, key.len, item);
	if (item == NULL)
		return false;
	HASH_DEL(build->items, item);
	mem_free(item);
	return true;
}

static int
add_old(struct slice key, struct slice value, void *arg)
{
	table_build_add(arg, key, value);
	return 0;
}

int
table_build_load(struct table_build *build, char **why_r)
{
	struct table	*table;
	struct buf	 why = BUF_INIT;
	int		 result;

	if (access(build->file, F_OK) < 0 && errno == ENOENT)
		return 0;
	if ((table = table_new(build->spec, 0, why_r)) == NULL)
		return -1;
	result = table_each(table, add_old, build, &why);
	if (result < 0)
		*why_r = mem_printf("%s: %s", build->file, why.len == 0 ?
		    "it cannot be read" : buf_cstr(&why));
	buf_clear(&why);
	table_free(&table);
	return result;
}

/* ---- the file ------------------------------------------------------------ */

static int
write_entries(const struct table_build *build, const char *file,
    bool with_nul, struct buf *why)
{
	size_t			 count = HASH_COUNT(build->items), i = 0;
	struct table_entry	*list = mem_new_array(count + 1,
				    sizeof(*list));
	struct table_entries	 entries = { list, count, with_nul };
	int			 result;

	for (const struct item *item = build->items; item != NULL;
	    item = item->hh.next)
		list[i++] = (struct table_entry){
			slice_from(item->bytes, item->key_len),
			slice_from(item->bytes + item->key_len,
			    item->value_len),
		};
	result = build->type->build(file, &entries, why);
	mem_free(list);
	return result;
}

static int
settle_file(const char *path, const struct table_build_file *file)
{
	int	fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	int	result = fd < 0 ? -1 : 0;

	if (result == 0 && file->uid != (uid_t)-1)
		result = fchown(fd, file->uid, file->gid);
	if (result == 0)
		result = fchmod(fd, file->mode);
	if (result == 0)
		result = fsync(fd);
	if (fd >= 0)
		close(fd);
	return result;
}

/* Its new name is as durable as it is. */
static int
flush_folder(const char *file)
{
	const char	*slash = strrchr(file, '/');
	char		*folder = slash == NULL ? mem_strdup(".") :
			    mem_strndup(file, (size_t)(slash - file) + 1);
	int		 fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int		 result = fd < 0 ? -1 : fsync(fd);

	if (fd >= 0)
		close(fd);
	mem_free(folder);
	return result;
}

int
table_build_commit(struct table_build *build,
    const struct table_build_file *file, char **why_r)
{
	/* Not to be guessed, for the folder may not be ours alone. */
	char		*path = mem_printf("%s.%08x.tmp", build->file,
			    arc4random());
	struct buf	 why = BUF_INIT;
	int		 result;

	result = write_entries(build, path, file->with_nul, &why);
	if (result == 0 && (settle_file(path, file) < 0 ||
	    rename(path, build->file) < 0 ||
	    flush_folder(build->file) < 0)) {
		buf_printf(&why, "%s: %s", build->file, strerror(errno));
		result = -1;
	}
	if (result < 0) {
		unlink(path);
		*why_r = mem_strdup(buf_cstr(&why));
	}
	buf_clear(&why);
	mem_free(path);
	return result;
}
