#ifndef SMTP_CREDENTIALS_H
#define SMTP_CREDENTIALS_H

/*
 * With which name and password to log in: asked of lookup, for smtp opens no
 * table.
 */

#include <stdbool.h>

struct buf;
struct credentials_search;
struct sender;

struct credentials {
	char	*user;
	char	*password;
};

struct credentials *credentials_copy(const struct credentials *credentials);

/* Overwritten first.  Accepts NULL. */
void	credentials_free(struct credentials **credentials);

/* Append what tells them from others.  Accepts NULL: no login. */
void	credentials_put_key(const struct credentials *credentials,
	    struct buf *key);

/* smtp_sasl_auth_enable, and there are tables. */
bool	credentials_are_used(const struct sender *sender);

/*
 * A server has refused them, in words for the log: remembered when
 * smtp_sasl_auth_cache_name says so, and then told for
 * smtp_sasl_auth_cache_time.  NULL: nothing is known.  credentials may be
 * NULL.
 */
void	credentials_note_refusal(const struct sender *sender,
	    const struct credentials *credentials, const char *relay,
	    const char *text);
const char *credentials_refusal(const struct sender *sender,
	    const struct credentials *credentials, const char *relay);

/*
 * is_known: found is what there is, the receiver's; NULL: no login.  Else
 * nobody could tell.
 */
typedef void (*credentials_fn)(bool is_known, struct credentials *found,
	    void *arg);

/*
 * By the envelope sender, by the name of a host and by the next hop, each
 * unless it is empty.  fn is called once, later; the search is over then,
 * and until then its owner may cancel it (accepts NULL).
 */
struct credentials_search *credentials_find(struct sender *sender,
	    const char *from, const char *host, const char *nexthop,
	    credentials_fn fn, void *arg);
void	credentials_cancel(struct credentials_search **search);

#endif
