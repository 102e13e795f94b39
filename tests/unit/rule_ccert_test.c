/* Client certificates, and who is not encrypted. */

#include "lookup/rule.h"

#include "lookup/hearing.h"
#include "lookup/policy_request.h"
#include "tests/unit/judge_fixture.h"

#define DENIED		"554 5.7.1 <r@else.example>: Relay access denied"
#define LISTED		"smtpd_relay_restrictions = permit_tls_clientcerts, " \
			"reject_unauth_destination\n"			\
			"relay_clientcerts = inline:{ AA:01=x, BB:02=y }\n"
#define TABLE		"inline:{{aa:01=REJECT print}, "		\
			"{bb:02=REJECT key}, {joe=REJECT joe}, "	\
			"{ca=REJECT ca}}"
#define ACCESS(order)	"smtpd_client_restrictions = check_ccert_access " \
			"{ " TABLE ", { search_order = " order " } }\n"
#define CCERT(why)	"554 5.7.1 <AA:01>: Client certificate rejected: " why

static struct judge_fixture	f;

static void
begin(const char *text)
{
	char	all[1000];

	snprintf(all, sizeof(all), "relay_domains = relay.example\n%s", text);
	judge_fixture_init(&f, all, NULL);
	f.m.recipient = SLICE_LIT("r@else.example");
}

static void
show(const char *print, const char *key, const char *subject, bool is_trusted)
{
	f.m.tls_protocol = SLICE_LIT("TLSv1.3");
	f.m.tls_cipher = SLICE_LIT("CIPHER");
	f.m.tls_bits = 256;
	f.m.ccert_print = slice_str(print);
	f.m.ccert_key_print = slice_str(key);
	f.m.ccert_subject = slice_str(subject);
	f.m.ccert_issuer = SLICE_LIT("ca");
	f.m.flags = is_trusted ? JUDGE_TRUSTED : 0;
}

static void
relaying(void)
{
	begin(LISTED);
	judge_fixture_check(&f, DENIED, "no certificate");
	show("", "", "", false);
	judge_fixture_check(&f, DENIED, "none under TLS");
	show("AA:01", "CC:03", "joe", false);
	judge_fixture_check(&f, "ok", "its print");
	show("aa:01", "CC:03", "joe", false);
	judge_fixture_check(&f, "ok", "case does not matter");
	show("CC:03", "BB:02", "joe", false);
	judge_fixture_check(&f, "ok", "its key");
	show("CC:03", "CC:04", "AA:01", true);
	judge_fixture_check(&f, DENIED, "another, whatever its name");
	judge_fixture_clear(&f);

	begin("smtpd_relay_restrictions = permit_tls_clientcerts, reject\n"
	    "relay_clientcerts = hash:/no/such\n");
	show("AA:01", "BB:02", "joe", false);
	judge_fixture_check(&f, "451 4.3.0 <AA:01>: Temporary lookup failure",
	    "nobody knows");
	judge_fixture_clear(&f);

	begin("smtpd_relay_restrictions = permit_tls_all_clientcerts, "
	    "reject_unauth_destination\n");
	show("AA:01", "BB:02", "joe", false);
	judge_fixture_check(&f, DENIED, "one that nobody has signed");
	show("AA:01", "BB:02", "joe", true);
	judge_fixture_check(&f, "ok", "one that is trusted");
	judge_fixture_clear(&f);
}

static void
accesses(const char *order, bool is_trusted, const char *want)
{
	begin(order);
	f.m.recipient = SLICE_LIT("r@relay.example");
	f.m.client_addr = SLICE_LIT("127.0.0.1");
	show("AA:01", "BB:02", "joe", is_trusted);
	judge_fixture_check(&f, want, order);
	judge_fixture_clear(&f);
}

static void
access_tables(void)
{
	static const char	broken[] = "451 4.3.5 Server configuration "
				    "error";

	accesses("smtpd_client_restrictions = check_ccert_access " TABLE "\n",
	    false, CCERT("print"));
	accesses(ACCESS("pubkey_fingerprint"), false, CCERT("key"));
	accesses(ACCESS("subject, cert_fingerprint"), true, CCERT("joe"));
	accesses(ACCESS("subject, cert_fingerprint"), false, CCERT("print"));
	accesses(ACCESS("issuer"), true, CCERT("ca"));
	/* Anybody can write any name into a certificate of his own. */
	accesses(ACCESS("issuer, subject"), false, "ok");
	accesses(ACCESS("nonsense"), true, broken);
	accesses("smtpd_client_restrictions = check_ccert_access { }\n", true,
	    broken);
	accesses("smtpd_client_restrictions = check_ccert_access { " TABLE
	    ", { order = subject } }\n", true, broken);
	accesses("smtpd_client_restrictions = check_ccert_access "
	    "hash:/no/such\n", true,
	    "451 4.3.0 <AA:01>: Temporary lookup failure");
}

static void
plaintext(void)
{
	begin("smtpd_client_restrictions = reject_plaintext_session\n");
	f.m.recipient = SLICE_LIT("r@relay.example");
	f.m.client_addr = SLICE_LIT("127.0.0.1");
	judge_fixture_check(&f, "450 4.7.1 Session encryption is required",
	    "plaintext");
	show("", "", "", false);
	judge_fixture_check(&f, "ok", "TLS");
	judge_fixture_clear(&f);
}

static bool
has_lines(const char *lines)
{
	struct judge_question	question;
	struct hearing		hearing;
	struct verdict		verdict = { .code = 0 };
	struct buf		text = BUF_INIT;
	bool			has;

	judge_init(&question, &f.m);
	hearing_init(&hearing, f.profile, &question, &verdict);
	policy_request_format(&hearing, "", &text);
	has = strstr(buf_cstr(&text), lines) != NULL;
	if (!has)
		printf("%s\n", buf_cstr(&text));
	hearing_clear(&hearing);
	judge_clear(&question);
	verdict_clear(&verdict);
	buf_clear(&text);
	return has;
}

static void
attributes(void)
{
	begin("");
	CU_ASSERT(has_lines("\nccert_subject=\nccert_issuer=\n"
	    "ccert_fingerprint=\nccert_pubkey_fingerprint=\n"
	    "encryption_protocol=\nencryption_cipher=\n"
	    "encryption_keysize=0\n"));
	show("AA:01", "BB:02", "joe", false);
	CU_ASSERT(has_lines("\nccert_subject=\nccert_issuer=\n"
	    "ccert_fingerprint=AA:01\nccert_pubkey_fingerprint=BB:02\n"
	    "encryption_protocol=TLSv1.3\nencryption_cipher=CIPHER\n"
	    "encryption_keysize=256\n"));
	show("AA:01", "BB:02", "joe", true);
	CU_ASSERT(has_lines("\nccert_subject=joe\nccert_issuer=ca\n"));
	judge_fixture_clear(&f);
}

void	rule_ccert_test(void);

void
rule_ccert_test(void)
{
	CU_pSuite	suite = CU_add_suite("rule_ccert", NULL, NULL);

	CU_add_test(suite, "relaying", relaying);
	CU_add_test(suite, "access tables", access_tables);
	CU_add_test(suite, "plaintext", plaintext);
	CU_add_test(suite, "attributes of policies", attributes);
}
