#ifndef MAIL_MATCH_LIST_H
#define MAIL_MATCH_LIST_H

/*
 * Lists of names, networks, files and tables, as mynetworks, mydestination
 * or relay_domains have them (A40):
 *
 *	example.com .example.com !192.0.2.7 [2001:db8::]/32 192.0.2.0/24
 *	/file/with/more, !type:table
 *
 * by commas or white space.  What matches first decides; "!" in front makes
 * that a no.  Case does not matter.
 *
 * Files and tables are read when they are first needed, and again when they
 * have changed.  Any number of threads may ask a list at a time.
 */

#include "net/addr.h"
#include "util/buf.h"
#include "util/slice.h"

struct match_list;

enum match_list_answer {
	MATCH_LIST_NO,
	MATCH_LIST_YES,
	MATCH_LIST_TROUBLE,	/* a file or table needed for it is not there */
};

enum match_list_kind {
	MATCH_LIST_STRING,	/* the whole, or nothing */
	MATCH_LIST_DOMAIN,	/* ".example.com" matches what is below it */
	MATCH_LIST_HOST,	/* the same, and addresses and networks */
};

enum {
	/*
	 * "example.com" matches what is below it, too; without this only
	 * ".example.com" does (parent_domain_matches_subdomains).
	 */
	MATCH_LIST_PARENTS = 1,
};

/*
 * NULL and *why_r (caller frees) when text is no such list.  how is a set
 * of MATCH_LIST_*.  Nothing is opened.
 */
struct match_list *match_list_new(const char *text,
		    enum match_list_kind kind, unsigned how, char **why_r);

/* No thread may be asking it.  Accepts NULL. */
void		 match_list_free(struct match_list **list);

/* With MATCH_LIST_TROUBLE the reason is appended to why. */
enum match_list_answer match_list_find(struct match_list *list,
		    struct slice name, struct buf *why);

/*
 * The same of MATCH_LIST_HOST.  name may be empty, addr NULL.
 */
enum match_list_answer match_list_find_host(struct match_list *list,
		    struct slice name, const struct addr *addr,
		    struct buf *why);

/*
 * Open its files and tables now: 0, or -1 and in *why_r (caller frees)
 * what is wrong, by newlines.
 */
int		 match_list_check(struct match_list *list, char **why_r);

#endif
