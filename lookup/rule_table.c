/*
 * Access tables.
 */

#include "conf/conf.h"
#include "lookup/access.h"
#include "lookup/action.h"
#include "lookup/host.h"
#include "lookup/judge.h"
#include "lookup/profile.h"
#include "lookup/rule.h"
#include "mail/address.h"
#include "net/addr.h"
#include "util/log.h"
#include "util/mem.h"

/* Whom it is about, as the reply has it. */
static struct slice
subject_of(const struct hearing *hearing, int how)
{
	const struct msg_judge	*m = hearing->m;

	switch (how & RULE_WHO) {
	case RULE_CLIENT:
		return buf_slice(&hearing->question->client_text);
	case RULE_REVERSE_CLIENT:
		return m->reverse_name;
	case RULE_HELO:
		return m->helo;
	case RULE_SENDER:
		return m->sender;
	case RULE_RECIPIENT:
	case RULE_ETRN:
		return m->recipient;
	case RULE_SASL:
		return m->sasl_username;
	case RULE_CCERT:
		return m->ccert_print;
	}
	return slice_from(NULL, 0);
}

/* ---- the thing itself ---------------------------------------------------- */

static enum table_answer
find_host(const struct hearing *hearing, struct table *table,
    struct slice name, struct buf *value)
{
	enum table_answer	answer = TABLE_NONE;

	if (name.len > 0)
		answer = access_find_name(table, name,
		    hearing->profile->has_subdomains, value);
	if (answer == TABLE_NONE && hearing->m->client_addr.len > 0)
		answer = access_find_ip(table, hearing->m->client_addr,
		    value);
	return answer;
}

static enum table_answer
find_mail(const struct hearing *hearing, struct table *table,
    struct slice address, struct buf *value)
{
	return access_find_address(table, address,
	    hearing->conf->recipient_delimiter,
	    hearing->profile->has_subdomains, value);
}

static enum table_answer
find_sender(const struct hearing *hearing, struct table *table,
    struct buf *value)
{
	if (hearing->m->sender.len > 0)
		return find_mail(hearing, table, buf_slice(&hearing->sender),
		    value);
	if (!hearing_has_sender(hearing))
		return TABLE_NONE;
	return access_find(table, slice_str(
	    hearing->conf->smtpd_null_access_lookup_key), value);
}

static enum table_answer
find(const struct hearing *hearing, const struct restriction *restriction,
    struct buf *value)
{
	const struct msg_judge	*m = hearing->m;
	struct table		*table = restriction->table;

	switch (restriction->how & RULE_WHO) {
	case RULE_CLIENT:
		return find_host(hearing, table, m->client_name, value);
	case RULE_REVERSE_CLIENT:
		return find_host(hearing, table, m->reverse_name, value);
	case RULE_HELO:
		return m->helo.len == 0 ? TABLE_NONE : access_find_name(
		    table, m->helo, hearing->profile->has_subdomains, value);
	case RULE_SENDER:
		return find_sender(hearing, table, value);
	case RULE_RECIPIENT:
		return m->recipient.len == 0 ? TABLE_NONE :
		    find_mail(hearing, table, buf_slice(&hearing->recipient),
		    value);
	case RULE_SASL:
		return m->sasl_username.len == 0 ? TABLE_NONE :
		    access_find(table, m->sasl_username, value);
	case RULE_CCERT:
		return rule_ccert_find(hearing, restriction, value);
	case RULE_ETRN:
		return m->stage != JUDGE_ETRN ? TABLE_NONE :
		    access_find_name(table, m->recipient,
		    hearing->profile->has_subdomains, value);
	}
	return TABLE_NONE;
}

/* The action is about whom the restriction names, in whichever list. */
static enum ruling
act(struct hearing *hearing, const struct restriction *restriction,
    struct slice name, struct slice action)
{
	struct slice	old_name = hearing->name;
	const char	*old_class = hearing->class;
	enum ruling	ruling;

	hearing->name = name;
	hearing->class = rule_class(restriction->how);
	ruling = action_run(hearing, table_spec(restriction->table), action);
	hearing->name = old_name;
	hearing->class = old_class;
	return ruling;
}

/*
 * Whoever writes DNS records could give himself a yes; a no, or an exception
 * from one (DUNNO), is all that his servers, or a name that is not confirmed,
 * can win him.
 */
static enum ruling
forbid_permit(struct hearing *hearing, const struct restriction *restriction,
    struct slice domain)
{
	log_warn("restriction %s returns OK for %.*s, which is not allowed: "
	    "use DUNNO", restriction->name, SLICE_ARG(domain));
	return hearing_misconfigured(hearing);
}

enum ruling
rule_table_access(struct hearing *hearing,
    const struct restriction *restriction)
{
	struct slice	name = subject_of(hearing, restriction->how);
	struct buf	value = BUF_INIT;
	enum ruling	ruling = RULING_DUNNO;

	switch (find(hearing, restriction, &value)) {
	case TABLE_FOUND:
		ruling = act(hearing, restriction, name, buf_slice(&value));
		if ((restriction->how & RULE_WHO) == RULE_REVERSE_CLIENT &&
		    ruling == RULING_PERMIT && !hearing->is_discarded)
			ruling = forbid_permit(hearing, restriction, name);
		break;
	case TABLE_TROUBLE:
		ruling = hearing_cannot_tell(hearing, name);
		break;
	case TABLE_NONE:
		break;
	}
	buf_clear(&value);
	return ruling;
}

/* ---- its servers --------------------------------------------------------- */

static struct slice
domain_of(const struct hearing *hearing, int how)
{
	const struct msg_judge	*m = hearing->m;
	struct slice		 domain;

	switch (how & RULE_WHO) {
	case RULE_CLIENT:
		domain = m->client_name;
		break;
	case RULE_REVERSE_CLIENT:
		domain = m->reverse_name;
		break;
	case RULE_HELO:
		domain = m->helo;
		break;
	case RULE_SENDER:
		domain = address_domain(buf_slice(&hearing->sender));
		break;
	default:
		domain = address_domain(buf_slice(&hearing->recipient));
		break;
	}
	return slice_is(domain, "unknown") ? slice_from(NULL, 0) : domain;
}

static enum table_answer
find_server(const struct hearing *hearing, struct table *table,
    const struct host_server *server, struct buf *value)
{
	enum table_answer	answer;

	answer = access_find_name(table, slice_str(server->name),
	    hearing->profile->has_subdomains, value);
	for (size_t i = 0; answer == TABLE_NONE && i < 2; i++)
		for (size_t k = 0; answer == TABLE_NONE &&
		    k < server->addrs[i].count; k++) {
			char	ip[ADDR_TEXT_SIZE];

			addr_format_ip(&server->addrs[i].records[k].addr,
			    ip);
			answer = access_find_ip(table, slice_str(ip), value);
		}
	return answer;
}

/* "[192.0.2.1]" is its own server. */
static enum table_answer
find_literal(struct table *table, struct slice literal, struct buf *value)
{
	struct slice	ip = slice_first(slice_after(literal, 1),
			    literal.len - 2);

	if (slice_has_prefix_nocase(ip, "IPv6:"))
		ip = slice_after(ip, 5);
	return access_find_ip(table, ip, value);
}

static enum table_answer
find_servers(const struct hearing *hearing,
    const struct restriction *restriction, struct slice domain,
    struct buf *value)
{
	enum dns_type		type = restriction->how & RULE_BY_MX ?
				    DNS_MX : restriction->how & RULE_BY_NS ?
				    DNS_NS : DNS_A;
	struct host_servers	servers;
	enum table_answer	answer = TABLE_NONE;

	if (address_is_literal(domain))
		return find_literal(restriction->table, domain, value);
	if (host_find_servers(hearing->query, domain, type, &servers) ==
	    HOST_TROUBLE)
		log_warn("Unable to look up %s host for %.*s",
		    dns_answer_type_name(type), SLICE_ARG(domain));
	for (size_t i = 0; answer == TABLE_NONE && i < servers.count; i++)
		answer = find_server(hearing, restriction->table,
		    &servers.list[i], value);
	host_clear_servers(&servers);
	return answer;
}

enum ruling
rule_table_server(struct hearing *hearing,
    const struct restriction *restriction)
{
	struct slice	domain = domain_of(hearing, restriction->how);
	struct buf	value = BUF_INIT;
	enum ruling	ruling = RULING_DUNNO;

	if (domain.len == 0)
		return RULING_DUNNO;
	switch (find_servers(hearing, restriction, domain, &value)) {
	case TABLE_FOUND:
		ruling = act(hearing, restriction, subject_of(hearing,
		    restriction->how), buf_slice(&value));
		if (ruling == RULING_PERMIT && !hearing->is_discarded)
			ruling = forbid_permit(hearing, restriction, domain);
		break;
	case TABLE_TROUBLE:
		ruling = hearing_cannot_tell(hearing, domain);
		break;
	case TABLE_NONE:
		break;
	}
	buf_clear(&value);
	return ruling;
}
