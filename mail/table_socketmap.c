/*
 * socketmap:inet:host:port:name, socketmap:unix:path:name: a server that
 * answers in netstrings.
 */

#include "mail/table_client.h"
#include "mail/table_type.h"
#include "util/mem.h"

#define TIMEOUT_MS	30000

struct socketmap {
	struct table_client	*client;
	char			*name;	/* of the map, for the server */
};

static int
open_socketmap(const struct table_source *source, void **content_r,
    struct buf *why)
{
	static const struct table_client_settings	settings = {
		TIMEOUT_MS, table_wire_get_netstring,
		table_wire_answer_netstring,
	};
	struct slice		 text = slice_str(source->name);
	ptrdiff_t		 colon = slice_find_last(text, ':');
	struct table_client	*client;
	struct socketmap	*map;
	char			*address;

	if (colon < 0 || (size_t)colon + 1 == text.len) {
		buf_put_str(why, "expected \"inet:host:port:name\" or "
		    "\"unix:path:name\"");
		return -1;
	}
	address = slice_dup(slice_first(text, (size_t)colon));
	client = table_client_new(address, &settings, why);
	mem_free(address);
	if (client == NULL)
		return -1;
	map = mem_new(sizeof(*map));
	map->client = client;
	map->name = slice_dup(slice_after(text, (size_t)colon + 1));
	*content_r = map;
	return 0;
}

static enum table_answer
find_socketmap(void *content, struct slice key, struct buf *value)
{
	struct socketmap	*map = content;
	struct buf		 request = BUF_INIT;
	enum table_answer	 answer;

	table_wire_put_netstring(&request, map->name, key);
	answer = table_client_ask(map->client, buf_slice(&request), value);
	buf_clear(&request);
	return answer;
}

static void
close_socketmap(void *content)
{
	struct socketmap	*map = content;

	table_client_free(&map->client);
	mem_free(map->name);
	mem_free(map);
}

const struct table_type table_socketmap = {
	.name = "socketmap", .flags = TABLE_TYPE_WHOLE | TABLE_TYPE_CASE,
	.open = open_socketmap, .find = find_socketmap,
	.close = close_socketmap,
};
