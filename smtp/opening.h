#ifndef SMTP_OPENING_H
#define SMTP_OPENING_H

/*
 * What stands before the first job of a dialogue: greeting, EHLO, STARTTLS
 * and EHLO again, AUTH.  It belongs to its dialogue, which has the wire and
 * reads the flags.
 */

#include <stdbool.h>

#include "smtp/awaited.h"
#include "smtp/dialogue.h"
#include "smtp/offer.h"

struct challenge;
struct challenge_setup;
struct wire;

struct opening {
	struct wire		*wire;		/* borrowed */
	struct offer		 guess;
	bool			 is_ready;	/* over, or guessed to be so */
	bool			 is_known;	/* EHLO was answered */
	bool			 is_settled;	/* and no TLS is to come */
	bool			 is_guessing;
	bool			 is_distrusted;
	unsigned		 firewall;	/* as of dialogue_server */
	bool			 is_plain;	/* HELO is to be said */
	enum dialogue_tls	 tls;
	bool			 has_asked_tls;	/* STARTTLS was sent */
	bool			 is_securing;	/* and answered */
	bool			 has_login;	/* opening_log_in is to come */
	struct challenge	*challenge;	/* of an AUTH on its way */
};

/* server is not needed after the call. */
void	opening_start(struct opening *opening, struct wire *wire,
	    const struct dialogue_server *server);
void	opening_clear(struct opening *opening);

/* As dialogue_secured and dialogue_log_in. */
void	opening_secured(struct opening *opening, const struct offer *guess);
void	opening_log_in(struct opening *opening,
	    struct challenge_setup *setup);

/* The wire's answer is that to a command of the opening. */
void	opening_take(struct opening *opening, enum awaited_kind kind);

#endif
