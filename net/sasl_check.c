/*
 * The server's side of libcyrus-sasl.
 */

#include "net/sasl_check.h"

#include <pthread.h>
#include <sasl/sasl.h>
#include <sasl/saslplug.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/sasl_flags.h"
#include "net/sasl_rand.h"
#include "net/sasl_secrets.h"
#include "util/log.h"
#include "util/mem.h"

#define DECOY		"ternnobody"	/* our auxprop plug-in */

struct sasl_check_library {
	char		*folders;	/* of the configuration; "" */
	bool		 has_secrets;	/* our reader of sasldb */
	bool		 is_quick;	/* and nothing else */
	char		*databases;	/* auxprop plug-ins to be asked */
	sasl_callback_t	 callbacks[4];
};

struct sasl_check {
	sasl_conn_t	*conn;
	sasl_callback_t	 callbacks[2];
	sasl_channel_binding_t binding;
	struct buf	 binding_bytes;
	char		*binding_name;
	bool		 has_started;
	bool		 has_trouble;	/* the library has told an error */
	struct buf	 reason;
};

/* ---- who is not there ---------------------------------------------------- */

static bool
is_nothing_known(const struct propval *props)
{
	for (; props != NULL && props->name != NULL; props++)
		if (props->values != NULL && props->values[0] != NULL)
			return false;
	return true;
}

/*
 * Asked behind all databases.  A name that none of them knows gets a
 * password here, so that what follows takes as long and reads as for a name
 * with another password; SCRAM would even refuse it before its challenge.
 */
static int
find_decoy(void *context, sasl_server_params_t *params, unsigned flags,
    const char *user, unsigned len)
{
	const struct propval	*props;
	unsigned char		 bytes[16];
	char			 secret[2 * sizeof(bytes) + 1];

	(void)context;
	(void)user;
	(void)len;
	props = params->utils->prop_get(params->propctx);
	/* Properties of who logs in have a star, RFC-less but lasting. */
	if ((flags & SASL_AUXPROP_AUTHZID) || !is_nothing_known(props))
		return SASL_NOUSER;
	for (; props != NULL && props->name != NULL; props++)
		if (strcmp(props->name, "*" SASL_AUX_PASSWORD_PROP) == 0)
			break;
	if (props == NULL || props->name == NULL)
		return SASL_NOUSER;
	arc4random_buf(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(secret + 2 * i, 3, "%02x", bytes[i]);
	params->utils->prop_set(params->propctx, props->name, secret,
	    (int)strlen(secret));
	return SASL_OK;
}

static const sasl_auxprop_plug_t	decoy = {
	.name = (char *)(uintptr_t)DECOY,
	.auxprop_lookup = find_decoy,
};

static void
add_database(sasl_auxprop_plug_t *plug, sasl_info_callback_stage_t stage,
    void *rock)
{
	struct buf	*names = rock;

	if (stage != SASL_INFO_LIST_MECH || plug->name == NULL ||
	    strcmp(plug->name, DECOY) == 0 ||
	    strcmp(plug->name, SASL_SECRETS_OURS) == 0)
		return;
	if (names->len > 0)
		buf_put_u8(names, ' ');
	buf_put_str(names, plug->name);
}

/* What is asked for passwords: what is configured, then the decoy. */
static char *
make_databases(const struct sasl_check_library *library,
    struct slice configured)
{
	struct buf	names = BUF_INIT;
	struct slice	name;
	char		*text;

	while (slice_get_word(&configured, " \t", &name) == 0) {
		if (library->has_secrets && slice_equal_nocase(name,
		    SLICE_LIT(SASL_SECRETS_THEIRS)))
			name = SLICE_LIT(SASL_SECRETS_OURS);
		buf_put_slice(&names, name);
		buf_put_u8(&names, ' ');
	}
	buf_put_str(&names, DECOY);
	text = mem_strdup(buf_cstr(&names));
	buf_clear(&names);
	return text;
}

/* The option is not set, or to that. */
static bool
is_option(const sasl_utils_t *utils, const char *option, const char *value)
{
	const char	*set = NULL;

	return utils->getopt(utils->getopt_context, NULL, option, &set,
	    NULL) != SASL_OK || set == NULL || strcmp(set, value) == 0;
}

/*
 * The library gives no argument but the name, which is for us alone: so the
 * name is where our library is.
 */
static int
init_decoy(const sasl_utils_t *utils, int max_version, int *version_r,
    sasl_auxprop_plug_t **plug_r, const char *name)
{
	struct sasl_check_library	*library = (void *)(uintptr_t)name;
	struct buf			 names = BUF_INIT;
	const char			*databases = NULL;

	(void)max_version;
	if (utils->getopt(utils->getopt_context, NULL, "auxprop_plugin",
	    &databases, NULL) == SASL_OK && databases != NULL)
		buf_put_str(&names, databases);
	else
		auxprop_plugin_info(NULL, add_database, &names);
	library->databases = make_databases(library, buf_slice(&names));
	library->is_quick = library->has_secrets &&
	    strcmp(library->databases, SASL_SECRETS_OURS " " DECOY) == 0 &&
	    is_option(utils, "pwcheck_method", "auxprop") &&
	    is_option(utils, "canon_user_plugin", "INTERNAL");
	buf_clear(&names);
	*version_r = SASL_AUXPROP_PLUG_VERSION;
	*plug_r = (sasl_auxprop_plug_t *)(uintptr_t)&decoy;
	return SASL_OK;
}

/* ---- callbacks ----------------------------------------------------------- */

/* What is not ours to say the configuration says. */
static int
on_option(void *context, const char *plugin, const char *option,
    const char **value_r, unsigned *len_r)
{
	struct sasl_check_library	*library = context;

	(void)plugin;
	if (library->databases == NULL ||
	    strcmp(option, "auxprop_plugin") != 0)
		return SASL_FAIL;
	*value_r = library->databases;
	if (len_r != NULL)
		*len_r = (unsigned)strlen(library->databases);
	return SASL_OK;
}

static int
on_folders(void *context, const char **folders_r)
{
	const struct sasl_check_library	*library = context;

	*folders_r = library->folders;
	return SASL_OK;
}

/* Of no exchange; those say why themselves.  Nothing here has secrets. */
static int
on_log(void *context, int level, const char *text)
{
	(void)context;
	if (level == SASL_LOG_ERR)
		log_warn("SASL: %s", text);
	else if (level <= SASL_LOG_NOTE)
		log_debug("SASL: %s", text);
	return SASL_OK;
}

/* Failures to log in have SASL_LOG_FAIL: what is an error is not theirs. */
static int
on_check_log(void *context, int level, const char *text)
{
	struct sasl_check	*check = context;

	if (level != SASL_LOG_ERR)
		return SASL_OK;
	check->has_trouble = true;
	buf_empty(&check->reason);
	buf_put_str(&check->reason, text);
	return SASL_OK;
}

/* The library calls each as what it is, by its id. */
#define CALLBACK(id, fn, context) ((sasl_callback_t){ (id), \
	(int (*)(void))(void (*)(void))(fn), (context) })

/* ---- the library --------------------------------------------------------- */

static void *
mutex_new(void)
{
	pthread_mutex_t	*mutex = mem_new(sizeof(*mutex));

	pthread_mutex_init(mutex, NULL);
	return mutex;
}

static int
mutex_lock(void *mutex)
{
	return pthread_mutex_lock(mutex) == 0 ? SASL_OK : SASL_FAIL;
}

static int
mutex_unlock(void *mutex)
{
	return pthread_mutex_unlock(mutex) == 0 ? SASL_OK : SASL_FAIL;
}

static void
mutex_free(void *mutex)
{
	pthread_mutex_destroy(mutex);
	mem_free(mutex);
}

struct sasl_check_library *
sasl_check_open(const char *application, const char *folders,
    const struct sasl_secrets_reader *reader, char **why_r)
{
	struct sasl_check_library	*library = mem_new(sizeof(*library));
	size_t				 count = 0;
	int				 result;

	library->folders = mem_strdup(folders);
	library->callbacks[count++] = CALLBACK(SASL_CB_GETOPT, on_option,
	    library);
	library->callbacks[count++] = CALLBACK(SASL_CB_LOG, on_log, library);
	if (folders[0] != '\0')
		library->callbacks[count++] = CALLBACK(SASL_CB_GETCONFPATH,
		    on_folders, library);
	library->callbacks[count] = CALLBACK(SASL_CB_LIST_END, NULL, NULL);
	sasl_set_mutex(mutex_new, mutex_lock, mutex_unlock, mutex_free);
	result = sasl_rand_check() < 0 ? SASL_FAIL :
	    sasl_server_init(library->callbacks, application);
	if (result == SASL_OK && reader != NULL)
		library->has_secrets = sasl_secrets_add(reader);
	if (result == SASL_OK)
		result = sasl_auxprop_add_plugin(
		    (const char *)library, init_decoy);
	if (result == SASL_OK)
		return library;
	*why_r = mem_printf("SASL library: %s",
	    sasl_errstring(result, NULL, NULL));
	return NULL;
}

bool
sasl_check_is_quick(const struct sasl_check_library *library)
{
	return library->is_quick;
}

/* ---- an exchange --------------------------------------------------------- */

static const char *
or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

static int
set_properties(struct sasl_check *check,
    const struct sasl_check_setup *setup)
{
	/* No layer of its own: TLS is the one there is. */
	sasl_security_properties_t	properties = {
		.security_flags = sasl_flags_of(setup->options),
	};
	int				result;

	result = sasl_setprop(check->conn, SASL_SEC_PROPS, &properties);
	if (result == SASL_OK && setup->external[0] != '\0')
		result = sasl_setprop(check->conn, SASL_AUTH_EXTERNAL,
		    setup->external);
	if (result != SASL_OK || setup->binding_name[0] == '\0')
		return result;
	check->binding_name = mem_strdup(setup->binding_name);
	buf_put_slice(&check->binding_bytes, setup->binding);
	check->binding.name = check->binding_name;
	check->binding.data = buf_slice(&check->binding_bytes).data;
	check->binding.len = check->binding_bytes.len;
	return sasl_setprop(check->conn, SASL_CHANNEL_BINDING,
	    &check->binding);
}

struct sasl_check *
sasl_check_new(const struct sasl_check_library *library,
    const struct sasl_check_setup *setup, char **why_r)
{
	struct sasl_check	*check = mem_new(sizeof(*check));
	int			 result;

	(void)library;
	check->callbacks[0] = CALLBACK(SASL_CB_LOG, on_check_log, check);
	check->callbacks[1] = CALLBACK(SASL_CB_LIST_END, NULL, NULL);
	result = sasl_server_new(setup->service, setup->host,
	    or_null(setup->realm), or_null(setup->server),
	    or_null(setup->client), check->callbacks, 0, &check->conn);
	if (result == SASL_OK)
		result = set_properties(check, setup);
	if (result == SASL_OK)
		return check;
	*why_r = mem_printf("SASL library: %s",
	    sasl_errstring(result, NULL, NULL));
	sasl_check_free(&check);
	return NULL;
}

void
sasl_check_free(struct sasl_check **checkp)
{
	struct sasl_check	*check = *checkp;

	if (check == NULL)
		return;
	*checkp = NULL;
	sasl_dispose(&check->conn);
	buf_clear(&check->binding_bytes);
	buf_clear(&check->reason);
	mem_free(check->binding_name);
	mem_free(check);
}

void
sasl_check_list(struct sasl_check *check, struct buf *names)
{
	const char	*list;

	if (sasl_listmech(check->conn, NULL, "", " ", "", &list, NULL,
	    NULL) == SASL_OK)
		buf_put_str(names, list);
}

/* After the library has said why, as far as it knows. */
static enum sasl_check_answer
refuse(struct sasl_check *check, int result)
{
	bool	is_first = !check->has_started;

	if (check->reason.len == 0)
		buf_put_str(&check->reason, sasl_errdetail(check->conn));
	if (check->has_trouble)
		return SASL_CHECK_TROUBLE;
	switch (result) {
	case SASL_NOMECH:
		return is_first ? SASL_CHECK_UNKNOWN : SASL_CHECK_NO;
	case SASL_BADPROT:
		return SASL_CHECK_MALFORMED;
	/* Not of a wrong password: saslauthd is away, or the like. */
	case SASL_FAIL:
	case SASL_NOMEM:
	case SASL_TRYAGAIN:
	case SASL_UNAVAIL:
		return SASL_CHECK_TROUBLE;
	}
	return SASL_CHECK_NO;
}

static enum sasl_check_answer
take(struct sasl_check *check, int result, const char *out, unsigned len,
    struct buf *challenge)
{
	if (result == SASL_CONTINUE) {
		buf_put(challenge, out, len);
		return SASL_CHECK_MORE;
	}
	return result == SASL_OK ? SASL_CHECK_YES : refuse(check, result);
}

enum sasl_check_answer
sasl_check_start(struct sasl_check *check, const char *mechanism,
    struct slice initial, struct buf *challenge)
{
	const char		*out = NULL;
	unsigned		 len = 0;
	int			 result;
	enum sasl_check_answer	 answer;

	result = sasl_server_start(check->conn, mechanism,
	    (const char *)initial.data, (unsigned)initial.len, &out, &len);
	answer = take(check, result, out, len, challenge);
	check->has_started = true;
	return answer;
}

enum sasl_check_answer
sasl_check_step(struct sasl_check *check, struct slice response,
    struct buf *challenge)
{
	const char	*out = NULL;
	unsigned	 len = 0;
	int		 result;

	/* An empty response is one: NULL would be none. */
	result = sasl_server_step(check->conn, response.len == 0 ? "" :
	    (const char *)response.data, (unsigned)response.len, &out, &len);
	return take(check, result, out, len, challenge);
}

const char *
sasl_check_user(const struct sasl_check *check)
{
	const void	*user;

	if (sasl_getprop(check->conn, SASL_USERNAME, &user) == SASL_OK &&
	    user != NULL)
		return user;
	if (sasl_getprop(check->conn, SASL_AUTHUSER, &user) == SASL_OK)
		return user;
	return NULL;
}

const char *
sasl_check_reason(const struct sasl_check *check)
{
	struct buf	*reason = (struct buf *)(uintptr_t)&check->reason;

	return buf_cstr(reason);
}
