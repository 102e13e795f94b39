#ifndef SMTP_ENVELOPE_H
#define SMTP_ENVELOPE_H

/*
 * MAIL and RCPT with the parameters that a message has and its server
 * takes, and what a message needs that its server does not offer.
 */

#include <stdbool.h>

struct job;
struct job_rcpt;
struct wire;

/* Why this server cannot have this message. */
struct envelope_refusal {
	const char	*dsn;		/* static */
	char		*reason;	/* the caller frees it */
};

/* Can it?  If not, *refusal_r says why. */
bool	envelope_fits(const struct wire *wire, const struct job *job,
	    struct envelope_refusal *refusal_r);

/* Does the content leave by BDAT (RFC 3030)? */
bool	envelope_is_chunked(const struct wire *wire);

/* As it is, without a look at its lines (BINARYMIME)? */
bool	envelope_is_binary(const struct wire *wire, const struct job *job);

/* Converted to 7 bits, as the server does not take what it is? */
bool	envelope_is_converted(const struct wire *wire, const struct job *job);

/* The command line, appended to the wire's out. */
void	envelope_put_mail(struct wire *wire, const struct job *job);
void	envelope_put_rcpt(struct wire *wire, const struct job_rcpt *rcpt);

#endif
