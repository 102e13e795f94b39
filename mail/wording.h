#ifndef MAIL_WORDING_H
#define MAIL_WORDING_H

/*
 * A question to lookup: how are these addresses written, each in its place?
 * As many as there may be: several frames go one after the other.
 */

#include <stdbool.h>
#include <stddef.h>

struct peer;
struct wording;

/* ok: wording_get has the answers.  From inside it may be freed. */
typedef void (*wording_fn)(void *arg, bool ok);

struct wording	*wording_new(struct peer *lookup, wording_fn fn, void *arg);

/* Cancels what is asked.  Accepts NULL. */
void		 wording_free(struct wording **wording);

/* place is one PLACE_* of mail/ipc.h; the address is copied. */
void		 wording_add(struct wording *wording, unsigned place,
		    const char *address);

/* How many were added; fn is called once, later, if there are any. */
size_t		 wording_count(const struct wording *wording);
void		 wording_start(struct wording *wording);

/* The answer for the address added as number i, from 0; borrowed. */
const char	*wording_get(const struct wording *wording, size_t i);

#endif
