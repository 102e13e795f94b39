/*
 * The Cyrus SASL library as back end.
 */

#include <stdio.h>
#include <string.h>

#include "auth/backend.h"
#include "conf/conf.h"
#include "net/addr.h"
#include "net/sasl_check.h"
#include "net/sasl_options.h"
#include "util/mem.h"

static struct sasl_check_setup
setup_of(const struct conf *conf, bool has_tls)
{
	return (struct sasl_check_setup){
		.service = conf->smtpd_sasl_service,
		.host = conf->myhostname,
		.realm = conf->smtpd_sasl_local_domain,
		.client = "",
		.server = "",
		.options = has_tls ?
		    sasl_options_read("smtpd_sasl_tls_security_options",
		    conf->smtpd_sasl_tls_security_options) :
		    sasl_options_read("smtpd_sasl_security_options",
		    conf->smtpd_sasl_security_options),
		.external = "",
		.binding_name = "",
	};
}

static int
list_for(const struct backend_place *place,
    const struct sasl_check_setup *setup, struct buf *names, struct buf *why)
{
	struct sasl_check	*check;
	char			*text;

	check = sasl_check_new(place->library, setup, &text);
	if (check == NULL) {
		buf_put_str(why, text);
		mem_free(text);
		return -1;
	}
	sasl_check_list(check, names);
	sasl_check_free(&check);
	return 0;
}

/*
 * What needs something of TLS is listed as if that were there: who has not
 * got it is not offered that (smtpd/login.c).
 */
static int
list(const struct backend_place *place, struct backend_menu *menu,
    struct buf *why)
{
	struct sasl_check_setup	setup = setup_of(place->conf, false);

	if (list_for(place, &setup, &menu->plain, why) < 0)
		return -1;
	setup = setup_of(place->conf, true);
	setup.external = "x";
	setup.binding_name = "tls-exporter";
	setup.binding = SLICE_LIT("x");
	if (list_for(place, &setup, &menu->tls, why) < 0)
		return -1;
	setup.options = 0;
	return list_for(place, &setup, &menu->all, why);
}

static bool
is_quick(const struct backend_place *place, const char *mechanism)
{
	return place->library != NULL && strcmp(mechanism, "PLAIN") == 0 &&
	    sasl_check_is_quick(place->library);
}

/* ---- an exchange --------------------------------------------------------- */

static enum auth_result
result_of(enum sasl_check_answer answer)
{
	switch (answer) {
	case SASL_CHECK_YES:
		return AUTH_OK;
	case SASL_CHECK_NO:
		return AUTH_FAILED;
	case SASL_CHECK_MALFORMED:
		return AUTH_MALFORMED;
	case SASL_CHECK_UNKNOWN:
		return AUTH_UNKNOWN;
	default:
		return AUTH_LATER;
	}
}

static void
take(struct sasl_check *check, enum sasl_check_answer answer,
    struct backend_reply *reply)
{
	const char	*user = sasl_check_user(check);

	if (user != NULL) {
		buf_empty(&reply->username);
		buf_put_str(&reply->username, user);
	}
	reply->is_over = answer != SASL_CHECK_MORE;
	if (!reply->is_over)
		return;
	reply->result = result_of(answer);
	/* Nobody is logged in without a name. */
	if (reply->result == AUTH_OK && reply->username.len == 0)
		reply->result = AUTH_FAILED;
	buf_put_str(&reply->reason, sasl_check_reason(check));
}

static void
put_end(struct buf *text, const char *addr, unsigned port)
{
	if (addr[0] != '\0')
		buf_printf(text, "%s;%u", addr, port);
}

static void *
begin(const struct backend_place *place,
    const struct backend_attempt *attempt, struct slice response,
    struct backend_reply *reply)
{
	struct sasl_check_setup	 setup = setup_of(place->conf,
				    attempt->has_tls);
	struct buf		 client = BUF_INIT, server = BUF_INIT;
	struct sasl_check	*check;
	char			*why;

	put_end(&client, attempt->client, attempt->client_port);
	put_end(&server, attempt->server, attempt->server_port);
	setup.client = buf_cstr(&client);
	setup.server = buf_cstr(&server);
	setup.external = attempt->external;
	setup.binding_name = attempt->binding_name;
	setup.binding = attempt->binding;
	check = sasl_check_new(place->library, &setup, &why);
	buf_clear(&client);
	buf_clear(&server);
	if (check == NULL) {
		reply->is_over = true;
		reply->result = AUTH_LATER;
		buf_put_str(&reply->reason, why);
		mem_free(why);
		return NULL;
	}
	/* One that is empty is not none (RFC 4954 section 4). */
	if (attempt->has_initial && response.len == 0)
		response = SLICE_LIT("");
	else if (!attempt->has_initial)
		response = slice_from(NULL, 0);
	take(check, sasl_check_start(check, attempt->mechanism, response,
	    &reply->challenge), reply);
	return check;
}

static void
step(void *exchange, struct slice response, struct backend_reply *reply)
{
	take(exchange, sasl_check_step(exchange, response,
	    &reply->challenge), reply);
}

static void
end(void *exchange)
{
	struct sasl_check	*check = exchange;

	sasl_check_free(&check);
}

const struct backend	cyrus_backend = {
	list, is_quick, begin, step, end
};
