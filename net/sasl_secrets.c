/*
 * An auxprop plug-in that reads a sasldb.
 */

#include "net/sasl_secrets.h"

#include <sasl/sasl.h>
#include <sasl/saslplug.h>
#include <stdint.h>
#include <string.h>

#include "util/mem.h"

#define FILE_DEFAULT	"/etc/sasldb2"	/* sasldb_path of the library */

struct secrets {
	const struct sasl_secrets_reader	*reader;
	void					*database;
	sasl_auxprop_plug_t			 plug;
};

/* ---- a user's properties ------------------------------------------------- */

/*
 * "joe", NUL, "example.com", NUL: a key up to its property.  A name without
 * a realm is of the realm of the exchange or, without one, of our host.
 */
static void
put_user(struct buf *key, struct slice name,
    const sasl_server_params_t *params)
{
	const char	*realm = params->user_realm;
	ptrdiff_t	 at = slice_find(name, '@');

	if (realm == NULL || realm[0] == '\0')
		realm = params->serverFQDN;
	buf_put_slice(key, at < 0 ? name : slice_first(name, (size_t)at));
	buf_put_u8(key, '\0');
	if (at < 0)
		buf_put_str(key, realm != NULL ? realm : "");
	else
		buf_put_slice(key, slice_after(name, (size_t)at + 1));
	buf_put_u8(key, '\0');
}

/* Properties of who logs in have a star, those of whom he acts for none. */
static const char *
wanted_name(const struct propval *property, unsigned flags)
{
	bool	has_star = property->name[0] == '*';

	if (has_star == ((flags & SASL_AUXPROP_AUTHZID) != 0))
		return NULL;
	/* Another plug-in has found it. */
	if (property->values != NULL && !(flags & SASL_AUXPROP_OVERRIDE))
		return NULL;
	return has_star ? property->name + 1 : property->name;
}

static int
find_property(const struct secrets *secrets, sasl_server_params_t *params,
    struct slice user, const struct propval *property, const char *name)
{
	const sasl_utils_t	*utils = params->utils;
	struct buf		 key = BUF_INIT, value = BUF_SECRET;
	int			 found;

	buf_put_slice(&key, user);
	buf_put_str(&key, name);
	found = secrets->reader->find(secrets->database, buf_slice(&key),
	    &value);
	if (found < 0)
		utils->log(utils->conn, SASL_LOG_ERR, "%s",
		    buf_cstr(&value));
	if (found > 0) {
		if (property->values != NULL)
			utils->prop_erase(params->propctx, property->name);
		if (utils->prop_set(params->propctx, property->name,
		    buf_cstr(&value), (int)value.len) != SASL_OK)
			found = -1;
	}
	buf_clear(&key);
	buf_clear(&value);
	return found;
}

static int
lookup(void *context, sasl_server_params_t *params, unsigned flags,
    const char *name, unsigned len)
{
	const struct secrets	*secrets = context;
	const struct propval	*property;
	struct buf		 user = BUF_INIT;
	int			 result = SASL_NOUSER;

	put_user(&user, slice_from(name, len), params);
	property = params->utils->prop_get(params->propctx);
	for (; property != NULL && property->name != NULL; property++) {
		const char	*wanted = wanted_name(property, flags);
		int		 found;

		if (wanted == NULL)
			continue;
		found = find_property(secrets, params, buf_slice(&user),
		    property, wanted);
		if (found < 0) {
			result = SASL_FAIL;
			break;
		}
		if (found > 0)
			result = SASL_OK;
	}
	buf_clear(&user);
	return result;
}

/* ---- the plug-in --------------------------------------------------------- */

/*
 * The library gives no argument but the name, which is for us alone: so the
 * name is where our secrets are.
 */
static int
init(const sasl_utils_t *utils, int max_version, int *version_r,
    sasl_auxprop_plug_t **plug_r, const char *name)
{
	struct secrets	*secrets = (void *)(uintptr_t)name;
	const char	*file = NULL, *transition = NULL;

	(void)max_version;
	/* The library writes passwords by the plug-in that finds them. */
	if (utils->getopt(utils->getopt_context, NULL, "auto_transition",
	    &transition, NULL) == SASL_OK && transition != NULL)
		return SASL_FAIL;
	if (utils->getopt(utils->getopt_context, NULL, "sasldb_path", &file,
	    NULL) != SASL_OK || file == NULL)
		file = FILE_DEFAULT;
	secrets->database = secrets->reader->open(file);
	if (secrets->database == NULL)
		return SASL_FAIL;
	secrets->plug.glob_context = secrets;
	secrets->plug.name = (char *)(uintptr_t)SASL_SECRETS_OURS;
	secrets->plug.auxprop_lookup = lookup;
	*version_r = SASL_AUXPROP_PLUG_VERSION;
	*plug_r = &secrets->plug;
	return SASL_OK;
}

bool
sasl_secrets_add(const struct sasl_secrets_reader *reader)
{
	struct secrets	*secrets = mem_new(sizeof(*secrets));

	secrets->reader = reader;
	if (sasl_auxprop_add_plugin((const char *)secrets, init) == SASL_OK)
		return true;
	mem_free(secrets);
	return false;
}
