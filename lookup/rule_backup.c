/*
 * permit_mx_backup: we are a secondary MX of the domain, by the DNS.  What
 * the DNS says of a domain is up to its owner, so who trusts it alone relays
 * to whoever lists us; permit_mx_backup_networks says whose mail is ours.
 */

#include "conf/conf.h"
#include "lookup/host.h"
#include "lookup/profile.h"
#include "lookup/resolve.h"
#include "lookup/rewrite.h"
#include "lookup/rule.h"
#include "mail/address.h"
#include "mail/self.h"
#include "util/log.h"

/* In this order: the least, or the most, of some is what is known of all. */
enum backing { NO, UNCERTAIN, YES };

static enum backing
least(enum backing a, enum backing b)
{
	return a < b ? a : b;
}

static enum backing
most(enum backing a, enum backing b)
{
	return a > b ? a : b;
}

/* With no address found that says more. */
static enum backing
otherwise(const struct host_server *server)
{
	return server->addrs[0].status == DNS_TROUBLE ||
	    server->addrs[1].status == DNS_TROUBLE ? UNCERTAIN : NO;
}

static enum backing
is_self(const struct self *self, const struct host_server *server)
{
	if (self_has_name(self, server->name))
		return YES;
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < server->addrs[i].count; k++)
			if (self_has_addr(self,
			    &server->addrs[i].records[k].addr))
				return YES;
	return otherwise(server);
}

static enum backing
is_in(struct match_list *list, const char *name, const struct addr *addr)
{
	struct buf		why = BUF_INIT;
	enum match_list_answer	answer;

	answer = match_list_find_host(list, slice_str(name), addr, &why);
	if (answer == MATCH_LIST_TROUBLE)
		log_warn("permit_mx_backup_networks: %s", buf_cstr(&why));
	buf_clear(&why);
	return answer == MATCH_LIST_YES ? YES :
	    answer == MATCH_LIST_NO ? NO : UNCERTAIN;
}

static enum backing
is_ours(const struct hearing *hearing, const struct host_server *server)
{
	struct match_list	*list = hearing->profile->backed;
	enum backing		 found = otherwise(server);

	if (hearing->conf->permit_mx_backup_networks[0] == '\0')
		return YES;
	/* It is malformed, and nobody knows who was meant. */
	if (list == NULL)
		return UNCERTAIN;
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < server->addrs[i].count; k++)
			found = most(found, is_in(list, server->name,
			    &server->addrs[i].records[k].addr));
	return found;
}

/*
 * One of the others is us, none of the first is (then the domain should
 * stand in a list of ours), and a first one is in the networks.
 */
static enum backing
weigh(const struct hearing *hearing, const struct host_servers *servers)
{
	uint16_t	best = UINT16_MAX;
	enum backing	is_backup = NO, is_second = YES, ours = NO;

	for (size_t i = 0; i < servers->count; i++)
		if (servers->list[i].preference < best)
			best = servers->list[i].preference;
	for (size_t i = 0; i < servers->count; i++) {
		const struct host_server	*server = &servers->list[i];
		enum backing			 self =
		    is_self(hearing->profile->self, server);

		if (server->preference > best) {
			is_backup = most(is_backup, self);
			continue;
		}
		is_second = least(is_second, YES - self);
		ours = most(ours, is_ours(hearing, server));
	}
	return least(is_backup, least(is_second, ours));
}

static enum backing
find(const struct hearing *hearing, struct slice domain)
{
	struct host_servers	servers;
	enum host_finding	finding;
	enum backing		backing;

	finding = host_find_servers(hearing->query, domain, DNS_MX, &servers);
	/* Who has so many could hide the first of them. */
	if (servers.count == 0)
		backing = finding == HOST_TROUBLE ? UNCERTAIN : NO;
	else
		backing = servers.is_cut ? NO : weigh(hearing, &servers);
	host_clear_servers(&servers);
	return backing;
}

enum ruling
rule_backup_permit(struct hearing *hearing,
    const struct restriction *restriction)
{
	struct slice	recipient = hearing->m->recipient;
	struct slice	domain = address_domain(
			    buf_slice(&hearing->recipient));
	enum ruling	ruling = rule_relay_permit(hearing, restriction);

	/* A route is nobody's, wherever it leads. */
	if (ruling != RULING_DUNNO || domain.len == 0 ||
	    address_is_literal(domain) || rewrite_has_route(recipient) ||
	    rewrite_has_route(buf_slice(&hearing->recipient)))
		return ruling;
	switch (find(hearing, domain)) {
	case YES:
		return RULING_PERMIT;
	case UNCERTAIN:
		return hearing_defer_if_refuse(hearing, "4.4.4", "<%.*s>: "
		    "Recipient address rejected: Unable to look up mail "
		    "exchangers of the domain", SLICE_ARG(recipient));
	case NO:
		break;
	}
	return RULING_DUNNO;
}
