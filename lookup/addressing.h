#ifndef LOOKUP_ADDRESSING_H
#define LOOKUP_ADDRESSING_H

/*
 * What addresses are looked up in: the tables and lists of the parameters,
 * made once.  Any number of threads may ask.
 *
 *	classes		whose a domain is
 *	rewrite		an address as it is to be written
 *	expand		what a recipient stands for
 *	transport	which way mail for an address takes
 *	resolve		all of that, for one recipient
 */

#include <stdbool.h>

#include "lookup/maps.h"
#include "util/buf.h"
#include "util/slice.h"

struct classes;
struct conf;
struct match_list;

/* A set of tables, and which addresses it applies to. */
struct addressing_rule {
	struct maps	maps;
	unsigned	where;		/* set of PLACE_* */
};

struct addressing {
	const struct conf	*conf;		/* borrowed */
	struct classes		*classes;
	struct addressing_rule	 sender_canonical, recipient_canonical,
				 canonical;
	unsigned		 masquerade;	/* set of PLACE_* */
	struct match_list	*masquerade_exceptions;	/* NULL: none */
	bool			 extends_canonical;	/* propagate_... */
	bool			 extends_virtual;
	bool			 maps_nothing;	/* receive_override_options */
	bool			 knows_all;	/* recipients there are */
	bool			 extends_generic;
	struct maps		 generics, virtual_aliases, virtual_mailboxes,
				 local_recipients, relay_recipients,
				 relocated, transports, sender_relayhosts,
				 sender_transports, sender_bccs,
				 recipient_bccs;
};

/* conf stays the caller's, and is there until addressing_clear. */
void	addressing_init(struct addressing *addressing,
	    const struct conf *conf);
void	addressing_clear(struct addressing *addressing);

/*
 * The value of an address in maps, asked for in this order (A08):
 * user+ext@domain, user@domain, then of a domain of the machine user+ext
 * and user, then @domain.  The extension, where it was found without it,
 * is appended to extension, which may be NULL.
 */
enum table_answer addressing_find(const struct addressing *addressing,
	    const struct maps *maps, struct slice address,
	    struct buf *value, struct buf *extension);

/* Append the address without its extension; false: it has none. */
bool	addressing_put_bare(const struct addressing *addressing,
	    struct slice address, struct buf *into);

#endif
