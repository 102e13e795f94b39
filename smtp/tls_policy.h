#ifndef SMTP_TLS_POLICY_H
#define SMTP_TLS_POLICY_H

/*
 * What TLS mail to a next hop must have (K40, K41): by smtp_tls_policy_maps,
 * of which lookup is asked, or else by main.cf.
 */

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"

struct conf;

/* From FINGERPRINT on, the server must be who it should be. */
enum tls_policy_level {
	TLS_POLICY_NONE,
	TLS_POLICY_MAY,
	TLS_POLICY_ENCRYPT,
	TLS_POLICY_FINGERPRINT,
	TLS_POLICY_HALF_DANE,	/* dane, of a host whose MX is not secure */
	TLS_POLICY_DANE,
	TLS_POLICY_DANE_ONLY,
	TLS_POLICY_VERIFY,
	TLS_POLICY_SECURE,
};

/* Strings are NULL where main.cf holds; it depends on the level in the end. */
struct tls_policy {
	enum tls_policy_level	  level;
	bool			  is_bad;	/* mail is to wait */
	bool			  is_reused;	/* a connection is */
	char			 *protocols;
	char			 *grade;
	char			 *exclusions;
	char			 *servername;
	struct buf		  matches;	/* each ends with a LF */
	/* PEM: the contents of all tafile=, or of main.cf's; empty: none. */
	struct buf		  anchors;
};

/* "may", "half-dane" ...; -1: there is no such level. */
const char *tls_policy_name(enum tls_policy_level level);
int	tls_policy_find_level(struct slice name,
	    enum tls_policy_level *level_r);

/*
 * By a value of the table, or, text NULL, by main.cf.  anchors is the
 * content of the files that the value names, or of those of main.cf.  What
 * is wrong is logged with the next hop, and is_bad.  End it with
 * tls_policy_clear.
 */
void	tls_policy_init(struct tls_policy *policy, const struct conf *conf,
	    const char *nexthop, const char *text, struct slice anchors);
void	tls_policy_clear(struct tls_policy *policy);

/* TLS or nothing; and only with the right server. */
bool	tls_policy_is_mandatory(enum tls_policy_level level);
bool	tls_policy_is_strict(enum tls_policy_level level);

/* Of a level that it has come to.  Borrowed from policy or conf. */
const char *tls_policy_protocols(const struct tls_policy *policy,
	    const struct conf *conf, enum tls_policy_level level);
const char *tls_policy_grade(const struct tls_policy *policy,
	    const struct conf *conf, enum tls_policy_level level);
void	tls_policy_put_exclusions(const struct tls_policy *policy,
	    const struct conf *conf, enum tls_policy_level level,
	    struct buf *into);

/*
 * The names of which the certificate of host must have one, or the digests
 * (FINGERPRINT) that it may have: each is appended with a LF.  domain is the
 * next hop without brackets and port.
 */
void	tls_policy_put_matches(const struct tls_policy *policy,
	    const struct conf *conf, enum tls_policy_level level,
	    const char *host, const char *domain, struct buf *into);

/* The name to ask the server for, appended; nothing: none is said. */
void	tls_policy_put_servername(const struct tls_policy *policy,
	    const struct conf *conf, const char *host, const char *domain,
	    struct buf *into);

#endif
