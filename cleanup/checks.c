/*
 * Actions of content checks.
 */

#include "cleanup/checks.h"

#include <stdio.h>
#include <string.h>

#include "cleanup/fate.h"
#include "mail/header.h"
#include "mail/queue_id.h"
#include "util/ascii.h"
#include "util/log.h"
#include "util/mem.h"

/* What is to be done with the text. */
enum wish { WISH_KEEP, WISH_REMOVE, WISH_REPLACE, WISH_PREPEND };

/* One text and what was found for it. */
struct finding {
	struct checks	*checks;
	enum rules_kind	 kind;
	struct slice	 key;
	struct slice	 text;		/* argument of the action */
};

struct verb {
	const char		*name;
	const char		*logged;	/* NULL: it is not */
	enum judge_action	 fate;
	enum wish		(*run)(struct finding *finding,
				    const struct verb *verb);
};

struct checks *
checks_new(const struct rules *rules, const struct checks_origin *origin,
    struct fate *fate)
{
	struct checks	*checks = mem_new(sizeof(*checks));

	checks->rules = rules;
	checks->origin = *origin;
	checks->fate = fate;
	return checks;
}

void
checks_free(struct checks **checks)
{
	if (*checks == NULL)
		return;
	for (size_t i = 0; i < RULES_COUNT; i++)
		table_list_release(&(*checks)->tables[i]);
	mem_free((*checks)->text);
	buf_clear(&(*checks)->key);
	buf_clear(&(*checks)->value);
	mem_free(*checks);
	*checks = NULL;
}

size_t
checks_size(const struct checks *checks)
{
	return sizeof(*checks) + checks->key.cap + checks->value.cap +
	    (checks->text == NULL ? 0 : strlen(checks->text));
}

/* What they hold is of use during a question only. */
void
checks_shrink(struct checks *checks)
{
	buf_clear(&checks->key);
	buf_clear(&checks->value);
}

/* ---- the log ------------------------------------------------------------- */

static void
log_action(const struct checks *checks, const char *what, struct slice key,
    struct slice text)
{
	const struct checks_origin	*origin = &checks->origin;
	char				 id[QUEUE_ID_TEXT_SIZE];
	struct buf			 line = BUF_INIT;

	buf_printf(&line, "%s: %s %.*s from %s; from=<%s>",
	    queue_id_format(origin->queue_id, id), what,
	    SLICE_ARG(slice_first(key, 200)), origin->client,
	    origin->sender);
	if (origin->recipient != NULL)
		buf_printf(&line, " to=<%s>", origin->recipient);
	buf_printf(&line, " proto=%s", origin->proto);
	if (origin->helo[0] != '\0')
		buf_printf(&line, " helo=<%s>", origin->helo);
	if (text.len > 0)
		buf_printf(&line, ": %.*s", SLICE_ARG(text));
	log_info("%s", buf_cstr(&line));
	buf_clear(&line);
}

static void
log_finding(const struct finding *finding, const char *action)
{
	char	what[40];

	snprintf(what, sizeof(what), "%s: %s", action,
	    finding->kind == RULES_BODY ? "body" : "header");
	log_action(finding->checks, what, finding->key, finding->text);
}

/* The rule is wrong: it is as if it were not there. */
static enum wish
complain(const struct finding *finding, const char *name, const char *why)
{
	char	id[QUEUE_ID_TEXT_SIZE];

	log_warn("%s: %s: ignoring \"%s %.*s\": %s",
	    queue_id_format(finding->checks->origin.queue_id, id),
	    rules_name(finding->kind), name,
	    SLICE_ARG(slice_first(finding->text, 200)), why);
	return WISH_KEEP;
}

/* ---- the message is refused ---------------------------------------------- */

static void
refuse(struct checks *checks, struct slice dsn, struct slice text)
{
	checks->is_over = true;
	checks->code = dsn.data[0] == '4' ? 451 : 550;
	snprintf(checks->dsn, sizeof(checks->dsn), "%.*s", SLICE_ARG(dsn));
	checks->text = slice_dup(text);
}

/* The length of an enhanced status code (RFC 3463) in front; 0: none. */
static size_t
dsn_len(struct slice text)
{
	size_t	i = 1, digits;

	if (text.len == 0 || (text.data[0] != '4' && text.data[0] != '5'))
		return 0;
	for (int part = 0; part < 2; part++) {
		if (i >= text.len || text.data[i++] != '.')
			return 0;
		for (digits = 0; i < text.len &&
		    ascii_is_digit(text.data[i]); i++)
			digits++;
		if (digits < 1 || digits > 3)
			return 0;
	}
	return i == text.len || text.data[i] == ' ' ? i : 0;
}

static enum wish
run_reject(struct finding *finding, const struct verb *verb)
{
	size_t		len = dsn_len(finding->text);
	struct slice	dsn = len == 0 ? SLICE_LIT("5.7.1") :
			    slice_first(finding->text, len);
	struct slice	text = slice_trim(slice_after(finding->text, len));
	struct buf	full = BUF_INIT;

	if (text.len == 0)
		text = SLICE_LIT("message content rejected");
	buf_printf(&full, "%.*s %.*s", SLICE_ARG(dsn), SLICE_ARG(text));
	refuse(finding->checks, dsn, text);
	finding->text = buf_slice(&full);
	log_finding(finding, verb->logged);
	finding->checks->is_logged = true;
	buf_clear(&full);
	return WISH_KEEP;
}

void
checks_refuse_mime(struct checks *checks, const char *error,
    struct slice text)
{
	struct buf	what = BUF_INIT;

	if (checks->is_over)
		return;
	refuse(checks, SLICE_LIT("5.6.0"), slice_str(error));
	checks->is_logged = true;
	buf_printf(&what, "reject: mime-error %s:", error);
	log_action(checks, buf_cstr(&what), text, slice_from(NULL, 0));
	buf_clear(&what);
}

/* ---- the other actions --------------------------------------------------- */

static enum wish
run_nothing(struct finding *finding, const struct verb *verb)
{
	if (verb->logged != NULL)
		log_finding(finding, verb->logged);
	return WISH_KEEP;
}

static enum wish
run_pass(struct finding *finding, const struct verb *verb)
{
	finding->checks->is_over = true;
	return run_nothing(finding, verb);
}

static enum wish
run_remove(struct finding *finding, const struct verb *verb)
{
	run_nothing(finding, verb);
	return WISH_REMOVE;
}

/* Of a header: what takes its place, or stands before it, is one, too. */
static bool
is_good_text(const struct finding *finding)
{
	return finding->kind == RULES_BODY ||
	    header_name_len(finding->text) > 0;
}

static const char	need_header[] = "need \"headername: headervalue\"";

static enum wish
run_prepend(struct finding *finding, const struct verb *verb)
{
	if (finding->text.len == 0 || !is_good_text(finding))
		return complain(finding, verb->name, need_header);
	run_nothing(finding, verb);
	return WISH_PREPEND;
}

static enum wish
run_replace(struct finding *finding, const struct verb *verb)
{
	if (finding->text.len == 0 || !is_good_text(finding))
		return complain(finding, verb->name, need_header);
	run_nothing(finding, verb);
	return WISH_REPLACE;
}

/* What becomes of the message. */
static enum wish
run_fate(struct finding *finding, const struct verb *verb)
{
	struct checks	*checks = finding->checks;
	const char	*why;

	if (verb->fate == JUDGE_HOLD && checks->fate->is_held)
		return WISH_KEEP;
	if (fate_add(checks->fate, verb->fate, finding->text, &why) < 0)
		return complain(finding, verb->name, why);
	if (verb->fate == JUDGE_DISCARD)
		checks->is_over = true;
	return run_nothing(finding, verb);
}

static const struct verb	verbs[] = {
	{ "BCC", "bcc", JUDGE_BCC, run_fate },
	{ "DISCARD", "discard", JUDGE_DISCARD, run_fate },
	{ "DUNNO", NULL, 0, run_nothing },
	{ "FILTER", "filter", JUDGE_FILTER, run_fate },
	{ "HOLD", "hold", JUDGE_HOLD, run_fate },
	{ "IGNORE", NULL, 0, run_remove },
	{ "INFO", "info", 0, run_nothing },
	{ "OK", NULL, 0, run_nothing },
	{ "PASS", "pass", 0, run_pass },
	{ "PREPEND", "prepend", 0, run_prepend },
	{ "REDIRECT", "redirect", JUDGE_REDIRECT, run_fate },
	{ "REJECT", "reject", 0, run_reject },
	{ "REPLACE", "replace", 0, run_replace },
	{ "STRIP", "strip", 0, run_remove },
	{ "WARN", "warning", 0, run_nothing },
};

/* ---- looking up ---------------------------------------------------------- */

static enum wish
obey(struct finding *finding, struct slice value)
{
	struct slice	word = slice_from(NULL, 0);
	char		name[32];

	slice_get_word(&value, " \t\n", &word);
	finding->text = slice_trim(value);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (slice_is_nocase(word, verbs[i].name))
			return verbs[i].run(finding, &verbs[i]);
	snprintf(name, sizeof(name), "%.*s", SLICE_ARG(word));
	return complain(finding, name, "unknown action");
}

static void
give_up(struct finding *finding)
{
	struct checks	*checks = finding->checks;
	char		 id[QUEUE_ID_TEXT_SIZE];

	log_warn("%s: %s: %s: the message is not accepted for now",
	    queue_id_format(checks->origin.queue_id, id),
	    rules_name(finding->kind), buf_cstr(&checks->value));
	refuse(checks, SLICE_LIT("4.3.0"),
	    SLICE_LIT("Error: the content cannot be checked now"));
}

static enum wish
look_up(struct finding *finding)
{
	struct checks		*checks = finding->checks;
	struct table_list_held	**tables = &checks->tables[finding->kind];

	buf_empty(&checks->value);
	/* Empty keys are looked up nowhere. */
	if (finding->key.len == 0)
		return WISH_KEEP;
	if (*tables == NULL)
		*tables = rules_hold(checks->rules, finding->kind);
	switch (table_list_find(*tables, finding->key, &checks->value)) {
	case TABLE_FOUND:
		return obey(finding, buf_slice(&checks->value));
	case TABLE_TROUBLE:
		give_up(finding);
		break;
	case TABLE_NONE:
		break;
	}
	return WISH_KEEP;
}

static bool
is_idle(const struct checks *checks, enum rules_kind kind)
{
	return checks->is_over || !rules_has(checks->rules, kind);
}

static struct slice
without_end(struct slice line)
{
	return line.len >= 2 && line.data[line.len - 2] == '\r' &&
	    line.data[line.len - 1] == '\n' ? slice_first(line,
	    line.len - 2) : line;
}

/* The end of the name of "Name : value" (RFC 5322 section 4.5). */
static size_t
name_len(struct slice field)
{
	ptrdiff_t	colon = slice_find(field, ':');
	size_t		len = colon < 0 ? 0 : (size_t)colon;

	while (len > 0 && (field.data[len - 1] == ' ' ||
	    field.data[len - 1] == '\t'))
		len--;
	return len;
}

/*
 * As patterns want it: lines of one field are parted by a newline, as in
 * Postfix; a NUL hides nothing, nor do blanks in front of the colon.
 */
static struct slice
make_key(struct checks *checks, struct slice s, bool is_field)
{
	struct slice	text = without_end(s);
	size_t		name = is_field ? name_len(text) : 0;
	bool		has_blanks = name > 0 && text.data[name] != ':';

	if (slice_find(text, '\r') < 0 && slice_find(text, '\0') < 0 &&
	    !has_blanks)
		return text;
	buf_empty(&checks->key);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char	c = text.data[i];

		if (has_blanks && i >= name) {
			has_blanks = c != ':';
			if (has_blanks)
				continue;
		}
		if (c == '\r' && i + 1 < text.len && text.data[i + 1] == '\n')
			continue;
		buf_put_u8(&checks->key, c == '\0' ? '?' : c);
	}
	return buf_slice(&checks->key);
}

/*
 * The text of a rule, which may have parts of the key in it: a newline is
 * one between two lines of a field, or it is none.
 */
static void
put_text(struct buf *into, struct slice text, bool is_field)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char	c = text.data[i];

		if (c == '\n' && is_field && i + 1 < text.len &&
		    (text.data[i + 1] == ' ' || text.data[i + 1] == '\t'))
			buf_put_str(into, "\r\n");
		else
			buf_put_u8(into, c == '\n' || c == '\r' ||
			    c == '\0' ? ' ' : c);
	}
}

void
checks_field(struct checks *checks, enum rules_kind kind, struct buf *field,
    struct buf *before)
{
	struct finding	finding = { .checks = checks, .kind = kind };

	if (is_idle(checks, kind))
		return;
	finding.key = make_key(checks, buf_slice(field), true);
	switch (look_up(&finding)) {
	case WISH_KEEP:
		break;
	case WISH_REMOVE:
		buf_empty(field);
		break;
	case WISH_REPLACE:
		buf_empty(field);
		put_text(field, finding.text, true);
		buf_put_str(field, "\r\n");
		break;
	case WISH_PREPEND:
		put_text(before, finding.text, true);
		buf_put_str(before, "\r\n");
		break;
	}
}

bool
checks_is_mime(struct slice field)
{
	return slice_has_prefix_nocase(field, "Content-") ||
	    header_is(field, "MIME-Version");
}

void
checks_primary(void *arg, struct buf *field, struct buf *before)
{
	checks_field(arg, checks_is_mime(buf_slice(field)) ? RULES_MIME :
	    RULES_HEADER, field, before);
}

void
checks_line(struct checks *checks, struct slice line, struct buf *out)
{
	struct finding	finding = { .checks = checks, .kind = RULES_BODY };
	enum wish	wish = WISH_KEEP;

	if (!is_idle(checks, RULES_BODY)) {
		finding.key = make_key(checks, line, false);
		wish = look_up(&finding);
	}
	if (wish == WISH_REPLACE || wish == WISH_PREPEND)
		put_text(out, finding.text, false);
	if (wish == WISH_PREPEND || (wish == WISH_REPLACE &&
	    without_end(line).len < line.len))
		buf_put_str(out, "\r\n");
	if (wish == WISH_KEEP || wish == WISH_PREPEND)
		buf_put_slice(out, line);
}
