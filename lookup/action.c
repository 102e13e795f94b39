/*
 * Actions.
 */

#include "lookup/action.h"

#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "lookup/profile.h"
#include "lookup/rule.h"
#include "lookup/verdict.h"
#include "util/ascii.h"
#include "util/log.h"

/* One that is being run. */
struct run {
	struct hearing	*hearing;
	const char	*source;
	struct slice	 text;		/* behind the word */
};

/* ---- refusing ------------------------------------------------------------ */

/* RFC 3463: "5.7.1", of at most three digits a part. */
static size_t
dsn_len(struct slice text)
{
	size_t	at = 1, parts = 0, digits;

	if (text.len < 5 || strchr("245", text.data[0]) == NULL)
		return 0;
	for (; parts < 2 && at < text.len && text.data[at] == '.'; parts++) {
		at++;
		for (digits = 0; at < text.len &&
		    ascii_is_digit(text.data[at]); digits++)
			at++;
		if (digits < 1 || digits > 3)
			return 0;
	}
	return parts == 2 && (at == text.len ||
	    ascii_is_space(text.data[at])) ? at : 0;
}

struct slice
action_split_dsn(struct slice text, int code, const char *fallback,
    char *dsn_r)
{
	size_t	len = dsn_len(text);

	snprintf(dsn_r, 16, "%s", fallback);
	if (len > 0) {
		snprintf(dsn_r, 16, "%.*s",
		    SLICE_ARG(slice_first(text, len)));
		text = slice_trim(slice_after(text, len));
	}
	dsn_r[0] = (char)('0' + code / 100);
	return text;
}

/* 5.1.x: bad address; which detail stands for the same of the other. */
void
action_fit_dsn(const char *class, char *dsn)
{
	static const struct {
		char	detail;
		char	sender, recipient;	/* 0: it is one's own */
	} rows[] = {
		{ '1', '7', 0 }, { '2', '8', 0 }, { '3', '7', 0 },
		{ '4', '7', 0 }, { '5', '0', 0 }, { '6', '7', 0 },
		{ '7', 0, '3' }, { '8', 0, '2' },
	};
	bool	is_sender = strcmp(class, rule_class(RULE_SENDER)) == 0;
	bool	is_rcpt = strcmp(class, rule_class(RULE_RECIPIENT)) == 0;
	char	other;

	if (strncmp(dsn + 1, ".1.", 3) != 0 || strlen(dsn) != 5)
		return;
	if (!is_sender && !is_rcpt)
		memcpy(dsn + 2, "0.0", 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		other = is_sender ? rows[i].sender : rows[i].recipient;
		if (dsn[4] == rows[i].detail && other != 0) {
			dsn[4] = other;
			break;
		}
	}
}

static enum ruling
refuse(const struct run *run, int code, const char *dsn,
    const char *default_text)
{
	char		own[16];
	struct slice	text = action_split_dsn(run->text, code, dsn, own);

	action_fit_dsn(run->hearing->class, own);
	if (text.len == 0)
		text = slice_str(default_text);
	return hearing_refuse_name(run->hearing, code, own, "%.*s",
	    SLICE_ARG(text));
}

static enum ruling
run_reject(const struct run *run, int how)
{
	(void)how;
	return refuse(run,
	    (int)run->hearing->conf->access_map_reject_code, "5.7.1",
	    "Access denied");
}

static enum ruling
run_defer(const struct run *run, int how)
{
	(void)how;
	return refuse(run, (int)run->hearing->conf->access_map_defer_code,
	    "4.7.1", "Access denied");
}

enum { IF_PERMIT, IF_REFUSE };

static enum ruling
run_defer_if(const struct run *run, int how)
{
	struct hearing	*hearing = run->hearing;
	char		 dsn[16];
	struct slice	 text = action_split_dsn(run->text, 450, "4.7.1",
			    dsn);

	action_fit_dsn(hearing->class, dsn);
	if (text.len == 0)
		text = SLICE_LIT("Service unavailable");
	if (how == IF_PERMIT)
		return hearing_defer_if_permit(hearing, dsn,
		    "<%.*s>: %s rejected: %.*s", SLICE_ARG(hearing->name),
		    hearing->class, SLICE_ARG(text));
	return hearing_defer_if_refuse(hearing, dsn,
	    "<%.*s>: %s rejected: %.*s", SLICE_ARG(hearing->name),
	    hearing->class, SLICE_ARG(text));
}

/* ---- the message --------------------------------------------------------- */

static enum ruling
complain(const struct run *run, const char *what)
{
	log_warn("%s: entry for \"%.*s\": %s", run->source,
	    SLICE_ARG(run->hearing->name), what);
	return hearing_misconfigured(run->hearing);
}

static const struct {
	const char	*log, *format;	/* what is triggered */
} messages[] = {
	[JUDGE_HOLD] = { "hold", "HOLD action" },
	[JUDGE_DISCARD] = { "discard", "DISCARD action" },
	[JUDGE_FILTER] = { "filter", "FILTER" },
	[JUDGE_REDIRECT] = { "redirect", "REDIRECT" },
	[JUDGE_BCC] = { "bcc", "BCC" },
	[JUDGE_PREPEND] = { "prepend", "PREPEND" },
};

static void
log_message(const struct run *run, int how)
{
	const struct hearing	*hearing = run->hearing;

	/* The text of HOLD and DISCARD is for the log alone. */
	if (how == JUDGE_HOLD || how == JUDGE_DISCARD)
		hearing_log(hearing, messages[how].log, "<%.*s>: %s %s%.*s",
		    SLICE_ARG(hearing->name), hearing->class,
		    run->text.len > 0 ? "" : "triggers ",
		    SLICE_ARG(run->text.len > 0 ? run->text :
		    slice_str(messages[how].format)));
	else
		hearing_log(hearing, messages[how].log,
		    "<%.*s>: %s triggers %s %.*s", SLICE_ARG(hearing->name),
		    hearing->class, messages[how].format,
		    SLICE_ARG(run->text));
}

static enum ruling
run_message(const struct run *run, int how)
{
	struct hearing	*hearing = run->hearing;

	if (how == JUDGE_FILTER && slice_find(run->text, ':') <= 0)
		return complain(run, "FILTER wants transport:destination");
	if ((how == JUDGE_REDIRECT || how == JUDGE_BCC) &&
	    slice_find(run->text, '@') < 0)
		return complain(run, "an address with a domain must follow");
	if (how == JUDGE_PREPEND && slice_find(run->text, ':') <= 0)
		return complain(run, "PREPEND wants a header");
	if (!hearing_has_message(hearing))
		return RULING_DUNNO;
	log_message(run, how);
	verdict_add_action(hearing->verdict, (enum judge_action)how,
	    run->text);
	if (how != JUDGE_DISCARD)
		return RULING_DUNNO;
	hearing->is_discarded = true;
	return RULING_PERMIT;
}

static enum ruling
run_log(const struct run *run, int how)
{
	const struct hearing	*hearing = run->hearing;
	const char		*what = how ? "warn" : "info";

	if (run->text.len > 0)
		hearing_log(hearing, what, "%.*s", SLICE_ARG(run->text));
	else
		hearing_log(hearing, what, "<%.*s>: %s triggers %s action",
		    SLICE_ARG(hearing->name), hearing->class,
		    how ? "WARN" : "INFO");
	return RULING_DUNNO;
}

/* ---- which --------------------------------------------------------------- */

static enum ruling
run_ruling(const struct run *run, int how)
{
	(void)run;
	return (enum ruling)how;
}

static const struct {
	const char	*word;
	enum ruling	(*run)(const struct run *run, int how);
	int		 how;
} actions[] = {
	{ "OK", run_ruling, RULING_PERMIT },
	{ "DUNNO", run_ruling, RULING_DUNNO },
	{ "REJECT", run_reject, 0 },
	{ "DEFER", run_defer, 0 },
	{ "DEFER_IF_PERMIT", run_defer_if, IF_PERMIT },
	{ "DEFER_IF_REJECT", run_defer_if, IF_REFUSE },
	{ "HOLD", run_message, JUDGE_HOLD },
	{ "DISCARD", run_message, JUDGE_DISCARD },
	{ "FILTER", run_message, JUDGE_FILTER },
	{ "REDIRECT", run_message, JUDGE_REDIRECT },
	{ "BCC", run_message, JUDGE_BCC },
	{ "PREPEND", run_message, JUDGE_PREPEND },
	{ "WARN", run_log, 1 },
	{ "INFO", run_log, 0 },
};

static enum ruling
run_restrictions(const struct run *run, struct slice text)
{
	struct restriction	*list;
	enum ruling		 ruling;

	/* Compiled for this once: the profile is not changed by it. */
	list = restriction_parse((struct profile *)(uintptr_t)
	    run->hearing->profile, run->source, NULL, text,
	    RESTRICTION_FROM_TABLE);
	ruling = restriction_run(list, run->hearing);
	restriction_free(&list);
	return ruling;
}

static bool
is_number(struct slice text)
{
	uint64_t	number;

	return slice_parse_u64(text, &number) == 0;
}

enum ruling
action_run(struct hearing *hearing, const char *source, struct slice action)
{
	struct slice	rest = slice_trim(action), word;
	struct run	run = { hearing, source, rest };
	int		code;

	if (slice_get_word(&rest, " \t\r\n", &word) < 0)
		return complain(&run, "it is empty");
	run.text = slice_trim(rest);
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		if (slice_is_nocase(word, actions[i].word))
			return actions[i].run(&run, actions[i].how);
	/* All-numerical: OK, as pop-before-smtp tables have it. */
	if (is_number(word) && run.text.len == 0)
		return RULING_PERMIT;
	if (word.len == 3 && is_number(word) &&
	    (word.data[0] == '4' || word.data[0] == '5')) {
		code = (word.data[0] - '0') * 100 +
		    (word.data[1] - '0') * 10 + word.data[2] - '0';
		return refuse(&run, code, "5.7.1", "Access denied");
	}
	return run_restrictions(&run, slice_trim(action));
}
