/*
 * Attributes for policy services.
 */

#include "lookup/policy_request.h"

#include "conf/conf.h"
#include "lookup/hearing.h"
#include "util/version.h"

/* What would end the line is not part of a value. */
static void
put_slice(struct buf *request, const char *name, struct slice value)
{
	buf_printf(request, "%s=", name);
	for (size_t i = 0; i < value.len; i++)
		buf_put_u8(request, value.data[i] < ' ' ? '?' :
		    value.data[i]);
	buf_put_u8(request, '\n');
}

static void
put_number(struct buf *request, const char *name, uint64_t value)
{
	buf_printf(request, "%s=%llu\n", name, (unsigned long long)value);
}

static void
put_client(const struct msg_judge *m, struct buf *request)
{
	put_slice(request, "client_address", m->client_addr);
	put_slice(request, "client_name", m->client_name);
	put_number(request, "client_port", m->client_port);
	put_slice(request, "reverse_client_name", m->reverse_name);
	put_slice(request, "server_address", m->server_addr);
	put_number(request, "server_port", m->server_port);
}

/* Recipients count when they are all there. */
static void
put_envelope(const struct hearing *hearing, struct buf *request)
{
	const struct msg_judge	*m = hearing->m;
	bool			 is_last = m->stage == JUDGE_DATA ||
				    m->stage == JUDGE_END;

	put_slice(request, "helo_name", m->helo);
	put_slice(request, "queue_id", m->queue_id);
	put_slice(request, "sender", m->sender);
	put_slice(request, "recipient", m->stage == JUDGE_ETRN ?
	    slice_from(NULL, 0) : m->recipient);
	put_number(request, "recipient_count", is_last ? m->recipients : 0);
	put_number(request, "size", m->size);
	put_slice(request, "etrn_domain", m->stage == JUDGE_ETRN ?
	    m->recipient : slice_from(NULL, 0));
	put_slice(request, "instance", m->instance);
}

/* Whoever signs a certificate himself can call himself what he likes. */
static void
put_security(const struct msg_judge *m, struct buf *request)
{
	struct slice	nobody = slice_from(NULL, 0);
	bool		is_trusted = (m->flags & JUDGE_TRUSTED) != 0;

	put_slice(request, "sasl_method", m->sasl_method);
	put_slice(request, "sasl_username", m->sasl_username);
	put_slice(request, "sasl_sender", m->sasl_sender);
	put_slice(request, "ccert_subject",
	    is_trusted ? m->ccert_subject : nobody);
	put_slice(request, "ccert_issuer",
	    is_trusted ? m->ccert_issuer : nobody);
	put_slice(request, "ccert_fingerprint", m->ccert_print);
	put_slice(request, "ccert_pubkey_fingerprint", m->ccert_key_print);
	put_slice(request, "encryption_protocol", m->tls_protocol);
	put_slice(request, "encryption_cipher", m->tls_cipher);
	put_number(request, "encryption_keysize", m->tls_bits);
}

void
policy_request_format(const struct hearing *hearing, const char *context,
    struct buf *request)
{
	put_slice(request, "request", SLICE_LIT("smtpd_access_policy"));
	put_slice(request, "protocol_state",
	    slice_str(hearing_stage(hearing)));
	put_slice(request, "protocol_name", hearing->m->proto);
	put_client(hearing->m, request);
	put_envelope(hearing, request);
	put_security(hearing->m, request);
	put_slice(request, "stress", slice_str(hearing->conf->stress));
	put_slice(request, "policy_context", slice_str(context));
	put_slice(request, "compatibility_level",
	    slice_str(hearing->conf->compatibility_level));
	put_slice(request, "mail_version", SLICE_LIT(VERSION));
	buf_put_u8(request, '\n');
}
