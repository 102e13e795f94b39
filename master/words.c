/*
 * Words of the configuration.
 */

#include "master/words.h"

#include <stddef.h>
#include <string.h>

#include "conf/conf.h"
#include "net/sasl_options.h"
#include "util/mem.h"

static int
check(const struct conf *conf, const char *name, char **why_r)
{
	const char	*where = conf_source_where(conf->source, name);
	char		*value = conf_find(conf, name);
	struct slice	 word;
	unsigned	 options;
	int		 result = 0;

	if (value != NULL)
		result = sasl_options_parse(slice_str(value), &options,
		    &word);
	if (result < 0)
		*why_r = mem_printf("%s%s%s: unknown option \"%.*s\"",
		    where == NULL ? "" : where, where == NULL ? "" : ": ",
		    name, SLICE_ARG(word));
	mem_free(value);
	return result;
}

static int
check_delimiter(const struct conf *conf, char **why_r)
{
	const char	*value = conf->smtp_sasl_password_result_delimiter;

	if (strlen(value) == 1)
		return 0;
	*why_r = mem_printf("smtp_sasl_password_result_delimiter: \"%s\" is "
	    "not one character", value);
	return -1;
}

int
words_check(const struct conf *conf, char **why_r)
{
	static const char *const	names[] = {
		"smtpd_sasl_security_options",
		"smtpd_sasl_tls_security_options",
		"smtp_sasl_security_options",
		"smtp_sasl_tls_security_options",
		"smtp_sasl_tls_verified_security_options",
		"lmtp_sasl_security_options",
		"lmtp_sasl_tls_security_options",
		"lmtp_sasl_tls_verified_security_options",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (check(conf, names[i], why_r) < 0)
			return -1;
	return check_delimiter(conf, why_r);
}
