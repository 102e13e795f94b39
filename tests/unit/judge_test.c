#include "lookup/judge.h"

#include "tests/unit/judge_fixture.h"

#define BASE	"mynetworks = 127.0.0.0/8\nrelay_domains = relay.example\n" \
			"myhostname = mail.ours.example\nalias_maps =\n" \
			"inet_interfaces = 127.0.0.1\nlocal_recipient_maps =\n"

struct ask {
	const char	*conf;
	const char	*client, *helo, *sender, *recipient;
	const char	*want;
};

static void
run(const struct ask *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct judge_fixture	 fixture;
		char			*text;

		text = mem_printf(BASE "%s", cases[i].conf);
		judge_fixture_init(&fixture, text, NULL);
		if (cases[i].client != NULL)
			fixture.m.client_addr = slice_str(cases[i].client);
		if (cases[i].helo != NULL)
			fixture.m.helo = slice_str(cases[i].helo);
		if (cases[i].sender != NULL)
			fixture.m.sender = slice_str(cases[i].sender);
		if (cases[i].recipient != NULL)
			fixture.m.recipient = slice_str(cases[i].recipient);
		judge_fixture_check(&fixture, cases[i].want, cases[i].conf);
		judge_fixture_clear(&fixture);
		mem_free(text);
	}
}

#define RUN(cases)	run(cases, sizeof(cases) / sizeof(*cases))
#define RCPT(what)	"<r@relay.example>: Recipient address rejected: " what
#define SENDER(what)	"<s@sender.example>: Sender address rejected: " what
#define CLIENT(what)	"<unknown[192.0.2.1]>: Client host rejected: " what
#define HELO(name, what) "<" name ">: Helo command rejected: " what
#define DENIED(to)	"454 4.7.1 <" to ">: Relay access denied"
#define HARD		"smtpd_relay_restrictions = permit_mynetworks, " \
			"reject_unauth_destination\n"

/* Nobody but mynetworks sends elsewhere, however the address is dressed. */
static void
relaying(void)
{
	static const struct ask	cases[] = {
		{ "", NULL, NULL, NULL, NULL, "ok" },
		{ "", NULL, NULL, NULL, "r@sub.relay.example", "ok" },
		{ "", NULL, NULL, NULL, "r@RELAY.Example", "ok" },
		{ "", "127.0.0.1", NULL, NULL, "r@else.example", "ok" },
		{ "", "::1", NULL, NULL, "r@else.example",
		    DENIED("r@else.example") },
		{ "", NULL, NULL, NULL, "r@else.example",
		    DENIED("r@else.example") },
		{ HARD, NULL, NULL, NULL, "r@else.example",
		    "554 5.7.1 <r@else.example>: Relay access denied" },
		{ HARD "relay_domains_reject_code = 551\n", NULL, NULL, NULL,
		    "r@else.example",
		    "551 5.7.1 <r@else.example>: Relay access denied" },
		{ HARD "soft_bounce = yes\n", NULL, NULL, NULL,
		    "r@else.example",
		    "454 4.7.1 <r@else.example>: Relay access denied" },
		{ "", NULL, NULL, NULL, "r@arelay.example",
		    DENIED("r@arelay.example") },
		{ "", NULL, NULL, NULL, "u%else.example@relay.example",
		    DENIED("u%else.example@relay.example") },
		{ "", NULL, NULL, NULL, "else.example!u@relay.example",
		    DENIED("else.example!u@relay.example") },
		{ "", NULL, NULL, NULL, "\"u@else.example\"@relay.example",
		    DENIED("\"u@else.example\"@relay.example") },
		{ "", NULL, NULL, NULL, "\"u@relay.example\"",
		    DENIED("\"u@relay.example\"") },
		{ "", NULL, NULL, NULL, "u@[192.0.2.9]",
		    DENIED("u@[192.0.2.9]") },
		/* Ours: an address of this machine, and no domain at all. */
		{ "", NULL, NULL, NULL, "u@[127.0.0.1]", "ok" },
		{ "", NULL, NULL, NULL, "u", "ok" },
		{ "", NULL, NULL, NULL, "\xc3\xbc@relay.example", "ok" },
		{ "smtpd_relay_restrictions = permit_auth_destination, "
		    "reject\n", NULL, NULL, NULL, NULL, "ok" },
		{ "smtpd_relay_restrictions = permit_auth_destination, "
		    "reject\n", NULL, NULL, NULL, "u%x@relay.example",
		    "554 5.7.1 <u%x@relay.example>: Recipient address "
		    "rejected: Access denied" },
		/* A list that cannot be read lets nobody through. */
		{ "relay_domains = hash:/no/such\n", NULL, NULL, NULL, NULL,
		    "451 4.3.0 <r@relay.example>: Temporary lookup failure" },
		{ "mynetworks = hash:/no/such\n", "127.0.0.1", NULL, NULL,
		    "r@else.example", DENIED("r@else.example") },
	};

	RUN(cases);
}

#define NO_ELSE	"mydestination = local.example\n" \
		"smtpd_recipient_restrictions = check_recipient_access " \
		"inline:{{else.example=450 not there}}\n"

/* A name that is not confirmed is no reason for a yes. */
static void
unconfirmed(void)
{
	static const char	ok[] = "smtpd_recipient_restrictions = "
				    "check_reverse_client_hostname_access "
				    "inline:{{unknown=OK}}, reject\n";
	static const char	dunno[] = "smtpd_recipient_restrictions = "
				    "check_reverse_client_hostname_access "
				    "inline:{{unknown=DUNNO}}\n";
	static const char	discard[] = "smtpd_client_restrictions = "
				    "check_reverse_client_hostname_access "
				    "inline:{{unknown=DISCARD}}\n"
				    "smtpd_sender_restrictions = reject\n";
	static const struct ask	cases[] = {
		{ ok, NULL, NULL, NULL, NULL,
		    "451 4.3.5 Server configuration error" },
		{ dunno, NULL, NULL, NULL, NULL, "ok" },
		/* What is thrown away is refused to nobody. */
		{ discard, NULL, NULL, NULL, "r@else.example",
		    "ok; DISCARD " },
	};

	RUN(cases);
}

/* What is said of a domain holds for every way to it. */
static void
ways_round(void)
{
	static const struct ask	cases[] = {
		{ NO_ELSE, "127.0.0.1", NULL, NULL, "r@else.example",
		    "450 4.7.1 <r@else.example>: Recipient address rejected: "
		    "not there" },
		{ NO_ELSE, "127.0.0.1", NULL, NULL,
		    "u%else.example@local.example", "450 4.7.1 "
		    "<u%else.example@local.example>: Recipient address "
		    "rejected: not there" },
		{ NO_ELSE, "127.0.0.1", NULL, NULL,
		    "else.example!u@local.example", "450 4.7.1 "
		    "<else.example!u@local.example>: Recipient address "
		    "rejected: not there" },
		{ NO_ELSE, "127.0.0.1", NULL, NULL,
		    "\"u@else.example\"@local.example", "450 4.7.1 "
		    "<\"u@else.example\"@local.example>: Recipient address "
		    "rejected: not there" },
		{ NO_ELSE, "127.0.0.1", NULL, NULL,
		    "u%more.example@local.example", "ok" },
		{ NO_ELSE, NULL, NULL, NULL, "u%more.example@local.example",
		    DENIED("u%more.example@local.example") },
		{ "smtpd_sender_restrictions = check_sender_access "
		    "inline:{{else.example=450 not there}}\n"
		    "mydestination = local.example\n", NULL, NULL,
		    "u%else.example@local.example", NULL, "450 4.7.1 "
		    "<u%else.example@local.example>: Sender address "
		    "rejected: not there" },
		/* Whose it is cannot be told: so it is not passed over. */
		{ "relay_domains = hash:/no/such\nsmtpd_sender_restrictions "
		    "= reject_unknown_sender_domain\n", NULL, NULL, NULL,
		    NULL, "451 4.3.0 <s@sender.example>: Temporary lookup "
		    "failure" },
	};

	RUN(cases);
}

/* Which list goes first, and what ends what. */
static void
lists(void)
{
	static const struct ask	cases[] = {
		{ "smtpd_recipient_restrictions = reject\n", NULL, NULL,
		    NULL, NULL, "554 5.7.1 " RCPT("Access denied") },
		{ "smtpd_recipient_restrictions = permit, reject\n", NULL,
		    NULL, NULL, NULL, "ok" },
		{ "smtpd_recipient_restrictions = permit\n", NULL, NULL,
		    NULL, "r@else.example", DENIED("r@else.example") },
		{ "smtpd_recipient_restrictions = reject\n", NULL, NULL,
		    NULL, "r@else.example", DENIED("r@else.example") },
		{ "smtpd_recipient_restrictions = reject\n"
		    "smtpd_relay_before_recipient_restrictions = no\n", NULL,
		    NULL, NULL, "r@else.example", "554 5.7.1 "
		    "<r@else.example>: Recipient address rejected: Access "
		    "denied" },
		{ "smtpd_client_restrictions = permit\n"
		    "smtpd_sender_restrictions = reject\n", NULL, NULL, NULL,
		    NULL, "554 5.7.1 " SENDER("Access denied") },
		{ "smtpd_client_restrictions = reject\n"
		    "smtpd_sender_restrictions = defer\n", NULL, NULL, NULL,
		    NULL, "554 5.7.1 " CLIENT("Access denied") },
		{ "smtpd_helo_restrictions = defer\n", NULL, NULL, NULL,
		    NULL, "450 4.3.2 " HELO("client.example",
		    "Try again later") },
		{ "smtpd_helo_restrictions = reject\n", NULL, "", NULL,
		    NULL, "ok" },
		{ "smtpd_client_restrictions = reject\n"
		    "smtpd_delay_reject = no\n", NULL, NULL, NULL, NULL,
		    "ok" },
		{ "smtpd_sender_restrictions = reject\nreject_code = 521\n",
		    NULL, NULL, NULL, NULL,
		    "521 5.7.1 " SENDER("Access denied") },
		{ "smtpd_client_restrictions = warn_if_reject reject\n",
		    NULL, NULL, NULL, NULL, "ok" },
		{ "smtpd_client_restrictions = warn_if_reject reject, "
		    "reject\n", NULL, NULL, NULL, NULL,
		    "554 5.7.1 " CLIENT("Access denied") },
		{ "smtpd_client_restrictions = sleep 0 reject_plaintext_"
		    "session\n", NULL, NULL, NULL, NULL,
		    "450 4.7.1 Session encryption is required" },
		{ "smtpd_data_restrictions = reject\n", NULL, NULL, NULL,
		    NULL, "ok" },
	};

	RUN(cases);
}

static void
put_off(void)
{
	static const struct ask	cases[] = {
		{ "smtpd_client_restrictions = defer_if_permit\n", NULL,
		    NULL, NULL, NULL, "450 4.7.0 "
		    CLIENT("defer_if_permit requested") },
		/* A refusal goes before it, the first reason is kept. */
		{ "smtpd_client_restrictions = defer_if_permit\n"
		    "smtpd_sender_restrictions = defer_if_permit\n"
		    "smtpd_recipient_restrictions = reject\n", NULL, NULL,
		    NULL, NULL, "554 5.7.1 " RCPT("Access denied") },
		{ "smtpd_client_restrictions = defer_if_permit\n"
		    "smtpd_sender_restrictions = defer_if_permit\n", NULL,
		    NULL, NULL, NULL, "450 4.7.0 "
		    CLIENT("defer_if_permit requested") },
		{ "smtpd_client_restrictions = warn_if_reject "
		    "defer_if_permit\n", NULL, NULL, NULL, NULL, "ok" },
		{ "smtpd_client_restrictions = defer_if_reject reject\n",
		    NULL, NULL, NULL, NULL, "450 4.7.0 "
		    CLIENT("defer_if_reject requested") },
		{ "smtpd_client_restrictions = defer_if_reject\n"
		    "smtpd_sender_restrictions = reject\n", NULL, NULL, NULL,
		    NULL, "554 5.7.1 " SENDER("Access denied") },
		{ "smtpd_client_restrictions = defer_if_reject defer\n",
		    NULL, NULL, NULL, NULL,
		    "450 4.3.2 " CLIENT("Try again later") },
	};

	RUN(cases);
}

#define WRONG	"451 4.3.5 Server configuration error"

/* Nothing that is misspelled lets anybody in. */
static void
mistakes(void)
{
	static const struct ask	cases[] = {
		{ "smtpd_client_restrictions = reject_everybody\n", NULL,
		    NULL, NULL, NULL, WRONG },
		{ "smtpd_client_restrictions = permit, reject_everybody\n",
		    NULL, NULL, NULL, NULL, "ok" },
		{ "smtpd_client_restrictions = warn_if_reject "
		    "reject_everybody\n", NULL, NULL, NULL, NULL, WRONG },
		{ "smtpd_client_restrictions = check_client_access\n", NULL,
		    NULL, NULL, NULL, WRONG },
		{ "smtpd_client_restrictions = check_client_access x:y\n",
		    NULL, NULL, NULL, NULL, WRONG },
		{ "smtpd_client_restrictions = check_client_access "
		    "hash:/no/such\n", NULL, NULL, NULL, NULL, "451 4.3.0 "
		    "<unknown[192.0.2.1]>: Temporary lookup failure" },
		{ "smtpd_client_restrictions = reject_rbl_client a_b=1.2\n",
		    NULL, NULL, NULL, NULL, WRONG },
		{ "smtpd_client_restrictions = sleep forever\n", NULL, NULL,
		    NULL, NULL, WRONG },
		{ "smtpd_client_restrictions = check_policy_service x\n",
		    NULL, NULL, NULL, NULL, WRONG },
		{ "smtpd_restriction_classes = mine\n"
		    "smtpd_client_restrictions = mine\n", NULL, NULL, NULL,
		    NULL, WRONG },
		{ "smtpd_restriction_classes = mine\nmine = sleep 0, mine\n"
		    "smtpd_client_restrictions = mine\n", NULL, NULL, NULL,
		    NULL, WRONG },
		{ "smtpd_restriction_classes = a, b\na = b\nb = reject\n"
		    "smtpd_client_restrictions = a\n", NULL, NULL, NULL,
		    NULL, "554 5.7.1 " CLIENT("Access denied") },
		{ "smtpd_sender_restrictions = "
		    "reject_sender_login_mismatch\n", NULL, NULL, NULL, NULL,
		    WRONG },
	};

	RUN(cases);
}

static void
helo(void)
{
	static const char	invalid[] = "smtpd_helo_restrictions = "
				    "reject_invalid_helo_hostname\n";
	static const char	fqdn[] = "smtpd_helo_restrictions = "
				    "reject_non_fqdn_helo_hostname\n";
	static const struct ask	cases[] = {
		{ invalid, NULL, "a.example", NULL, NULL, "ok" },
		{ invalid, NULL, "a", NULL, NULL, "ok" },
		{ invalid, NULL, "a.example.", NULL, NULL, "ok" },
		{ invalid, NULL, "[192.0.2.1]", NULL, NULL, "ok" },
		{ invalid, NULL, "[IPv6:2001:db8::1]", NULL, NULL, "ok" },
		{ invalid, NULL, "a..example", NULL, NULL, "501 5.5.2 "
		    HELO("a..example", "Invalid name") },
		{ invalid, NULL, "[192.0.2.300]", NULL, NULL, "501 5.5.2 "
		    HELO("[192.0.2.300]", "invalid ip address") },
		{ invalid, NULL, "192.0.2.1", NULL, NULL, "ok" },
		{ "smtpd_recipient_restrictions = "
		    "reject_invalid_helo_hostname\n", NULL, "a..b", NULL,
		    NULL, "501 5.5.2 " HELO("a..b", "Invalid name") },
		{ invalid, NULL, "-a.example", NULL, NULL, "501 5.5.2 "
		    HELO("-a.example", "Invalid name") },
		{ fqdn, NULL, "a.example", NULL, NULL, "ok" },
		{ fqdn, NULL, "[192.0.2.1]", NULL, NULL, "ok" },
		{ fqdn, NULL, "a", NULL, NULL, "504 5.5.2 "
		    HELO("a", "need fully-qualified hostname") },
		{ fqdn, NULL, "192.0.2.1", NULL, NULL, "504 5.5.2 "
		    HELO("192.0.2.1", "need fully-qualified hostname") },
		/* Without a DNS nothing is known, and nothing let in. */
		{ "smtpd_helo_restrictions = reject_unknown_helo_hostname\n",
		    NULL, NULL, NULL, NULL, "450 4.7.1 "
		    HELO("client.example", "Host not found") },
		{ "smtpd_helo_restrictions = reject_unknown_helo_hostname\n"
		    "smtpd_recipient_restrictions = reject\n",
		    NULL, NULL, NULL, NULL, "554 5.7.1 "
		    RCPT("Access denied") },
		{ "smtpd_helo_restrictions = reject_unknown_helo_hostname\n"
		    "smtpd_recipient_restrictions = reject\n"
		    "unknown_helo_hostname_tempfail_action = defer\n",
		    NULL, NULL, NULL, NULL, "450 4.7.1 "
		    HELO("client.example", "Host not found") },
	};

	RUN(cases);
}

/* Addresses without a domain (RFC 5321 section 4.5.1: postmaster). */
static void
bare(void)
{
	static const char	fqdn[] = "smtpd_sender_restrictions = "
				    "reject_non_fqdn_sender, "
				    "reject_non_fqdn_recipient\n";
	static const struct ask	cases[] = {
		{ fqdn, "127.0.0.1", NULL, NULL, "user", "504 5.5.2 <user>: "
		    "Recipient address rejected: need fully-qualified "
		    "address" },
		{ fqdn, "127.0.0.1", NULL, "user", NULL, "504 5.5.2 <user>: "
		    "Sender address rejected: need fully-qualified "
		    "address" },
		{ "smtpd_client_restrictions = reject\n", NULL, NULL, NULL,
		    "Postmaster", "ok" },
		{ "smtpd_client_restrictions = reject\n", NULL, NULL, NULL,
		    "postmaster@relay.example", "554 5.7.1 " CLIENT(
		    "Access denied") },
		{ fqdn, NULL, NULL, "postmaster", NULL, "504 5.5.2 "
		    "<postmaster>: Sender address rejected: need "
		    "fully-qualified address" },
	};

	RUN(cases);
}

static void
addresses(void)
{
	static const char	fqdn[] = "smtpd_sender_restrictions = "
				    "reject_non_fqdn_sender, "
				    "reject_non_fqdn_recipient\n";
	static const char	known[] = "relay_recipient_maps = inline:{ "
				    "{ r@relay.example = x }, { a+b@relay."
				    "example = x }, { @sub.relay.example = x "
				    "} }\nrecipient_delimiter = +\n";
	static const struct ask	cases[] = {
		{ fqdn, NULL, NULL, NULL, NULL, "ok" },
		{ fqdn, NULL, NULL, "", NULL, "ok" },
		{ fqdn, NULL, NULL, "a@b", NULL, "504 5.5.2 <a@b>: Sender "
		    "address rejected: need fully-qualified address" },
		{ fqdn, NULL, NULL, "a", NULL, "504 5.5.2 <a>: Sender "
		    "address rejected: need fully-qualified address" },
		{ fqdn, NULL, NULL, "a@[192.0.2.1]", NULL, "ok" },
		{ fqdn, "127.0.0.1", NULL, NULL, "postmaster", "ok" },
		{ fqdn, "127.0.0.1", NULL, NULL, "x@y", "504 5.5.2 <x@y>: "
		    "Recipient address rejected: need fully-qualified "
		    "address" },
		{ known, NULL, NULL, NULL, NULL, "ok" },
		{ known, NULL, NULL, NULL, "r+x@relay.example", "ok" },
		{ known, NULL, NULL, NULL, "a+b@relay.example", "ok" },
		{ known, NULL, NULL, NULL, "any@sub.relay.example", "ok" },
		{ known, "127.0.0.1", NULL, NULL, "a@else.example", "ok" },
		{ known, NULL, NULL, NULL, "a@relay.example", "550 5.1.1 "
		    "<a@relay.example>: Recipient address rejected: User "
		    "unknown in relay recipient table" },
		{ "relay_recipient_maps = inline:{ { x = y } }\n"
		    "show_user_unknown_table_name = no\n", NULL, NULL, NULL,
		    NULL, "550 5.1.1 " RCPT("User unknown") },
		{ "relay_recipient_maps = inline:{ { x = y } }\n"
		    "smtpd_reject_unlisted_recipient = no\n", NULL, NULL,
		    NULL, NULL, "ok" },
		{ "relay_recipient_maps = hash:/no/such\n", NULL, NULL, NULL,
		    NULL, "451 4.3.0 <r@relay.example>: Temporary lookup "
		    "failure" },
		{ "relay_recipient_maps = inline:{ { x = y } }\n"
		    "smtpd_sender_restrictions = reject_unlisted_sender\n"
		    "smtpd_recipient_restrictions = reject\n",
		    NULL, NULL, "q@relay.example", NULL, "550 5.1.0 "
		    "<q@relay.example>: Sender address rejected: User "
		    "unknown in relay recipient table" },
		{ "smtpd_sender_restrictions = "
		    "reject_unknown_sender_domain\n", NULL, NULL, NULL, NULL,
		    "450 4.1.8 " SENDER("Domain not found") },
		{ "smtpd_sender_restrictions = "
		    "reject_unknown_sender_domain\nmydestination = "
		    "local.example\n", NULL, NULL, "x@local.example", NULL,
		    "ok" },
		/* What is passed on has to be found. */
		{ "smtpd_sender_restrictions = "
		    "reject_unknown_sender_domain\n", NULL, NULL,
		    "x@relay.example", NULL, "450 4.1.8 <x@relay.example>: "
		    "Sender address rejected: Domain not found" },
		{ "smtpd_sender_restrictions = "
		    "reject_unknown_sender_domain\n", NULL, NULL, "", NULL,
		    "ok" },
	};

	RUN(cases);
}

static void
logins(void)
{
	static const char	*const names[] = {
		"reject_sender_login_mismatch",
		"reject_authenticated_sender_login_mismatch",
		"reject_known_sender_login_mismatch",
		"reject_unauthenticated_sender_login_mismatch",
	};
	/* login, sender; who says no, a letter a restriction */
	static const struct {
		const char	*login, *sender, *no;
	} cases[] = {
		{ "joe", "joe@own.example", "----" },
		{ "JOE", "joe@own.example", "----" },
		{ "joe", "joe+x@own.example", "----" },
		{ "ann", "joe@own.example", "xxx-" },
		{ "joe", "any@free.example", "xx--" },
		{ "ann", "both@own.example", "----" },
		{ "", "joe@own.example", "x--x" },
		{ "", "any@free.example", "----" },
		{ "joe", "", "xx--" },
	};

	for (size_t k = 0; k < 4; k++) {
		struct judge_fixture	 fixture;
		char			*text;

		text = mem_printf(BASE "recipient_delimiter = +\n"
		    "smtpd_sender_restrictions = %s\n"
		    "smtpd_sender_login_maps = inline:{ { joe@own.example = "
		    "joe }, { both@own.example = joe, ann } }\n", names[k]);
		judge_fixture_init(&fixture, text, NULL);
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			const char	*why = cases[i].login[0] == '\0' ?
					    "not logged in" :
					    "not owned by user ";
			char		*want;

			fixture.m.sasl_username = slice_str(cases[i].login);
			fixture.m.sender = slice_str(cases[i].sender);
			want = cases[i].no[k] == '-' ? mem_strdup("ok") :
			    mem_printf("553 5.7.1 <%s>: Sender address "
			    "rejected: %s%s", cases[i].sender, why,
			    cases[i].login);
			judge_fixture_check(&fixture, want, names[k]);
			mem_free(want);
		}
		judge_fixture_clear(&fixture);
		mem_free(text);
	}
}

/* The other stages, and what the client's name says. */
static void
stages(void)
{
	struct judge_fixture	f;

	judge_fixture_init(&f, BASE "smtpd_delay_reject = no\n"
	    "smtpd_client_restrictions = reject_unknown_client_hostname\n"
	    "smtpd_helo_restrictions = reject\n"
	    "smtpd_sender_restrictions = defer_if_permit\n"
	    "smtpd_data_restrictions = reject_multi_recipient_bounce\n"
	    "smtpd_end_of_data_restrictions = reject\n"
	    "smtpd_etrn_restrictions = reject\n", NULL);
	f.m.stage = JUDGE_CONNECT;
	f.m.client_addr = SLICE_LIT("192.0.2.1");
	judge_fixture_check(&f, "450 4.7.25 Client host rejected: cannot "
	    "find your hostname, [192.0.2.1]", "connect");
	f.m.stage = JUDGE_HELO;
	judge_fixture_check(&f, "554 5.7.1 "
	    HELO("client.example", "Access denied"), "helo");
	f.m.stage = JUDGE_MAIL;
	judge_fixture_check(&f, "450 4.7.0 "
	    SENDER("defer_if_permit requested"), "mail");
	f.m.stage = JUDGE_DATA;
	f.m.recipients = 2;
	judge_fixture_check(&f, "ok", "data");
	f.m.sender = SLICE_LIT("");
	judge_fixture_check(&f, "550 5.5.3 <DATA>: Data command rejected: "
	    "Multi-recipient bounce", "data of a bounce");
	f.m.recipients = 1;
	judge_fixture_check(&f, "ok", "data of a bounce to one");
	f.m.stage = JUDGE_END;
	judge_fixture_check(&f, "554 5.7.1 <END-OF-MESSAGE>: End-of-data "
	    "rejected: Access denied", "end");
	f.m.stage = JUDGE_ETRN;
	f.m.recipient = SLICE_LIT("some.example");
	judge_fixture_check(&f, "554 5.7.1 <some.example>: Etrn command "
	    "rejected: Access denied", "etrn");
	f.m.stage = 99;
	judge_fixture_check(&f, WRONG, "no stage");
	judge_fixture_clear(&f);
}

static void
names(void)
{
	struct judge_fixture	f;

	judge_fixture_init(&f, BASE "smtpd_client_restrictions = "
	    "reject_unknown_reverse_client_hostname, "
	    "reject_unknown_client_hostname\n"
	    "unknown_client_reject_code = 550\n", NULL);
	judge_fixture_check(&f, "550 5.7.1 Client host rejected: cannot "
	    "find your reverse hostname, [192.0.2.1]", "reverse");
	f.m.flags = JUDGE_REVERSE_TROUBLE | JUDGE_NAME_TROUBLE;
	judge_fixture_check(&f, "450 4.7.1 Client host rejected: cannot "
	    "find your reverse hostname, [192.0.2.1]", "reverse, later");
	f.m.reverse_name = SLICE_LIT("a.example");
	judge_fixture_check(&f, "450 4.7.25 Client host rejected: cannot "
	    "find your hostname, [192.0.2.1]", "name, later");
	f.m.flags = 0;
	judge_fixture_check(&f, "550 5.7.25 Client host rejected: cannot "
	    "find your hostname, [192.0.2.1]", "name");
	f.m.client_name = SLICE_LIT("a.example");
	judge_fixture_check(&f, "ok", "both");
	judge_fixture_clear(&f);

	judge_fixture_init(&f, BASE "smtpd_recipient_restrictions = "
	    "permit_sasl_authenticated, permit_inet_interfaces, reject\n",
	    NULL);
	judge_fixture_check(&f, "554 5.7.1 " RCPT("Access denied"), "login");
	f.m.sasl_username = SLICE_LIT("joe");
	judge_fixture_check(&f, "ok", "login");
	f.m.recipient = SLICE_LIT("a@else.example");
	judge_fixture_check(&f, "ok", "login, elsewhere");
	f.m.sasl_username = SLICE_LIT("");
	f.m.recipient = SLICE_LIT("r@relay.example");
	f.m.client_addr = SLICE_LIT("127.0.0.1");
	judge_fixture_check(&f, "ok", "interface");
	judge_fixture_clear(&f);
}

void	judge_test(void);

void
judge_test(void)
{
	CU_pSuite	suite = CU_add_suite("judge", NULL, NULL);

	CU_add_test(suite, "who may send elsewhere", relaying);
	CU_add_test(suite, "ways round a domain", ways_round);
	CU_add_test(suite, "names that are not confirmed", unconfirmed);
	CU_add_test(suite, "addresses without a domain", bare);
	CU_add_test(suite, "lists and their order", lists);
	CU_add_test(suite, "refusals put off", put_off);
	CU_add_test(suite, "mistakes let nobody in", mistakes);
	CU_add_test(suite, "names in HELO", helo);
	CU_add_test(suite, "addresses", addresses);
	CU_add_test(suite, "logins and senders", logins);
	CU_add_test(suite, "stages", stages);
	CU_add_test(suite, "names of clients", names);
}
