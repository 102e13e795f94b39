/*
 * tcp:host:port: a server that answers in lines.
 */

#include "mail/table_client.h"
#include "mail/table_type.h"
#include "util/mem.h"

#define TIMEOUT_MS	30000

static int
open_tcp(const struct table_source *source, void **content_r,
    struct buf *why)
{
	static const struct table_client_settings	settings = {
		TIMEOUT_MS, table_wire_get_line, table_wire_answer_line,
	};
	char	*address = mem_printf("inet:%s", source->name);

	*content_r = table_client_new(address, &settings, why);
	mem_free(address);
	return *content_r == NULL ? -1 : 0;
}

static enum table_answer
find_tcp(void *content, struct slice key, struct buf *value)
{
	struct buf		 request = BUF_INIT;
	enum table_answer	 answer;

	table_wire_put_line(&request, key);
	answer = table_client_ask(content, buf_slice(&request), value);
	buf_clear(&request);
	return answer;
}

static void
close_tcp(void *content)
{
	struct table_client	*client = content;

	table_client_free(&client);
}

const struct table_type table_tcp = {
	.name = "tcp", .flags = TABLE_TYPE_WHOLE | TABLE_TYPE_CASE,
	.open = open_tcp, .find = find_tcp, .close = close_tcp,
};
