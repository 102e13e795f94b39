/*
 * Content made whole.
 */

#include "cleanup/fixup.h"

#include <string.h>

#include "conf/conf.h"
#include "mail/header.h"
#include "mail/queue_id.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"

#define GATHER_SIZE	32768	/* output handed on at a time */
#define PIECE_SIZE	1024	/* of a line that does not end */

struct fixup {
	struct fixup_settings	 settings;
	char			*sender;
	fixup_put_fn		 put;
	void			*arg;
	struct buf		 in;		/* not a whole line yet */
	struct buf		 header;	/* perhaps half a field */
	struct buf		 out;
	bool			 in_body;
	bool			 in_line;	/* of which a piece has left */
	bool			 is_cut;	/* this field is too long */
	bool			 is_resent;	/* has Resent- headers */
	bool			 has_recipient;	/* To or Cc */
	unsigned		 wanted;	/* bits: found of wanted[] */
	unsigned		 resent;	/* the same, Resent- in front */
	int64_t			 hops;
	const char		*dsn;		/* why refused; static */
	const char		*why;
};

struct fixup *
fixup_new(const struct fixup_settings *settings, fixup_put_fn put, void *arg)
{
	struct fixup	*fixup = mem_new(sizeof(*fixup));

	fixup->settings = *settings;
	fixup->sender = mem_strdup(settings->sender);
	fixup->put = put;
	fixup->arg = arg;
	return fixup;
}

void
fixup_free(struct fixup **fixupp)
{
	struct fixup	*fixup = *fixupp;

	if (fixup == NULL)
		return;
	*fixupp = NULL;
	buf_clear(&fixup->in);
	buf_clear(&fixup->header);
	buf_clear(&fixup->out);
	mem_free(fixup->sender);
	mem_free(fixup);
}

size_t
fixup_size(const struct fixup *fixup)
{
	return sizeof(*fixup) + fixup->in.cap + fixup->header.cap +
	    fixup->out.cap;
}

const char *
fixup_dsn(const struct fixup *fixup)
{
	return fixup->dsn;
}

const char *
fixup_why(const struct fixup *fixup)
{
	return fixup->why;
}

static int
refuse(struct fixup *fixup, const char *dsn, const char *why)
{
	fixup->dsn = dsn;
	fixup->why = why;
	return -1;
}

static void
flush(struct fixup *fixup)
{
	fixup->put(fixup->arg, buf_slice(&fixup->out));
	buf_empty(&fixup->out);
}

void
fixup_shrink(struct fixup *fixup)
{
	flush(fixup);
	buf_shrink(&fixup->in);
	buf_shrink(&fixup->header);
	buf_shrink(&fixup->out);
}

/* Who it came from; what was made here came from nobody. */
static void
put_client(const struct fixup_client *client, struct buf *into)
{
	bool	is_ipv6;

	/* RFC 5321 section 4.1.3: IPv6 literals are tagged. */
	is_ipv6 = strchr(client->addr, ':') != NULL;
	buf_printf(into, "from %s (%s [%s%s])\r\n",
	    client->helo[0] == '\0' ? client->name : client->helo,
	    client->name, is_ipv6 ? "IPv6:" : "", client->addr);
	if (client->tls_cipher != NULL)
		buf_printf(into, "\t(using %s%s%s)\r\n\t(%s)\r\n",
		    client->tls_cipher,
		    client->tls_keys[0] == '\0' ? "" : "\r\n\t ",
		    client->tls_keys, client->tls_client);
	if (client->login[0] != '\0')
		buf_printf(into, "\t(Authenticated sender: %s)\r\n",
		    client->login);
	buf_put_u8(into, '\t');
}

static void
put_received(const struct fixup_settings *set, struct buf *into)
{
	const struct fixup_client	*client = set->client;
	char				 id[QUEUE_ID_TEXT_SIZE];

	buf_put_str(into, "Received: ");
	if (client->name[0] != '\0')
		put_client(client, into);
	buf_printf(into, "by %s (%s)%s%s id %s", set->conf->myhostname,
	    set->conf->mail_name, client->with[0] == '\0' ? "" : " with ",
	    client->with, queue_id_format(set->queue_id, id));
	if (set->only_recipient != NULL)
		buf_printf(into, "\r\n\tfor <%s>", set->only_recipient);
	buf_put_str(into, "; ");
	header_put_date(into, set->arrival_us);
	buf_put_str(into, "\r\n");
}

/* ---- the header section -------------------------------------------------- */

/* Headers that do not travel (A14). */
static bool
is_dropped(const struct conf *conf, struct slice field)
{
	struct slice	rest = slice_str(conf->message_drop_headers), word;
	struct slice	name = slice_trim(slice_first(field,
			    header_name_len(field)));

	while (slice_get_word(&rest, ", \t\r\n", &word) == 0)
		if (slice_equal_nocase(word, name))
			return true;
	return false;
}

static void
log_message_id(const struct fixup *fixup, bool is_resent, struct slice value)
{
	char	id[QUEUE_ID_TEXT_SIZE];

	log_info("%s: %smessage-id=%.*s",
	    queue_id_format(fixup->settings.queue_id, id),
	    is_resent ? "resent-" : "", SLICE_ARG(slice_first(value, 500)));
}

/* Headers that every message has in the end (RFC 5322 section 3.6). */
enum { WANTED_MESSAGE_ID, WANTED_DATE, WANTED_FROM, WANTED_COUNT };

static const char *const wanted[] = { "Message-Id", "Date", "From" };

static void
note_wanted(struct fixup *fixup, struct slice field)
{
	bool		 is_resent = slice_has_prefix_nocase(field, "Resent-");
	unsigned	*found = is_resent ? &fixup->resent : &fixup->wanted;
	unsigned	 before = *found, i;

	fixup->is_resent |= is_resent;
	fixup->has_recipient |= header_is(slice_after(field, is_resent ? 7 :
	    0), "To") || header_is(slice_after(field, is_resent ? 7 : 0),
	    "Cc");
	for (i = 0; i < WANTED_COUNT; i++)
		if (header_is(slice_after(field, is_resent ? 7 : 0),
		    wanted[i]))
			*found |= 1u << i;
	if ((*found & ~before) & 1u << WANTED_MESSAGE_ID)
		log_message_id(fixup, is_resent, header_value(field));
}

static int
end_field(struct fixup *fixup)
{
	const struct fixup_settings	*set = &fixup->settings;
	struct slice			 field;

	if (fixup->header.len == 0)
		return 0;
	fixup->is_cut = false;
	/* What the checks make of it is what counts. */
	if (set->check != NULL)
		set->check(set->check_arg, &fixup->header, &fixup->out);
	field = buf_slice(&fixup->header);
	if (field.len == 0)
		return 0;
	if (header_is(field, "Received"))
		fixup->hops++;
	else
		note_wanted(fixup, field);
	if (!is_dropped(set->conf, field))
		buf_put_slice(&fixup->out, field);
	buf_empty(&fixup->header);
	/* RFC 5321 section 6.3: a loop shows as many hops. */
	if (fixup->hops > set->conf->hopcount_limit)
		return refuse(fixup, "5.4.6", "Error: too many hops");
	return 0;
}

static void
put_wanted(struct fixup *fixup, unsigned i)
{
	const struct fixup_settings	*set = &fixup->settings;
	struct buf			*out = &fixup->out;
	bool				 is_null = fixup->sender[0] == '\0';
	char				 id[QUEUE_ID_TEXT_SIZE];

	buf_printf(out, "%s%s: ", fixup->is_resent ? "Resent-" : "",
	    wanted[i]);
	if (i == WANTED_MESSAGE_ID)
		buf_printf(out, "<%s@%s>",
		    queue_id_format(set->queue_id, id),
		    set->conf->myhostname);
	else if (i == WANTED_DATE)
		header_put_date(out, set->arrival_us);
	else
		buf_printf(out, "%s%s", is_null ? "MAILER-DAEMON@" :
		    fixup->sender, is_null ? set->conf->myorigin : "");
	buf_put_str(out, "\r\n");
}

/* Who hides all recipients (RFC 5322 section 3.6.3 allows it) says so. */
static void
put_undisclosed(struct fixup *fixup)
{
	const char	*text;

	text = fixup->settings.conf->undisclosed_recipients_header;
	if (header_name_len(slice_str(text)) > 0)
		buf_printf(&fixup->out, "%s\r\n", text);
}

/* A message sent again needs them with Resent- (RFC 5322 section 3.6.6). */
static void
add_missing(struct fixup *fixup)
{
	unsigned	found = fixup->is_resent ? fixup->resent :
			    fixup->wanted;

	for (unsigned i = 0; i < WANTED_COUNT &&
	    fixup->settings.add_missing; i++) {
		size_t	start = fixup->out.len;

		if (found & 1u << i)
			continue;
		put_wanted(fixup, i);
		if (i == WANTED_MESSAGE_ID)
			log_message_id(fixup, fixup->is_resent, header_value(
			    slice_after(buf_slice(&fixup->out), start)));
	}
	if (fixup->settings.add_missing && !fixup->has_recipient)
		put_undisclosed(fixup);
	if ((fixup->wanted & 1u << WANTED_MESSAGE_ID) == 0 &&
	    (fixup->is_resent || !fixup->settings.add_missing))
		log_message_id(fixup, false, SLICE_LIT("<>"));
}

static int
end_section(struct fixup *fixup)
{
	if (end_field(fixup) < 0)
		return -1;
	add_missing(fixup);
	buf_put_str(&fixup->out, "\r\n");
	fixup->in_body = true;
	return 0;
}

static bool
is_continuation(const struct fixup *fixup, struct slice line)
{
	return fixup->header.len > 0 &&
	    (line.data[0] == ' ' || line.data[0] == '\t');
}

/* A name longer than the whole header may be is none. */
static bool
is_field(const struct fixup *fixup, struct slice line)
{
	return header_name_len(slice_first(line,
	    (size_t)fixup->settings.conf->header_size_limit)) > 0;
}

/*
 * One line with its CR LF.  1: it belongs to the header section; 0: it is
 * the first of the body; -1: refused.
 */
static int
take_header_line(struct fixup *fixup, struct slice line)
{
	size_t	limit = (size_t)fixup->settings.conf->header_size_limit;

	if (line.len == 2)
		return end_section(fixup) < 0 ? -1 : 1;
	if (is_continuation(fixup, line)) {
		/* What is beyond the limit is left out (Q09). */
		if (fixup->header.len + line.len > limit + 2)
			fixup->is_cut = true;
		if (!fixup->is_cut)
			buf_put_slice(&fixup->header, line);
		return 1;
	}
	if (end_field(fixup) < 0)
		return -1;
	if (!is_field(fixup, line))
		return end_section(fixup);
	buf_put_slice(&fixup->header, slice_first(line,
	    line.len - 2 > limit ? limit : line.len - 2));
	buf_put_str(&fixup->header, "\r\n");
	return 1;
}

/* ---- our own fields ------------------------------------------------------ */

/* The length of the first field, with its lines. */
static size_t
field_len(struct slice fields)
{
	size_t		len = 0;
	ptrdiff_t	at;

	do {
		at = slice_find(slice_after(fields, len), '\n');
		len = at < 0 ? fields.len : len + (size_t)at + 1;
	} while (len < fields.len && (fields.data[len] == ' ' ||
	    fields.data[len] == '\t'));
	return len;
}

/* No limit is for them, and this hop does not count. */
static void
put_own(struct fixup *fixup, struct slice fields)
{
	while (fields.len > 0) {
		struct slice	field = slice_first(fields,
		    field_len(fields));

		buf_put_slice(&fixup->header, field);
		end_field(fixup);
		fields = slice_after(fields, field.len);
	}
	fixup->hops = 0;
}

void
fixup_start(struct fixup *fixup)
{
	struct buf	received = BUF_INIT;

	put_own(fixup, fixup->settings.front);
	put_received(&fixup->settings, &received);
	put_own(fixup, buf_slice(&received));
	buf_clear(&received);
	fixup->settings.client = NULL;
	fixup->settings.only_recipient = NULL;
	fixup->settings.front = slice_from(NULL, 0);
	fixup->settings.sender = fixup->sender;
}

/* ---- lines --------------------------------------------------------------- */

/* A line, or a piece of one. */
static void
put_body(struct fixup *fixup, struct slice line)
{
	buf_put_slice(&fixup->out, line);
	if (fixup->out.len >= GATHER_SIZE)
		flush(fixup);
}

static void
replace(unsigned char *p, size_t len, int c)
{
	unsigned char	*at;

	while (len > 0 && (at = memchr(p, c, len)) != NULL) {
		*at = ' ';
		len -= (size_t)(at - p) + 1;
		p = at + 1;
	}
}

/*
 * The first len bytes of s, which stand in our own buf, hold no line end:
 * CR and LF in them are stray ones and become spaces (S32), so that no
 * later hop takes one for a line end.
 */
static void
replace_stray(struct fixup *fixup, struct slice s, size_t len)
{
	unsigned char	*p = fixup->in.data + (s.data - fixup->in.data);

	if (!fixup->settings.conf->cleanup_replace_stray_cr_lf)
		return;
	replace(p, len, '\r');
	replace(p, len, '\n');
}

/*
 * A stray CR or LF may make of a line what is no field, and of it one that
 * is; a binary body is not to be touched, so it is judged as it stands.
 */
static bool
may_replace(const struct fixup *fixup, struct slice line)
{
	return !fixup->settings.is_binary || is_continuation(fixup, line) ||
	    is_field(fixup, line);
}

static int
take_line(struct fixup *fixup, struct slice line)
{
	int	result = 0;

	if (!fixup->in_body)
		result = take_header_line(fixup, line);
	if (result == 0)
		put_body(fixup, line);
	return result < 0 ? -1 : 0;
}

/* A long line in the body goes on by the piece, all but a last CR. */
static void
take_body_piece(struct fixup *fixup)
{
	struct slice	rest = buf_slice(&fixup->in);
	size_t		len = rest.len;

	if (rest.data[len - 1] == '\r')
		len--;
	replace_stray(fixup, rest, len);
	put_body(fixup, slice_first(rest, len));
	buf_drop(&fixup->in, len);
	fixup->in_line = true;
}

/* RFC 3030 section 3: a body that no byte of may change. */
static bool
is_raw(const struct fixup *fixup)
{
	return fixup->in_body && fixup->settings.is_binary;
}

static void
put_rest(struct fixup *fixup)
{
	put_body(fixup, buf_slice(&fixup->in));
	buf_empty(&fixup->in);
}

/* What is beyond the limit of a header line need not be kept. */
static int
take_header_piece(struct fixup *fixup)
{
	struct slice	rest = buf_slice(&fixup->in);
	size_t		limit = (size_t)fixup->settings.conf->header_size_limit;
	unsigned char	last = rest.data[rest.len - 1];

	if (may_replace(fixup, rest))
		replace_stray(fixup, rest, rest.len - (last == '\r'));
	if (!is_continuation(fixup, rest) && !is_field(fixup, rest)) {
		if (end_field(fixup) < 0 || end_section(fixup) < 0)
			return -1;
		if (is_raw(fixup))
			put_rest(fixup);
		else
			take_body_piece(fixup);
		return 0;
	}
	buf_truncate(&fixup->in, limit);
	if (last == '\r')
		buf_put_u8(&fixup->in, '\r');
	return 0;
}

/* What is left of the input is no whole line. */
static int
take_piece(struct fixup *fixup)
{
	size_t	limit = (size_t)fixup->settings.conf->header_size_limit;

	if (fixup->in_body && fixup->in.len > PIECE_SIZE)
		take_body_piece(fixup);
	else if (!fixup->in_body && fixup->in.len > 2 * limit + 2)
		return take_header_piece(fixup);
	return 0;
}

int
fixup_put(struct fixup *fixup, struct slice bytes)
{
	struct slice	s;
	size_t		len, used = 0;

	buf_put_slice(&fixup->in, bytes);
	s = buf_slice(&fixup->in);
	while (!is_raw(fixup) &&
	    (len = header_line_len(slice_after(s, used))) > 0) {
		if (may_replace(fixup, slice_first(slice_after(s, used),
		    len)))
			replace_stray(fixup, slice_after(s, used), len - 2);
		if (take_line(fixup, slice_first(slice_after(s, used), len)) <
		    0)
			return -1;
		used += len;
		fixup->in_line = false;
	}
	buf_drop(&fixup->in, used);
	if (!is_raw(fixup))
		return take_piece(fixup);
	put_rest(fixup);
	return 0;
}

int
fixup_end(struct fixup *fixup)
{
	/* RFC 5321 section 2.3.8: the last line ends too. */
	if ((fixup->in.len > 0 || (fixup->in_line && !is_raw(fixup))) &&
	    fixup_put(fixup, SLICE_LIT("\r\n")) < 0)
		return -1;
	if (!fixup->in_body && end_section(fixup) < 0)
		return -1;
	flush(fixup);
	return 0;
}
