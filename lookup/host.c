/*
 * Hosts and mail domains in the DNS.
 */

#include "lookup/host.h"

#include <string.h>

#include "lookup/query.h"
#include "util/mem.h"

#define SERVER_LIMIT	20	/* of one domain that are looked at */
#define PARENT_LIMIT	10	/* labels of a domain above that is asked for */

static enum host_finding
finding_of(const struct dns_answer *answer)
{
	switch (answer->status) {
	case DNS_OK:
		return HOST_FOUND;
	case DNS_TROUBLE:
		return HOST_TROUBLE;
	case DNS_NO_NAME:
	case DNS_NO_DATA:
		break;
	}
	return HOST_NONE;
}

/* RFC 7505: one MX, and its name is the root. */
static bool
is_null_mx(const struct dns_answer *answer)
{
	return answer->count == 1 && answer->records[0].name[0] == '\0';
}

enum host_finding
host_find_mail(struct query *query, struct slice name)
{
	static const enum dns_type	 types[] = { DNS_MX, DNS_A, DNS_AAAA };
	struct query_batch		*batch;
	const struct dns_answer		*answer;
	enum host_finding		 finding = HOST_NONE, one;
	char				*copy;

	if (query == NULL)
		return HOST_TROUBLE;
	copy = slice_dup(name);
	batch = query_batch_new(query);
	query_batch_filter(batch);
	for (size_t i = 0; i < 3; i++)
		query_batch_add(batch, copy, types[i]);
	for (size_t i = 0; i < 3 && finding != HOST_FOUND &&
	    finding != HOST_NULL_MX; i++) {
		answer = query_batch_wait(batch, i);
		one = finding_of(answer);
		if (i == 0 && one == HOST_FOUND && is_null_mx(answer))
			finding = HOST_NULL_MX;
		else if (one != HOST_NONE)
			finding = one;
		/* There is no such name, so it has nothing else either. */
		if (answer->status == DNS_NO_NAME)
			break;
	}
	query_batch_free(&batch);
	mem_free(copy);
	return finding;
}

/* ---- servers ------------------------------------------------------------- */

static void
add_server(struct host_servers *servers, const char *name,
    uint16_t preference)
{
	struct host_server	*server;

	if (name[0] == '\0')
		return;
	if (servers->count == SERVER_LIMIT) {
		servers->is_cut = true;
		return;
	}
	servers->list = mem_resize(servers->list,
	    (servers->count + 1) * sizeof(*servers->list));
	server = &servers->list[servers->count++];
	memset(server, 0, sizeof(*server));
	server->name = mem_strdup(name);
	server->preference = preference;
}

/* The domain above, of no more labels than that; empty: a top-level one. */
static struct slice
find_parent(struct slice name)
{
	size_t	dots = 0;

	for (size_t i = 0; i < name.len; i++)
		dots += name.data[i] == '.';
	if (dots < 2)
		return slice_from(NULL, 0);
	do
		name = slice_after(name, (size_t)slice_find(name, '.') + 1);
	while (dots-- > PARENT_LIMIT);
	return name;
}

/*
 * NS, of a domain or of one above it.  Whoever sends a name of a hundred
 * labels does not make us ask a hundred times.
 */
static enum host_finding
find_names(struct query *query, struct slice name, enum dns_type type,
    struct host_servers *servers)
{
	struct dns_answer	 answer;
	enum host_finding	 finding;
	char			*copy;

	for (;;) {
		copy = slice_dup(name);
		query_ask(query, copy, type, &answer);
		mem_free(copy);
		finding = finding_of(&answer);
		for (size_t i = 0; i < answer.count; i++)
			add_server(servers, answer.records[i].name,
			    answer.records[i].preference);
		dns_answer_clear(&answer);
		if (finding != HOST_NONE || type != DNS_NS)
			return finding;
		/* The servers of a top-level domain are everybody's. */
		name = find_parent(name);
		if (name.len == 0)
			return HOST_NONE;
	}
}

static enum host_finding
find_addresses(struct query *query, struct host_servers *servers)
{
	struct query_batch	*batch = query_batch_new(query);
	enum host_finding	 finding = HOST_FOUND;

	for (size_t i = 0; i < servers->count; i++) {
		query_batch_add(batch, servers->list[i].name, DNS_A);
		query_batch_add(batch, servers->list[i].name, DNS_AAAA);
	}
	for (size_t i = 0; i < 2 * servers->count; i++) {
		const struct dns_answer	*answer = query_batch_wait(batch, i);

		dns_answer_copy(answer, &servers->list[i / 2].addrs[i % 2]);
		if (answer->status == DNS_TROUBLE)
			finding = HOST_TROUBLE;
	}
	query_batch_free(&batch);
	return finding;
}

enum host_finding
host_find_servers(struct query *query, struct slice name, enum dns_type type,
    struct host_servers *servers_r)
{
	enum host_finding	 finding = HOST_NONE;
	char			*copy = slice_dup(name);

	*servers_r = (struct host_servers){ .list = NULL };
	if (query == NULL)
		finding = HOST_TROUBLE;
	else if (type != DNS_A)
		finding = find_names(query, name, type, servers_r);
	/* RFC 5321 section 5.1: without MX a domain is its own server. */
	if (finding == HOST_NONE && type != DNS_NS)
		add_server(servers_r, copy, 0);
	if (servers_r->count > 0)
		finding = find_addresses(query, servers_r);
	mem_free(copy);
	return finding;
}

void
host_clear_servers(struct host_servers *servers)
{
	for (size_t i = 0; i < servers->count; i++) {
		mem_free(servers->list[i].name);
		dns_answer_clear(&servers->list[i].addrs[0]);
		dns_answer_clear(&servers->list[i].addrs[1]);
	}
	mem_free(servers->list);
	*servers = (struct host_servers){ .list = NULL };
}
