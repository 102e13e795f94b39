/*
 * Filters of results.
 */

#include "smtp/status_filter.h"

#include "mail/table_list.h"
#include "util/log.h"

/* "5.7.1 text" in its parts (RFC 3463 section 2). */
static bool
split(struct slice value, struct slice *dsn_r, struct slice *reason_r)
{
	size_t	parts = 1;

	value = slice_trim(value);
	if (slice_get_word(&value, " \t", dsn_r) < 0 || dsn_r->len < 5 ||
	    dsn_r->len > 9 || dsn_r->data[1] != '.')
		return false;
	for (size_t i = 0; i < dsn_r->len; i++)
		if (dsn_r->data[i] == '.')
			parts++;
		else if (dsn_r->data[i] < '0' || dsn_r->data[i] > '9')
			return false;
	*reason_r = slice_trim(value);
	return parts == 3 && reason_r->len > 0;
}

/* What a code of that class says; false: it would turn the result over. */
static bool
set_kind(unsigned char class, enum outcome_kind *kind)
{
	bool	was_sent = *kind == OUTCOME_SENT;

	if (class != '2' && class != '4' && class != '5')
		return false;
	if (was_sent != (class == '2'))
		return false;
	if (!was_sent)
		*kind = class == '4' ? OUTCOME_DEFERRED : OUTCOME_FAILED;
	return true;
}

bool
status_filter_apply(const struct table_list_held *filter,
    enum outcome_kind *kind, const char *old_dsn, const char *old_reason,
    struct buf *dsn, struct buf *reason)
{
	struct buf		key = BUF_INIT, value = BUF_INIT;
	struct slice		new_dsn = slice_str(""), new_reason = new_dsn;
	enum table_answer	answer;
	bool			ok = false;

	if (filter == NULL)
		return false;
	buf_printf(&key, "%s %s", old_dsn, old_reason);
	answer = table_list_find(filter, buf_slice(&key), &value);
	if (answer == TABLE_FOUND)
		ok = split(buf_slice(&value), &new_dsn, &new_reason) &&
		    set_kind(new_dsn.data[0], kind);
	if (ok) {
		buf_put_slice(dsn, new_dsn);
		buf_put_slice(reason, new_reason);
	} else if (answer != TABLE_NONE) {
		log_warn("delivery status filter: ignoring \"%s\" for \"%s\"",
		    buf_cstr(&value), buf_cstr(&key));
	}
	buf_clear(&key);
	buf_clear(&value);
	return ok;
}
