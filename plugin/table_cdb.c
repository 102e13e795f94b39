/*
 * cdb:/file: a constant database in /file.cdb.
 */

#include <cdb.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "mail/table_type.h"
#include "util/mem.h"
#include "util/version.h"

static int
fail(struct buf *why, const char *what, const char *file)
{
	buf_printf(why, "%s database %s: %s", what, file, errno == EPROTO ?
	    "it is damaged" : strerror(errno));
	return -1;
}

static int
open_cdb(const struct table_source *source, void **content_r,
    struct buf *why)
{
	struct cdb	*cdb = mem_new(sizeof(*cdb));
	char		*file = mem_printf("%s.cdb", source->name);
	int		 fd = open(file, O_RDONLY | O_CLOEXEC);
	int		 result = fd < 0 ? -1 : cdb_init(cdb, fd);

	*content_r = cdb;
	if (result < 0) {
		fail(why, "open", file);
		mem_free(cdb);
	}
	/* The library has it mapped. */
	if (fd >= 0)
		close(fd);
	mem_free(file);
	return result;
}

static void
close_cdb(void *content)
{
	cdb_free(content);
	mem_free(content);
}

static struct slice
without_nul(const void *data, unsigned len)
{
	struct slice	bytes = slice_from(data, len);
	ptrdiff_t	nul = slice_find(bytes, '\0');

	return nul < 0 ? bytes : slice_first(bytes, (size_t)nul);
}

static int
get(struct cdb *cdb, struct slice key, struct buf *value)
{
	int		 found = cdb_find(cdb, key.data, (unsigned)key.len);
	const void	*data;

	if (found <= 0)
		return found;
	data = cdb_getdata(cdb);
	if (data == NULL)
		return -1;
	buf_put_slice(value, without_nul(data, cdb_datalen(cdb)));
	return 1;
}

static enum table_answer
find_cdb(void *content, struct slice key, struct buf *value)
{
	/* Where it is in the file is in the struct: to each his own. */
	struct cdb	cdb = *(const struct cdb *)content;
	struct buf	with_nul = BUF_INIT;
	int		found;

	if (slice_find(key, '\0') >= 0 || key.len >= UINT32_MAX)
		return TABLE_NONE;
	buf_put_slice(&with_nul, key);
	buf_put_u8(&with_nul, '\0');
	found = get(&cdb, buf_slice(&with_nul), value);
	if (found == 0)
		found = get(&cdb, key, value);
	buf_clear(&with_nul);
	if (found >= 0)
		return found > 0 ? TABLE_FOUND : TABLE_NONE;
	buf_put_str(value, "read database: it is damaged");
	return TABLE_TROUBLE;
}

static int
each_cdb(void *content, table_entry_fn fn, void *arg)
{
	struct cdb	cdb = *(const struct cdb *)content;
	unsigned	place;
	int		got = 0, result = 0;

	cdb_seqinit(&place, &cdb);
	while (result == 0 && (got = cdb_seqnext(&place, &cdb)) > 0) {
		const void	*key = cdb_getkey(&cdb);
		const void	*data = cdb_getdata(&cdb);

		result = key == NULL || data == NULL ? -1 :
		    fn(without_nul(key, cdb_keylen(&cdb)),
		    without_nul(data, cdb_datalen(&cdb)), arg);
	}
	return result == 0 && got == 0 ? 0 : -1;
}

static int
put_all(struct cdb_make *make, const struct table_entries *entries)
{
	unsigned	nul = entries->with_nul ? 1 : 0;
	struct buf	text = BUF_INIT;
	int		result = 0;

	for (size_t i = 0; i < entries->count && result == 0; i++) {
		struct slice	key = entries->list[i].key;
		struct slice	value = entries->list[i].value;
		const char	*bytes;

		buf_empty(&text);
		buf_put_slice(&text, key);
		buf_put_u8(&text, '\0');
		buf_put_slice(&text, value);
		buf_put_u8(&text, '\0');
		bytes = buf_cstr(&text);
		result = cdb_make_add(make, bytes, (unsigned)key.len + nul,
		    bytes + key.len + 1, (unsigned)value.len + nul);
	}
	buf_clear(&text);
	return result;
}

static int
build_cdb(const char *file, const struct table_entries *entries,
    struct buf *why)
{
	struct cdb_make	make;
	int		fd, result;

	fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(why, "open", file);
	cdb_make_start(&make, fd);
	result = put_all(&make, entries);
	/* It frees, too. */
	if (cdb_make_finish(&make) < 0)
		result = -1;
	if (result < 0)
		fail(why, "write", file);
	close(fd);
	return result;
}

TABLE_TYPE_EXPORT const struct table_type table_cdb = {
	.name = "cdb", .suffix = ".cdb", .open = open_cdb, .find = find_cdb,
	.close = close_cdb, .each = each_cdb, .build = build_cdb,
	.version = VERSION,
};
