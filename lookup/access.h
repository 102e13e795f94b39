#ifndef LOOKUP_ACCESS_H
#define LOOKUP_ACCESS_H

/*
 * Tables asked by hosts and addresses (access(5)): which keys, in which
 * order.  Tables that want whole keys are asked with those only.
 */

#include <stdbool.h>

#include "mail/table.h"
#include "util/buf.h"

struct addr;

/* table_find that tells the log of trouble, and leaves value as it was. */
enum table_answer access_find(struct table *table, struct slice key,
		    struct buf *value);

/*
 * A host name, then its parents: "example.com" when has_subdomains says
 * that it means what is below it too, else ".example.com".
 */
enum table_answer access_find_name(struct table *table, struct slice name,
		    bool has_subdomains, struct buf *value);

/* An IP address as text, then without its last part, and so on. */
enum table_answer access_find_ip(struct table *table, struct slice ip,
		    struct buf *value);

/* user+ext@domain, user@domain, domain and its parents, user+ext@, user@ */
enum table_answer access_find_address(struct table *table,
		    struct slice address, const char *delimiter,
		    bool has_subdomains, struct buf *value);

/* ---- keys made of an address --------------------------------------------- */

struct access_key {
	struct buf	text;
	bool		is_part;	/* not for tables of whole keys */
	bool		is_user;	/* without its domain */
};

#define ACCESS_KEY_LIMIT	6

/* What stands for a user of any domain. */
enum access_user {
	ACCESS_USER_AT,		/* "user@", and no "@domain" */
	ACCESS_BARE_USER,	/* "user", then "@domain" */
	ACCESS_NO_USER,		/* only "@domain" */
};

/*
 * The keys, best first, of an address whose local part is unquoted in them;
 * their number.  The domain alone is not one of them.
 */
size_t		 access_address_keys(struct slice address,
		    const char *delimiter, enum access_user user,
		    struct access_key *keys_r);
void		 access_clear_keys(struct access_key *keys, size_t count);

#endif
