#ifndef MAIL_FEEDBACK_H
#define MAIL_FEEDBACK_H

/*
 * By how much one delivery moves the concurrency of its destination (Q44):
 * a number from 0 to 1, alone or over the concurrency or its square root,
 * as in "0.5 / sqrt_concurrency".
 */

#include <stdint.h>

#include "util/slice.h"

struct conf;

enum feedback_divisor {
	FEEDBACK_NONE,
	FEEDBACK_CONCURRENCY,
	FEEDBACK_SQRT_CONCURRENCY,
};

struct feedback {
	double			number;
	enum feedback_divisor	divisor;
};

/* 0, or -1 when text is none. */
int	feedback_parse(struct slice text, struct feedback *feedback_r);

/* At so many deliveries at a time, at least one. */
double	feedback_get(const struct feedback *feedback, int64_t concurrency);

/*
 * All that main.cf says of them, for the transports, too: 0, or -1 and
 * *why_r "main.cf:12: name: what is wrong" (caller frees).
 */
int	feedback_check(const struct conf *conf, char **why_r);

#endif
