/*
 * Parsing of envelope addresses.
 */

#include "mail/address.h"

#include <idn2.h>
#include <string.h>

#include "net/addr.h"
#include "util/ascii.h"
#include "util/mem.h"

/*
 * RFC 5322 atext, and dots, which local parts have between atoms.  Bytes
 * that are not ASCII come so far only where UTF-8 is allowed (RFC 6531).
 */
static bool
is_atext(unsigned char c)
{
	return ascii_is_alnum(c) || c >= 0x80 ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool
is_dot_string(struct slice s)
{
	if (s.len == 0 || s.data[0] == '.' || s.data[s.len - 1] == '.')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!is_atext(s.data[i]) &&
		    (s.data[i] != '.' || s.data[i - 1] == '.'))
			return false;
	return true;
}

static bool
is_label(struct slice label, bool is_utf8)
{
	if (label.len == 0 || (label.len > 63 && !is_utf8) ||
	    label.data[0] == '-' || label.data[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++)
		/* The underscore is not legal, but in use. */
		if (!ascii_is_alnum(label.data[i]) &&
		    (label.data[i] < 0x80 || !is_utf8) &&
		    label.data[i] != '-' && label.data[i] != '_')
			return false;
	return true;
}

static bool
is_domain(struct slice domain, bool is_utf8)
{
	ptrdiff_t	at;

	if (domain.len == 0 || domain.len > 255)
		return false;
	while ((at = slice_find(domain, '.')) >= 0) {
		if (!is_label(slice_first(domain, (size_t)at), is_utf8))
			return false;
		domain = slice_after(domain, (size_t)at + 1);
	}
	return is_label(domain, is_utf8);
}

bool
address_is_domain(struct slice domain)
{
	return is_domain(domain, false);
}

bool
address_is_number(struct slice domain)
{
	for (size_t i = 0; i < domain.len; i++)
		if (domain.data[i] != '.' && !ascii_is_digit(domain.data[i]))
			return false;
	return domain.len > 0;
}

/* RFC 5321 section 4.1.3: [192.0.2.1], [IPv6:2001:db8::1] */
bool
address_is_literal(struct slice domain)
{
	struct addr	addr;

	if (domain.len < 2 || domain.data[0] != '[' ||
	    domain.data[domain.len - 1] != ']')
		return false;
	domain = slice_after(slice_first(domain, domain.len - 1), 1);
	if (slice_has_prefix_nocase(domain, "IPv6:"))
		return addr_parse_ip(slice_after(domain, 5), 0, &addr) == 0 &&
		    addr.storage.ss_family == AF_INET6;
	return addr_parse_ip(domain, 0, &addr) == 0 &&
	    addr.storage.ss_family == AF_INET;
}

/*
 * The quoted string at the front of *from, without its quotes and
 * backslashes, appended to text.
 */
static int
get_quoted(struct slice *from, bool is_utf8, struct buf *text)
{
	size_t	i = 1;

	while (i < from->len && from->data[i] != '"') {
		if (from->data[i] == '\\' && ++i == from->len)
			return -1;
		if (!ascii_is_print(from->data[i]) &&
		    (from->data[i] < 0x80 || !is_utf8))
			return -1;
		buf_put_u8(text, from->data[i++]);
	}
	if (i >= from->len)
		return -1;
	*from = slice_after(*from, i + 1);
	return 0;
}

void
address_put_local(struct buf *into, struct slice plain)
{
	if (is_dot_string(plain)) {
		buf_put_slice(into, plain);
		return;
	}
	buf_put_u8(into, '"');
	for (size_t i = 0; i < plain.len; i++) {
		if (plain.data[i] == '"' || plain.data[i] == '\\')
			buf_put_u8(into, '\\');
		buf_put_u8(into, plain.data[i]);
	}
	buf_put_u8(into, '"');
}

void
address_put_plain(struct buf *into, struct slice local)
{
	if (local.len < 2 || local.data[0] != '"') {
		buf_put_slice(into, local);
		return;
	}
	local = slice_after(slice_first(local, local.len - 1), 1);
	for (size_t i = 0; i < local.len; i++) {
		if (local.data[i] == '\\' && i + 1 < local.len)
			i++;
		buf_put_u8(into, local.data[i]);
	}
}

/* RFC 5321 appendix C: "@a,@b:" is accepted and ignored. */
static int
skip_route(struct slice *from, bool is_utf8)
{
	ptrdiff_t	at;

	if (from->len == 0 || from->data[0] != '@')
		return 0;
	if ((at = slice_find(*from, ':')) < 0)
		return -1;
	for (struct slice route = slice_first(*from, (size_t)at), word;
	    slice_get_word(&route, ",", &word) == 0;)
		if (word.data[0] != '@' ||
		    !is_domain(slice_after(word, 1), is_utf8))
			return -1;
	*from = slice_after(*from, (size_t)at + 1);
	return 0;
}

/* How far an unquoted local part or a domain reaches. */
static size_t
word_len(struct slice from, const char *ends)
{
	size_t	i = 0;

	while (i < from.len && from.data[i] > ' ' &&
	    strchr(ends, from.data[i]) == NULL)
		i++;
	return i;
}

static int
get_local(struct slice *from, bool is_utf8, struct buf *out)
{
	struct buf	plain = BUF_INIT;
	size_t		len;
	int		result = -1;

	if (from->len > 0 && from->data[0] == '"') {
		if ((result = get_quoted(from, is_utf8, &plain)) == 0)
			address_put_local(out, buf_slice(&plain));
		buf_clear(&plain);
		return result;
	}
	len = word_len(*from, "@<>()[],;:\\\"");
	/* Lenient: dots where the grammar has none, quoted when sent on. */
	for (size_t i = 0; i < len; i++)
		if (!is_atext(from->data[i]) && from->data[i] != '.')
			return -1;
	if (len == 0)
		return -1;
	address_put_local(out, slice_first(*from, len));
	*from = slice_after(*from, len);
	return 0;
}

static int
get_domain(struct slice *from, bool is_utf8, struct buf *out)
{
	struct slice	domain;
	ptrdiff_t	at;

	if (from->len > 0 && from->data[0] == '[') {
		if ((at = slice_find(*from, ']')) < 0)
			return -1;
		domain = slice_first(*from, (size_t)at + 1);
		*from = slice_after(*from, domain.len);
		buf_put_slice(out, domain);
		return address_is_literal(domain) ? 0 : -1;
	}
	domain = slice_first(*from, word_len(*from, "@<>()[],;:\\\""));
	*from = slice_after(*from, domain.len);
	/* One trailing dot is removed (A02). */
	if (domain.len > 1 && domain.data[domain.len - 1] == '.')
		domain.len--;
	buf_put_slice(out, domain);
	return is_domain(domain, is_utf8) ? 0 : -1;
}

static int
get_mailbox(struct slice *from, bool is_utf8, struct buf *out,
    const char **why_r)
{
	*why_r = "bad source route";
	if (skip_route(from, is_utf8) < 0)
		return -1;
	*why_r = "bad local part";
	if (get_local(from, is_utf8, out) < 0)
		return -1;
	if (from->len == 0 || from->data[0] != '@')
		return 0;
	*from = slice_after(*from, 1);
	buf_put_u8(out, '@');
	*why_r = "bad domain";
	return get_domain(from, is_utf8, out);
}

bool
address_is_utf8(struct slice address)
{
	for (size_t i = 0; i < address.len; i++)
		if (address.data[i] >= 0x80)
			return true;
	return false;
}

/* RFC 3629, and no C1 control character, which RFC 6532 does not name. */
static bool
is_clean(struct slice s)
{
	size_t	n;

	for (; s.len > 0; s = slice_after(s, n)) {
		n = ascii_utf8_len(s.data, s.len);
		if (n == 0 || (n == 2 && s.data[0] == 0xc2 &&
		    s.data[1] < 0xa0))
			return false;
	}
	return true;
}

static size_t
word_end(struct slice s)
{
	size_t	len = 0;

	while (len < s.len && !ascii_is_space(s.data[len]))
		len++;
	return len;
}

int
address_parse_path(struct slice *from, unsigned how, struct buf *address_r,
    const char **why_r)
{
	struct slice	s = *from;
	size_t		before = address_r->len;
	bool		in_brackets, strict = (how & ADDRESS_STRICT) != 0;
	bool		is_utf8 = (how & ADDRESS_UTF8) != 0;

	while (!strict && s.len > 0 && s.data[0] == ' ')
		s = slice_after(s, 1);
	*why_r = "8-bit address";
	if (!is_utf8 && address_is_utf8(slice_first(s, word_end(s))))
		return -1;
	in_brackets = s.len > 0 && s.data[0] == '<';
	*why_r = "missing <";
	if (!in_brackets && strict)
		return -1;
	if (in_brackets)
		s = slice_after(s, 1);
	/* "<>" is the null path. */
	if ((!in_brackets || s.len == 0 || s.data[0] != '>') &&
	    get_mailbox(&s, is_utf8, address_r, why_r) < 0)
		return -1;
	*why_r = "malformed UTF-8";
	if (!is_clean(slice_after(buf_slice(address_r), before)))
		return -1;
	*why_r = "missing >";
	if (in_brackets && (s.len == 0 || s.data[0] != '>'))
		return -1;
	if (in_brackets)
		s = slice_after(s, 1);
	*why_r = "junk after the address";
	if (s.len > 0 && s.data[0] != ' ')
		return -1;
	*why_r = "address too long";
	if (address_r->len - before > ADDRESS_LIMIT)
		return -1;
	*from = s;
	return 0;
}

struct slice
address_domain(struct slice address)
{
	ptrdiff_t	at = slice_find_last(address, '@');

	/* "a@b" alone, quoted, has no domain. */
	if (at < 0 || (address.len > 0 &&
	    address.data[address.len - 1] == '"'))
		return slice_from(NULL, 0);
	return slice_after(address, (size_t)at + 1);
}

struct slice
address_local(struct slice address)
{
	struct slice	domain = address_domain(address);

	return domain.data == NULL ? address :
	    slice_first(address, address.len - domain.len - 1);
}

bool
address_put_ascii_domain(struct buf *into, struct slice domain)
{
	char		*text, *ascii = NULL;
	struct slice	 found;
	bool		 ok;

	if (!address_is_utf8(domain)) {
		buf_put_slice(into, domain);
		return true;
	}
	if (!is_domain(domain, true))
		return false;
	text = slice_dup(domain);
	ok = idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT |
	    IDN2_NONTRANSITIONAL) == IDN2_OK;
	found = slice_str(ascii);
	/* Some characters are dots there, some nothing. */
	ok = ok && address_is_domain(found);
	if (ok)
		buf_put_slice(into, found);
	idn2_free(ascii);
	mem_free(text);
	return ok;
}

bool
address_domain_matches(struct slice domain, struct slice name,
    bool subdomains)
{
	struct slice	tail;

	if (slice_equal_nocase(domain, name))
		return true;
	if (name.len > 0 && name.data[0] == '.')
		name = slice_after(name, 1);
	else if (!subdomains)
		return false;
	if (name.len == 0 || domain.len <= name.len)
		return false;
	tail = slice_after(domain, domain.len - name.len);
	return slice_equal_nocase(tail, name) &&
	    domain.data[domain.len - name.len - 1] == '.';
}
