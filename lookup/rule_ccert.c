/*
 * Restrictions on the client: who it is by its certificate.
 */

#include "lookup/access.h"
#include "lookup/profile.h"
#include "lookup/rule.h"
#include "mail/word.h"

#define KEYS_LIMIT	8

/* What a table may be asked for; 0: no more. */
enum key { KEY_NONE, KEY_PRINT, KEY_KEY_PRINT, KEY_SUBJECT, KEY_ISSUER };

/* A digit for each key, the first one lowest. */
#define KEY_BITS	3
#define DEFAULT_ORDER	(KEY_PRINT | KEY_KEY_PRINT << KEY_BITS)

/* ---- relaying ------------------------------------------------------------ */

enum table_answer
rule_ccert_find_listed(const struct profile *profile,
    const struct msg_judge *m)
{
	const struct slice	 keys[] = { m->ccert_print,
				    m->ccert_key_print };
	enum table_answer	 answer = TABLE_NONE;
	struct buf		 value = BUF_INIT;

	for (size_t i = 0; i < 2 && answer == TABLE_NONE; i++)
		if (keys[i].len > 0)
			answer = maps_find(&profile->clientcerts, keys[i], 0,
			    &value);
	buf_clear(&value);
	return answer;
}

enum ruling
rule_ccert_listed(struct hearing *hearing,
    const struct restriction *restriction)
{
	const struct msg_judge	*m = hearing->m;
	enum table_answer	 answer;

	(void)restriction;
	answer = rule_ccert_find_listed(hearing->profile, m);
	if (answer == TABLE_TROUBLE)
		return hearing_cannot_tell(hearing, m->ccert_print);
	return answer == TABLE_FOUND ? RULING_PERMIT : RULING_DUNNO;
}

enum ruling
rule_ccert_trusted(struct hearing *hearing,
    const struct restriction *restriction)
{
	(void)restriction;
	return hearing->m->flags & JUDGE_TRUSTED ? RULING_PERMIT :
	    RULING_DUNNO;
}

/* ---- access tables ------------------------------------------------------- */

static int
read_order(struct slice text, int64_t *order_r)
{
	static const char *const	names[] = { "", "cert_fingerprint",
					    "pubkey_fingerprint", "subject",
					    "issuer" };
	struct slice			word;
	int				count = 0;

	*order_r = 0;
	while (word_get(&text, &word) == 0) {
		int	key = KEY_ISSUER;

		while (key > KEY_NONE && !slice_is_nocase(word, names[key]))
			key--;
		if (key == KEY_NONE || count == KEYS_LIMIT)
			return -1;
		*order_r |= (int64_t)key << KEY_BITS * count++;
	}
	return count == 0 ? -1 : 0;
}

/* "{ search_order = a, b }" */
static int
read_option(struct slice text, int64_t *order_r)
{
	ptrdiff_t	equals;

	if (text.len < 2 || text.data[0] != '{' ||
	    text.data[text.len - 1] != '}')
		return -1;
	text = slice_first(slice_after(text, 1), text.len - 2);
	equals = slice_find(text, '=');
	if (equals < 0 || !slice_is_nocase(slice_trim(slice_first(text,
	    (size_t)equals)), "search_order"))
		return -1;
	return read_order(slice_after(text, (size_t)equals + 1), order_r);
}

int
rule_ccert_parse(struct slice text, struct slice *table_r, int64_t *order_r)
{
	struct slice	word;

	*table_r = text;
	*order_r = DEFAULT_ORDER;
	if (text.len < 2 || text.data[0] != '{' ||
	    text.data[text.len - 1] != '}')
		return 0;
	text = slice_first(slice_after(text, 1), text.len - 2);
	if (word_get(&text, table_r) < 0)
		return -1;
	while (word_get(&text, &word) == 0)
		if (read_option(word, order_r) < 0)
			return -1;
	return 0;
}

/* A name counts only when somebody we trust says that it is his. */
static struct slice
key_of(const struct msg_judge *m, int64_t key)
{
	bool	is_trusted = (m->flags & JUDGE_TRUSTED) != 0;

	switch (key) {
	case KEY_PRINT:
		return m->ccert_print;
	case KEY_KEY_PRINT:
		return m->ccert_key_print;
	case KEY_SUBJECT:
		return is_trusted ? m->ccert_subject : slice_from(NULL, 0);
	case KEY_ISSUER:
		return is_trusted ? m->ccert_issuer : slice_from(NULL, 0);
	}
	return slice_from(NULL, 0);
}

enum table_answer
rule_ccert_find(const struct hearing *hearing,
    const struct restriction *restriction, struct buf *value)
{
	enum table_answer	answer = TABLE_NONE;

	if (hearing->m->ccert_print.len == 0)
		return TABLE_NONE;
	for (int64_t order = restriction->number; order != 0 &&
	    answer == TABLE_NONE; order >>= KEY_BITS) {
		struct slice	key = key_of(hearing->m,
				    order & ((1 << KEY_BITS) - 1));

		if (key.len > 0)
			answer = access_find(restriction->table, key, value);
	}
	return answer;
}
