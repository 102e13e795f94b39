/*
 * Parameters of Postfix that Tern does without.
 */

#include "conf/conf.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "util/mem.h"
#include "util/slice.h"

/* Those of Postfix 3.7 to 3.11 about TLS and SASL; smtp_ for lmtp_, too. */
static const char *const	names[] = {
	"broken_sasl_auth_clients",
	"cyrus_sasl_config_path",
	"relay_clientcerts",
	"requiretls_enable",
	"requiretls_redact_dsn",
	"send_cyrus_sasl_authzid",
	"smtp_enforce_tls",
	"smtp_log_tls_feature_status",
	"smtp_requiretls_policy",
	"smtp_sasl_auth_cache_name",
	"smtp_sasl_auth_cache_time",
	"smtp_sasl_auth_enable",
	"smtp_sasl_auth_soft_bounce",
	"smtp_sasl_mechanism_filter",
	"smtp_sasl_password_maps",
	"smtp_sasl_password_result_delimiter",
	"smtp_sasl_path",
	"smtp_sasl_security_options",
	"smtp_sasl_tls_security_options",
	"smtp_sasl_tls_verified_security_options",
	"smtp_sasl_type",
	"smtp_starttls_timeout",
	"smtp_tls_CAfile",
	"smtp_tls_CApath",
	"smtp_tls_block_early_mail_reply",
	"smtp_tls_cert_file",
	"smtp_tls_chain_files",
	"smtp_tls_ciphers",
	"smtp_tls_connection_reuse",
	"smtp_tls_dane_insecure_mx_policy",
	"smtp_tls_dcert_file",
	"smtp_tls_dkey_file",
	"smtp_tls_eccert_file",
	"smtp_tls_eckey_file",
	"smtp_tls_enable_rpk",
	"smtp_tls_enforce_peername",
	"smtp_tls_enforce_sts_mx_patterns",
	"smtp_tls_exclude_ciphers",
	"smtp_tls_fingerprint_cert_match",
	"smtp_tls_fingerprint_digest",
	"smtp_tls_force_insecure_host_tlsa_lookup",
	"smtp_tls_key_file",
	"smtp_tls_loglevel",
	"smtp_tls_loglevel_maps",
	"smtp_tls_mandatory_ciphers",
	"smtp_tls_mandatory_exclude_ciphers",
	"smtp_tls_mandatory_protocols",
	"smtp_tls_note_starttls_offer",
	"smtp_tls_per_site",
	"smtp_tls_policy_maps",
	"smtp_tls_protocols",
	"smtp_tls_scert_verifydepth",
	"smtp_tls_secure_cert_match",
	"smtp_tls_security_level",
	"smtp_tls_servername",
	"smtp_tls_session_cache_database",
	"smtp_tls_session_cache_timeout",
	"smtp_tls_trust_anchor_file",
	"smtp_tls_verify_cert_match",
	"smtp_tls_wrappermode",
	"smtp_tlsrpt_enable",
	"smtp_tlsrpt_skip_reused_handshakes",
	"smtp_tlsrpt_socket_name",
	"smtp_use_tls",
	"smtpd_client_auth_rate_limit",
	"smtpd_client_new_tls_session_rate_limit",
	"smtpd_enforce_tls",
	"smtpd_sasl_auth_enable",
	"smtpd_sasl_authenticated_header",
	"smtpd_sasl_exceptions_networks",
	"smtpd_sasl_local_domain",
	"smtpd_sasl_mechanism_filter",
	"smtpd_sasl_path",
	"smtpd_sasl_response_limit",
	"smtpd_sasl_security_options",
	"smtpd_sasl_service",
	"smtpd_sasl_tls_security_options",
	"smtpd_sasl_type",
	"smtpd_starttls_timeout",
	"smtpd_tls_CAfile",
	"smtpd_tls_CApath",
	"smtpd_tls_always_issue_session_ids",
	"smtpd_tls_ask_ccert",
	"smtpd_tls_auth_only",
	"smtpd_tls_ccert_verifydepth",
	"smtpd_tls_cert_file",
	"smtpd_tls_chain_files",
	"smtpd_tls_ciphers",
	"smtpd_tls_dcert_file",
	"smtpd_tls_dh1024_param_file",
	"smtpd_tls_dh512_param_file",
	"smtpd_tls_dkey_file",
	"smtpd_tls_eccert_file",
	"smtpd_tls_eckey_file",
	"smtpd_tls_eecdh_grade",
	"smtpd_tls_enable_rpk",
	"smtpd_tls_exclude_ciphers",
	"smtpd_tls_fingerprint_digest",
	"smtpd_tls_key_file",
	"smtpd_tls_loglevel",
	"smtpd_tls_loglevel_maps",
	"smtpd_tls_mandatory_ciphers",
	"smtpd_tls_mandatory_exclude_ciphers",
	"smtpd_tls_mandatory_protocols",
	"smtpd_tls_protocols",
	"smtpd_tls_received_header",
	"smtpd_tls_req_ccert",
	"smtpd_tls_security_level",
	"smtpd_tls_session_cache_database",
	"smtpd_tls_session_cache_timeout",
	"smtpd_tls_wrappermode",
	"smtpd_use_tls",
	"tls_append_default_CA",
	"tls_config_file",
	"tls_config_name",
	"tls_daemon_random_bytes",
	"tls_dane_digests",
	"tls_disable_workarounds",
	"tls_eecdh_auto_curves",
	"tls_eecdh_strong_curve",
	"tls_eecdh_ultra_curve",
	"tls_export_cipherlist",
	"tls_fast_shutdown_enable",
	"tls_ffdhe_auto_groups",
	"tls_high_cipherlist",
	"tls_legacy_public_key_fingerprints",
	"tls_low_cipherlist",
	"tls_medium_cipherlist",
	"tls_null_cipherlist",
	"tls_preempt_cipherlist",
	"tls_random_bytes",
	"tls_random_exchange_name",
	"tls_random_prng_update_period",
	"tls_random_reseed_period",
	"tls_random_source",
	"tls_required_enable",
	"tls_server_sni_maps",
	"tls_session_ticket_cipher",
	"tls_ssl_options",
	"tls_trace_rate_limit",
	"tls_trust_server_ccerts",
	"tls_wildcard_matches_multiple_labels",
	"tlsmgr_service_name",
	"tlsproxy_tls_security_level", "postscreen_tls_security_level",
};

static bool
is_known(const char *name)
{
	const char	*value;

	return conf_row_find(name) != NULL ||
	    conf_row_find_lmtp(name, &value) != NULL ||
	    conf_foreign_find(name) != NULL;
}

static void
knows_them_all(void)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char	*lmtp;

		if (!is_known(names[i]))
			CU_FAIL(names[i]);
		/* Those of smtp that lmtp has not have other names. */
		if (strncmp(names[i], "smtp_", 5) != 0)
			continue;
		lmtp = mem_printf("lmtp_%s", names[i] + 5);
		if (!is_known(lmtp))
			CU_FAIL(lmtp);
		mem_free(lmtp);
	}
	CU_ASSERT(!is_known("smtp_tls_nothing"));
	CU_ASSERT(!is_known("tls_random"));
	CU_ASSERT(!is_known("lmtp_tls_random_source"));
}

/* What has a row does something. */
static void
is_no_row(void)
{
	const char	*value;

	for (const struct conf_foreign *foreign = conf_foreign_list();
	    foreign->name != NULL; foreign++) {
		CU_ASSERT_PTR_NULL(conf_row_find(foreign->name));
		CU_ASSERT_PTR_NULL(conf_row_find_lmtp(foreign->name, &value));
		CU_ASSERT_PTR_EQUAL(conf_foreign_find(foreign->name), foreign);
		CU_ASSERT_NOT_EQUAL(foreign->text[0], '\0');
	}
}

static int	told;

static void
on_unused(const char *name, const char *value, const char *where, void *arg)
{
	(void)value;
	(void)where;
	CU_ASSERT_STRING_EQUAL(name, arg);
	told++;
}

/* How often it is told that name does nothing with that value. */
static int
tells(const char *name, const char *value)
{
	struct conf_source	*source = conf_source_new();
	char			*arg = mem_strdup(name);

	told = 0;
	conf_source_set(source, name, value, "main.cf:1");
	conf_each_unused(source, on_unused, arg);
	conf_source_free(&source);
	mem_free(arg);
	return told;
}

static void
tells_what_matters(void)
{
	CU_ASSERT_EQUAL(tells("smtpd_tls_enable_rpk", "yes"), 1);
	CU_ASSERT_EQUAL(tells("smtpd_tls_enable_rpk", "no"), 0);
	CU_ASSERT_EQUAL(tells("lmtp_tls_enable_rpk", "yes"), 1);
	CU_ASSERT_EQUAL(tells("lmtp_tls_enable_rpk", "no"), 0);
	CU_ASSERT_EQUAL(tells("smtp_tls_session_cache_database", ""), 0);
	CU_ASSERT_EQUAL(tells("smtp_tls_session_cache_database",
	    "btree:/x"), 1);
	CU_ASSERT_EQUAL(tells("tls_random_source", "dev:/dev/urandom"), 1);
	CU_ASSERT_EQUAL(tells("tls_required_enable", "yes"), 1);
	CU_ASSERT_EQUAL(tells("smtpd_tls_auth_only", "yes"), 0);
}

/* A value of Tern's own that names one does not make it do something. */
static void
tells_though_it_is_named(void)
{
	struct conf_source	*source = conf_source_new();
	char			 name[] = "smtp_tls_per_site";

	told = 0;
	conf_source_set(source, name, "hash:/x", "main.cf:1");
	conf_source_set(source, "smtp_tls_policy_maps", "$smtp_tls_per_site",
	    "main.cf:2");
	conf_each_unused(source, on_unused, name);
	CU_ASSERT_EQUAL(told, 1);
	conf_source_free(&source);
}

void	conf_foreign_test(void);

void
conf_foreign_test(void)
{
	CU_pSuite	suite = CU_add_suite("conf_foreign", NULL, NULL);

	CU_add_test(suite, "knows them all", knows_them_all);
	CU_add_test(suite, "is no row", is_no_row);
	CU_add_test(suite, "tells what matters", tells_what_matters);
	CU_add_test(suite, "tells though it is named",
	    tells_though_it_is_named);
}
