/*
 * Parameters, compiled.
 */

#include "lookup/profile.h"

#include <string.h>
#include <utlist.h>

#include "conf/conf.h"
#include "lookup/adviser.h"
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

/* main.cf with what the service has on its line of master.cf. */
static struct conf *
read_settings(const struct conf *base, struct slice settings)
{
	struct conf_source	*source = conf_source_new();
	struct buf		 text = BUF_INIT;
	struct conf		*conf = NULL;
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
	if ((conf = conf_new(source, &why)) == NULL) {
		log_warn("%s: doing without the settings of this service",
		    why);
		mem_free(why);
		conf_source_free(&source);
	}
	return conf;
}

static void
read_networks(struct profile *profile)
{
	struct slice	 word;
	const char	*why;

	if (nets_parse(&profile->networks, profile->conf->mynetworks, &word,
	    &why) < 0)
		log_warn("mynetworks: \"%.*s\": %s", SLICE_ARG(word), why);
}

static struct profile *
make(struct adviser *adviser, struct slice settings)
{
	struct profile	*profile = mem_new(sizeof(*profile));

	profile->adviser = adviser;
	profile->settings = mem_copy(settings.data, settings.len);
	profile->settings_len = settings.len;
	if (settings.len > 0)
		profile->own_conf = read_settings(adviser->conf, settings);
	profile->conf = profile->own_conf != NULL ? profile->own_conf :
	    adviser->conf;
	read_networks(profile);
	DL_APPEND(adviser->profiles, profile);
	return profile;
}

struct profile *
profile_get(struct adviser *adviser, struct slice settings)
{
	struct profile	*profile;

	DL_FOREACH(adviser->profiles, profile)
		if (slice_equal(settings, slice_from(profile->settings,
		    profile->settings_len)))
			return profile_keep(profile);
	return profile_keep(make(adviser, settings));
}

struct profile *
profile_keep(struct profile *profile)
{
	profile->users++;
	return profile;
}

void
profile_drop(struct profile **profilep)
{
	struct profile	*profile = *profilep;

	*profilep = NULL;
	if (profile == NULL || --profile->users > 0)
		return;
	DL_DELETE(profile->adviser->profiles, profile);
	nets_clear(&profile->networks);
	conf_free(&profile->own_conf);
	mem_free(profile->settings);
	mem_free(profile);
}
