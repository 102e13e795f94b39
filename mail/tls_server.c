/*
 * TLS as the parameters of smtpd have it.
 */

#include "mail/tls_server.h"

#include <string.h>

#include "conf/conf.h"
#include "mail/table_list.h"
#include "net/tls_context.h"
#include "net/tls_protocol.h"
#include "util/ascii.h"
#include "util/base64.h"
#include "util/mem.h"

#define NAME_LIMIT	255	/* RFC 1035 section 2.3.4 */

/* ---- names --------------------------------------------------------------- */

static int
find_name(const struct table_list_held *names, const char *key,
    struct buf *pem)
{
	struct buf		value = BUF_INIT;
	enum table_answer	answer;
	int			result = 0;

	answer = table_list_find(names, slice_str(key), &value);
	if (answer == TABLE_TROUBLE)
		result = -1;
	else if (answer == TABLE_FOUND)
		result = base64_get(pem, slice_trim(buf_slice(&value))) < 0 ?
		    -1 : 1;
	buf_clear(&value);
	return result;
}

/* The name, then ".example.com" for its parents. */
static int
on_server_name(void *arg, const char *name, struct buf *pem)
{
	char	key[NAME_LIMIT + 1];
	size_t	len = strlen(name);
	int	found;

	if (len > NAME_LIMIT)
		return 0;
	for (size_t i = 0; i <= len; i++)
		key[i] = (char)ascii_lower(name[i]);
	found = find_name(arg, key, pem);
	for (const char *dot = strchr(key + 1, '.'); found == 0 &&
	    dot != NULL; dot = strchr(dot + 1, '.'))
		found = find_name(arg, dot, pem);
	return found;
}

static int
open_names(struct tls_server *server, const struct conf *conf,
    struct buf *why)
{
	struct buf	 value = BUF_INIT;
	char		*problem;

	server->names = table_list_fix(conf->tls_server_sni_maps, TABLE_QUICK,
	    &problem);
	if (problem != NULL) {
		buf_printf(why, "tls_server_sni_maps: %s", problem);
		mem_free(problem);
		return -1;
	}
	/* Is it there at all? */
	if (server->names == NULL || table_list_find(server->names,
	    slice_str("."), &value) != TABLE_TROUBLE) {
		buf_clear(&value);
		return 0;
	}
	buf_printf(why, "tls_server_sni_maps: %s", buf_cstr(&value));
	buf_clear(&value);
	return -1;
}

/* ---- the level ----------------------------------------------------------- */

/* Postfix reads levels of clients as encrypt here, and so do we. */
static int
read_level(struct tls_server *server, const struct conf *conf,
    struct buf *why)
{
	static const struct {
		const char		*word;
		enum tls_server_level	 level;
	} words[] = {
		{ "none", TLS_SERVER_NONE }, { "may", TLS_SERVER_MAY },
		{ "encrypt", TLS_SERVER_ENCRYPT },
		{ "fingerprint", TLS_SERVER_ENCRYPT },
		{ "verify", TLS_SERVER_ENCRYPT },
		{ "secure", TLS_SERVER_ENCRYPT },
	};
	const char	*value = conf->smtpd_tls_security_level;
	size_t		 i = 0, count = sizeof(words) / sizeof(*words);

	server->is_wrapper = conf->smtpd_tls_wrappermode;
	server->level = conf->smtpd_enforce_tls ? TLS_SERVER_ENCRYPT :
	    conf->smtpd_use_tls ? TLS_SERVER_MAY : TLS_SERVER_NONE;
	if (value[0] != '\0') {
		while (i < count && ascii_compare(value, words[i].word) != 0)
			i++;
		if (i == count) {
			buf_printf(why, "smtpd_tls_security_level: unknown "
			    "level \"%s\": none, may or encrypt", value);
			return -1;
		}
		server->level = words[i].level;
	}
	if (server->is_wrapper)
		server->level = TLS_SERVER_ENCRYPT;
	return 0;
}

/* ---- the context --------------------------------------------------------- */

/* TLS without a certificate is what was asked for. */
static bool
wants_none(const struct conf *conf)
{
	return slice_trim(slice_str(conf->smtpd_tls_chain_files)).len == 0 &&
	    ascii_compare(conf->smtpd_tls_cert_file, "none") == 0;
}

static int
put_ciphers(const struct conf *conf, bool is_mandatory, struct buf *list,
    struct buf *why)
{
	struct tls_grades	grades = { conf->tls_high_cipherlist,
				    conf->tls_medium_cipherlist,
				    conf->tls_null_cipherlist };
	const char		*grade = is_mandatory ?
				    conf->smtpd_tls_mandatory_ciphers :
				    conf->smtpd_tls_ciphers;
	struct buf		 exclude = BUF_INIT;
	int			 result;

	/* Who has a certificate shows it to all. */
	buf_printf(&exclude, "%s %s", wants_none(conf) ? "" : "aNULL",
	    conf->smtpd_tls_exclude_ciphers);
	if (is_mandatory)
		buf_printf(&exclude, " %s",
		    conf->smtpd_tls_mandatory_exclude_ciphers);
	if (strcmp(conf->smtpd_tls_eecdh_grade, "none") == 0)
		buf_put_str(&exclude, " kECDHE");
	result = tls_protocol_ciphers(&grades, grade, buf_cstr(&exclude),
	    list);
	if (result < 0)
		buf_printf(why, "smtpd_tls_%sciphers: unknown grade \"%s\"",
		    is_mandatory ? "mandatory_" : "", grade);
	buf_clear(&exclude);
	return result;
}

static void
put_groups(const struct conf *conf, struct buf *groups)
{
	const char	*grade = conf->smtpd_tls_eecdh_grade;
	const char	*first = conf->tls_eecdh_auto_curves;

	if (strcmp(grade, "strong") == 0)
		first = conf->tls_eecdh_strong_curve;
	else if (strcmp(grade, "ultra") == 0)
		first = conf->tls_eecdh_ultra_curve;
	buf_printf(groups, "%s %s", first, conf->tls_ffdhe_auto_groups);
}

static bool
is_file(const char *name)
{
	return name[0] != '\0' && ascii_compare(name, "none") != 0;
}

static void
set_files(const struct conf *conf, struct tls_config *config)
{
	const struct tls_pair	pairs[TLS_CONTEXT_PAIRS] = {
		{ conf->smtpd_tls_cert_file, conf->smtpd_tls_key_file },
		{ conf->smtpd_tls_eccert_file, conf->smtpd_tls_eckey_file },
		{ conf->smtpd_tls_dcert_file, conf->smtpd_tls_dkey_file },
	};

	config->chain_files = conf->smtpd_tls_chain_files;
	for (size_t i = 0; i < TLS_CONTEXT_PAIRS; i++)
		if (is_file(pairs[i].cert_file))
			config->pairs[i] = pairs[i];
	config->ca_file = conf->smtpd_tls_CAfile;
	config->ca_path = conf->smtpd_tls_CApath;
	config->has_system_cas = conf->tls_append_default_CA;
}

static int
make_context(struct tls_server *server, const struct conf *conf,
    const char *service, struct buf *why)
{
	bool			 is_mandatory =
				    server->level == TLS_SERVER_ENCRYPT;
	struct buf		 ciphers = BUF_INIT, groups = BUF_INIT;
	struct tls_config	 config = {
		.is_server = true,
		.scope = service,
		.protocols = is_mandatory ?
		    conf->smtpd_tls_mandatory_protocols :
		    conf->smtpd_tls_protocols,
		.options = conf->tls_ssl_options,
		.prefers_own_ciphers = conf->tls_preempt_cipherlist,
		.verify_depth = (int)conf->smtpd_tls_ccert_verifydepth,
		.asks_certificate = conf->smtpd_tls_ask_ccert ||
		    (is_mandatory && conf->smtpd_tls_req_ccert),
		.ticket_life_s =
		    conf->smtpd_tls_session_cache_timeout / 1000,
		.find_chain = server->names == NULL ? NULL : on_server_name,
		.find_chain_arg = server->names,
	};

	server->has_tickets = config.ticket_life_s > 0;
	set_files(conf, &config);
	put_groups(conf, &groups);
	if (put_ciphers(conf, is_mandatory, &ciphers, why) == 0) {
		config.ciphers = buf_cstr(&ciphers);
		config.groups = buf_cstr(&groups);
		server->context = tls_context_new(&config, why);
	}
	buf_clear(&ciphers);
	buf_clear(&groups);
	return server->context == NULL ? -1 : 0;
}

/*
 * RFC 3207 section 4: what must not go without TLS is of no use without a
 * certificate; what may, goes on in plaintext.
 */
static int
check_certificate(struct tls_server *server, const struct conf *conf,
    struct buf *why)
{
	if (tls_context_has_certificate(server->context) || wants_none(conf))
		return 0;
	buf_put_str(why, "smtpd_tls_chain_files is empty: without a "
	    "certificate there is no TLS");
	tls_context_free(&server->context);
	return server->level == TLS_SERVER_ENCRYPT ? -1 : 0;
}

/* ---- what may become a problem ------------------------------------------- */

/* The table itself, or where it was made from: keys are in both. */
static void
look_at_table(struct slice table, tls_keys_note_fn note, void *arg)
{
	static const char *const	ends[] = { "", ".db", ".lmdb", ".cdb" };
	ptrdiff_t			start = slice_find(table, '/');

	if (start < 0)
		return;
	table = slice_after(table, (size_t)start);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		char	*file = mem_printf("%.*s%s", SLICE_ARG(table),
			    ends[i]);

		tls_keys_look_at(file, note, arg);
		mem_free(file);
	}
}

void
tls_server_look(const struct tls_server *server, const struct conf *conf,
    tls_keys_note_fn note, void *arg)
{
	struct slice		rest = slice_str(conf->tls_server_sni_maps);
	struct slice		word;
	struct tls_config	config = { .is_server = true };

	if (server->context == NULL)
		return;
	set_files(conf, &config);
	tls_keys_look(server->context, &config, note, arg);
	while (slice_get_word(&rest, ", \t\r\n", &word) == 0)
		look_at_table(word, note, arg);
}

/* ---- all of it ----------------------------------------------------------- */

struct tls_server *
tls_server_new(const struct conf *conf, const char *service,
    struct buf *why)
{
	struct tls_server	*server = mem_new(sizeof(*server));

	if (read_level(server, conf, why) < 0) {
		tls_server_free(&server);
		return NULL;
	}
	if (server->level == TLS_SERVER_NONE)
		return server;
	if (open_names(server, conf, why) < 0 ||
	    make_context(server, conf, service, why) < 0 ||
	    check_certificate(server, conf, why) < 0)
		tls_server_free(&server);
	return server;
}

void
tls_server_free(struct tls_server **serverp)
{
	struct tls_server	*server = *serverp;

	if (server == NULL)
		return;
	*serverp = NULL;
	tls_context_free(&server->context);
	table_list_release(&server->names);
	mem_free(server);
}
