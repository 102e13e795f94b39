/*
 * Keys for access tables.
 */

#include "lookup/access.h"

#include <string.h>

#include "mail/address.h"
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

/* A table has "john doe", not "\"john doe\"". */
static void
put_plain(struct buf *into, struct slice local)
{
	if (local.len < 2 || local.data[0] != '"') {
		buf_put_slice(into, local);
		return;
	}
	for (size_t i = 1; i + 1 < local.len; i++) {
		if (local.data[i] == '\\' && i + 2 < local.len)
			i++;
		buf_put_u8(into, local.data[i]);
	}
}

/* Where the extension begins; 0: there is none. */
static size_t
extension_at(struct slice local, const char *delimiter)
{
	static const char *const	reserved[] = {
		"mailer-daemon", "double-bounce",
	};

	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (slice_is_nocase(local, reserved[i]))
			return 0;
	/* owner-list and list-request are names of their own. */
	if (strchr(delimiter, '-') != NULL && (slice_has_prefix_nocase(local,
	    "owner-") || (local.len > 8 && slice_is_nocase(slice_after(local,
	    local.len - 8), "-request"))))
		return 0;
	for (size_t i = 1; i < local.len; i++)
		if (local.data[i] != '\0' &&
		    strchr(delimiter, local.data[i]) != NULL)
			return i;
	return 0;
}

static void
add_key(struct access_key *keys, size_t *count, struct slice user,
    struct slice rest)
{
	struct access_key	*key = &keys[(*count)++];

	memset(key, 0, sizeof(*key));
	key->is_part = *count > 1;
	buf_put_slice(&key->text, user);
	buf_put_slice(&key->text, rest);
}

size_t
access_address_keys(struct slice address, const char *delimiter,
    enum access_user user, struct access_key *keys_r)
{
	struct slice	domain = address_domain(address), at, whole, short_;
	struct buf	local = BUF_INIT;
	size_t		count = 0, end;

	put_plain(&local, address_local(address));
	whole = buf_slice(&local);
	at = domain.data == NULL ? slice_from(NULL, 0) :
	    slice_after(address, address.len - domain.len - 1);
	end = extension_at(whole, delimiter);
	short_ = slice_first(whole, end);
	add_key(keys_r, &count, whole, at);
	if (end > 0)
		add_key(keys_r, &count, short_, at);
	at = user == ACCESS_USER_AT ? SLICE_LIT("@") : SLICE_LIT("");
	if (user != ACCESS_NO_USER && end > 0) {
		add_key(keys_r, &count, whole, at);
		keys_r[count - 1].is_user = true;
	}
	if (user != ACCESS_NO_USER) {
		add_key(keys_r, &count, end > 0 ? short_ : whole, at);
		keys_r[count - 1].is_user = true;
	}
	if (user != ACCESS_USER_AT && domain.len > 0)
		add_key(keys_r, &count, SLICE_LIT("@"), domain);
	buf_clear(&local);
	return count;
}

void
access_clear_keys(struct access_key *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_clear(&keys[i].text);
}

/*
 * access(5) asks for the domain between the keys with it and those without;
 * an address literal is no domain that has parents.
 */
enum table_answer
access_find_address(struct table *table, struct slice address,
    const char *delimiter, bool has_subdomains, struct buf *value)
{
	struct access_key	keys[ACCESS_KEY_LIMIT];
	struct slice		domain = address_domain(address);
	bool			is_whole = table_is_whole_key(table);
	enum table_answer	answer = TABLE_NONE;
	size_t			count, i;

	count = access_address_keys(address, delimiter, ACCESS_USER_AT,
	    keys);
	for (i = 0; answer == TABLE_NONE && i < count && !keys[i].is_user;
	    i++)
		if (!is_whole || !keys[i].is_part)
			answer = access_find(table, buf_slice(&keys[i].text),
			    value);
	if (answer == TABLE_NONE && !is_whole && domain.len > 0)
		answer = access_find_name(table, domain, has_subdomains,
		    value);
	for (; answer == TABLE_NONE && !is_whole && i < count; i++)
		answer = access_find(table, buf_slice(&keys[i].text), value);
	access_clear_keys(keys, count);
	return answer;
}
