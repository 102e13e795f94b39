/*
 * Security options of SASL.
 */

#include "net/sasl_options.h"

#include "util/ascii.h"
#include "util/log.h"

#define NAME_LIMIT	20

static const struct {
	const char	*name;
	unsigned	 option;
} words[] = {
	{ "noplaintext", SASL_OPTIONS_NO_PLAINTEXT },
	{ "noactive", SASL_OPTIONS_NO_ACTIVE },
	{ "nodictionary", SASL_OPTIONS_NO_DICTIONARY },
	{ "noanonymous", SASL_OPTIONS_NO_ANONYMOUS },
	{ "mutual_auth", SASL_OPTIONS_MUTUAL },
	{ "forward_secrecy", SASL_OPTIONS_FORWARD_SECRECY },
};

static unsigned
option_of(struct slice word)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (slice_is_nocase(word, words[i].name))
			return words[i].option;
	return 0;
}

int
sasl_options_parse(struct slice text, unsigned *options_r,
    struct slice *word_r)
{
	unsigned	option;

	*options_r = 0;
	while (slice_get_word(&text, ", \t\r\n", word_r) == 0) {
		if ((option = option_of(*word_r)) == 0)
			return -1;
		*options_r |= option;
	}
	return 0;
}

unsigned
sasl_options_read(const char *parameter, const char *value)
{
	struct slice	word;
	unsigned	options;

	if (sasl_options_parse(slice_str(value), &options, &word) == 0)
		return options;
	log_warn("%s: unknown option \"%.*s\"", parameter, SLICE_ARG(word));
	return options | SASL_OPTIONS_NO_PLAINTEXT |
	    SASL_OPTIONS_NO_ANONYMOUS;
}

bool
sasl_options_is_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!ascii_is_alpha(name.data[i]) &&
		    !ascii_is_digit(name.data[i]) &&
		    name.data[i] != '-' && name.data[i] != '_')
			return false;
	return name.len > 0 && name.len <= NAME_LIMIT;
}
