#ifndef SMTPD_SECURED_H
#define SMTPD_SECURED_H

/*
 * What is known of a client by TLS, and what is asked of it.
 */

#include <stdbool.h>

#include "net/tls_facts.h"
#include "smtpd/session.h"
#include "util/buf.h"

struct conf;
struct tls;

struct secured {
	struct tls_facts	 facts;
	char			*certificate;	/* fingerprint; "": none */
	char			*key;		/* likewise, of the key alone */
	const char		*binding_name;	/* of the channel (RFC 5056) */
	struct buf		 binding;	/* "": none, or no AUTH */
};

/* Of a connection whose handshake is done. */
struct secured	*secured_new(struct tls *tls, const struct conf *conf);
void		 secured_free(struct secured **secured);

/*
 * TLS has begun; secured is the session's now.  Nothing that was said before
 * counts any more (RFC 3207 section 4.2).  STEP_DONE, STEP_WAIT, or
 * STEP_HANGUP: a certificate is required, and this is none.
 */
enum step	 secured_begin(struct session *s, struct secured *secured);

/*
 * Before the first byte of a service that begins with TLS: STEP_SECURE, after
 * STEP_WAIT or at once, or the end without a word.
 */
enum step	 secured_wrap(struct session *s);

/* Who it is by a certificate of a CA we trust (its common name), or NULL. */
const char	*secured_identity(const struct secured *secured);

/* For Received: "Client CN "x", Issuer "y" (verified OK)" and the like. */
void		 secured_put_client(const struct secured *secured,
		    struct buf *text);

/*
 * What is missing before mail is taken, as the text of a 530 reply; static.
 * NULL: nothing.
 */
const char	*secured_lack(const struct session *s);

/* Why a client under TLS is not served at all; static.  NULL: it is. */
const char	*secured_distrust(const struct session *s);

/* STARTTLS is a command here; or it would be, had we a certificate. */
bool		 secured_is_offered(const struct session *s);
bool		 secured_is_impossible(const struct session *s);

#endif
