/*
 * The envelope's commands.
 */

#include "smtp/envelope.h"

#include "conf/conf.h"
#include "mail/address.h"
#include "mail/ipc.h"
#include "mail/xtext.h"
#include "smtp/job.h"
#include "smtp/wire.h"
#include "util/buf.h"
#include "util/mem.h"

#define ORCPT_LIMIT	500

bool
envelope_is_chunked(const struct wire *wire)
{
	/* After BDAT LAST an LMTP server's replies cannot be counted. */
	return wire->offer.has_chunking && !wire->is_lmtp;
}

bool
envelope_is_binary(const struct wire *wire, const struct job *job)
{
	return (job->flags & MAIL_BINARY) && envelope_is_chunked(wire) &&
	    wire->offer.has_binary;
}

bool
envelope_is_converted(const struct wire *wire, const struct job *job)
{
	if (wire->conf->disable_mime_output_conversion)
		return false;
	/* RFC 6152 section 3, RFC 3030 section 3 */
	return ((job->flags & MAIL_EIGHT_BIT) && !wire->offer.has_8bit) ||
	    ((job->flags & MAIL_BINARY) && !envelope_is_binary(wire, job));
}

static bool
refuse(struct envelope_refusal *refusal, const char *dsn, char *reason)
{
	refusal->dsn = dsn;
	refusal->reason = reason;
	return false;
}

bool
envelope_fits(const struct wire *wire, const struct job *job,
    struct envelope_refusal *refusal_r)
{
	const struct offer	*offer = &wire->offer;

	if (offer->size_limit > 0 && job->size > offer->size_limit)
		return refuse(refusal_r, "5.3.4", mem_printf(
		    "message size %llu exceeds size limit %llu of server %s",
		    (unsigned long long)job->size,
		    (unsigned long long)offer->size_limit, wire->peer));
	/* RFC 6531 section 3.2 */
	if ((job->flags & MAIL_UTF8) && !offer->has_utf8)
		return refuse(refusal_r, "5.6.7", mem_printf(
		    "SMTPUTF8 is required, but was not offered by host %s",
		    wire->peer));
	/* RFC 3030 section 3 */
	if ((job->flags & MAIL_BINARY) && !envelope_is_binary(wire, job) &&
	    !envelope_is_converted(wire, job))
		return refuse(refusal_r, "5.6.3", mem_printf(
		    "BINARYMIME is required, but was not offered by host %s",
		    wire->peer));
	return true;
}

/* RFC 3461 section 4.3 and 4.4 */
static void
put_mail_dsn(struct buf *out, const struct job *job)
{
	if (job->flags & MAIL_RET_FULL)
		buf_put_str(out, " RET=FULL");
	if (job->flags & MAIL_RET_HDRS)
		buf_put_str(out, " RET=HDRS");
	if (job->envid[0] != '\0')
		buf_printf(out, " ENVID=%s", job->envid);
}

void
envelope_put_mail(struct wire *wire, const struct job *job)
{
	const struct offer	*offer = &wire->offer;

	buf_printf(wire->out, "MAIL FROM:<%s>", job->from);
	/* RFC 1870 */
	if (offer->has_size)
		buf_printf(wire->out, " SIZE=%llu",
		    (unsigned long long)job->size);
	if (envelope_is_binary(wire, job))
		buf_put_str(wire->out, " BODY=BINARYMIME");
	else if (offer->has_8bit && (job->flags & MAIL_EIGHT_BIT))
		buf_put_str(wire->out, " BODY=8BITMIME");
	if (job->flags & MAIL_UTF8)
		buf_put_str(wire->out, " SMTPUTF8");
	if (offer->has_dsn)
		put_mail_dsn(wire->out, job);
	/* RFC 4954 section 5 */
	if (wire->is_logged_in && wire->conf->smtp_send_dummy_mail_auth)
		buf_put_str(wire->out, " AUTH=<>");
	buf_put(wire->out, "\r\n", 2);
}

/*
 * RFC 3461 section 5.2.1 (d): the address that a client without ORCPT gave
 * may be told for it.  Section 4.2: at most 500 characters.
 */
static void
put_original(struct buf *out, struct slice original)
{
	struct buf	text = BUF_INIT;

	if (original.len == 0 || address_is_utf8(original))
		return;
	xtext_encode(original, &text);
	if (sizeof("rfc822;") - 1 + text.len <= ORCPT_LIMIT)
		buf_printf(out, " ORCPT=rfc822;%s", buf_cstr(&text));
	buf_clear(&text);
}

/* RFC 3461 section 4.1 and 4.2 */
static void
put_rcpt_dsn(struct buf *out, const struct job_rcpt *rcpt)
{
	static const struct {
		uint32_t	 bit;
		const char	*word;
	} words[] = {
		{ RCPT_NOTIFY_NEVER, "NEVER" },
		{ RCPT_NOTIFY_SUCCESS, "SUCCESS" },
		{ RCPT_NOTIFY_FAILURE, "FAILURE" },
		{ RCPT_NOTIFY_DELAY, "DELAY" },
	};
	const char	*before = " NOTIFY=";

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if ((rcpt->notify & words[i].bit) == 0)
			continue;
		buf_printf(out, "%s%s", before, words[i].word);
		before = ",";
	}
	if (rcpt->orcpt[0] != '\0')
		buf_printf(out, " ORCPT=%s", rcpt->orcpt);
	else
		put_original(out, slice_str(rcpt->original));
}

void
envelope_put_rcpt(struct wire *wire, const struct job_rcpt *rcpt)
{
	buf_printf(wire->out, "RCPT TO:<%s>",
	    rcpt->outside == NULL ? rcpt->address : rcpt->outside);
	if (wire->offer.has_dsn)
		put_rcpt_dsn(wire->out, rcpt);
	buf_put(wire->out, "\r\n", 2);
}
