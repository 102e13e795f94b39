/*
 * ldap:/file.cf: a search in a directory.
 */

#include <lber.h>
#include <ldap.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "mail/table_backend.h"
#include "mail/table_type.h"
#include "util/ascii.h"
#include "util/mem.h"
#include "util/version.h"

struct connection {
	LDAP		*ldap;
	int		 scope, size_limit;
	struct timeval	 timeout;
	char		**attributes;	/* ended by NULL */
	struct ldap_conncb callback;	/* the library has its address */
};

static void
disconnect(void *arg)
{
	struct connection	*connection = arg;

	if (connection->ldap != NULL)
		ldap_unbind_ext_s(connection->ldap, NULL, NULL);
	for (char **name = connection->attributes; *name != NULL; name++)
		mem_free(*name);
	mem_free(connection->attributes);
	mem_free(connection);
}

/* ---- connecting ---------------------------------------------------------- */

/* What would be left out without a word. */
static const char *
find_unknown(const struct table_cf *cf)
{
	static const char *const	names[] = {
		"special_result_attribute", "leaf_result_attribute",
		"terminal_result_attribute",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (*table_cf_text(cf, names[i], "") != '\0')
			return names[i];
	return slice_is_nocase(slice_str(table_cf_text(cf, "bind", "")),
	    "sasl") ? "bind = sasl" : NULL;
}

static char *
make_uri(const struct table_cf *cf, const char *host)
{
	if (strstr(host, "://") != NULL)
		return mem_strdup(host);
	if (strchr(host, ':') != NULL)
		return mem_printf("ldap://%s", host);
	return mem_printf("ldap://%s:%lld", host,
	    (long long)table_cf_number(cf, "server_port", 389));
}

/*
 * The library waits for the first byte of an answer, and no longer than it
 * is told; for the others it would wait for ever.
 */
static int
on_connect(LDAP *ldap, Sockbuf *sockbuf, LDAPURLDesc *url,
    struct sockaddr *addr, struct ldap_conncb *context)
{
	const struct connection	*connection = context->lc_arg;
	int			 fd = -1;

	(void)ldap;
	(void)url;
	(void)addr;
	if (ber_sockbuf_ctrl(sockbuf, LBER_SB_OPT_GET_FD, &fd) != 1)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &connection->timeout,
	    sizeof(connection->timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &connection->timeout,
	    sizeof(connection->timeout));
	return 0;
}

static void
on_disconnect(LDAP *ldap, Sockbuf *sockbuf, struct ldap_conncb *context)
{
	(void)ldap;
	(void)sockbuf;
	(void)context;
}

static int
set_options(struct connection *connection, const struct table_cf *cf)
{
	LDAP		*ldap = connection->ldap;
	int		 version = (int)table_cf_number(cf, "version", 3);
	int		 aliases = (int)table_cf_number(cf, "dereference", 0);
	int		 check, is_client = 0;
	const char	*ca = table_cf_text(cf, "tls_ca_cert_file", NULL);

	if (ldap_set_option(ldap, LDAP_OPT_PROTOCOL_VERSION, &version) != 0 ||
	    ldap_set_option(ldap, LDAP_OPT_DEREF, &aliases) != 0 ||
	    ldap_set_option(ldap, LDAP_OPT_REFERRALS, table_cf_bool(cf,
	    "chase_referrals", false) ? LDAP_OPT_ON : LDAP_OPT_OFF) != 0 ||
	    ldap_set_option(ldap, LDAP_OPT_NETWORK_TIMEOUT,
	    &connection->timeout) != 0 ||
	    ldap_set_option(ldap, LDAP_OPT_TIMEOUT,
	    &connection->timeout) != 0 ||
	    ldap_set_option(ldap, LDAP_OPT_CONNECT_CB,
	    &connection->callback) != 0)
		return -1;
	if (ca != NULL &&
	    ldap_set_option(ldap, LDAP_OPT_X_TLS_CACERTFILE, ca) != 0)
		return -1;
	check = table_cf_bool(cf, "tls_require_cert", false) ?
	    LDAP_OPT_X_TLS_DEMAND : LDAP_OPT_X_TLS_NEVER;
	if (ldap_set_option(ldap, LDAP_OPT_X_TLS_REQUIRE_CERT, &check) != 0)
		return -1;
	return ldap_set_option(ldap, LDAP_OPT_X_TLS_NEWCTX, &is_client);
}

static int
bind_to(struct connection *connection, const struct table_cf *cf)
{
	const char	*bind = table_cf_text(cf, "bind", "yes");
	const char	*password = table_cf_text(cf, "bind_pw", "");
	struct berval	 secret = { strlen(password),
			    (char *)(uintptr_t)password };
	int		 error;

	if (table_cf_bool(cf, "start_tls", false) && (error =
	    ldap_start_tls_s(connection->ldap, NULL, NULL)) != LDAP_SUCCESS)
		return error;
	if (slice_is_nocase(slice_str(bind), "no") ||
	    slice_is_nocase(slice_str(bind), "none"))
		return LDAP_SUCCESS;
	return ldap_sasl_bind_s(connection->ldap,
	    table_cf_text(cf, "bind_dn", ""), LDAP_SASL_SIMPLE, &secret,
	    NULL, NULL, NULL);
}

static void
read_search(struct connection *connection, const struct table_cf *cf,
    int64_t timeout_ms)
{
	struct slice	rest = slice_str(table_cf_text(cf, "result_attribute",
			    "maildrop")), word;
	struct slice	scope = slice_str(table_cf_text(cf, "scope", "sub"));
	size_t		count = 0;

	while (slice_get_word(&rest, ", \t", &word) == 0) {
		connection->attributes = mem_resize(connection->attributes,
		    (count + 2) * sizeof(char *));
		connection->attributes[count++] = slice_dup(word);
	}
	if (count == 0)
		connection->attributes = mem_new(sizeof(char *));
	connection->attributes[count] = NULL;
	connection->scope = slice_is(scope, "one") ? LDAP_SCOPE_ONELEVEL :
	    slice_is(scope, "base") ? LDAP_SCOPE_BASE : LDAP_SCOPE_SUBTREE;
	connection->size_limit = (int)table_cf_number(cf, "size_limit", 0);
	connection->timeout = (struct timeval){ timeout_ms / 1000,
	    timeout_ms % 1000 * 1000 };
}

static void *
connect_server(const struct table_cf *cf, const char *host,
    int64_t timeout_ms, struct buf *why)
{
	struct connection	*connection;
	const char		*unknown = find_unknown(cf);
	char			*uri;
	int			 error;

	if (unknown != NULL) {
		buf_printf(why, "%s is not supported", unknown);
		return NULL;
	}
	uri = make_uri(cf, host);
	connection = mem_new(sizeof(*connection));
	connection->callback = (struct ldap_conncb){
		on_connect, on_disconnect, connection,
	};
	read_search(connection, cf, timeout_ms);
	error = ldap_initialize(&connection->ldap, uri);
	if (error == LDAP_SUCCESS && set_options(connection, cf) != 0)
		error = LDAP_PARAM_ERROR;
	if (error == LDAP_SUCCESS)
		error = bind_to(connection, cf);
	if (error != LDAP_SUCCESS) {
		buf_printf(why, "connect to %s: %s", uri,
		    ldap_err2string(error));
		disconnect(connection);
		connection = NULL;
	}
	mem_free(uri);
	return connection;
}

/* ---- asking -------------------------------------------------------------- */

static int
put_escaped(struct slice bytes, const char *safe, struct buf *into)
{
	for (size_t i = 0; i < bytes.len; i++) {
		int	c = bytes.data[i];

		if (ascii_is_alnum(c) || (c != '\0' && strchr(safe, c) !=
		    NULL))
			buf_put_u8(into, (uint8_t)c);
		else
			buf_printf(into, "\\%02X", (unsigned)c);
	}
	return 0;
}

/* RFC 4515 section 3: every byte may be escaped, and these need not be. */
static int
quote_filter(void *connection, struct slice bytes, struct buf *into)
{
	(void)connection;
	return put_escaped(bytes, "@.-_+=", into);
}

/* RFC 4514 section 2.4 allows the same in names. */
static int
quote_name(void *connection, struct slice bytes, struct buf *into)
{
	(void)connection;
	return put_escaped(bytes, "@.-_", into);
}

static void
take_values(LDAP *ldap, LDAPMessage *entry, const char *attribute,
    table_backend_fn fn, void *arg)
{
	struct berval	**values = ldap_get_values_len(ldap, entry,
			    attribute);

	for (size_t i = 0; values != NULL && values[i] != NULL; i++)
		fn(slice_from(values[i]->bv_val, values[i]->bv_len), arg);
	if (values != NULL)
		ldap_value_free_len(values);
}

static bool
is_lost(int error)
{
	return error == LDAP_SERVER_DOWN || error == LDAP_TIMEOUT ||
	    error == LDAP_CONNECT_ERROR || error == LDAP_UNAVAILABLE ||
	    error == LDAP_BUSY || error == LDAP_DECODING_ERROR;
}

static enum table_backend_answer
query(void *arg, const struct slice *texts, table_backend_fn fn,
    void *fn_arg, struct buf *why)
{
	struct connection	*connection = arg;
	LDAP			*ldap = connection->ldap;
	LDAPMessage		*found = NULL;
	int			 error;

	error = ldap_search_ext_s(ldap, (const char *)texts[1].data,
	    connection->scope, (const char *)texts[0].data,
	    connection->attributes, 0, NULL, NULL, &connection->timeout,
	    connection->size_limit, &found);
	if (error == LDAP_SUCCESS)
		for (LDAPMessage *entry = ldap_first_entry(ldap, found);
		    entry != NULL; entry = ldap_next_entry(ldap, entry))
			for (char **name = connection->attributes;
			    *name != NULL; name++)
				take_values(ldap, entry, *name, fn, fn_arg);
	ldap_msgfree(found);
	if (error == LDAP_SUCCESS || error == LDAP_NO_SUCH_OBJECT)
		return TABLE_BACKEND_DONE;
	buf_printf(why, "search: %s", ldap_err2string(error));
	return is_lost(error) ? TABLE_BACKEND_LOST : TABLE_BACKEND_WRONG;
}

static const struct table_backend backend = {
	.hosts = "server_host", .hosts_default = "localhost",
	.timeout_s = 10,
	.texts = {
		{ "query_filter", "(mailacceptinggeneralid=%s)",
		    quote_filter },
		{ "search_base", NULL, quote_name },
	},
	.connect = connect_server, .disconnect = disconnect, .query = query,
};

TABLE_TYPE_EXPORT const struct table_type table_ldap = {
	.name = "ldap", .suffix = "", .backend = &backend,
	.version = VERSION,
};
