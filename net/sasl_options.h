#ifndef NET_SASL_OPTIONS_H
#define NET_SASL_OPTIONS_H

/*
 * What a SASL mechanism must not be, or must have (RFC 4422 section 6), in
 * the words of smtpd_sasl_security_options and its like.
 */

#include "util/slice.h"

enum {
	SASL_OPTIONS_NO_PLAINTEXT = 1,	/* the password in the clear */
	SASL_OPTIONS_NO_ACTIVE = 2,	/* open to active attacks */
	SASL_OPTIONS_NO_DICTIONARY = 4,	/* open to passive guessing */
	SASL_OPTIONS_NO_ANONYMOUS = 8,
	SASL_OPTIONS_MUTUAL = 16,	/* the server proves itself, too */
	SASL_OPTIONS_FORWARD_SECRECY = 32,
};

/*
 * A list of words by commas or white space: 0, or -1 and in *word_r the
 * first that is none.
 */
int	sasl_options_parse(struct slice text, unsigned *options_r,
	    struct slice *word_r);

/*
 * The same of the value of a parameter; a word that is none is logged, and
 * no reason to allow more.
 */
unsigned sasl_options_read(const char *parameter, const char *value);

/*
 * The name of a mechanism (RFC 4422 section 3.1): 1 to 20 letters, digits,
 * "-" and "_".  Case does not matter.
 */
bool	sasl_options_is_name(struct slice name);

#endif
