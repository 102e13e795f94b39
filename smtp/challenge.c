/*
 * AUTH as a client.
 */

#include "smtp/challenge.h"

#include "conf/conf.h"
#include "mail/sasl_filter.h"
#include "net/sasl_login.h"
#include "net/sasl_options.h"
#include "smtp/answer.h"
#include "smtp/credentials.h"
#include "util/base64.h"
#include "util/buf.h"
#include "util/mem.h"

#define ROUND_LIMIT	10	/* challenges; DIGEST-MD5 has two */

struct challenge {
	struct sasl_login	*login;
	int			 rounds;
	const char		*reason;	/* static, or the login's */
};

/* ---- mechanisms ---------------------------------------------------------- */

static unsigned
options_of(const struct challenge_setup *setup)
{
	const struct conf	*conf = setup->conf;

	if (setup->has_tls && setup->is_verified)
		return sasl_options_read(
		    "smtp_sasl_tls_verified_security_options",
		    conf->smtp_sasl_tls_verified_security_options);
	if (setup->has_tls)
		return sasl_options_read("smtp_sasl_tls_security_options",
		    conf->smtp_sasl_tls_security_options);
	return sasl_options_read("smtp_sasl_security_options",
	    conf->smtp_sasl_security_options);
}

/* ---- the exchange -------------------------------------------------------- */

/*
 * The initial response stands in the command, which saves a round trip; an
 * empty one is "=" (RFC 4954 section 4).
 */
static int
put_auth(struct challenge *challenge, const char *mechanisms, struct buf *out)
{
	struct buf	 initial = BUF_SECRET;
	const char	*mechanism;
	bool		 has_initial = false;
	int		 result;

	result = sasl_login_start(challenge->login, mechanisms, &mechanism,
	    &has_initial, &initial);
	if (result == 0) {
		buf_printf(out, "AUTH %s", mechanism);
		if (has_initial)
			buf_put_u8(out, ' ');
		if (has_initial && initial.len == 0)
			buf_put_u8(out, '=');
		base64_put(out, buf_slice(&initial));
		buf_put_str(out, "\r\n");
	}
	buf_clear(&initial);
	return result;
}

static struct sasl_login *
make_login(const struct challenge_setup *setup, char **why_r)
{
	struct sasl_login_setup	all = {
		.service = setup->conf->smtp_sasl_service,
		.host = setup->host,
		.user = setup->credentials->user,
		.password = setup->credentials->password,
		.options = options_of(setup),
		.binding_name = setup->binding_name == NULL ? "" :
		    setup->binding_name,
		.binding = setup->binding,
	};

	return sasl_login_new(&all, why_r);
}

struct challenge *
challenge_new(const struct challenge_setup *setup, struct buf *out,
    char **why_r)
{
	struct challenge	*challenge = mem_new(sizeof(*challenge));
	struct buf		 names = BUF_INIT;

	*why_r = NULL;
	sasl_filter_apply(setup->filter, slice_str(setup->mechanisms), &names);
	if (names.len > 0)
		challenge->login = make_login(setup, why_r);
	else
		*why_r = mem_strdup("no mechanism available");
	if (challenge->login != NULL &&
	    put_auth(challenge, buf_cstr(&names), out) < 0)
		*why_r = mem_strdup(sasl_login_reason(challenge->login));
	buf_clear(&names);
	if (*why_r != NULL)
		challenge_free(&challenge);
	return challenge;
}

void
challenge_free(struct challenge **challengep)
{
	struct challenge	*challenge = *challengep;

	if (challenge == NULL)
		return;
	*challengep = NULL;
	sasl_login_free(&challenge->login);
	mem_free(challenge);
}

static enum challenge_answer
be_broken(struct challenge *challenge, const char *reason)
{
	challenge->reason = reason;
	return CHALLENGE_BROKEN;
}

static enum challenge_answer
respond(struct challenge *challenge, struct slice text, struct buf *out)
{
	struct buf		 bytes = BUF_INIT, response = BUF_SECRET;
	enum challenge_answer	 result = CHALLENGE_MORE;

	if (base64_get(&bytes, slice_trim(text)) < 0)
		result = be_broken(challenge, "its challenge is no base64");
	else if (sasl_login_step(challenge->login, buf_slice(&bytes),
	    &response) < 0)
		result = be_broken(challenge,
		    sasl_login_reason(challenge->login));
	if (result == CHALLENGE_MORE) {
		base64_put(out, buf_slice(&response));
		buf_put_str(out, "\r\n");
	}
	buf_clear(&bytes);
	buf_clear(&response);
	return result;
}

enum challenge_answer
challenge_take(struct challenge *challenge, const struct answer *answer,
    struct buf *out)
{
	if (answer->code >= 400)
		return CHALLENGE_REFUSED;
	if (answer->code == 235)
		return sasl_login_finish(challenge->login) == 0 ?
		    CHALLENGE_DONE : be_broken(challenge,
		    "it does not prove that it knows the password");
	if (answer->code != 334 || answer->line_count != 1)
		return be_broken(challenge, "unexpected reply");
	if (++challenge->rounds > ROUND_LIMIT)
		return be_broken(challenge, "its challenges have no end");
	return respond(challenge, buf_slice(&answer->lines), out);
}

const char *
challenge_reason(const struct challenge *challenge)
{
	return challenge->reason == NULL ? "" : challenge->reason;
}
