#ifndef SMTP_ENVELOPE_H
#define SMTP_ENVELOPE_H

/*
 * MAIL and RCPT with the parameters that a message has and its server
 * takes.
 */

#include <stdbool.h>

struct job;
struct job_rcpt;
struct wire;

/* Does the content leave by BDAT (RFC 3030)? */
bool	envelope_is_chunked(const struct wire *wire);

/* The command line, appended to the wire's out. */
void	envelope_put_mail(struct wire *wire, const struct job *job);
void	envelope_put_rcpt(struct wire *wire, const struct job_rcpt *rcpt);

#endif
