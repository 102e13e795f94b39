/*
 * EHLO keywords.
 */

#include "smtpd/keyword.h"

#include <inttypes.h>

#include "conf/conf.h"
#include "smtpd/gate.h"
#include "smtpd/reply.h"

struct keyword {
	const char	*name;
	/* Appends " argument" to text; NULL: there is none. */
	void		(*put)(const struct session *s, struct buf *text);
};

/* RFC 1870: without an argument there is no fixed limit. */
static void
put_size(const struct session *s, struct buf *text)
{
	if (s->gate->conf->message_size_limit > 0)
		buf_printf(text, " %" PRId64,
		    s->gate->conf->message_size_limit);
}

static const struct keyword keywords[] = {
	{ "PIPELINING", NULL },			/* RFC 2920 */
	{ "SIZE", put_size },			/* RFC 1870 */
	{ "8BITMIME", NULL },			/* RFC 6152 */
	{ "ENHANCEDSTATUSCODES", NULL },	/* RFC 2034 */
	{ NULL, NULL },
};

static bool
is_discarded(const struct conf *conf, const char *name)
{
	struct slice	list = slice_str(conf->smtpd_discard_ehlo_keywords);
	struct slice	word;

	while (slice_get_word(&list, ", \t\r\n", &word) == 0)
		if (slice_is_nocase(word, name))
			return true;
	return false;
}

void
keyword_announce(struct session *s)
{
	const struct conf	*conf = s->gate->conf;
	struct buf		 text = BUF_INIT;

	/* A line is known to be the last only when no other follows. */
	buf_put_str(&text, conf->myhostname);
	for (const struct keyword *k = keywords; k->name != NULL; k++) {
		if (is_discarded(conf, k->name))
			continue;
		reply_put_line(s, 250, true, "%s", buf_cstr(&text));
		buf_empty(&text);
		buf_put_str(&text, k->name);
		if (k->put != NULL)
			k->put(s, &text);
	}
	reply_put_line(s, 250, false, "%s", buf_cstr(&text));
	buf_clear(&text);
}
