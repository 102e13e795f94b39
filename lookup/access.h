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

/*
 * user+ext@domain, user@domain, domain and its parents, user+ext@, user@:
 * the local part is unquoted in them.  delimiter is recipient_delimiter.
 */
enum table_answer access_find_address(struct table *table,
		    struct slice address, const char *delimiter,
		    bool has_subdomains, struct buf *value);

#endif
