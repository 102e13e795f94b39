#ifndef LOOKUP_JUDGE_H
#define LOOKUP_JUDGE_H

/*
 * May this client do that?  Plain code in a thread, where it may block, or
 * in the loop, in haste (util/haste.h).
 */

#include <stdbool.h>

#include "lookup/identity.h"
#include "lookup/rate.h"
#include "net/addr.h"
#include "util/buf.h"

struct msg_judge;
struct profile;
struct verdict;

/* The question, as texts of its own. */
struct judge_question {
	struct msg_judge	*m;		/* owned; slices of text */
	struct msg_judge	*asked;		/* owned; the same, unchanged */
	struct buf		 text;
	struct buf		 client_text;	/* "name[address]" */
	struct addr		 client;
	bool			 has_client;	/* its address is one */
	struct rate_numbers	 numbers;	/* set by the loop */
	struct identity		 identity;	/* JUDGE_CONNECT */
};

void	judge_init(struct judge_question *question,
	    const struct msg_judge *m);
void	judge_clear(struct judge_question *question);

/* As it was before judge_run, to be judged anew. */
void	judge_again(struct judge_question *question);

/*
 * The verdict on it: with a recipient, where it leads to; when the client
 * has just connected, who it is.
 */
void	judge_run(const struct profile *profile,
	    struct judge_question *question, struct verdict *verdict);

#endif
