#ifndef LOOKUP_RULE_H
#define LOOKUP_RULE_H

/*
 * What each restriction does: rows of the table in lookup/restriction.c.
 * Those that tell a no from "the DNS does not say" never take the latter
 * for a yes.
 */

#include "lookup/restriction.h"
#include "mail/table.h"

/* restriction.how: whose, where one function does it for several. */
enum {
	RULE_CLIENT, RULE_REVERSE_CLIENT, RULE_HELO, RULE_SENDER,
	RULE_RECIPIENT, RULE_SASL, RULE_ETRN, RULE_CCERT,
	RULE_WHO = 0xff,	/* the bits of these */

	/* the servers of its domain, and not itself */
	RULE_BY_A = 0x100, RULE_BY_MX = 0x200, RULE_BY_NS = 0x400,

	/* reject_..._sender_login_mismatch */
	RULE_LOGIN_ANY = 0x1000, RULE_LOGIN_AUTH = 0x2000,
	RULE_LOGIN_KNOWN = 0x4000, RULE_LOGIN_NO_AUTH = 0x8000,
};

#define RULE(name)							\
	enum ruling	name(struct hearing *hearing,			\
			    const struct restriction *restriction);

/* generic */
RULE(rule_generic_permit)
RULE(rule_generic_reject)
RULE(rule_generic_defer)
RULE(rule_generic_defer_if_permit)
RULE(rule_generic_defer_if_reject)
RULE(rule_generic_sleep)
RULE(rule_generic_plaintext)
RULE(rule_generic_policy)
RULE(rule_generic_dunno)
RULE(rule_generic_class)	/* a list under a name of its own */
RULE(rule_generic_broken)	/* it could not be compiled */

/* the client, and its name in HELO */
RULE(rule_client_mynetworks)
RULE(rule_client_interfaces)
RULE(rule_client_sasl)
RULE(rule_client_unknown)
RULE(rule_client_unknown_reverse)
RULE(rule_helo_invalid)
RULE(rule_helo_non_fqdn)
RULE(rule_helo_unknown)

/* addresses; how: RULE_SENDER, RULE_RECIPIENT */
RULE(rule_address_non_fqdn)
RULE(rule_address_unknown_domain)
RULE(rule_address_unlisted)
RULE(rule_address_bounce)
RULE(rule_address_login)

/* the client's certificate */
RULE(rule_ccert_listed)
RULE(rule_ccert_trusted)

/* where it goes */
RULE(rule_relay_reject)
RULE(rule_relay_defer)
RULE(rule_relay_permit)
RULE(rule_backup_permit)	/* and where we are a secondary MX */

/* tables and lists; how: RULE_WHO, RULE_BY_... */
RULE(rule_table_access)
RULE(rule_table_server)
RULE(rule_dnsbl_reject)
RULE(rule_dnsbl_permit)

#undef RULE

/*
 * The sender or recipient is there, as far as the tables of its class can
 * tell (S60); RULING_DUNNO, or a refusal.
 */
enum ruling	rule_address_listed(struct hearing *hearing, int how);

/* The name of a client, "Sender address" and so on, as replies have it. */
const char	*rule_class(int how);

/* The client's certificate, or its key, is in relay_clientcerts. */
enum table_answer rule_ccert_find_listed(const struct profile *profile,
		    const struct msg_judge *m);

/*
 * The argument of check_ccert_access, a table or "{ table, { search_order =
 * subject, issuer } }": 0 with the table and the order for
 * restriction.number, or -1.  Then who is asked for in this order.
 */
int		rule_ccert_parse(struct slice text, struct slice *table_r,
		    int64_t *order_r);
enum table_answer rule_ccert_find(const struct hearing *hearing,
		    const struct restriction *restriction,
		    struct buf *value);

#endif
