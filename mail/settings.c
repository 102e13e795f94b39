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

struct conf *
settings_apply(const struct conf *base, struct slice settings)
{
	struct conf_source	*source;
	struct buf		 text = BUF_INIT;
	struct conf		*conf = NULL;
	const char		*name, *value;
	char			*why;

	if (settings.len == 0)
		return NULL;
	source = conf_source_new();
	conf_source_write(base->source, &text);
	if (conf_source_parse(source, buf_slice(&text)) < 0)
		log_panic("our own configuration cannot be read");
	buf_clear(&text);
	while ((name = next_text(&settings)) != NULL &&
	    (value = next_text(&settings)) != NULL)
		if (conf_source_is_name(slice_str(name)))
			conf_source_set(source, name, value, "master.cf");
	if ((conf = conf_new(source, &why)) == NULL) {
		log_warn("%s: doing without the settings of this service",
		    why);
		mem_free(why);
		conf_source_free(&source);
	}
	return conf;
}
