/*
 * Passes over the due index.
 */

#include "qmgr/scan.h"

#include <stddef.h>

#include "conf/conf.h"
#include "net/loop.h"
#include "qmgr/active.h"
#include "qmgr/agent.h"
#include "qmgr/manager.h"
#include "qmgr/store.h"
#include "util/clock.h"
#include "util/mem.h"

#define PAGE		100	/* entries of the index at a time */

/*
 * After our start, agents that went on delivering for the queue manager
 * before us get this time to say what they hold.
 */
#define START_DELAY_MS	1500

#define FRESH_LIMIT	16384	/* that wait for room */

struct scan {
	struct manager		*manager;
	struct loop_timer	*timer;
	uint64_t		 wake_us;	/* of timer; 0: none */
	struct store_due	 last;		/* where the pass is */
	bool			 has_last;
	uint64_t		 until_us;	/* end of the pass */
	size_t			 loading;	/* messages asked for */
	uint64_t		*fresh;		/* ring, FRESH_LIMIT; or NULL */
	size_t			 first_fresh;
	size_t			 fresh_count;
	bool			 has_passed;	/* the next page is theirs */
	bool			 is_passing;
	bool			 is_reading;	/* a page was asked for */
	bool			 is_stopped;
};

static void	read_page(struct scan *);

void
scan_wake_at(struct scan *scan, uint64_t due_us)
{
	int64_t	delay_ms;

	if (scan->is_stopped || (scan->wake_us != 0 &&
	    scan->wake_us <= due_us))
		return;
	scan->wake_us = due_us;
	delay_ms = ((int64_t)due_us - clock_wall_us()) / 1000 + 1;
	loop_timer_start(scan->timer, delay_ms < 1 ? 1 : delay_ms);
}

static void
on_next(const struct store_due *due, size_t count, void *arg)
{
	struct scan	*scan = arg;

	if (count > 0)
		scan_wake_at(scan, due[0].due_us);
}

/* The pass is over: when is the next one due? */
static void
end_pass(struct scan *scan)
{
	struct store_due	after = { scan->until_us, UINT64_MAX };
	int64_t			now = clock_wall_us();

	scan->is_passing = false;
	/* However time is set back and forth, look now and then. */
	scan_wake_at(scan, (uint64_t)(now +
	    scan->manager->conf->queue_run_delay * 1000));
	store_scan(scan->manager->store, &after, UINT64_MAX, 1, on_next,
	    scan);
}

static void
on_page(const struct store_due *due, size_t count, void *arg)
{
	struct scan	*scan = arg;
	struct manager	*manager = scan->manager;

	scan->is_reading = false;
	if (scan->is_stopped)
		return;
	for (size_t i = 0; i < count; i++) {
		scan->last = due[i];
		scan->has_last = true;
		if (active_find(manager, due[i].id) != NULL ||
		    agent_is_held(manager, due[i].id))
			continue;
		scan_load(scan, due[i].id, scan->until_us);
	}
	if (count < PAGE)
		end_pass(scan);
	else
		read_page(scan);
}

void
scan_put_fresh(struct scan *scan, uint64_t id)
{
	if (scan->fresh_count == FRESH_LIMIT)
		return;
	if (scan->fresh == NULL)
		scan->fresh = mem_new_array(FRESH_LIMIT,
		    sizeof(*scan->fresh));
	scan->fresh[(scan->first_fresh + scan->fresh_count++) % FRESH_LIMIT] =
	    id;
}

/* What a pass has found meanwhile is active, or gone: nothing comes of it. */
static void
load_fresh(struct scan *scan)
{
	uint64_t	now = (uint64_t)clock_wall_us();

	scan->has_passed = false;
	for (int i = 0; i < PAGE && scan->fresh_count > 0; i++) {
		uint64_t	id = scan->fresh[scan->first_fresh];

		scan->first_fresh = (scan->first_fresh + 1) % FRESH_LIMIT;
		scan->fresh_count--;
		if (active_find(scan->manager, id) == NULL)
			scan_load(scan, id, now);
	}
}

static void
read_page(struct scan *scan)
{
	if (scan->is_reading || scan->is_stopped || scan->loading > 0 ||
	    !active_has_room(scan->manager))
		return;
	if (scan->fresh_count > 0 && (scan->has_passed || !scan->is_passing))
		load_fresh(scan);
	if (!scan->is_passing || scan->loading > 0)
		return;
	scan->is_reading = scan->has_passed = true;
	store_scan(scan->manager->store, scan->has_last ? &scan->last : NULL,
	    scan->until_us, PAGE, on_page, scan);
}

static void
start_pass(struct scan *scan, uint64_t until_us)
{
	scan->is_passing = true;
	scan->until_us = until_us;
	scan->has_last = false;
	read_page(scan);
}

static void
on_timer(void *arg)
{
	struct scan	*scan = arg;

	scan->wake_us = 0;
	if (!scan->is_passing && !scan->is_stopped)
		start_pass(scan, (uint64_t)clock_wall_us());
}

void
scan_check(struct scan *scan)
{
	read_page(scan);
}

void
scan_load(struct scan *scan, uint64_t id, uint64_t until_us)
{
	if (scan->is_stopped)
		return;
	scan->loading++;
	active_load(scan->manager, id, until_us);
}

void
scan_loaded(struct scan *scan)
{
	if (--scan->loading == 0)
		read_page(scan);
}

void
scan_stop(struct scan *scan)
{
	scan->is_stopped = true;
	loop_timer_stop(scan->timer);
}

struct scan *
scan_new(struct manager *manager)
{
	struct scan	*scan = mem_new(sizeof(*scan));

	scan->manager = manager;
	scan->timer = loop_timer_new(manager->loop, on_timer, scan);
	scan->wake_us = (uint64_t)clock_wall_us() + START_DELAY_MS * 1000;
	loop_timer_start(scan->timer, START_DELAY_MS);
	return scan;
}
