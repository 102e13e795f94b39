#ifndef LOOKUP_CLASSES_H
#define LOOKUP_CLASSES_H

/*
 * Whose a domain is (A01).  Each class has its list of domains, its tables
 * of recipients and its transport.
 */

#include <stdbool.h>

#include "mail/match_list.h"
#include "util/slice.h"

struct classes;
struct conf;

enum class {
	CLASS_LOCAL,		/* accounts and aliases: mydestination */
	CLASS_VIRTUAL_ALIAS,	/* other addresses: virtual_alias_domains */
	CLASS_VIRTUAL_MAILBOX,	/* mailboxes: virtual_mailbox_domains */
	CLASS_RELAY,		/* passed on: relay_domains */
	CLASS_DEFAULT,		/* not one of ours */
	CLASS_TROUBLE,		/* a table or file was not there */
};

/*
 * Asks the kernel for our addresses, and may look up names in
 * inet_interfaces; opens no table.  What is wrong is logged, as is a domain
 * that stands in two lists.
 */
struct classes	*classes_new(const struct conf *conf);
void		 classes_free(struct classes **classes);

/*
 * Of a domain or an address literal, which may be empty: that is local.
 * Any number of threads may ask.
 */
enum class	 classes_find(const struct classes *classes,
		    struct slice domain);

/* It is the machine's own, so that tables may have its users alone. */
enum match_list_answer classes_is_local(const struct classes *classes,
		    struct slice domain);

/* In that parameter a domain stands for its subdomains, too. */
bool		 classes_has_parents(const struct conf *conf,
		    const char *name);

#endif
