/*
 * Templates of replies.
 */

#include "lookup/rbl_reply.h"

#include "lookup/hearing.h"
#include "mail/address.h"
#include "util/ascii.h"

#define DEPTH_LIMIT	10
#define LENGTH_LIMIT	2000	/* bytes of a reply */

static void	expand(const struct rbl_reply *reply, struct slice text,
		    unsigned depth, struct buf *out);

/* The texts that are there. */
static bool
put_text(const struct rbl_reply *reply, struct slice name, struct buf *out)
{
	const struct msg_judge	*m = reply->hearing->m;
	const struct {
		const char	*name;
		struct slice	 text;
	} texts[] = {
		{ "client_address", m->client_addr },
		{ "client_name", m->client_name },
		{ "reverse_client_name", m->reverse_name },
		{ "helo_name", m->helo },
		{ "rbl_class", slice_str(reply->class) },
		{ "rbl_domain", slice_str(reply->domain) },
		{ "rbl_reason", reply->reason },
		{ "rbl_txt", reply->reason },
		{ "rbl_what", reply->what },
		{ "recipient", m->recipient },
		{ "recipient_domain", address_domain(m->recipient) },
		{ "recipient_name", address_local(m->recipient) },
		{ "sender", m->sender },
		{ "sender_domain", address_domain(m->sender) },
		{ "sender_name", address_local(m->sender) },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (slice_is(name, texts[i].name)) {
			buf_put_slice(out, texts[i].text);
			return true;
		}
	return false;
}

static void
put_value(const struct rbl_reply *reply, struct slice name, struct buf *out)
{
	const struct msg_judge	*m = reply->hearing->m;

	if (put_text(reply, name, out))
		return;
	if (slice_is(name, "rbl_code"))
		buf_printf(out, "%d", reply->code);
	else if (slice_is(name, "client"))
		buf_printf(out, "%.*s[%.*s]", SLICE_ARG(m->client_name),
		    SLICE_ARG(m->client_addr));
}

static struct slice
name_at(struct slice text)
{
	size_t	len = 0;

	while (len < text.len && (ascii_is_alnum(text.data[len]) ||
	    text.data[len] == '_'))
		len++;
	return slice_first(text, len);
}

/* What is inside ${...}: "name", "name?text", "name:text". */
static void
expand_inside(const struct rbl_reply *reply, struct slice inside,
    unsigned depth, struct buf *out)
{
	struct slice	name = name_at(inside);
	struct slice	rest = slice_after(inside, name.len);
	struct buf	value = BUF_INIT;

	put_value(reply, name, &value);
	if (rest.len == 0)
		buf_put_slice(out, buf_slice(&value));
	else if (rest.data[0] == (value.len > 0 ? '?' : ':'))
		expand(reply, slice_after(rest, 1), depth + 1, out);
	buf_clear(&value);
}

/* How far "{...}" reaches, with its braces; 0: it does not end. */
static size_t
braces_len(struct slice text)
{
	size_t	depth = 0;

	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '{')
			depth++;
		else if (text.data[i] == '}' && --depth == 0)
			return i + 1;
	return 0;
}

/* text is what follows a '$'; what is left of it. */
static struct slice
expand_reference(const struct rbl_reply *reply, struct slice text,
    unsigned depth, struct buf *out)
{
	struct slice	name;
	size_t		len;

	if (text.len > 0 && text.data[0] == '{' &&
	    (len = braces_len(text)) > 0) {
		expand_inside(reply, slice_first(slice_after(text, 1),
		    len - 2), depth, out);
		return slice_after(text, len);
	}
	name = name_at(text);
	if (name.len == 0) {
		/* "$$" is a dollar */
		buf_put_u8(out, '$');
		return slice_after(text, text.len > 0 &&
		    text.data[0] == '$');
	}
	put_value(reply, name, out);
	return slice_after(text, name.len);
}

static void
expand(const struct rbl_reply *reply, struct slice text, unsigned depth,
    struct buf *out)
{
	ptrdiff_t	dollar;

	if (depth > DEPTH_LIMIT)
		return;
	while (out->len < LENGTH_LIMIT && (dollar = slice_find(text, '$')) >=
	    0) {
		buf_put_slice(out, slice_first(text, (size_t)dollar));
		text = expand_reference(reply,
		    slice_after(text, (size_t)dollar + 1), depth, out);
	}
	buf_put_slice(out, text);
}

void
rbl_reply_expand(const struct rbl_reply *reply, struct slice template,
    struct buf *out)
{
	expand(reply, template, 0, out);
	buf_truncate(out, LENGTH_LIMIT);
}
