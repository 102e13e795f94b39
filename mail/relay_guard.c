/*
 * The search for a no.
 */

#include "mail/relay_guard.h"

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"
#include "mail/word.h"
#include "util/mem.h"
#include "util/slice.h"

#define DEPTH_LIMIT	10	/* of classes in classes */

static bool
is_one_of(struct slice word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (slice_is_nocase(word, *words))
			return true;
	return false;
}

static bool
is_class(const struct conf *conf, struct slice name)
{
	struct slice	rest = slice_str(conf->smtpd_restriction_classes);
	struct slice	word;

	while (word_get(&rest, &word) == 0)
		if (slice_equal(word, name))
			return true;
	return false;
}

static bool	has_guard(const struct conf *conf, struct slice list,
		    unsigned depth);

static bool
class_has_guard(const struct conf *conf, struct slice name, unsigned depth)
{
	char	*copy = slice_dup(name);
	char	*text = conf_find(conf, copy);
	bool	 result = text != NULL && depth < DEPTH_LIMIT &&
		    has_guard(conf, slice_str(text), depth + 1);

	mem_free(copy);
	mem_free(text);
	return result;
}

/* What stands behind permit is never asked, and a warning refuses nobody. */
static bool
has_guard(const struct conf *conf, struct slice list, unsigned depth)
{
	static const char *const	guards[] = {
		"reject_unauth_destination", "defer_unauth_destination",
		"reject", "defer", "defer_if_permit", NULL,
	};
	struct slice			word;
	bool				is_warning = false;

	while (word_get(&list, &word) == 0) {
		if (slice_is_nocase(word, "warn_if_reject")) {
			is_warning = true;
			continue;
		}
		if (slice_is_nocase(word, "permit"))
			return false;
		if (!is_warning && (is_one_of(word, guards) ||
		    (is_class(conf, word) &&
		    class_has_guard(conf, word, depth))))
			return true;
		is_warning = false;
	}
	return false;
}

int
relay_guard_check(const struct conf *conf, char **why_r)
{
	if (has_guard(conf, slice_str(conf->smtpd_relay_restrictions), 0) ||
	    has_guard(conf, slice_str(conf->smtpd_recipient_restrictions),
	    0))
		return 0;
	*why_r = mem_strdup("an open relay: smtpd_relay_restrictions or "
	    "smtpd_recipient_restrictions must have one of "
	    "reject_unauth_destination, defer_unauth_destination, reject, "
	    "defer, defer_if_permit");
	return -1;
}
