#ifndef LOOKUP_QUOTA_H
#define LOOKUP_QUOTA_H

/*
 * Limits on what clients, logins and senders do (S63): the numbers that a
 * question got (lookup/rate.h), and what is allowed.
 */

#include "lookup/hearing.h"

/* RULING_DUNNO, or a refusal, of which the log is told. */
enum ruling	quota_check(struct hearing *hearing);

#endif
