/*
 * Files of tables, cidr, pcre and texthash, and questions to them.  regexp:
 * is left out: its compiler is the C library's, which takes much memory for
 * a{1,9999}{1,9999}; what is ours of it is cidr's and pcre's, too.
 *
 * The first byte says which; a NUL ends the file and begins the keys, of
 * which more NULs end each.
 */

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mail/table_type.h"
#include "util/log.h"
#include "util/mem.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int
open_text(const struct table_type *type, struct slice text, void **content_r)
{
	int			 fd = memfd_create("rules", MFD_CLOEXEC);
	char			*file = mem_printf("/proc/self/fd/%d", fd);
	struct table_source	 source = { "x:y", file,
				    text.len % 2 == 0 ? 0 :
				    TABLE_NO_SUBSTITUTION };
	struct buf		 why = BUF_INIT;
	int			 result;

	if (write(fd, text.data, text.len) != (ssize_t)text.len)
		log_panic("no memory file");
	result = type->open(&source, content_r, &why);
	buf_clear(&why);
	close(fd);
	mem_free(file);
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct table_type	*types[] = {
		&table_cidr, &table_pcre, &table_texthash,
	};
	const struct table_type	*type;
	struct slice		 rest, text, key;
	struct buf		 value = BUF_INIT;
	void			*content;
	ptrdiff_t		 nul;

	if (size == 0)
		return 0;
	type = types[data[0] % 3];
	rest = slice_from(data + 1, size - 1);
	nul = slice_find(rest, '\0');
	text = slice_first(rest, nul < 0 ? rest.len : (size_t)nul);
	rest = slice_after(rest, text.len + 1);
	if (open_text(type, text, &content) < 0)
		return 0;
	do {
		nul = slice_find(rest, '\0');
		key = slice_first(rest, nul < 0 ? rest.len : (size_t)nul);
		rest = slice_after(rest, key.len + 1);
		buf_empty(&value);
		(void)type->find(content, key, &value);
	} while (rest.len > 0);
	type->close(content);
	buf_clear(&value);
	return 0;
}
