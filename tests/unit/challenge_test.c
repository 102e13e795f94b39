#include "smtp/challenge.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "conf/conf.h"
#include "mail/sasl_filter.h"
#include "net/sasl_login.h"
#include "smtp/answer.h"
#include "smtp/credentials.h"
#include "util/base64.h"
#include "util/mem.h"

static char			 user[] = "tim";
static char			 password[] = "tanstaaftanstaaf";
static struct credentials	 credentials = { user, password };

static struct {
	struct conf		*conf;
	struct challenge	*challenge;
	struct buf		 out;
	char			*why;
} t;

static void
begin(const char *settings, const char *offered)
{
	struct conf_source	*source = conf_source_new();
	struct challenge_setup	 setup = {
		.credentials = &credentials, .host = "server.example",
		.mechanisms = offered,
	};

	memset(&t, 0, sizeof(t));
	CU_ASSERT_EQUAL_FATAL(conf_source_load(source, "main.cf",
	    slice_str(settings), &t.why), 0);
	t.conf = conf_new(source, &t.why);
	setup.conf = t.conf;
	setup.filter = sasl_filter_new("smtp_sasl_mechanism_filter",
	    t.conf->smtp_sasl_mechanism_filter, true);
	t.challenge = challenge_new(&setup, &t.out, &t.why);
	sasl_filter_free(&setup.filter);
}

static void
end(void)
{
	challenge_free(&t.challenge);
	conf_free(&t.conf);
	buf_clear(&t.out);
	mem_free(t.why);
}

static enum challenge_answer
take(const char *text)
{
	struct answer		 answer = { .code = 0 };
	struct buf		 in = BUF_INIT;
	enum challenge_answer	 result;
	const char		*why;

	buf_put_str(&in, text);
	buf_empty(&t.out);
	CU_ASSERT_EQUAL(answer_next(&answer, &in, &why), 1);
	result = challenge_take(t.challenge, &answer, &t.out);
	answer_clear(&answer);
	buf_clear(&in);
	return result;
}

static void
plain_and_login(void)
{
	begin("smtp_sasl_security_options =\n"
	    "smtp_sasl_mechanism_filter = plain\n", "LOGIN PLAIN");
	CU_ASSERT_STRING_EQUAL(buf_cstr(&t.out),
	    "AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n");
	CU_ASSERT_EQUAL(take("235 in\r\n"), CHALLENGE_DONE);
	end();
	begin("smtp_sasl_security_options =\n"
	    "smtp_sasl_mechanism_filter = login\n", "LOGIN PLAIN");
	CU_ASSERT_STRING_EQUAL(buf_cstr(&t.out), "AUTH LOGIN\r\n");
	CU_ASSERT_EQUAL(take("334 VXNlcm5hbWU6\r\n"), CHALLENGE_MORE);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&t.out), "dGlt\r\n");
	CU_ASSERT_EQUAL(take("334 UGFzc3dvcmQ6\r\n"), CHALLENGE_MORE);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&t.out),
	    "dGFuc3RhYWZ0YW5zdGFhZg==\r\n");
	CU_ASSERT_EQUAL(take("535 5.7.8 no\r\n"), CHALLENGE_REFUSED);
	end();
}

/* The challenge and the response of RFC 2195 section 2. */
static void
cram_md5(void)
{
	begin("", "PLAIN CRAM-MD5");
	CU_ASSERT_STRING_EQUAL(buf_cstr(&t.out), "AUTH CRAM-MD5\r\n");
	CU_ASSERT_EQUAL(take("334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG"
	    "9uLm1jaS5uZXQ+\r\n"), CHALLENGE_MORE);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&t.out),
	    "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n");
	CU_ASSERT_EQUAL(take("235 2.7.0 in\r\n"), CHALLENGE_DONE);
	end();
}

static void
chooses(void)
{
	static const struct {
		const char	*settings, *offered, *mechanism;
	} cases[] = {
		{ "", "PLAIN LOGIN", NULL },
		{ "", "GSSAPI NTLM XOAUTH2 DIGEST-MD5", NULL },
		{ "smtp_sasl_mechanism_filter = digest-md5\n", "DIGEST-MD5",
		    "DIGEST-MD5" },
		{ "", "CRAM-MD5 PLAIN SCRAM-SHA-256", "SCRAM-SHA-256" },
		{ "smtp_sasl_mechanism_filter = !scram-sha-256, static:all\n",
		    "CRAM-MD5 PLAIN SCRAM-SHA-256", "CRAM-MD5" },
		{ "smtp_sasl_security_options = mutual_auth\n", "CRAM-MD5",
		    NULL },
		{ "", "", NULL },
		{ "", "../../x PLAIN\x01", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin(cases[i].settings, cases[i].offered);
		CU_ASSERT_EQUAL(t.challenge == NULL,
		    cases[i].mechanism == NULL);
		CU_ASSERT_EQUAL(t.why != NULL, cases[i].mechanism == NULL);
		if (cases[i].mechanism != NULL)
			CU_ASSERT(slice_has_prefix(slice_after(buf_slice(
			    &t.out), 5), cases[i].mechanism));
		end();
	}
}

/* 334 and that in base64. */
static enum challenge_answer
ask(const char *text)
{
	struct buf		line = BUF_INIT;
	enum challenge_answer	result;

	buf_put_str(&line, "334 ");
	base64_put(&line, slice_str(text));
	buf_put_str(&line, "\r\n");
	result = take(buf_cstr(&line));
	buf_clear(&line);
	return result;
}

static void
stays_bounded(void)
{
	static const char *const	broken[] = { "334 !\r\n", "334 A\r\n",
		"334-YQ==\r\n334 YQ==\r\n", "250 ok\r\n", "354 go\r\n" };

	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		begin("", "CRAM-MD5");
		CU_ASSERT_EQUAL(take(broken[i]), CHALLENGE_BROKEN);
		CU_ASSERT(challenge_reason(t.challenge)[0] != '\0');
		CU_ASSERT_EQUAL(t.out.len, 0);
		end();
	}
	/* One challenge more than the mechanism has. */
	begin("", "CRAM-MD5");
	CU_ASSERT_EQUAL(ask("<1@a>"), CHALLENGE_MORE);
	CU_ASSERT_EQUAL(ask("<2@a>"), CHALLENGE_BROKEN);
	end();
	/* What would take minutes of CPU. */
	begin("", "SCRAM-SHA-256");
	CU_ASSERT_EQUAL(ask("r=x,s=QSXCR+Q6sek8bf92,i=1000000000"),
	    CHALLENGE_BROKEN);
	CU_ASSERT_STRING_EQUAL(challenge_reason(t.challenge),
	    "too many iterations are asked");
	end();
	/* 235 before the server has shown that it knows the password. */
	begin("", "SCRAM-SHA-256");
	CU_ASSERT_EQUAL(take("235 2.7.0 in\r\n"), CHALLENGE_BROKEN);
	end();
}

static int
open_library(void)
{
	char	*why;

	return sasl_login_open(&why);
}

void	challenge_test(void);

void
challenge_test(void)
{
	CU_pSuite	suite = CU_add_suite("challenge", open_library, NULL);

	CU_add_test(suite, "PLAIN and LOGIN", plain_and_login);
	CU_add_test(suite, "CRAM-MD5", cram_md5);
	CU_add_test(suite, "chooses", chooses);
	CU_add_test(suite, "stays bounded", stays_bounded);
}
