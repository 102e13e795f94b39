/*
 * Servers that are treated otherwise than others.
 */

#include "smtp/quirks.h"

#include <string.h>

#include "conf/conf.h"
#include "mail/table_list.h"
#include "smtp/sender.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"

#define SEPARATORS	", \t\r\n"

static const struct {
	const char	*name;
	unsigned	 quirk;
} names[] = {
	{ "disable_esmtp", QUIRK_NO_ESMTP },
	{ "delay_dotcrlf", QUIRK_SLOW_DOT },
};

#define NAMES	(sizeof(names) / sizeof(*names))

const char *
quirks_name(unsigned quirk)
{
	for (size_t i = 0; i < NAMES; i++)
		if (names[i].quirk == quirk)
			return names[i].name;
	return NULL;
}

static unsigned
parse_firewall(const char *text)
{
	struct slice	rest = slice_str(text), word;
	unsigned	quirks = 0;

	while (slice_get_word(&rest, SEPARATORS, &word) == 0) {
		size_t	i = 0;

		while (i < NAMES && !slice_is_nocase(word, names[i].name))
			i++;
		if (i < NAMES)
			quirks |= names[i].quirk;
		else
			log_warn("smtp_pix_workarounds: ignoring \"%.*s\"",
			    SLICE_ARG(word));
	}
	return quirks;
}

/* What the tables say of the address, or else the parameter. */
static char *
find(const struct table_list_held *tables, const char *ip,
    const char *usual)
{
	struct buf	 value = BUF_INIT;
	char		*found = NULL;

	if (tables != NULL && table_list_find(tables, slice_str(ip),
	    &value) == TABLE_FOUND)
		found = mem_strdup(buf_cstr(&value));
	buf_clear(&value);
	return found != NULL ? found : mem_strdup(usual);
}

void
quirks_find(const struct sender *sender, const char *ip,
    struct quirks *quirks_r)
{
	const struct conf	*conf = sender->conf;
	char			*firewall;

	firewall = find(sender->firewalls, ip, conf->smtp_pix_workarounds);
	quirks_r->firewall = parse_firewall(firewall);
	quirks_r->discard = find(sender->discards, ip,
	    conf->smtp_discard_ehlo_keywords);
	mem_free(firewall);
}

void
quirks_clear(struct quirks *quirks)
{
	mem_free(quirks->discard);
	quirks->discard = NULL;
}

bool
quirks_is_masked(const char *greeting)
{
	return greeting[strspn(greeting, "20 *\t\n")] == '\0';
}
