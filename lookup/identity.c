/*
 * Names of clients.
 */

#include "lookup/identity.h"

#include "lookup/query.h"
#include "mail/address.h"
#include "mail/ipc.h"
#include "util/log.h"
#include "util/mem.h"

/* A name that looks like an address could be taken for one. */
static bool
is_name(const char *name)
{
	struct addr	addr;

	return address_is_domain(slice_str(name)) &&
	    addr_parse_ip(slice_str(name), 0, &addr) < 0;
}

static bool
has_address(const struct dns_answer *answer, const struct addr *client)
{
	char	ours[ADDR_TEXT_SIZE], its[ADDR_TEXT_SIZE];

	addr_format_ip(client, its);
	for (size_t i = 0; i < answer->count; i++)
		if (slice_is(slice_str(addr_format_ip(
		    &answer->records[i].addr, ours)), its))
			return true;
	return false;
}

static void
confirm(struct query *query, const struct addr *client,
    struct identity *identity)
{
	struct addr		plain = *client;
	struct dns_answer	answer;
	char			ip[ADDR_TEXT_SIZE];

	addr_unmap(&plain);
	query_ask(query, identity->reverse_name,
	    plain.storage.ss_family == AF_INET ? DNS_A : DNS_AAAA, &answer);
	if (has_address(&answer, &plain)) {
		mem_free(identity->name);
		identity->name = mem_strdup(identity->reverse_name);
	} else {
		if (answer.status == DNS_TROUBLE)
			identity->flags |= JUDGE_NAME_TROUBLE;
		log_warn("hostname %s does not resolve to address %s%s%s",
		    identity->reverse_name, addr_format_ip(&plain, ip),
		    answer.why == NULL ? "" : ": ",
		    answer.why == NULL ? "" : answer.why);
	}
	dns_answer_clear(&answer);
}

void
identity_find(struct query *query, const struct addr *client,
    struct identity *identity_r)
{
	struct dns_answer	answer;
	char			arpa[ADDR_NAME_SIZE];

	identity_r->name = mem_strdup("unknown");
	identity_r->reverse_name = mem_strdup("unknown");
	identity_r->flags = 0;
	if (query == NULL || addr_format_arpa(client, arpa)[0] == '\0')
		return;
	query_ask(query, arpa, DNS_PTR, &answer);
	if (answer.status == DNS_TROUBLE)
		identity_r->flags = JUDGE_NAME_TROUBLE |
		    JUDGE_REVERSE_TROUBLE;
	if (answer.count > 0 && is_name(answer.records[0].name)) {
		mem_free(identity_r->reverse_name);
		identity_r->reverse_name =
		    mem_strdup(answer.records[0].name);
		confirm(query, client, identity_r);
	}
	dns_answer_clear(&answer);
}

void
identity_clear(struct identity *identity)
{
	mem_free(identity->name);
	mem_free(identity->reverse_name);
	identity->name = identity->reverse_name = NULL;
}
