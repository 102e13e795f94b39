/*
 * TLS policies of next hops.
 */

#include "lookup/tls_site.h"

#include <errno.h>
#include <string.h>

#include "lookup/profile.h"
#include "mail/ipc.h"
#include "net/dns_answer.h"
#include "util/ascii.h"
#include "util/haste.h"
#include "util/log.h"
#include "util/mem.h"
#include "util/path.h"

#define SEPARATORS	", \t\r\n"
#define TAFILE		"tafile="

static enum table_answer
read_anchors(struct slice text, struct buf *anchors)
{
	enum table_answer	answer = TABLE_FOUND;
	struct slice		word;

	while (slice_get_word(&text, SEPARATORS, &word) == 0) {
		char	*path;

		if (!slice_has_prefix_nocase(word, TAFILE))
			continue;
		if (haste_refuses())
			return TABLE_TROUBLE;
		path = slice_dup(slice_after(word, sizeof(TAFILE) - 1));
		if (path_read(path, IPC_DATA_LIMIT, anchors) < 0 ||
		    anchors->len > IPC_DATA_LIMIT) {
			log_warn("smtp_tls_policy_maps: %s: %s", path,
			    anchors->len > IPC_DATA_LIMIT ?
			    "there is too much" : strerror(errno));
			buf_empty(anchors);
			answer = TABLE_TROUBLE;
		}
		mem_free(path);
	}
	return answer;
}

/* [host], and with a port, stand for themselves alone. */
static enum table_answer
find_text(const struct profile *profile, struct slice nexthop,
    struct buf *text)
{
	enum table_answer	answer;
	ptrdiff_t		at;

	answer = maps_find(&profile->tls_policies, nexthop, 0, text);
	if (!dns_answer_is_name(nexthop))
		return answer;
	while (answer == TABLE_NONE && nexthop.len > 0 &&
	    (at = slice_find(slice_after(nexthop, 1), '.')) >= 0) {
		nexthop = slice_after(nexthop, (size_t)at + 1);
		answer = maps_find(&profile->tls_policies, nexthop,
		    MAPS_PART, text);
	}
	return answer;
}

enum table_answer
tls_site_find(const struct profile *profile, struct slice nexthop,
    struct buf *text, struct buf *anchors)
{
	size_t			before = text->len;
	struct buf		key = BUF_INIT;
	enum table_answer	answer;

	for (size_t i = 0; i < nexthop.len; i++)
		buf_put_u8(&key, (uint8_t)ascii_lower(nexthop.data[i]));
	answer = find_text(profile, buf_slice(&key), text);
	/* Cut at its end it could be weaker than it was meant. */
	if (answer == TABLE_FOUND && text->len - before > IPC_TEXT_LIMIT) {
		log_warn("smtp_tls_policy_maps: the value of \"%s\" is too "
		    "long", buf_cstr(&key));
		answer = TABLE_TROUBLE;
	}
	if (answer == TABLE_FOUND)
		answer = read_anchors(slice_after(buf_slice(text), before),
		    anchors);
	buf_clear(&key);
	return answer;
}
