/*
 * The reader of EHLO keywords.
 */

#include "smtp/offer.h"

#include <string.h>

#include "conf/conf.h"

static bool
is_discarded(const struct conf *conf, struct slice keyword)
{
	struct slice	list = slice_str(conf->smtp_discard_ehlo_keywords);
	struct slice	word;

	while (slice_get_word(&list, ", \t", &word) == 0)
		if (slice_equal_nocase(word, keyword))
			return true;
	return false;
}

static void
take_keyword(const struct conf *conf, struct slice line, struct offer *offer)
{
	struct slice	word, argument;

	if (slice_get_word(&line, " \t", &word) < 0 ||
	    is_discarded(conf, word))
		return;
	if (slice_is_nocase(word, "PIPELINING")) {
		offer->has_pipelining = true;
	} else if (slice_is_nocase(word, "8BITMIME")) {
		offer->has_8bit = true;
	} else if (slice_is_nocase(word, "SIZE")) {
		offer->has_size = true;
		if (slice_get_word(&line, " \t", &argument) < 0 ||
		    slice_parse_u64(argument, &offer->size_limit) < 0)
			offer->size_limit = 0;
	}
}

int
offer_parse(const struct conf *conf, struct slice lines,
    struct offer *offer_r)
{
	struct slice	name, line, word;
	ptrdiff_t	end = slice_find(lines, '\n');

	memset(offer_r, 0, sizeof(*offer_r));
	if (end < 0)
		return 0;
	name = slice_first(lines, (size_t)end);
	lines = slice_after(lines, (size_t)end);
	if (slice_get_word(&name, " \t", &word) == 0 &&
	    slice_is_nocase(word, conf->myhostname))
		return -1;
	while (slice_get_word(&lines, "\n", &line) == 0)
		take_keyword(conf, line, offer_r);
	return 0;
}
