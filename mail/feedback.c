/*
 * Feedback of deliveries to the concurrency of their destination.
 */

#include "mail/feedback.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "conf/conf.h"
#include "util/ascii.h"
#include "util/mem.h"

static const struct {
	const char		*name;
	enum feedback_divisor	 divisor;
} divisors[] = {
	{ "concurrency", FEEDBACK_CONCURRENCY },
	{ "sqrt_concurrency", FEEDBACK_SQRT_CONCURRENCY },
};

static int
parse_number(struct slice text, double *number_r)
{
	double	number = 0, unit = 1;
	bool	has_digits = false, has_point = false;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '.' && !has_point) {
			has_point = true;
			continue;
		}
		if (!ascii_is_digit(text.data[i]))
			return -1;
		has_digits = true;
		number = number * 10 + (text.data[i] - '0');
		if (has_point)
			unit *= 10;
	}
	*number_r = number / unit;
	return has_digits && *number_r <= 1 ? 0 : -1;
}

int
feedback_parse(struct slice text, struct feedback *feedback_r)
{
	ptrdiff_t	slash = slice_find(text, '/');
	struct slice	divisor;

	feedback_r->divisor = FEEDBACK_NONE;
	if (slash < 0)
		return parse_number(slice_trim(text), &feedback_r->number);
	divisor = slice_trim(slice_after(text, (size_t)slash + 1));
	for (size_t i = 0; i < sizeof(divisors) / sizeof(*divisors); i++)
		if (slice_is(divisor, divisors[i].name))
			feedback_r->divisor = divisors[i].divisor;
	if (feedback_r->divisor == FEEDBACK_NONE)
		return -1;
	return parse_number(slice_trim(slice_first(text, (size_t)slash)),
	    &feedback_r->number);
}

double
feedback_get(const struct feedback *feedback, int64_t concurrency)
{
	double	divisor = 1;

	if (feedback->divisor == FEEDBACK_CONCURRENCY)
		divisor = (double)concurrency;
	else if (feedback->divisor == FEEDBACK_SQRT_CONCURRENCY)
		divisor = sqrt((double)concurrency);
	return feedback->number / divisor;
}

/* ---- main.cf ------------------------------------------------------------- */

struct check {
	const struct conf	*conf;
	char			*why;		/* of the first bad one */
};

static bool
is_feedback(const char *name)
{
	static const char	 head[] = "destination_concurrency_";
	const char		*tail = strstr(name, head);

	if (tail == NULL)
		return false;
	tail += sizeof(head) - 1;
	return strcmp(tail, "negative_feedback") == 0 ||
	    strcmp(tail, "positive_feedback") == 0;
}

static void
check_one(const char *name, const char *value, const char *where, void *arg)
{
	struct check	*check = arg;
	struct feedback	 feedback;
	char		*text;

	(void)value;
	if (check->why != NULL || !is_feedback(name) ||
	    (text = conf_find(check->conf, name)) == NULL)
		return;
	if (feedback_parse(slice_str(text), &feedback) < 0)
		check->why = mem_printf("%s: %s: \"%.60s\" is no feedback: "
		    "use a number from 0 to 1, alone or over concurrency or "
		    "sqrt_concurrency", where, name, text);
	mem_free(text);
}

int
feedback_check(const struct conf *conf, char **why_r)
{
	struct check	check = { conf, NULL };

	conf_source_each(conf->source, check_one, &check);
	if (check.why == NULL)
		return 0;
	*why_r = check.why;
	return -1;
}
