/*
 * The reader of EHLO keywords.
 */

#include "smtp/offer.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"

static bool
is_discarded(const char *discard, struct slice keyword)
{
	struct slice	list = slice_str(discard), word;

	while (slice_get_word(&list, ", \t\r\n", &word) == 0)
		if (slice_equal_nocase(word, keyword))
			return true;
	return false;
}

static const struct {
	const char	*keyword;
	size_t		 flag;		/* a bool of the offer */
} flags[] = {
	{ "PIPELINING", offsetof(struct offer, has_pipelining) },
	{ "8BITMIME", offsetof(struct offer, has_8bit) },
	{ "SIZE", offsetof(struct offer, has_size) },
	{ "CHUNKING", offsetof(struct offer, has_chunking) },
	{ "BINARYMIME", offsetof(struct offer, has_binary) },
	{ "DSN", offsetof(struct offer, has_dsn) },
	{ "SMTPUTF8", offsetof(struct offer, has_utf8) },
	{ "STARTTLS", offsetof(struct offer, has_starttls) },
	/* Exim's word for it, and its word while it was an experiment. */
	{ "PIPECONNECT", offsetof(struct offer, has_pipeconnect) },
	{ "X_PIPE_CONNECT", offsetof(struct offer, has_pipeconnect) },
};

static bool *
flag_of(struct offer *offer, size_t i)
{
	return (bool *)((char *)offer + flags[i].flag);
}

/* From "AUTH a b" and from the "AUTH=a b" of a draft, each name once. */
static void
take_mechanisms(struct slice names, struct offer *offer)
{
	struct slice	name;

	offer->has_auth = true;
	while (slice_get_word(&names, " \t", &name) == 0) {
		size_t	used = strlen(offer->mechanisms);

		if (name.len > 64 || used + name.len + 2 >
		    sizeof(offer->mechanisms))
			continue;
		snprintf(offer->mechanisms + used,
		    sizeof(offer->mechanisms) - used, "%s%.*s",
		    used == 0 ? "" : " ", SLICE_ARG(name));
	}
}

static void
take_keyword(const char *discard, struct slice line, struct offer *offer)
{
	struct slice	word, argument;

	if (slice_get_word(&line, " \t", &word) < 0 ||
	    is_discarded(discard, word))
		return;
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (slice_is_nocase(word, flags[i].keyword))
			*flag_of(offer, i) = true;
	if (slice_is_nocase(word, "AUTH"))
		take_mechanisms(line, offer);
	else if (slice_has_prefix_nocase(word, "AUTH=") && !offer->has_auth &&
	    !is_discarded(discard, SLICE_LIT("AUTH"))) {
		take_mechanisms(slice_after(word, 5), offer);
		take_mechanisms(line, offer);
	}
	if (slice_is_nocase(word, "SIZE") &&
	    (slice_get_word(&line, " \t", &argument) < 0 ||
	    slice_parse_u64(argument, &offer->size_limit) < 0))
		offer->size_limit = 0;
}

bool
offer_covers(const struct offer *offer, const struct offer *wanted)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (*flag_of((struct offer *)wanted, i) &&
		    !*flag_of((struct offer *)offer, i))
			return false;
	return offer->size_limit == 0 || (wanted->size_limit != 0 &&
	    offer->size_limit >= wanted->size_limit);
}

int
offer_parse(const struct conf *conf, const char *discard,
    struct slice lines, struct offer *offer_r)
{
	struct slice	name, line, word;
	ptrdiff_t	end = slice_find(lines, '\n');
	int		result = 0;

	memset(offer_r, 0, sizeof(*offer_r));
	if (end < 0)
		return 0;
	name = slice_first(lines, (size_t)end);
	lines = slice_after(lines, (size_t)end);
	if (slice_get_word(&name, " \t", &word) == 0 &&
	    slice_is_nocase(word, conf->myhostname))
		result = -1;
	while (slice_get_word(&lines, "\n", &line) == 0)
		take_keyword(discard, line, offer_r);
	return result;
}
