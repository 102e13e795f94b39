/*
 * The event loop, over libevent.
 */

#include "net/loop.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdlib.h>
#include <utlist.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"

struct deferred {
	loop_fn		 fn;
	void		*arg;
	struct deferred	*next, *prev;
};

struct loop {
	struct event_base	*base;
	struct deferred		*deferred;	/* list, in calling order */
	struct deferred		*spare;		/* used ones, to use again */
	int64_t			 now_ms;
	bool			 stopped;
};

struct loop_timer {
	struct event	 event;
	struct loop	*loop;
	loop_fn		 fn;
	void		*arg;
	int64_t		 due_ms;	/* 0: not running */
	int64_t		 armed_ms;	/* when the event fires; 0: never */
};

struct loop_watch {
	struct event	*event;
	struct loop	*loop;
	int		 fd;
	unsigned	 what;
	loop_fd_fn	 fn;
	void		*arg;
};

struct loop_signal {
	struct event	*event;
	struct loop	*loop;
	loop_fn		 fn;
	void		*arg;
};

struct loop *
loop_new(void)
{
	struct loop	*loop = mem_new(sizeof(*loop));

	/* A peer that has gone is an error of write, not our end. */
	signal(SIGPIPE, SIG_IGN);
	if ((loop->base = event_base_new()) == NULL)
		log_fatal("cannot make an event loop");
	loop->now_ms = clock_now_ms();
	return loop;
}

void
loop_free(struct loop **loop)
{
	struct deferred	*d, *next;

	if (*loop == NULL)
		return;
	LL_FOREACH_SAFE((*loop)->deferred, d, next)
		mem_free(d);
	LL_FOREACH_SAFE((*loop)->spare, d, next)
		mem_free(d);
	event_base_free((*loop)->base);
	mem_free(*loop);
	*loop = NULL;
}

struct event_base *
loop_base(struct loop *loop)
{
	return loop->base;
}

int64_t
loop_now_ms(struct loop *loop)
{
	return loop->now_ms;
}

void
loop_defer(struct loop *loop, loop_fn fn, void *arg)
{
	struct deferred	*d = loop->spare;

	if (d != NULL)
		LL_DELETE(loop->spare, d);
	else
		d = mem_new(sizeof(*d));
	d->fn = fn;
	d->arg = arg;
	DL_APPEND(loop->deferred, d);
}

void
loop_undefer(struct loop *loop, const void *arg)
{
	struct deferred	*d, *next;

	DL_FOREACH_SAFE(loop->deferred, d, next)
		if (d->arg == arg) {
			DL_DELETE(loop->deferred, d);
			LL_PREPEND(loop->spare, d);
		}
}

static void
run_deferred(struct loop *loop)
{
	struct deferred	*d;

	while ((d = loop->deferred) != NULL) {
		loop_fn	 fn = d->fn;
		void	*arg = d->arg;

		DL_DELETE(loop->deferred, d);
		LL_PREPEND(loop->spare, d);
		fn(arg);
	}
	log_flush();
}

static void
tick(struct loop *loop)
{
	run_deferred(loop);
	if (loop->stopped)
		return;
	event_base_loop(loop->base, EVLOOP_ONCE);
}

void
loop_run(struct loop *loop)
{
	loop->stopped = false;
	while (!loop->stopped)
		tick(loop);
	run_deferred(loop);
}

void
loop_stop(struct loop *loop)
{
	loop->stopped = true;
}

static void
on_tick_timeout(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

void
loop_tick(struct loop *loop, int64_t timeout_ms)
{
	struct timeval	 tv = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	struct event	*event;

	loop->stopped = false;
	event = event_new(loop->base, -1, EV_TIMEOUT, on_tick_timeout, NULL);
	event_add(event, &tv);
	tick(loop);
	run_deferred(loop);
	event_free(event);
}

static void
arm(struct loop_timer *timer, int64_t now_ms)
{
	int64_t		wait = timer->due_ms - now_ms;
	struct timeval	tv;

	if (wait < 0)
		wait = 0;
	tv.tv_sec = wait / 1000;
	tv.tv_usec = wait % 1000 * 1000;
	timer->armed_ms = timer->due_ms;
	event_add(&timer->event, &tv);
}

/*
 * Timers are moved far more often than they fire: moving one to a later
 * moment only notes it, and the event, when it fires early, is set again.
 */
static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer	*timer = arg;
	int64_t			 now = clock_now_ms();

	(void)fd;
	(void)what;
	timer->loop->now_ms = now;
	timer->armed_ms = 0;
	if (timer->due_ms == 0)
		return;
	if (timer->due_ms > now) {
		arm(timer, now);
		return;
	}
	timer->due_ms = 0;
	timer->fn(timer->arg);
}

struct loop_timer *
loop_timer_new(struct loop *loop, loop_fn fn, void *arg)
{
	struct loop_timer	*timer = mem_new(sizeof(*timer));

	timer->loop = loop;
	timer->fn = fn;
	timer->arg = arg;
	evtimer_assign(&timer->event, loop->base, on_timer, timer);
	return timer;
}

void
loop_timer_start(struct loop_timer *timer, int64_t delay_ms)
{
	int64_t	now = clock_now_ms();

	timer->loop->now_ms = now;
	timer->due_ms = now + (delay_ms < 0 ? 0 : delay_ms);
	if (timer->due_ms == 0)
		timer->due_ms = 1;
	if (timer->armed_ms == 0 || timer->due_ms < timer->armed_ms)
		arm(timer, now);
}

void
loop_timer_stop(struct loop_timer *timer)
{
	timer->due_ms = 0;
}

bool
loop_timer_is_running(const struct loop_timer *timer)
{
	return timer->due_ms != 0;
}

void
loop_timer_free(struct loop_timer **timer)
{
	if (*timer == NULL)
		return;
	event_del(&(*timer)->event);
	mem_free(*timer);
	*timer = NULL;
}

static void
on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch	*watch = arg;

	watch->loop->now_ms = clock_now_ms();
	watch->fn(fd, ((what & EV_READ) ? LOOP_READ : 0u) |
	    ((what & EV_WRITE) ? LOOP_WRITE : 0u), watch->arg);
}

struct loop_watch *
loop_watch_new(struct loop *loop, int fd, unsigned what, loop_fd_fn fn,
    void *arg)
{
	struct loop_watch	*watch = mem_new(sizeof(*watch));

	watch->loop = loop;
	watch->fd = fd;
	watch->fn = fn;
	watch->arg = arg;
	watch->event = event_new(loop->base, fd, EV_PERSIST, on_watch, watch);
	if (watch->event == NULL)
		log_fatal("out of memory");
	loop_watch_set(watch, what);
	return watch;
}

void
loop_watch_set(struct loop_watch *watch, unsigned what)
{
	if (watch->what == what)
		return;
	event_del(watch->event);
	watch->what = what;
	if (what == 0)
		return;
	event_assign(watch->event, watch->loop->base, watch->fd,
	    (short)(EV_PERSIST | ((what & LOOP_READ) ? EV_READ : 0) |
	    ((what & LOOP_WRITE) ? EV_WRITE : 0)), on_watch, watch);
	if (event_add(watch->event, NULL) < 0)
		log_warn("cannot watch descriptor %d", watch->fd);
}

void
loop_watch_free(struct loop_watch **watch)
{
	if (*watch == NULL)
		return;
	event_free((*watch)->event);
	mem_free(*watch);
	*watch = NULL;
}

static void
on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct loop_signal	*signal = arg;

	(void)fd;
	(void)what;
	signal->loop->now_ms = clock_now_ms();
	signal->fn(signal->arg);
}

struct loop_signal *
loop_signal_new(struct loop *loop, int number, loop_fn fn, void *arg)
{
	struct loop_signal	*signal = mem_new(sizeof(*signal));

	signal->loop = loop;
	signal->fn = fn;
	signal->arg = arg;
	signal->event = evsignal_new(loop->base, number, on_signal, signal);
	if (signal->event == NULL || event_add(signal->event, NULL) < 0)
		log_fatal("cannot handle signal %d", number);
	return signal;
}

void
loop_signal_free(struct loop_signal **signal)
{
	if (*signal == NULL)
		return;
	event_free((*signal)->event);
	mem_free(*signal);
	*signal = NULL;
}
