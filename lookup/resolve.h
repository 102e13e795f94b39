#ifndef LOOKUP_RESOLVE_H
#define LOOKUP_RESOLVE_H

/*
 * What becomes of a recipient: is there such a one, what does it stand for,
 * which way does that go.  Plain code in a thread: it may block.
 */

#include <stdbool.h>

#include "lookup/classes.h"
#include "util/slice.h"

struct buf;
struct profile;
struct verdict;

/*
 * Whose an address is.  One whose local part could name another
 * destination (user%domain and the like) is nobody's: CLASS_DEFAULT, so
 * that no stranger relays by one of our domains.
 */
enum class	resolve_class(const struct profile *profile,
		    struct slice address);

/*
 * Append the address that mail for it goes to before any table is asked: in
 * standard form, and without a route in its local part, where a domain of
 * ours stands behind that and we would follow it.
 */
void		 resolve_put_standard(const struct profile *profile,
		    struct slice address, struct buf *into);

/*
 * The address is there, as far as the tables of its class can tell (S60).
 * False: it is refused in verdict.  what is "Recipient" or "Sender".
 */
bool		resolve_is_listed(const struct profile *profile,
		    struct slice address, const char *what,
		    struct verdict *verdict);

/* Adds to the verdict all that the recipient leads to, or refuses. */
void		resolve_recipient(const struct profile *profile,
		    struct slice sender, struct slice recipient,
		    struct verdict *verdict);

/* The same of an address that stands for nothing but itself. */
void		resolve_route(const struct profile *profile,
		    struct slice sender, struct slice address,
		    struct verdict *verdict);

/*
 * Adds to the verdict the address as it is to be written in that place,
 * one PLACE_* of mail/ipc.h, or refuses.
 */
void		resolve_writing(const struct profile *profile,
		    unsigned place, struct slice address,
		    struct verdict *verdict);

/*
 * Adds to the verdict what is asked of the message as a whole: a copy of
 * what that sender sends.  Once for each message.
 */
void		resolve_message(const struct profile *profile,
		    struct slice sender, struct verdict *verdict);

#endif
