/*
 * A login before the first job, with and without TLS (RFC 4954, RFC 3207).
 */

#include <CUnit/CUnit.h>

#include "tests/unit/dialogue_fixture.h"

#include "mail/sasl_filter.h"
#include "net/sasl_login.h"
#include "smtp/challenge.h"
#include "smtp/credentials.h"

#define TLS	"250-STARTTLS\r\n"
#define AUTH	"250-AUTH PLAIN\r\n"
#define MAILS	"MAIL RCPT DATA / BODY QUIT / "

static char			 user[] = "tim";
static char			 password[] = "tanstaaftanstaaf";
static struct credentials	 credentials = { user, password };
static struct sasl_filter	*mechanisms;

/* What is offered outside of TLS and inside, and how it goes. */
static const struct login {
	const char		*outside, *inside;
	enum dialogue_tls	 tls;
	bool			 is_none;	/* no credentials */
	const char		*reply;		/* to AUTH */
	const char		*said;		/* | is the handshake, ? asks */
	const char		*dsn;		/* NULL: mail was sent */
} logins[] = {
	{ PIPE TLS AUTH, PIPE AUTH, DIALOGUE_TLS_MAY, false, "235 in\r\n",
	    "EHLO / STAR / | EHLO / ? AUTH / " MAILS, NULL },
	{ PIPE TLS, PIPE AUTH, DIALOGUE_TLS_MUST, false, "235 in\r\n",
	    "EHLO / STAR / | EHLO / ? AUTH / " MAILS, NULL },
	/* what was offered before TLS is forgotten */
	{ PIPE TLS AUTH, PIPE, DIALOGUE_TLS_MAY, false, "235 in\r\n",
	    "EHLO / STAR / | EHLO / ? ", "4.7.0" },
	{ PIPE TLS AUTH, PIPE "250-AUTH GSSAPI\r\n", DIALOGUE_TLS_MAY, false,
	    "235 in\r\n", "EHLO / STAR / | EHLO / ? ", "4.7.0" },
	/* no password in the clear, whoever takes STARTTLS away */
	{ PIPE AUTH, "", DIALOGUE_TLS_MAY, false, "235 in\r\n",
	    "EHLO / ? ", "4.7.0" },
	{ PIPE AUTH, "", DIALOGUE_TLS_MUST, false, "235 in\r\n",
	    "EHLO / ", "4.7.4" },
	{ PIPE TLS AUTH, PIPE AUTH, DIALOGUE_TLS_MAY, false,
	    "535 5.7.8 no\r\n", "EHLO / STAR / | EHLO / ? AUTH / ",
	    "4.7.8" },
	/* there is no password: nothing is said of it */
	{ PIPE TLS AUTH, PIPE AUTH, DIALOGUE_TLS_MAY, true, NULL,
	    "EHLO / STAR / | EHLO / ? " MAILS, NULL },
	{ PIPE AUTH, "", DIALOGUE_TLS_MAY, true, NULL, "EHLO / ? " MAILS,
	    NULL },
};

/* Never in the clear, but inside of TLS. */
static struct conf *
login_conf(void)
{
	static struct conf	*conf;
	struct conf_source	*source;
	char			*why = NULL;

	if (conf != NULL)
		return conf;
	source = conf_source_new();
	must(conf_source_load(source, "main.cf", slice_str(
	    "smtp_sasl_tls_security_options = noanonymous\n"), &why) == 0);
	conf = conf_new(source, &why);
	must(conf != NULL);
	return conf;
}

static enum dialogue_state
log_in(const struct login *login, bool has_tls)
{
	struct challenge_setup	setup = {
		.conf = login_conf(),
		.credentials = login->is_none ? NULL : &credentials,
		.host = "server.example",
		.filter = mechanisms,
		.has_tls = has_tls,
	};

	CU_ASSERT_EQUAL(t.out.len, 0);
	buf_put_str(&t.said, "? ");
	return dialogue_log_in(t.dialogue, &setup);
}

static void
hold(const struct login *login)
{
	enum dialogue_state	state = dialogue_state(t.dialogue);
	bool			has_tls = false;

	buf_put_str(&t.replies, "220 sink ESMTP\r\n");
	for (int i = 0; i < 100; i++) {
		if (state == DIALOGUE_SECURE) {
			buf_put_str(&t.said, "| ");
			t.keywords = login->inside;
			has_tls = true;
			dialogue_secured(t.dialogue, NULL);
			state = dialogue_state(t.dialogue);
		}
		if (state == DIALOGUE_LOGIN)
			state = log_in(login, has_tls);
		if (state == DIALOGUE_READY && t.started < t.job_count) {
			dialogue_start(t.dialogue, t.jobs[t.started++]);
			state = dialogue_state(t.dialogue);
		}
		if (state == DIALOGUE_READY)
			dialogue_quit(t.dialogue);
		if (state == DIALOGUE_BROKEN || state == DIALOGUE_CLOSED)
			return;
		if (t.out.len > 0)
			serve();
		state = give_replies();
	}
	CU_FAIL("the dialogue does not end");
}

static void
play(const struct login *login)
{
	const struct rule	rules[] = {
		{ login->reply == NULL ? NULL : "AUTH", 1, login->reply },
		{ NULL, 0, NULL },
	};
	struct dialogue_server	server = plain;

	server.tls = login->tls;
	server.has_login = true;
	open_talk(login->outside, rules, &server);
	add_job(1, "text\r\n");
	hold(login);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&t.said), login->said);
	if (strcmp(buf_cstr(&t.said), login->said) != 0)
		printf("\n  said %s\n  not  %s\n", buf_cstr(&t.said),
		    login->said);
	CU_ASSERT_EQUAL(dialogue_state(t.dialogue), login->dsn == NULL ?
	    DIALOGUE_CLOSED : DIALOGUE_BROKEN);
	if (login->dsn != NULL)
		CU_ASSERT_STRING_EQUAL(dialogue_fault(t.dialogue)->dsn,
		    login->dsn);
	close_talk();
}

static void
plays_logins(void)
{
	for (size_t i = 0; i < sizeof(logins) / sizeof(*logins); i++)
		for (int slow = 0; slow < 2; slow++) {
			t.is_slow = slow;
			play(&logins[i]);
		}
	t.is_slow = false;
}

static int
open_library(void)
{
	char	*why;

	mechanisms = sasl_filter_new("smtp_sasl_mechanism_filter", "", true);
	return sasl_login_open(&why);
}

static int
close_filter(void)
{
	sasl_filter_free(&mechanisms);
	return 0;
}

void	opening_test(void);

void
opening_test(void)
{
	CU_pSuite	suite = CU_add_suite("opening", open_library,
			    close_filter);

	CU_add_test(suite, "logins", plays_logins);
}
