/*
 * Lists of addresses.
 */

#include "mail/address_list.h"

#include <stdbool.h>
#include <string.h>

#include "mail/address.h"
#include "util/ascii.h"

enum {
	TOKEN_END = 256, TOKEN_WORD, TOKEN_QUOTED, TOKEN_LITERAL, TOKEN_BAD,
};

/* One token: its kind (or the special it is), and where it stands. */
struct token {
	int		kind;
	size_t		start, end;
	struct slice	text;
};

/* What was gathered of the next address. */
struct spec {
	struct buf	local;		/* plain */
	struct buf	domain;
	size_t		start, end;
	int		last;		/* kind of token before */
	bool		has_local;
	bool		has_at;
	bool		is_open;	/* behind < */
	bool		is_closed;	/* behind > */
	bool		is_route;	/* <@a,@b: */
	bool		is_phrase;	/* words that only a name can be */
	bool		is_bad;
};

void
address_list_init(struct address_list *list, struct slice text)
{
	*list = (struct address_list){ .text = text };
}

/* ---- tokens -------------------------------------------------------------- */

/* Behind the comment that begins at at (RFC 5322 section 3.2.2). */
static size_t
skip_comment(struct slice text, size_t at)
{
	size_t	level = 0;

	for (; at < text.len; at++) {
		if (text.data[at] == '\\')
			at++;
		else if (text.data[at] == '(')
			level++;
		else if (text.data[at] == ')' && --level == 0)
			return at + 1;
	}
	return text.len;
}

static size_t
skip_space(struct slice text, size_t at)
{
	while (at < text.len)
		if (ascii_is_space(text.data[at]))
			at++;
		else if (text.data[at] == '(')
			at = skip_comment(text, at);
		else
			break;
	return at;
}

/* Behind the closing byte; 0: there is none. */
static size_t
find_close(struct slice text, size_t at, int close)
{
	for (at++; at < text.len; at++)
		if (text.data[at] == '\\')
			at++;
		else if (text.data[at] == close)
			return at + 1;
	return 0;
}

static bool
ends_word(int c)
{
	return ascii_is_space(c) || strchr("<>@,;:\"()[]\\", c) != NULL;
}

static void
get_token(struct address_list *list, struct token *token)
{
	struct slice	text = list->text;
	size_t		at = skip_space(text, list->at), end = at + 1;
	int		c = at < text.len ? text.data[at] : TOKEN_END;

	token->kind = c;
	if (c == TOKEN_END) {
		end = at;
	} else if (c == '"' || c == '[') {
		end = find_close(text, at, c == '"' ? '"' : ']');
		token->kind = c == '"' ? TOKEN_QUOTED : TOKEN_LITERAL;
	} else if (strchr(")]\\", c) != NULL) {
		token->kind = TOKEN_BAD;	/* a NUL, too */
	} else if (!ends_word(c)) {
		while (end < text.len && !ends_word(text.data[end]))
			end++;
		token->kind = TOKEN_WORD;
	}
	if (end == 0 && c != TOKEN_END) {
		token->kind = TOKEN_BAD;
		end = text.len;
	}
	token->start = at;
	token->end = list->at = end;
	token->text = slice_after(slice_first(text, end), at);
}

/* ---- one address --------------------------------------------------------- */

/* What came so far is a name, or a route. */
static void
forget(struct spec *spec)
{
	buf_empty(&spec->local);
	buf_empty(&spec->domain);
	spec->has_local = spec->has_at = spec->is_phrase = false;
	spec->start = spec->end = 0;
	spec->last = 0;
}

/* Two words side by side; "a . b" is one (RFC 5322 section 4.4). */
static bool
is_joined(const struct spec *spec, struct slice word)
{
	struct slice	before = spec->has_at ? buf_slice(&spec->domain) :
			    buf_slice(&spec->local);

	return before.len == 0 || word.data[0] == '.' ||
	    before.data[before.len - 1] == '.';
}

/* Without the folding and the NULs that no address may have. */
static void
put_word(struct buf *into, const struct token *token)
{
	struct buf	plain = BUF_INIT;
	struct slice	s;

	if (token->kind == TOKEN_QUOTED)
		address_put_plain(&plain, token->text);
	else
		buf_put_slice(&plain, token->text);
	s = buf_slice(&plain);
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] != '\r' && s.data[i] != '\n')
			buf_put_u8(into, s.data[i]);
	buf_clear(&plain);
}

static void
take_word(struct spec *spec, const struct token *token)
{
	if (spec->last >= TOKEN_END && !is_joined(spec, token->text))
		spec->is_phrase = true;
	if (spec->has_at) {
		if (token->kind == TOKEN_QUOTED ||
		    (token->kind == TOKEN_LITERAL && spec->domain.len > 0))
			spec->is_bad = true;
		put_word(&spec->domain, token);
	} else {
		if (token->kind == TOKEN_LITERAL)
			spec->is_bad = true;
		put_word(&spec->local, token);
		spec->has_local = true;
	}
}

static void
take_special(struct spec *spec, int kind)
{
	switch (kind) {
	case '<':
		if (spec->is_open)
			spec->is_bad = true;
		forget(spec);
		spec->is_open = true;
		break;
	case '>':
		if (!spec->is_open)
			spec->is_bad = true;
		spec->is_closed = true;
		break;
	case ':':
		/* The end of a group's name, or of a route. */
		if (spec->is_open && !spec->is_route)
			spec->is_bad = true;
		forget(spec);
		spec->is_route = false;
		break;
	case '@':
		if (spec->is_open && !spec->has_local && !spec->has_at)
			spec->is_route = true;
		else if (spec->has_at || !spec->has_local)
			spec->is_bad = spec->is_bad || !spec->is_route;
		spec->has_at = true;
		break;
	default:
		spec->is_bad = true;
	}
}

static void
take(struct spec *spec, const struct token *token)
{
	if (spec->is_closed)
		return;		/* a comment that is none, at best */
	if (token->kind == ',')
		return;		/* in a route */
	if (token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED ||
	    token->kind == TOKEN_LITERAL)
		take_word(spec, token);
	else
		take_special(spec, token->kind);
	if (token->kind != '<' && token->kind != '>' && token->kind != ':') {
		if (spec->end == 0)
			spec->start = token->start;
		spec->end = token->end;
		spec->last = token->kind;
	}
}

static bool
has_control(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] < ' ' || s.data[i] == 0x7f)
			return true;
	return false;
}

static int
put_address(const struct spec *spec, struct buf *address)
{
	struct slice	local = buf_slice(&spec->local);
	struct slice	domain = buf_slice(&spec->domain);

	if (domain.len > 1 && domain.data[domain.len - 1] == '.')
		domain.len--;
	if (spec->is_bad || spec->is_phrase || !spec->has_local ||
	    spec->is_open != spec->is_closed || has_control(local) ||
	    has_control(domain) || (spec->has_at && domain.len == 0) ||
	    local.len + domain.len > ADDRESS_LIMIT)
		return -1;
	address_put_local(address, local);
	if (spec->has_at) {
		buf_put_u8(address, '@');
		buf_put_slice(address, domain);
	}
	return 1;
}

/* The token is behind an address: "," or ";" or the end. */
static bool
is_end(const struct spec *spec, int kind)
{
	if (kind == TOKEN_END)
		return true;
	if (spec->is_route)
		return false;
	return kind == ',' || kind == ';';
}

static bool
is_nothing(const struct spec *spec)
{
	/* "<>", or nothing at all between two commas. */
	return !spec->has_local && !spec->has_at && !spec->is_bad;
}

int
address_list_get(struct address_list *list, struct buf *address)
{
	struct spec	spec = { .local = BUF_INIT, .domain = BUF_INIT };
	struct token	token;
	int		result = 0;

	do {
		get_token(list, &token);
		if (!is_end(&spec, token.kind)) {
			take(&spec, &token);
		} else if (!is_nothing(&spec)) {
			result = put_address(&spec, address);
			list->start = spec.start;
			list->end = spec.end;
		} else {
			spec.is_open = spec.is_closed = false;
		}
	} while (result == 0 && token.kind != TOKEN_END);
	buf_clear(&spec.local);
	buf_clear(&spec.domain);
	return result;
}
