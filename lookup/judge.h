#ifndef LOOKUP_JUDGE_H
#define LOOKUP_JUDGE_H

/*
 * May this client do that?  Plain code in a thread: it may block.
 */

#include <stdbool.h>

#include "net/addr.h"
#include "util/buf.h"

struct msg_judge;
struct profile;
struct verdict;

/* The question, as texts of its own. */
struct judge_question {
	struct msg_judge	*m;		/* owned; slices of text */
	struct buf		 text;
	struct addr		 client;
	bool			 has_client;	/* its address is one */
};

void	judge_init(struct judge_question *question,
	    const struct msg_judge *m);
void	judge_clear(struct judge_question *question);

/* The verdict on it: with a recipient, where it leads to. */
void	judge_run(const struct profile *profile,
	    const struct judge_question *question, struct verdict *verdict);

#endif
