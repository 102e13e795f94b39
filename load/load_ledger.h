#ifndef LOAD_LOAD_LEDGER_H
#define LOAD_LOAD_LEDGER_H

/*
 * The books of a load generator: which message numbers are still to be
 * sent, what became of the others, how long they took, and a file of those
 * the server took responsibility for.
 *
 * A number is taken by a session; it comes back to be tried again, or it
 * is settled, once.
 */

#include <stdbool.h>
#include <stdint.h>

#include "net/loop.h"
#include "util/buf.h"

struct load_ledger;

enum load_fate {
	LOAD_ACKNOWLEDGED,
	LOAD_REFUSED,
	LOAD_FAILED,
	LOAD_FATES,		/* how many there are */
};

/*
 * Numbers first, first + 1 ... count of them.  on_ready(arg) is called when
 * numbers that came back can be taken anew.  The caller frees.
 */
struct load_ledger *load_ledger_new(struct loop *loop, uint64_t first,
		    uint64_t count, loop_fn on_ready, void *arg);
void		 load_ledger_free(struct load_ledger **ledger);

/* Append the acknowledged to file, one a line; 0, or -1 with errno. */
int		 load_ledger_open(struct load_ledger *ledger,
		    const char *file);

/* A number to send, or 0 when there is none just now. */
uint64_t	 load_ledger_get(struct load_ledger *ledger);

/* Back with it: it can be taken again a little later. */
void		 load_ledger_put(struct load_ledger *ledger, uint64_t number);

/* Numbers have come back and are not ready yet: on_ready will be called. */
bool		 load_ledger_is_waiting(const struct load_ledger *ledger);

void		 load_ledger_settle(struct load_ledger *ledger,
		    uint64_t number, enum load_fate fate, int64_t took_us);

bool		 load_ledger_is_settled(const struct load_ledger *ledger);
uint64_t	 load_ledger_count(const struct load_ledger *ledger,
		    enum load_fate fate);

/* What is not settled has failed: time is up. */
void		 load_ledger_stop(struct load_ledger *ledger);

/*
 * "messages=.. acknowledged=.. ..." from the first get to the last settle.
 * "began=" is the monotonic clock, as is "last=" of ternsink: from one to
 * the other a message was under way.
 */
void		 load_ledger_format(struct load_ledger *ledger,
		    bool has_detail, struct buf *into);

#endif
