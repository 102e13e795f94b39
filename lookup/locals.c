/*
 * Clients that are ours.
 */

#include "lookup/locals.h"

#include "conf/conf.h"
#include "lookup/profile.h"
#include "lookup/rule.h"
#include "mail/ipc.h"
#include "mail/match_list.h"
#include "mail/self.h"
#include "mail/word.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"

#define PARAMETER	"local_header_rewrite_clients"

struct locals {
	bool			 has_interfaces; /* permit_inet_interfaces */
	bool			 has_networks;	/* permit_mynetworks */
	bool			 has_logins;	/* permit_sasl_authenticated */
	bool			 has_listed;	/* permit_tls_clientcerts */
	bool			 has_trusted;	/* permit_tls_all_... */
	struct match_list	*others;	/* tables, networks; or NULL */
};

/* False: it is one of the others. */
static bool
read_word(struct locals *locals, struct slice word)
{
	if (slice_is_nocase(word, "permit_inet_interfaces"))
		locals->has_interfaces = true;
	else if (slice_is_nocase(word, "permit_mynetworks"))
		locals->has_networks = true;
	else if (slice_is_nocase(word, "permit_sasl_authenticated"))
		locals->has_logins = true;
	else if (slice_is_nocase(word, "permit_tls_clientcerts"))
		locals->has_listed = true;
	else if (slice_is_nocase(word, "permit_tls_all_clientcerts"))
		locals->has_trusted = true;
	else
		/* Tables follow it. */
		return slice_is_nocase(word, "check_address_map");
	return true;
}

struct locals *
locals_new(const struct conf *conf)
{
	struct locals	*locals = mem_new(sizeof(*locals));
	struct slice	 rest = slice_str(conf->local_header_rewrite_clients);
	struct slice	 word;
	struct buf	 others = BUF_INIT;
	char		*why = NULL;

	while (word_get(&rest, &word) == 0)
		if (!read_word(locals, word))
			buf_printf(&others, "%.*s ", SLICE_ARG(word));
	if (others.len > 0)
		locals->others = match_list_new(buf_cstr(&others),
		    MATCH_LIST_HOST, 0, &why);
	if (why != NULL)
		log_warn(PARAMETER ": %s", why);
	mem_free(why);
	buf_clear(&others);
	return locals;
}

void
locals_free(struct locals **localsp)
{
	struct locals	*locals = *localsp;

	if (locals == NULL)
		return;
	*localsp = NULL;
	match_list_free(&locals->others);
	mem_free(locals);
}

bool
locals_has(const struct locals *locals, const struct profile *profile,
    struct slice name, const struct addr *addr)
{
	return (locals->has_interfaces && self_has_addr(profile->self,
	    addr)) || (locals->has_networks && profile_is_in(
	    profile->networks, "mynetworks", name, addr)) ||
	    profile_is_in(locals->others, PARAMETER, name, addr);
}

bool
locals_has_proof(const struct locals *locals, const struct profile *profile,
    const struct msg_judge *m)
{
	return (locals->has_logins && m->sasl_username.len > 0) ||
	    (locals->has_trusted && (m->flags & JUDGE_TRUSTED) != 0) ||
	    (locals->has_listed &&
	    rule_ccert_find_listed(profile, m) == TABLE_FOUND);
}
