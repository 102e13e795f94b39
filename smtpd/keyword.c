/*
 * EHLO keywords.
 */

#include "smtpd/keyword.h"

#include <inttypes.h>
#include <string.h>

#include "conf/conf.h"
#include "smtpd/gate.h"
#include "smtpd/mechanisms.h"
#include "smtpd/reply.h"
#include "smtpd/secured.h"

struct keyword {
	const char	*name;
	/* Appends " argument" to text; NULL: there is none. */
	void		(*put)(const struct session *s, struct buf *text);
	/* NULL: to everybody. */
	bool		(*is_for)(const struct session *s);
};

/* RFC 1870: without an argument there is no fixed limit. */
static void
put_size(const struct session *s, struct buf *text)
{
	if (s->gate->conf->message_size_limit > 0)
		buf_printf(text, " %" PRId64,
		    s->gate->conf->message_size_limit);
}

/* RFC 9422: there is no limit on messages, so no MAILMAX. */
static void
put_limits(const struct session *s, struct buf *text)
{
	buf_printf(text, " RCPTMAX=%" PRId64,
	    (int64_t)s->gate->conf->smtpd_recipient_limit);
}

static bool
has_utf8(const struct session *s)
{
	return s->gate->conf->smtputf8_enable;
}

/* RFC 3030 section 3: it takes BDAT to send it. */
static bool
has_chunking(const struct session *s)
{
	return keyword_is_offered(s, "CHUNKING");
}

/* RFC 4954 section 3: the names by spaces. */
static void
put_mechanisms(const struct session *s, struct buf *text)
{
	buf_put_u8(text, ' ');
	mechanisms_put(s, text);
}

static bool
has_mechanisms(const struct session *s)
{
	struct buf	names = BUF_INIT;
	bool		has_some;

	mechanisms_put(s, &names);
	has_some = names.len > 0;
	buf_clear(&names);
	return has_some;
}

/* As clients of the draft expect it. */
static bool
has_old_form(const struct session *s)
{
	return s->gate->conf->broken_sasl_auth_clients &&
	    keyword_is_offered(s, "AUTH");
}

/* Not a standard: Exim's. */
static bool
has_pipe_connect(const struct session *s)
{
	return s->has_pipe_connect && keyword_is_offered(s, "PIPELINING");
}

/* Not a standard: Postfix's. */
static bool
has_verp(const struct session *s)
{
	return s->has_verp;
}

/* RFC 3207 section 4.2: not again. */
static bool
has_starttls(const struct session *s)
{
	return s->secured == NULL && secured_is_offered(s);
}

static const struct keyword keywords[] = {
	{ "PIPELINING", NULL, NULL },		/* RFC 2920 */
	{ "PIPECONNECT", NULL, has_pipe_connect },
	{ "SIZE", put_size, NULL },		/* RFC 1870 */
	{ "8BITMIME", NULL, NULL },		/* RFC 6152 */
	{ "STARTTLS", NULL, has_starttls },	/* RFC 3207 */
	{ "ENHANCEDSTATUSCODES", NULL, NULL },	/* RFC 2034 */
	{ "DSN", NULL, NULL },			/* RFC 3461 */
	{ "SMTPUTF8", NULL, has_utf8 },		/* RFC 6531 */
	{ "CHUNKING", NULL, NULL },		/* RFC 3030 */
	{ "BINARYMIME", NULL, has_chunking },	/* RFC 3030 */
	{ "LIMITS", put_limits, NULL },		/* RFC 9422 */
	{ "XVERP", NULL, has_verp },
	{ "AUTH", put_mechanisms, has_mechanisms }, /* RFC 4954 */
	{ "AUTH=", mechanisms_put, has_old_form },
	{ NULL, NULL, NULL },
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

static bool
is_offered(const struct session *s, const struct keyword *k)
{
	return !is_discarded(s->gate->conf, k->name) &&
	    (k->is_for == NULL || k->is_for(s));
}

bool
keyword_is_offered(const struct session *s, const char *name)
{
	for (const struct keyword *k = keywords; k->name != NULL; k++)
		if (strcmp(k->name, name) == 0)
			return is_offered(s, k);
	return false;
}

void
keyword_announce(struct session *s)
{
	struct buf	text = BUF_INIT;

	/* A line is known to be the last only when no other follows. */
	buf_put_str(&text, s->gate->conf->myhostname);
	for (const struct keyword *k = keywords; k->name != NULL; k++) {
		if (!is_offered(s, k))
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
