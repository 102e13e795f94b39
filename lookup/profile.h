#ifndef LOOKUP_PROFILE_H
#define LOOKUP_PROFILE_H

/*
 * What questions are judged by: the parameters as one service of master.cf
 * has them, with lists and tables made of them once.  Services with the
 * same parameters share one.  Threads read it; only the loop makes, keeps
 * and drops it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lookup/addressing.h"
#include "lookup/maps.h"
#include "mail/match_list.h"
#include "util/slice.h"

#define PROFILE_KINDS	16

struct addr;
struct adviser;
struct conf;
struct dnsbl;
struct locals;
struct policy_service;
struct query;
struct rate;
struct restriction;
struct self;
struct table;

/* The lists of restrictions. */
enum profile_list {
	PROFILE_CLIENT, PROFILE_HELO, PROFILE_SENDER, PROFILE_RELAY,
	PROFILE_RECIPIENT, PROFILE_DATA, PROFILE_END, PROFILE_ETRN,
	PROFILE_LISTS
};

/* Of smtpd_restriction_classes. */
struct profile_class {
	char			*name;
	struct restriction	*list;
	struct profile_class	*next, *prev;
};

struct profile_table {
	struct table		*table;
	struct profile_table	*next, *prev;
};

struct profile {
	struct adviser		*adviser;	/* borrowed; NULL in tests */
	char			*settings;	/* owned; what it is found by */
	size_t			 settings_len;
	bool			 is_lmtp;	/* likewise: who asks */
	const struct conf	*conf;
	struct conf		*own_conf;	/* NULL: the adviser's */
	struct query		*query;		/* borrowed; NULL: no DNS */
	struct rate		*rate;
	struct addressing	 addressing;
	const char		*rbl_reply;	/* default_rbl_reply */
	bool			 has_subdomains; /* in access tables */

	/* NULL: it is malformed, and matches nothing */
	struct match_list	*networks;	/* mynetworks */
	struct match_list	*backed;	/* permit_mx_backup_networks */
	struct locals		*locals;
	struct match_list	*exceptions;	/* from limits of rates */
	struct match_list	*bare_lf;	/* may send bare LFs */
	struct match_list	*pipe_connect;	/* may send before we greet */
	struct match_list	*verp;		/* may say XVERP */
	struct match_list	*no_auth;	/* smtpd_sasl_exceptions_... */
	struct self		*self;		/* our own addresses */

	struct restriction	*lists[PROFILE_LISTS];
	struct profile_class	*classes;	/* list */
	struct profile_table	*tables;	/* list */
	struct policy_service	*services;	/* list */
	struct dnsbl		*dnsbls;	/* list */
	struct maps		 logins;	/* smtpd_sender_login_maps */
	struct maps		 clientcerts;	/* relay_clientcerts */
	struct maps		 rbl_replies;	/* rbl_reply_maps */
	struct maps		 footers;	/* smtpd_reject_footer_maps */
	struct maps		 tls_policies;	/* smtp_tls_policy_maps */
	struct maps		 passwords;	/* smtp_sasl_password_maps */

	/* so many more of a kind (enum adviser_kind) are the threads' */
	unsigned char		 waits[PROFILE_KINDS];	/* the loop's */
	size_t			 users;
	struct profile		*next, *prev;	/* of the adviser */
};

/*
 * The profile of these settings: pairs of name and value, each ended by a
 * NUL; what cannot be understood is left out, with a warning.  The program
 * lmtp has its lmtp_ tables where others have those of smtp_.  The caller
 * drops it.
 */
struct profile	*profile_get(struct adviser *adviser, struct slice settings,
		    bool is_lmtp);
struct profile	*profile_keep(struct profile *profile);
void		 profile_drop(struct profile **profile);

/* One of conf alone, for who has no adviser. */
struct profile	*profile_new(const struct conf *conf, struct query *query);

/* The table of that name, opened once; NULL and *why_r (caller frees). */
struct table	*profile_table(struct profile *profile, struct slice spec,
		    char **why_r);
const struct profile_class *profile_class(const struct profile *profile,
		    const char *name);

/*
 * In mynetworks, and among the exceptions: a list that cannot be read has
 * nobody.
 */
bool		 profile_is_in(struct match_list *list, const char *parameter,
		    struct slice name, const struct addr *addr);

#endif
