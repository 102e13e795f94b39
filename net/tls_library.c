/*
 * OpenSSL's own configuration.
 */

#include "net/tls_library.h"

#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "net/tls_lib.h"

static bool
is_default(const char *file)
{
	return strcmp(file, "default") == 0;
}

static bool
is_none(const char *file)
{
	return strcmp(file, "none") == 0;
}

int
tls_library_open(const char *file, const char *name, struct buf *why)
{
	OPENSSL_INIT_SETTINGS	*settings = OPENSSL_INIT_new();
	int			 result = 1;

	if (tls_library_check(file, why) < 0) {
		OPENSSL_INIT_free(settings);
		return -1;
	}
	if (is_none(file)) {
		result = OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	} else if (!is_default(file) || name[0] != '\0') {
		OPENSSL_INIT_set_config_file_flags(settings,
		    CONF_MFLAGS_DEFAULT_SECTION |
		    (is_default(file) ? CONF_MFLAGS_IGNORE_MISSING_FILE : 0u));
		if (!is_default(file))
			OPENSSL_INIT_set_config_filename(settings, file);
		if (name[0] != '\0')
			OPENSSL_INIT_set_config_appname(settings, name);
		result = OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, settings);
	}
	OPENSSL_INIT_free(settings);
	if (result == 1)
		return 0;
	buf_printf(why, "tls_config_file: %s: ", file);
	tls_chain_put_error(why);
	return -1;
}

int
tls_library_check(const char *file, struct buf *why)
{
	CONF	*conf;
	long	 line = -1;
	int	 result;

	if (is_default(file) || is_none(file))
		return 0;
	if (file[0] != '/') {
		buf_printf(why, "tls_config_file: \"%s\" is neither default "
		    "nor none nor an absolute path", file);
		return -1;
	}
	conf = NCONF_new(NULL);
	result = NCONF_load(conf, file, &line);
	NCONF_free(conf);
	if (result == 1)
		return 0;
	buf_printf(why, "tls_config_file: %s: ", file);
	if (line > 0)
		buf_printf(why, "line %ld: ", line);
	tls_chain_put_error(why);
	return -1;
}
