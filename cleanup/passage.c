/*
 * One stage behind the other.
 */

#include "cleanup/passage.h"

#include "cleanup/checks.h"
#include "cleanup/inspect.h"
#include "util/mem.h"

struct passage {
	struct fixup		*fixup;
	struct checks		*checks;	/* NULL: none */
	struct inspect		*inspect;	/* NULL: none */
	fixup_put_fn		 put;
	void			*arg;
	struct passage_verdict	 verdict;
};

static void
put_fixed(void *arg, struct slice bytes)
{
	struct passage	*passage = arg;

	if (passage->inspect != NULL)
		inspect_put(passage->inspect, bytes);
	else
		passage->put(passage->arg, bytes);
}

static void
add_checks(struct passage *passage, const struct passage_settings *settings)
{
	const struct fixup_settings	*fixup = &settings->fixup;
	const struct rules		*rules = settings->rules;
	struct checks_origin		 origin = {
		.queue_id = fixup->queue_id,
		.client = settings->client,
		.sender = fixup->sender,
		.recipient = settings->last_recipient,
		.proto = fixup->client->proto,
		.helo = fixup->client->helo,
	};
	struct inspect_settings		 inspect = {
		.conf = fixup->conf,
		.is_utf8 = settings->is_utf8,
		.put = settings->put,
		.arg = settings->arg,
	};

	if (rules == NULL)
		return;
	passage->checks = checks_new(rules, &origin, settings->fate);
	inspect.checks = passage->checks;
	passage->inspect = inspect_new(&inspect);
	/* Nothing is to be paid for what nobody wants. */
	if (passage->inspect == NULL && !rules_has(rules, RULES_HEADER) &&
	    !rules_has(rules, RULES_MIME))
		checks_free(&passage->checks);
}

struct passage *
passage_new(const struct passage_settings *settings)
{
	struct passage		*passage = mem_new(sizeof(*passage));
	struct fixup_settings	 fixup = settings->fixup;

	passage->put = settings->put;
	passage->arg = settings->arg;
	add_checks(passage, settings);
	if (passage->checks != NULL) {
		fixup.check = checks_primary;
		fixup.check_arg = passage->checks;
	}
	passage->fixup = fixup_new(&fixup, put_fixed, passage);
	return passage;
}

void
passage_free(struct passage **passage)
{
	if (*passage == NULL)
		return;
	fixup_free(&(*passage)->fixup);
	inspect_free(&(*passage)->inspect);
	checks_free(&(*passage)->checks);
	mem_free(*passage);
	*passage = NULL;
}

size_t
passage_size(const struct passage *passage)
{
	return sizeof(*passage) + fixup_size(passage->fixup) +
	    (passage->checks == NULL ? 0 : checks_size(passage->checks)) +
	    (passage->inspect == NULL ? 0 : inspect_size(passage->inspect));
}

void
passage_shrink(struct passage *passage)
{
	fixup_shrink(passage->fixup);
	if (passage->checks != NULL)
		checks_shrink(passage->checks);
	if (passage->inspect != NULL)
		inspect_shrink(passage->inspect);
}

/* result: of fixup. */
static void
judge(struct passage *passage, int result)
{
	const struct checks	*checks = passage->checks;

	if (passage->verdict.code != 0)
		return;
	if (checks != NULL && checks->code != 0)
		passage->verdict = (struct passage_verdict){ checks->code,
		    checks->dsn, checks->text, checks->is_logged };
	else if (result < 0)
		passage->verdict = (struct passage_verdict){ 554,
		    fixup_dsn(passage->fixup), fixup_why(passage->fixup),
		    false };
}

void
passage_start(struct passage *passage)
{
	fixup_start(passage->fixup);
	judge(passage, 0);
}

void
passage_put(struct passage *passage, struct slice bytes)
{
	judge(passage, fixup_put(passage->fixup, bytes));
}

void
passage_end(struct passage *passage)
{
	int	result = fixup_end(passage->fixup);

	if (result == 0 && passage->inspect != NULL)
		inspect_end(passage->inspect);
	judge(passage, result);
}

const struct passage_verdict *
passage_verdict(const struct passage *passage)
{
	return &passage->verdict;
}
