/*
 * Settings of a service.
 */

#include "mail/settings.h"

#include "conf/conf.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"

/* One NUL-terminated text off the front; NULL at the end. */
static const char *
next_text(struct slice *from)
{
	const char	*text = (const char *)from->data;
	ptrdiff_t	 at = slice_find(*from, '\0');

	if (at < 0)
		return NULL;
	*from = slice_after(*from, (size_t)at + 1);
	return text;
}

static struct conf *
make(const struct conf *base, struct slice settings,
    void (*set)(struct conf_source *))
{
	struct conf_source	*source = conf_source_new();
	struct buf		 text = BUF_INIT;
	struct conf		*conf;
	const char		*name, *value;
	char			*why;

	conf_source_write(base->source, &text);
	if (conf_source_parse(source, buf_slice(&text)) < 0)
		log_panic("our own configuration cannot be read");
	buf_clear(&text);
	while ((name = next_text(&settings)) != NULL &&
	    (value = next_text(&settings)) != NULL)
		if (conf_source_is_name(slice_str(name)))
			conf_source_set(source, name, value, "master.cf");
	if (set != NULL)
		set(source);
	if ((conf = conf_new(source, &why)) == NULL) {
		log_warn("%s: doing without the settings of this service",
		    why);
		mem_free(why);
		conf_source_free(&source);
	}
	return conf;
}

struct conf *
settings_apply(const struct conf *base, struct slice settings,
    void (*set)(struct conf_source *))
{
	struct conf	*conf = NULL;

	if (settings.len > 0)
		conf = make(base, settings, set);
	if (conf == NULL && set != NULL)
		conf = make(base, slice_from(NULL, 0), set);
	return conf;
}
