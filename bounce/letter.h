#ifndef BOUNCE_LETTER_H
#define BOUNCE_LETTER_H

/*
 * One new message: lookup says where mail to its recipient leads, as it
 * does for smtpd, and cleanup takes it.  It is there when cleanup has said
 * 250; anything else, and lost contact too, is "later".
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"

struct letter;
struct returner;

/* Texts are borrowed until the letter is freed. */
struct letter_settings {
	const char	*sender;	/* "": nobody */
	const char	*recipient;
	uint32_t	 flags;		/* MAIL_* */

	/* It has that queue id: append its content. */
	void		(*write)(uint64_t queue_id, struct buf *into,
			    void *arg);
	/* Once, not before letter_new returns; why when it is not there. */
	void		(*done)(bool ok, const char *why, void *arg);
	void		*arg;
};

struct letter	*letter_new(struct returner *returner,
		    const struct letter_settings *settings);

/* Of use in done, too. Accepts NULL. */
void		 letter_free(struct letter **letter);

#endif
