/*
 * The two sides of SASL, one against the other.
 */

#include "net/sasl_check.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/userdb.h"
#include "mail/table_db.h"
#include "net/sasl_login.h"
#include "net/sasl_options.h"
#include "util/haste.h"
#include "util/mem.h"

static char				 folder[] = "/tmp/tern-sasl-XXXXXX";
static struct sasl_check_library	*library;

static const struct sasl_check_setup	plain_setup = {
	.service = "smtp", .host = "server.example", .realm = "",
	.client = "192.0.2.1;1", .server = "192.0.2.2;25", .external = "",
	.binding_name = "",
};

/* ---- a password database ------------------------------------------------- */

/* A new one with one user in it, written as saslpasswd2(8) does. */
static int
write_users(const char *user, const char *realm, const char *password)
{
	struct buf	 key = BUF_INIT, why = BUF_INIT;
	char		*file = mem_printf("%s/db", folder);
	struct table_db	*db;
	int		 result;

	unlink(file);
	buf_printf(&key, "%s%c%s%cuserPassword", user, 0, realm, 0);
	db = table_db_create(file, TABLE_DB_HASH, &why);
	result = db == NULL ? -1 : table_db_put(db, buf_slice(&key),
	    slice_str(password));
	if (table_db_close(&db) < 0)
		result = -1;
	buf_clear(&key);
	buf_clear(&why);
	mem_free(file);
	return result;
}

static int
open_all(void)
{
	char	 path[64], *why;
	FILE	*file;

	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/smtpd.conf", folder);
	if ((file = fopen(path, "w")) == NULL)
		return -1;
	fprintf(file, "pwcheck_method: auxprop\nauxprop_plugin: sasldb\n"
	    "sasldb_path: %s/db\n", folder);
	fclose(file);
	library = sasl_check_open("smtpd", folder, &userdb_reader, &why);
	return library != NULL && sasl_login_open(&why) == 0 &&
	    write_users("tim", "server.example", "tanstaaftanstaaf") == 0 ?
	    0 : -1;
}

static int
close_all(void)
{
	static const char *const	names[] = { "smtpd.conf", "db" };
	char				path[64];

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

/* ---- exchanges ----------------------------------------------------------- */

struct ends {
	const char	*mechanism;
	const char	*user, *password;
	const char	*client_binding, *server_binding;	/* NULL: none */
};

/* Until the server has its answer; the client must be content with it. */
static enum sasl_check_answer
talk(const struct ends *ends, struct sasl_check *check,
    struct sasl_login *login)
{
	struct buf		 to = BUF_SECRET, from = BUF_INIT;
	const char		*mechanism;
	bool			 has_initial;
	enum sasl_check_answer	 answer = SASL_CHECK_UNKNOWN;

	if (sasl_login_start(login, ends->mechanism, &mechanism,
	    &has_initial, &to) == 0)
		answer = sasl_check_start(check, mechanism,
		    has_initial ? buf_slice(&to) : slice_from(NULL, 0),
		    &from);
	for (int i = 0; i < 5 && answer == SASL_CHECK_MORE; i++) {
		buf_empty(&to);
		if (sasl_login_step(login, buf_slice(&from), &to) < 0) {
			answer = SASL_CHECK_NO;
			break;
		}
		buf_empty(&from);
		answer = sasl_check_step(check, buf_slice(&to), &from);
	}
	if (answer == SASL_CHECK_YES) {
		CU_ASSERT_EQUAL(sasl_login_finish(login), 0);
		CU_ASSERT_STRING_EQUAL(sasl_check_user(check), ends->user);
	}
	buf_clear(&to);
	buf_clear(&from);
	return answer;
}

static enum sasl_check_answer
meet(const struct ends *ends)
{
	struct sasl_check_setup		 setup = plain_setup;
	struct sasl_login_setup		 other = {
		.service = "smtp", .host = "server.example",
		.user = ends->user, .password = ends->password,
		.binding_name = "",
	};
	struct sasl_check		*check;
	struct sasl_login		*login;
	enum sasl_check_answer		 answer;
	char				*why;

	if (ends->server_binding != NULL) {
		setup.binding_name = "tls-exporter";
		setup.binding = slice_str(ends->server_binding);
	}
	if (ends->client_binding != NULL) {
		other.binding_name = "tls-exporter";
		other.binding = slice_str(ends->client_binding);
	}
	check = sasl_check_new(library, &setup, &why);
	login = sasl_login_new(&other, &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(check);
	CU_ASSERT_PTR_NOT_NULL_FATAL(login);
	answer = talk(ends, check, login);
	sasl_login_free(&login);
	sasl_check_free(&check);
	return answer;
}

static void
mechanisms(void)
{
	static const char *const	all[] = { "PLAIN", "LOGIN", "CRAM-MD5",
		"DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256" };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct ends	ends = { .mechanism = all[i], .user = "tim",
				    .password = "tanstaaftanstaaf" };

		CU_ASSERT_EQUAL(meet(&ends), SASL_CHECK_YES);
		ends.password = "another";
		CU_ASSERT_EQUAL(meet(&ends), SASL_CHECK_NO);
		ends.user = "nobody";
		CU_ASSERT_EQUAL(meet(&ends), SASL_CHECK_NO);
	}
}

/* The very next attempt knows what has been written. */
static void
database(void)
{
	struct ends	 ends = { .mechanism = "PLAIN", .user = "tim",
			    .password = "new" };
	char		*file = mem_printf("%s/db", folder);

	CU_ASSERT_TRUE(sasl_check_is_quick(library));
	CU_ASSERT_EQUAL(meet(&ends), SASL_CHECK_NO);
	CU_ASSERT_EQUAL(write_users("tim", "server.example", "new"), 0);
	CU_ASSERT_EQUAL(meet(&ends), SASL_CHECK_YES);
	ends.user = "tim@other.example";
	CU_ASSERT_EQUAL(meet(&ends), SASL_CHECK_NO);
	CU_ASSERT_EQUAL(write_users("tim", "other.example", "new"), 0);
	CU_ASSERT_EQUAL(meet(&ends), SASL_CHECK_YES);
	ends.user = "tim";
	CU_ASSERT_EQUAL(meet(&ends), SASL_CHECK_NO);
	CU_ASSERT_EQUAL(unlink(file), 0);
	CU_ASSERT_EQUAL(meet(&ends), SASL_CHECK_TROUBLE);
	CU_ASSERT_EQUAL(write_users("tim", "server.example",
	    "tanstaaftanstaaf"), 0);
	ends.password = "tanstaaftanstaaf";
	haste_begin();
	CU_ASSERT_NOT_EQUAL(meet(&ends), SASL_CHECK_YES);
	CU_ASSERT_FALSE(haste_end());
	CU_ASSERT_EQUAL(meet(&ends), SASL_CHECK_YES);
	mem_free(file);
}

/* RFC 5802 section 6: who is in the middle has another channel. */
static void
binds_channels(void)
{
	struct ends	ends = { .mechanism = "SCRAM-SHA-256-PLUS",
			    .user = "tim", .password = "tanstaaftanstaaf",
			    .client_binding = "0123456789abcdef",
			    .server_binding = "0123456789abcdef" };

	CU_ASSERT_EQUAL(meet(&ends), SASL_CHECK_YES);
	ends.server_binding = "0123456789abcdeg";
	CU_ASSERT_NOT_EQUAL(meet(&ends), SASL_CHECK_YES);
	ends.server_binding = NULL;
	CU_ASSERT_NOT_EQUAL(meet(&ends), SASL_CHECK_YES);
}

static void
lists(void)
{
	struct sasl_check_setup	 setup = plain_setup;
	struct sasl_check	*check;
	struct buf		 names = BUF_INIT;
	char			*why;

	setup.options = SASL_OPTIONS_NO_PLAINTEXT |
	    SASL_OPTIONS_NO_ANONYMOUS;
	check = sasl_check_new(library, &setup, &why);
	sasl_check_list(check, &names);
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&names), "PLAIN"));
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&names), "ANONYMOUS"));
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&names), "EXTERNAL"));
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&names), "-PLUS"));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&names), "SCRAM-SHA-256"));
	sasl_check_free(&check);
	buf_empty(&names);
	setup.options = 0;
	setup.external = "joe";
	setup.binding_name = "tls-exporter";
	setup.binding = SLICE_LIT("x");
	check = sasl_check_new(library, &setup, &why);
	sasl_check_list(check, &names);
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&names), "PLAIN"));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&names), "EXTERNAL"));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&names),
	    "SCRAM-SHA-256-PLUS"));
	sasl_check_free(&check);
	buf_clear(&names);
}

/* Of a certificate: the name in it, and no other. */
static void
external(void)
{
	struct sasl_check_setup	 setup = plain_setup;
	struct sasl_check	*check;
	struct buf		 out = BUF_INIT;
	char			*why;

	setup.external = "joe@client.example";
	check = sasl_check_new(library, &setup, &why);
	CU_ASSERT_EQUAL(sasl_check_start(check, "EXTERNAL", SLICE_LIT(""),
	    &out), SASL_CHECK_YES);
	CU_ASSERT_STRING_EQUAL(sasl_check_user(check), "joe@client.example");
	sasl_check_free(&check);
	check = sasl_check_new(library, &setup, &why);
	CU_ASSERT_NOT_EQUAL(sasl_check_start(check, "EXTERNAL",
	    SLICE_LIT("jim@client.example"), &out), SASL_CHECK_YES);
	sasl_check_free(&check);
	check = sasl_check_new(library, &plain_setup, &why);
	CU_ASSERT_NOT_EQUAL(sasl_check_start(check, "EXTERNAL",
	    SLICE_LIT("joe"), &out), SASL_CHECK_YES);
	sasl_check_free(&check);
	buf_clear(&out);
}

static void
malformed(void)
{
	static const struct {
		const char		*mechanism;
		struct slice		 initial;
		enum sasl_check_answer	 answer;
	} cases[] = {
		{ "PLAIN", { (const unsigned char *)"abc", 3 },
		    SASL_CHECK_MALFORMED },
		{ "CRAM-MD5", { (const unsigned char *)"abc", 3 },
		    SASL_CHECK_MALFORMED },
		{ "SCRAM-SHA-1", { (const unsigned char *)"n,,n=a", 6 },
		    SASL_CHECK_MALFORMED },
		{ "NOSUCH", { (const unsigned char *)"", 0 },
		    SASL_CHECK_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char			*why;
		struct buf		 out = BUF_INIT;
		struct sasl_check	*check = sasl_check_new(library,
					    &plain_setup, &why);

		CU_ASSERT_EQUAL(sasl_check_start(check, cases[i].mechanism,
		    cases[i].initial, &out), cases[i].answer);
		CU_ASSERT(sasl_check_reason(check)[0] != '\0');
		sasl_check_free(&check);
		buf_clear(&out);
	}
}

void	sasl_check_test(void);

void
sasl_check_test(void)
{
	CU_pSuite	suite = CU_add_suite("sasl_check", open_all, close_all);

	CU_add_test(suite, "mechanisms", mechanisms);
	CU_add_test(suite, "database", database);
	CU_add_test(suite, "binds channels", binds_channels);
	CU_add_test(suite, "lists", lists);
	CU_add_test(suite, "external", external);
	CU_add_test(suite, "malformed", malformed);
}
