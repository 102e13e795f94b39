/*
 * What became of the messages of a load generator.
 */

#include "load/load_ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"
#include "util/path.h"

#define RETRY_MS	200

struct load_ledger {
	struct loop	*loop;
	loop_fn		 on_ready;
	void		*arg;
	struct loop_timer *timer;	/* until what came back is ready */
	uint64_t	 first, count;
	uint64_t	 taken;		/* numbers given out at least once */
	uint64_t	*back;		/* owned ring of count numbers */
	uint64_t	 head, ready, tail;	/* of the ring; never wrapped */
	uint64_t	 returns, settled, fates[LOAD_FATES];
	uint32_t	*took_us;	/* owned; of each acknowledged */
	int64_t		 start_us, end_us;
	struct buf	 acks;		/* not yet written */
	int		 fd;		/* -1: no file of acknowledgements */
};

static void
on_timer(void *arg)
{
	struct load_ledger	*ledger = arg;

	ledger->ready = ledger->tail;
	ledger->on_ready(ledger->arg);
}

struct load_ledger *
load_ledger_new(struct loop *loop, uint64_t first, uint64_t count,
    loop_fn on_ready, void *arg)
{
	struct load_ledger	*ledger = mem_new(sizeof(*ledger));

	ledger->loop = loop;
	ledger->first = first;
	ledger->count = count;
	ledger->on_ready = on_ready;
	ledger->arg = arg;
	ledger->timer = loop_timer_new(loop, on_timer, ledger);
	ledger->back = mem_new_array(count, sizeof(*ledger->back));
	ledger->took_us = mem_new_array(count, sizeof(*ledger->took_us));
	ledger->fd = -1;
	return ledger;
}

/* All of a tick's acknowledgements are one write. */
static void
on_write(void *arg)
{
	struct load_ledger	*ledger = arg;

	while (ledger->acks.len > 0) {
		ssize_t	n = write(ledger->fd, buf_slice(&ledger->acks).data,
			    ledger->acks.len);

		if (n < 0 && errno != EINTR)
			log_fatal("cannot write acknowledgements: %s",
			    strerror(errno));
		if (n > 0)
			buf_drop(&ledger->acks, (size_t)n);
	}
}

void
load_ledger_free(struct load_ledger **ledgerp)
{
	struct load_ledger	*ledger = *ledgerp;

	if (ledger == NULL)
		return;
	*ledgerp = NULL;
	on_write(ledger);
	if (ledger->fd >= 0)
		close(ledger->fd);
	loop_undefer(ledger->loop, ledger);
	loop_timer_free(&ledger->timer);
	buf_clear(&ledger->acks);
	mem_free(ledger->back);
	mem_free(ledger->took_us);
	mem_free(ledger);
}

int
load_ledger_open(struct load_ledger *ledger, const char *file)
{
	ledger->fd = path_open_append(file);
	return ledger->fd < 0 ? -1 : 0;
}

uint64_t
load_ledger_get(struct load_ledger *ledger)
{
	if (ledger->start_us == 0)
		ledger->start_us = clock_now_us();
	if (ledger->head < ledger->ready)
		return ledger->back[ledger->head++ % ledger->count];
	if (ledger->taken < ledger->count)
		return ledger->first + ledger->taken++;
	return 0;
}

void
load_ledger_put(struct load_ledger *ledger, uint64_t number)
{
	ledger->returns++;
	ledger->back[ledger->tail++ % ledger->count] = number;
	if (!loop_timer_is_running(ledger->timer))
		loop_timer_start(ledger->timer, RETRY_MS);
}

bool
load_ledger_is_waiting(const struct load_ledger *ledger)
{
	return loop_timer_is_running(ledger->timer);
}

void
load_ledger_settle(struct load_ledger *ledger, uint64_t number,
    enum load_fate fate, int64_t took_us)
{
	if (load_ledger_is_settled(ledger))
		return;
	if (fate == LOAD_ACKNOWLEDGED) {
		ledger->took_us[ledger->fates[fate]] =
		    took_us > UINT32_MAX ? UINT32_MAX : (uint32_t)took_us;
		if (ledger->fd >= 0 && ledger->acks.len == 0)
			loop_defer(ledger->loop, on_write, ledger);
		if (ledger->fd >= 0)
			buf_printf(&ledger->acks, "%llu\n",
			    (unsigned long long)number);
	}
	ledger->fates[fate]++;
	ledger->settled++;
	ledger->end_us = clock_now_us();
}

bool
load_ledger_is_settled(const struct load_ledger *ledger)
{
	return ledger->settled == ledger->count;
}

uint64_t
load_ledger_count(const struct load_ledger *ledger, enum load_fate fate)
{
	return ledger->fates[fate];
}

void
load_ledger_stop(struct load_ledger *ledger)
{
	if (load_ledger_is_settled(ledger))
		return;
	ledger->fates[LOAD_FAILED] += ledger->count - ledger->settled;
	ledger->settled = ledger->count;
	ledger->end_us = clock_now_us();
}

static int
compare(const void *a, const void *b)
{
	uint32_t	x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* In milliseconds, of the sorted times. */
static double
percentile(const struct load_ledger *ledger, double percent)
{
	uint64_t	count = ledger->fates[LOAD_ACKNOWLEDGED];
	uint64_t	at = (uint64_t)((double)count * percent / 100);

	if (count == 0)
		return 0;
	return ledger->took_us[at < count ? at : count - 1] / 1e3;
}

void
load_ledger_format(struct load_ledger *ledger, bool has_detail,
    struct buf *into)
{
	const uint64_t	*fates = ledger->fates;
	double		 seconds = (double)(ledger->end_us -
			    ledger->start_us) / 1e6;

	qsort(ledger->took_us, fates[LOAD_ACKNOWLEDGED],
	    sizeof(*ledger->took_us), compare);
	buf_printf(into, "messages=%llu acknowledged=%llu refused=%llu "
	    "failed=%llu seconds=%.2f rate=%.0f/s p50_ms=%.2f p99_ms=%.2f",
	    (unsigned long long)ledger->count,
	    (unsigned long long)fates[LOAD_ACKNOWLEDGED],
	    (unsigned long long)fates[LOAD_REFUSED],
	    (unsigned long long)fates[LOAD_FAILED], seconds,
	    seconds > 0 ? (double)fates[LOAD_ACKNOWLEDGED] / seconds : 0,
	    percentile(ledger, 50), percentile(ledger, 99));
	if (has_detail)
		buf_printf(into, " p90_ms=%.2f p999_ms=%.2f max_ms=%.2f",
		    percentile(ledger, 90), percentile(ledger, 99.9),
		    percentile(ledger, 100));
	buf_printf(into, " returns=%llu began=%.6f",
	    (unsigned long long)ledger->returns,
	    (double)ledger->start_us / 1e6);
}
