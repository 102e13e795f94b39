/*
 * cidr:/file: networks and what is said of their addresses.
 */

#include <string.h>

#include "mail/table_rule.h"
#include "mail/table_type.h"
#include "util/mem.h"

static void *
parse(struct slice *line, unsigned *groups_r, struct buf *why)
{
	struct slice	 word = { NULL, 0 };
	struct addr_net	 net;
	const char	*what;

	*groups_r = 0;
	slice_get_word(line, " \t", &word);
	if (addr_parse_net(word, &net, &what) == 0)
		return mem_copy(&net, sizeof(net));
	buf_printf(why, "\"%.*s\": %s", SLICE_ARG(slice_first(word, 60)),
	    what);
	return NULL;
}

static bool
match(const void *pattern, struct table_rule_key *key,
    struct slice *groups, unsigned count)
{
	(void)groups;
	(void)count;
	return key->is_addr && addr_is_in_net(&key->addr, pattern);
}

static const struct table_rule_kind kind = {
	"cidr", false, parse, match, mem_free, NULL,
};

static int
open_cidr(const struct table_source *source, void **content_r,
    struct buf *why)
{
	return table_rule_open(source, &kind, content_r, why);
}

/* Negated networks hold for addresses only: "!" is no text's answer. */
static enum table_answer
find_cidr(void *content, struct slice key, struct buf *value)
{
	struct addr	addr;

	if (addr_parse_ip(key, 0, &addr) < 0)
		return TABLE_NONE;
	return table_rule_find(content, key, value);
}

const struct table_type table_cidr = {
	.name = "cidr",
	.flags = TABLE_TYPE_INLINE | TABLE_TYPE_WHOLE | TABLE_TYPE_CASE,
	.suffix = "", .open = open_cidr, .find = find_cidr,
	.close = table_rule_close,
};
