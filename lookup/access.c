/*
 * Keys for access tables.
 */

#include "lookup/access.h"

#include "mail/address.h"
#include "mail/extension.h"
#include "util/ascii.h"
#include "util/log.h"

enum table_answer
access_find(struct table *table, struct slice key, struct buf *value)
{
	size_t			before = value->len;
	enum table_answer	answer = table_find(table, key, value);

	if (answer == TABLE_TROUBLE) {
		log_warn("%s: lookup of \"%.*s\": %s", table_spec(table),
		    SLICE_ARG(key), buf_cstr(value) + before);
		buf_truncate(value, before);
	}
	return answer;
}

/* ---- hosts --------------------------------------------------------------- */

/* Parts of a number are no domains. */
static bool
is_numeric(struct slice name)
{
	ptrdiff_t	dot = slice_find_last(name, '.');

	name = slice_after(name, (size_t)(dot + 1));
	for (size_t i = 0; i < name.len; i++)
		if (!ascii_is_digit(name.data[i]))
			return false;
	return true;
}

enum table_answer
access_find_name(struct table *table, struct slice name,
    bool has_subdomains, struct buf *value)
{
	enum table_answer	answer = access_find(table, name, value);
	ptrdiff_t		dot;

	if (table_is_whole_key(table) || is_numeric(name))
		return answer;
	while (answer == TABLE_NONE && (dot = slice_find(name, '.')) >= 0) {
		name = slice_after(name, (size_t)dot);
		if (name.len == 1)
			break;
		if (has_subdomains)
			answer = access_find(table, slice_after(name, 1),
			    value);
		else
			answer = access_find(table, name, value);
		name = slice_after(name, 1);
	}
	return answer;
}

enum table_answer
access_find_ip(struct table *table, struct slice ip, struct buf *value)
{
	int			mark = slice_find(ip, ':') >= 0 ? ':' : '.';
	enum table_answer	answer = access_find(table, ip, value);
	ptrdiff_t		end;

	if (table_is_whole_key(table))
		return answer;
	while (answer == TABLE_NONE &&
	    (end = slice_find_last(ip, mark)) > 0) {
		ip = slice_first(ip, (size_t)end);
		answer = access_find(table, ip, value);
	}
	return answer;
}

/* ---- addresses ----------------------------------------------------------- */

/* What is asked for: local parts as tables have them, and the domain. */
struct keys {
	struct buf	folded;		/* the address */
	struct buf	whole, user;	/* user is empty: no extension */
	struct slice	domain, at;	/* "domain", "@domain" */
};

static void
make_keys(struct slice address, const char *delimiter, struct keys *keys)
{
	struct slice	local = address_local(address);
	struct buf	user = BUF_INIT, extension = BUF_INIT;

	keys->domain = address_domain(address);
	keys->at = slice_after(address, local.len);
	address_put_plain(&keys->whole, local);
	if (extension_split(local, delimiter, &user, &extension))
		address_put_plain(&keys->user, buf_slice(&user));
	buf_clear(&user);
	buf_clear(&extension);
}

static enum table_answer
find_pair(struct table *table, const struct buf *local, struct slice at,
    struct buf *value)
{
	struct buf		key = BUF_INIT;
	enum table_answer	answer = TABLE_NONE;

	buf_put_slice(&key, buf_slice(local));
	buf_put_slice(&key, at);
	if (local->len > 0)
		answer = access_find(table, buf_slice(&key), value);
	buf_clear(&key);
	return answer;
}

enum table_answer
access_find_address(struct table *table, struct slice address,
    const char *delimiter, bool has_subdomains, struct buf *value)
{
	static const struct slice	 at = { (const unsigned char *)"@", 1 };
	struct keys			 keys = { .folded = BUF_INIT };
	enum table_answer		 answer;

	/* Patterns, too, are asked for addresses in lower case. */
	for (size_t i = 0; i < address.len; i++)
		buf_put_u8(&keys.folded, (uint8_t)ascii_lower(
		    address.data[i]));
	make_keys(buf_slice(&keys.folded), delimiter, &keys);
	answer = find_pair(table, &keys.whole, keys.at, value);
	if (table_is_whole_key(table))
		goto out;
	if (answer == TABLE_NONE)
		answer = find_pair(table, &keys.user, keys.at, value);
	if (answer == TABLE_NONE && keys.domain.len > 0)
		answer = access_find_name(table, keys.domain, has_subdomains,
		    value);
	if (answer == TABLE_NONE)
		answer = find_pair(table, &keys.whole, at, value);
	if (answer == TABLE_NONE)
		answer = find_pair(table, &keys.user, at, value);
out:
	buf_clear(&keys.folded);
	buf_clear(&keys.whole);
	buf_clear(&keys.user);
	return answer;
}
