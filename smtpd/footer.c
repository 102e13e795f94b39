/*
 * Footers of refusals.
 */

#include "smtpd/footer.h"

#include <string.h>
#include <time.h>

#include "conf/conf.h"
#include "smtpd/session.h"
#include "util/ascii.h"

/* $localtime is for finding the line of the log. */
static void
put_time(struct buf *text)
{
	char		stamp[32];
	time_t		now = time(NULL);
	struct tm	tm;

	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%b %d %H:%M:%S", &tm);
	buf_put_str(text, stamp);
}

/* What a name stands for; nothing for one that means nothing. */
static void
put_value(const struct session *s, struct slice name, struct buf *text)
{
	if (slice_is(name, "client_address"))
		buf_put_str(text, s->addr);
	else if (slice_is(name, "client_port"))
		buf_printf(text, "%u", addr_port(&s->peer));
	else if (slice_is(name, "localtime"))
		put_time(text);
	else if (slice_is(name, "server_name"))
		buf_put_str(text, s->gate->conf->myhostname);
}

/* rest stands behind a '$'; what is left of it. */
static struct slice
put_reference(const struct session *s, struct slice rest, struct buf *text)
{
	bool	in_braces = slice_has_prefix(rest, "{");
	size_t	len = 0;

	if (slice_has_prefix(rest, "$")) {
		buf_put_u8(text, '$');
		return slice_after(rest, 1);
	}
	if (in_braces)
		rest = slice_after(rest, 1);
	while (len < rest.len && (ascii_is_alnum(rest.data[len]) ||
	    rest.data[len] == '_'))
		len++;
	put_value(s, slice_first(rest, len), text);
	rest = slice_after(rest, len);
	return in_braces && slice_has_prefix(rest, "}") ?
	    slice_after(rest, 1) : rest;
}

const char *
footer_template(const struct session *s)
{
	const char	*template;

	template = s->footer == NULL ? s->gate->footer : s->footer;
	return template == NULL || template[0] == '\0' ? NULL : template;
}

void
footer_add(const struct session *s, const char *template, struct buf *text)
{
	struct slice	rest = slice_str(template);

	if (slice_has_prefix(rest, "\\c"))
		rest = slice_after(rest, 2);
	else
		buf_put_u8(text, '\n');
	while (rest.len > 0) {
		unsigned char	c = rest.data[0];

		if (slice_has_prefix(rest, "\\n")) {
			buf_put_u8(text, '\n');
			rest = slice_after(rest, 2);
			continue;
		}
		rest = slice_after(rest, 1);
		if (c == '$')
			rest = put_reference(s, rest, text);
		else
			buf_put_u8(text, c);
	}
}
