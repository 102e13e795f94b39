#include "lookup/quota.h"

#include "tests/unit/judge_fixture.h"

#define CONF								\
	"myhostname = mail.ours.example\nrelay_domains = relay.example\n" \
	"mynetworks = 127.0.0.0/8\n"					\
	"smtpd_client_connection_rate_limit = 5\n"			\
	"smtpd_client_message_rate_limit = 5\n"				\
	"smtpd_client_recipient_rate_limit = 5\n"			\
	"smtpd_sasl_message_rate_limit = 3\n"				\
	"smtpd_sasl_recipient_rate_limit = 3\n"				\
	"smtpd_sender_message_rate_limit = 2\n"				\
	"smtpd_sender_recipient_rate_limit = 2\n"			\
	"smtpd_client_new_tls_session_rate_limit = 4\n"

static const struct {
	uint32_t		 stage;
	struct rate_numbers	 numbers;
	const char		*want;
} cases[] = {
	{ JUDGE_CONNECT, { .connections = 50, .connection_rate = 5 }, "ok" },
	{ JUDGE_CONNECT, { .connections = 51 }, "421 4.7.0 mail.ours.example "
	    "Error: too many connections from 192.0.2.1" },
	{ JUDGE_CONNECT, { .connection_rate = 6 }, "421 4.7.0 "
	    "mail.ours.example Error: too many connections from 192.0.2.1" },
	{ JUDGE_MAIL, { .connections = 99, .messages = 5,
	    .sasl_messages = 3, .sender_messages = 2 }, "ok" },
	{ JUDGE_MAIL, { .messages = 6 },
	    "450 4.7.1 Error: too much mail from 192.0.2.1" },
	{ JUDGE_MAIL, { .sasl_messages = 4 },
	    "450 4.7.1 Error: too much mail from joe" },
	{ JUDGE_MAIL, { .sender_messages = 3 },
	    "450 4.7.1 Error: too much mail from s@sender.example" },
	{ JUDGE_RCPT, { .recipients = 5, .messages = 99 }, "ok" },
	{ JUDGE_RCPT, { .recipients = 6 },
	    "450 4.7.1 Error: too many recipients from 192.0.2.1" },
	{ JUDGE_RCPT, { .sasl_recipients = 4 },
	    "450 4.7.1 Error: too many recipients from joe" },
	{ JUDGE_RCPT, { .sender_recipients = 3 },
	    "450 4.7.1 Error: too many recipients from s@sender.example" },
	{ JUDGE_STARTTLS, { .tls_sessions = 4, .messages = 99 }, "ok" },
	{ JUDGE_STARTTLS, { .tls_sessions = 5 }, "454 4.7.0 Error: too many "
	    "new TLS sessions from unknown[192.0.2.1]" },
	{ JUDGE_TLS, { .tls_sessions = 4 }, "ok" },
	{ JUDGE_TLS, { .tls_sessions = 5 }, "421 4.7.0 mail.ours.example "
	    "Error: too many new TLS sessions from unknown[192.0.2.1]" },
};

static void
limits(void)
{
	struct judge_fixture	f;

	judge_fixture_init(&f, CONF, NULL);
	f.m.sasl_username = SLICE_LIT("joe");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		f.m.stage = cases[i].stage;
		f.numbers = cases[i].numbers;
		f.m.client_addr = SLICE_LIT("192.0.2.1");
		judge_fixture_check(&f, cases[i].want, cases[i].want);
	}
	judge_fixture_clear(&f);
}

/* Who is in mynetworks has no limit; a login has one wherever it is. */
static void
exceptions(void)
{
	struct judge_fixture	f;

	judge_fixture_init(&f, CONF, NULL);
	f.m.client_addr = SLICE_LIT("127.0.0.1");
	f.m.sasl_username = SLICE_LIT("joe");
	f.m.stage = JUDGE_CONNECT;
	f.numbers = (struct rate_numbers){ .connections = 1000 };
	judge_fixture_check(&f, "ok", "connections");
	f.m.stage = JUDGE_MAIL;
	f.numbers = (struct rate_numbers){ .messages = 1000 };
	judge_fixture_check(&f, "ok", "messages");
	f.numbers = (struct rate_numbers){ .sasl_messages = 1000 };
	judge_fixture_check(&f, "450 4.7.1 Error: too much mail from joe",
	    "messages of a login");
	judge_fixture_clear(&f);
	judge_fixture_init(&f, CONF "smtpd_client_event_limit_exceptions =\n",
	    NULL);
	f.m.client_addr = SLICE_LIT("127.0.0.1");
	f.m.stage = JUDGE_MAIL;
	f.numbers = (struct rate_numbers){ .messages = 1000 };
	judge_fixture_check(&f, "450 4.7.1 Error: too much mail from "
	    "127.0.0.1", "no exceptions");
	judge_fixture_clear(&f);
}

void	quota_test(void);

void
quota_test(void)
{
	CU_pSuite	suite = CU_add_suite("quota", NULL, NULL);

	CU_add_test(suite, "limits", limits);
	CU_add_test(suite, "exceptions", exceptions);
}
