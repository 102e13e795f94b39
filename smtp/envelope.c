/*
 * The envelope's commands.
 */

#include "smtp/envelope.h"

#include "mail/ipc.h"
#include "smtp/job.h"
#include "smtp/wire.h"
#include "util/buf.h"

bool
envelope_is_chunked(const struct wire *wire)
{
	/* After BDAT LAST an LMTP server's replies cannot be counted. */
	return wire->offer.has_chunking && !wire->is_lmtp;
}

void
envelope_put_mail(struct wire *wire, const struct job *job)
{
	buf_printf(wire->out, "MAIL FROM:<%s>", job->from);
	/* RFC 1870, RFC 6152 */
	if (wire->offer.has_size)
		buf_printf(wire->out, " SIZE=%llu",
		    (unsigned long long)job->size);
	if (wire->offer.has_8bit && (job->flags & MAIL_EIGHT_BIT))
		buf_put_str(wire->out, " BODY=8BITMIME");
	buf_put(wire->out, "\r\n", 2);
}

void
envelope_put_rcpt(struct wire *wire, const struct job_rcpt *rcpt)
{
	buf_printf(wire->out, "RCPT TO:<%s>\r\n", rcpt->address);
}
