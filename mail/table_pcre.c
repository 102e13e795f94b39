/*
 * pcre:/file: regular expressions of Perl.  The gate to PCRE.
 */

#define PCRE2_CODE_UNIT_WIDTH	8

#include <pcre2.h>
#include <string.h>

#include "mail/table_lead.h"
#include "mail/table_rule.h"
#include "mail/table_type.h"
#include "util/log.h"
#include "util/mem.h"

/*
 * A pattern that tries everything in every way, as (a+)+ does, is given up
 * after some tens of milliseconds.
 */
#define STEP_LIMIT	1000000
#define HEAP_LIMIT	20000	/* KB */

struct pattern {
	pcre2_code		*code;
	pcre2_match_context	*limits;
	char			*text;	/* for messages */
	struct table_lead	 lead;
};

static const struct {
	char		letter;
	uint32_t	option;
} letters[] = {
	{ 'i', PCRE2_CASELESS }, { 'm', PCRE2_MULTILINE },
	{ 's', PCRE2_DOTALL }, { 'x', PCRE2_EXTENDED },
	{ 'A', PCRE2_ANCHORED }, { 'E', PCRE2_DOLLAR_ENDONLY },
	{ 'U', PCRE2_UNGREEDY },
	{ 'X', 0 },	/* of PCRE 1; what it asked for is so in PCRE 2 */
};

/* Each flag turns its default round. */
static int
get_options(struct slice text, uint32_t *options_r, struct buf *why)
{
	*options_r = PCRE2_CASELESS | PCRE2_DOTALL;
	for (size_t i = 0; i < text.len; i++) {
		size_t	k = 0, count = sizeof(letters) / sizeof(*letters);

		while (k < count && letters[k].letter != text.data[i])
			k++;
		if (k == count) {
			buf_printf(why, "unknown PCRE option \"%c\"",
			    text.data[i]);
			return -1;
		}
		*options_r ^= letters[k].option;
	}
	return 0;
}

static void
free_pattern(void *arg)
{
	struct pattern	*pattern = arg;

	pcre2_match_context_free(pattern->limits);
	pcre2_code_free(pattern->code);
	mem_free(pattern->text);
	mem_free(pattern);
}

static void *
parse(struct slice *line, unsigned *groups_r, struct buf *why)
{
	struct slice	 text, flags;
	uint32_t	 options, groups = 0;
	struct pattern	*pattern;
	pcre2_code	*code;
	PCRE2_SIZE	 at;
	unsigned char	 what[200];
	int		 error;

	if (table_rule_get_pattern(line, &text, &flags, why) < 0 ||
	    get_options(flags, &options, why) < 0)
		return NULL;
	code = pcre2_compile(text.data, text.len, options, &error, &at, NULL);
	if (code == NULL) {
		pcre2_get_error_message(error, what, sizeof(what));
		buf_printf(why, "error in pattern at offset %zu: %s", at,
		    (const char *)what);
		return NULL;
	}
	/* Where this cannot be had, matching is only slower. */
	pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
	*groups_r = groups;
	pattern = mem_new(sizeof(*pattern));
	pattern->code = code;
	pattern->text = slice_dup(text);
	if (!(options & (PCRE2_MULTILINE | PCRE2_EXTENDED)))
		pattern->lead = table_lead_make(text,
		    (options & PCRE2_CASELESS) != 0);
	pattern->limits = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(pattern->limits, STEP_LIMIT);
	pcre2_set_heap_limit(pattern->limits, HEAP_LIMIT);
	return pattern;
}

static int
run(const struct pattern *pattern, const struct table_rule_key *key,
    pcre2_match_data *data)
{
	PCRE2_SPTR	text = (PCRE2_SPTR)key->text;
	int		answer;

	answer = pcre2_match(pattern->code, text, key->len, 0, 0, data,
	    pattern->limits);
	/* Compiled code has a small stack; interpreted, none. */
	if (answer == PCRE2_ERROR_JIT_STACKLIMIT)
		answer = pcre2_match(pattern->code, text, key->len, 0,
		    PCRE2_NO_JIT, data, pattern->limits);
	return answer;
}

/* One for all patterns that a key is tried with. */
static pcre2_match_data *
get_data(struct table_rule_key *key)
{
	if (key->scratch == NULL)
		key->scratch = pcre2_match_data_create(TABLE_RULE_GROUPS,
		    NULL);
	if (key->scratch == NULL)
		log_fatal("out of memory");
	return key->scratch;
}

static void
free_data(void *data)
{
	pcre2_match_data_free(data);
}

static bool
match(const void *arg, struct table_rule_key *key, struct slice *groups,
    unsigned count)
{
	const struct pattern	*pattern = arg;
	pcre2_match_data	*data;
	PCRE2_SIZE		*at;
	int			 answer;

	if (!table_lead_has(&pattern->lead, key->text, key->len))
		return false;
	data = get_data(key);
	answer = run(pattern, key, data);
	at = pcre2_get_ovector_pointer(data);
	for (unsigned i = 0; answer >= 0 && i < count; i++)
		groups[i] = at[2 * i] == PCRE2_UNSET ? slice_from(NULL, 0) :
		    slice_from(key->text + at[2 * i], at[2 * i + 1] -
		    at[2 * i]);
	if (answer < 0 && answer != PCRE2_ERROR_NOMATCH)
		log_warn("pcre: pattern \"%s\" has no answer to \"%.100s\": "
		    "%s", pattern->text, key->text,
		    answer == PCRE2_ERROR_MATCHLIMIT ||
		    answer == PCRE2_ERROR_HEAPLIMIT ?
		    "it takes too long" : "matching failed");
	return answer >= 0;
}

static const struct table_rule_kind kind = {
	"pcre", true, parse, match, free_pattern, free_data,
};

static int
open_pcre(const struct table_source *source, void **content_r,
    struct buf *why)
{
	return table_rule_open(source, &kind, content_r, why);
}

const struct table_type table_pcre = {
	.name = "pcre",
	.flags = TABLE_TYPE_INLINE | TABLE_TYPE_WHOLE | TABLE_TYPE_CASE,
	.suffix = "", .open = open_pcre, .find = table_rule_find,
	.close = table_rule_close,
};
