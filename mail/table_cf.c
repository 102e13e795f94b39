/*
 * The .cf file of a table.
 */

#include "mail/table_cf.h"

#include "conf/conf.h"
#include "util/mem.h"
#include "util/slice.h"

struct table_cf {
	struct conf_source	*source;
	char			*file;
};

struct table_cf *
table_cf_read(const char *file, struct buf *why)
{
	struct table_cf	*cf = mem_new(sizeof(*cf));
	char		*what = NULL;

	cf->source = conf_source_new();
	cf->file = mem_strdup(file);
	if (conf_source_read(cf->source, file, &what) < 0) {
		buf_put_str(why, what);
		mem_free(what);
		table_cf_free(&cf);
	}
	return cf;
}

void
table_cf_free(struct table_cf **cfp)
{
	struct table_cf	*cf = *cfp;

	if (cf == NULL)
		return;
	conf_source_free(&cf->source);
	mem_free(cf->file);
	mem_free(cf);
	*cfp = NULL;
}

const char *
table_cf_text(const struct table_cf *cf, const char *name,
    const char *fallback)
{
	const char	*text = conf_source_find(cf->source, name);

	return text == NULL ? fallback : text;
}

int64_t
table_cf_number(const struct table_cf *cf, const char *name,
    int64_t fallback)
{
	const char	*text = conf_source_find(cf->source, name);
	uint64_t	 number;

	if (text == NULL || slice_parse_u64(slice_str(text), &number) < 0 ||
	    number > INT32_MAX)
		return fallback;
	return (int64_t)number;
}

int
table_cf_check_number(const struct table_cf *cf, const char *name,
    struct buf *why)
{
	const char	*text = conf_source_find(cf->source, name);

	if (text == NULL || table_cf_number(cf, name, -1) >= 0)
		return 0;
	buf_printf(why, "%s: %s: \"%s\" is no number", cf->file, name, text);
	return -1;
}

bool
table_cf_bool(const struct table_cf *cf, const char *name, bool fallback)
{
	const char	*text = conf_source_find(cf->source, name);

	if (text == NULL)
		return fallback;
	return slice_is_nocase(slice_str(text), "yes") ||
	    slice_is_nocase(slice_str(text), "true");
}
