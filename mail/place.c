/*
 * The places of addresses.
 */

#include "mail/place.h"

#include <stddef.h>

#include "mail/ipc.h"
#include "util/log.h"
#include "util/slice.h"

unsigned
place_parse(const char *parameter, const char *text)
{
	static const struct {
		const char	*word;
		unsigned	 place;
	} places[] = {
		{ "envelope_sender", PLACE_ENVELOPE_SENDER },
		{ "envelope_recipient", PLACE_ENVELOPE_RECIPIENT },
		{ "header_sender", PLACE_HEADER_SENDER },
		{ "header_recipient", PLACE_HEADER_RECIPIENT },
	};
	struct slice	rest = slice_str(text), word;
	unsigned	set = 0;

	while (slice_get_word(&rest, ", \t\r\n", &word) == 0) {
		size_t	i = 0, count = sizeof(places) / sizeof(*places);

		while (i < count && !slice_is_nocase(word, places[i].word))
			i++;
		if (i < count)
			set |= places[i].place;
		else
			log_warn("%s: unknown class \"%.*s\"", parameter,
			    SLICE_ARG(word));
	}
	return set;
}
