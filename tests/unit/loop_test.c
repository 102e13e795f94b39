#include "net/loop.h"

#include <CUnit/CUnit.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/clock.h"

#define PATIENCE_MS	20000

static struct loop		*loop;
static struct loop_timer	*timer;
static struct loop_watch	*watch;
static char			 calls[64];	/* a letter for each */
static int			 fired;
static int64_t			 fired_ms;

static void
begin(void)
{
	loop = loop_new();
	calls[0] = '\0';
	fired = 0;
}

static void
end(void)
{
	loop_timer_free(&timer);
	loop_watch_free(&watch);
	loop_free(&loop);
	CU_ASSERT_PTR_NULL(loop);
}

static void
call(char letter)
{
	size_t	len = strlen(calls);

	if (len + 1 < sizeof(calls)) {
		calls[len] = letter;
		calls[len + 1] = '\0';
	}
}

/* ---- deferred ------------------------------------------------------------ */

static void
on_letter(void *arg)
{
	call(*(const char *)arg);
}

static void
on_chain(void *arg)
{
	static char	next[] = "z";

	on_letter(arg);
	loop_defer(loop, on_letter, next);
}

static void
defers(void)
{
	static char	a[] = "a", b[] = "b", c[] = "c";

	begin();
	loop_defer(loop, on_letter, a);
	loop_defer(loop, on_chain, b);
	loop_defer(loop, on_letter, a);
	loop_defer(loop, on_letter, c);
	CU_ASSERT_STRING_EQUAL(calls, "");
	/* In order, each as often as asked, and what these ask for too. */
	loop_tick(loop, 0);
	CU_ASSERT_STRING_EQUAL(calls, "abacz");
	loop_tick(loop, 0);
	CU_ASSERT_STRING_EQUAL(calls, "abacz");
	end();
}

static void
on_forget(void *arg)
{
	loop_undefer(loop, arg);
	call('f');
}

static void
undefers(void)
{
	static char	a[] = "a", b[] = "b";

	begin();
	loop_defer(loop, on_letter, a);
	loop_defer(loop, on_letter, b);
	loop_defer(loop, on_letter, a);
	loop_undefer(loop, a);
	loop_undefer(loop, calls);
	loop_tick(loop, 0);
	CU_ASSERT_STRING_EQUAL(calls, "b");
	/* Also from among them. */
	loop_defer(loop, on_forget, a);
	loop_defer(loop, on_letter, a);
	loop_defer(loop, on_letter, b);
	loop_tick(loop, 0);
	CU_ASSERT_STRING_EQUAL(calls, "bfb");
	/* What is left goes with the loop, uncalled. */
	loop_defer(loop, on_letter, a);
	end();
	CU_ASSERT_STRING_EQUAL(calls, "bfb");
}

/* ---- running ------------------------------------------------------------- */

static void
on_stop(void *arg)
{
	static char	last[] = "l";

	(void)arg;
	call('s');
	loop_stop(loop);
	loop_defer(loop, on_letter, last);
}

static void
runs_until_stopped(void)
{
	begin();
	timer = loop_timer_new(loop, on_stop, NULL);
	for (int i = 0; i < 2; i++) {
		loop_timer_start(timer, 5);
		loop_run(loop);
	}
	/* What was deferred is done before it returns. */
	CU_ASSERT_STRING_EQUAL(calls, "slsl");
	end();
}

static void
ticks_do_not_last(void)
{
	int64_t	start_ms;

	begin();
	start_ms = clock_now_ms();
	loop_tick(loop, 0);
	loop_tick(loop, 30);
	CU_ASSERT(clock_now_ms() - start_ms >= 29);
	CU_ASSERT(clock_now_ms() - start_ms < PATIENCE_MS);
	end();
}

/* ---- timers -------------------------------------------------------------- */

static void
on_timer(void *arg)
{
	(void)arg;
	fired++;
	fired_ms = clock_now_ms();
	CU_ASSERT_FALSE(loop_timer_is_running(timer));
	CU_ASSERT(loop_now_ms(loop) <= fired_ms);
}

/* Tick until the timer has fired that often; how long it took. */
static int64_t
until_fired(int count)
{
	int64_t	start_ms = clock_now_ms();

	while (fired < count && clock_now_ms() < start_ms + PATIENCE_MS)
		loop_tick(loop, 100);
	CU_ASSERT_EQUAL(fired, count);
	return fired_ms - start_ms;
}

static void
fires_once(void)
{
	begin();
	timer = loop_timer_new(loop, on_timer, NULL);
	CU_ASSERT_FALSE(loop_timer_is_running(timer));
	loop_tick(loop, 5);
	loop_timer_start(timer, 20);
	CU_ASSERT(loop_timer_is_running(timer));
	/* A millisecond may have begun before it. */
	CU_ASSERT(until_fired(1) >= 19);
	loop_tick(loop, 40);
	CU_ASSERT_EQUAL(fired, 1);
	/* And again when started again, but never at once. */
	loop_timer_start(timer, 0);
	CU_ASSERT_EQUAL(fired, 1);
	until_fired(2);
	loop_timer_start(timer, -5);
	CU_ASSERT_EQUAL(fired, 2);
	until_fired(3);
	end();
}

static void
moves(void)
{
	begin();
	timer = loop_timer_new(loop, on_timer, NULL);
	loop_timer_start(timer, 5);
	loop_timer_start(timer, 60);
	CU_ASSERT(until_fired(1) >= 59);
	loop_timer_start(timer, 100 * PATIENCE_MS);
	loop_timer_start(timer, 10);
	CU_ASSERT(until_fired(2) >= 9);
	/* Later, then less late. */
	loop_timer_start(timer, 5);
	loop_timer_start(timer, 100 * PATIENCE_MS);
	loop_timer_start(timer, 30);
	CU_ASSERT(until_fired(3) >= 29);
	loop_tick(loop, 20);
	CU_ASSERT_EQUAL(fired, 3);
	end();
}

static void
stops(void)
{
	begin();
	timer = loop_timer_new(loop, on_timer, NULL);
	loop_timer_start(timer, 5);
	loop_timer_stop(timer);
	CU_ASSERT_FALSE(loop_timer_is_running(timer));
	for (int i = 0; i < 3; i++)
		loop_tick(loop, 10);
	CU_ASSERT_EQUAL(fired, 0);
	loop_timer_stop(timer);
	loop_timer_start(timer, 50);
	loop_timer_stop(timer);
	loop_timer_start(timer, 5);
	CU_ASSERT(until_fired(1) >= 4);
	loop_timer_start(timer, 1);
	loop_timer_free(&timer);
	CU_ASSERT_PTR_NULL(timer);
	loop_timer_free(&timer);
	loop_tick(loop, 10);
	CU_ASSERT_EQUAL(fired, 1);
	end();
}

static void
on_again(void *arg)
{
	(void)arg;
	if (++fired < 3)
		loop_timer_start(timer, 1);
	else
		loop_timer_free(&timer);
}

/* A handler may start its timer, and free it. */
static void
from_its_handler(void)
{
	begin();
	timer = loop_timer_new(loop, on_again, NULL);
	loop_timer_start(timer, 1);
	until_fired(3);
	CU_ASSERT_PTR_NULL(timer);
	end();
}

/* ---- watches ------------------------------------------------------------- */

static int	ends[2];

static void
on_ready(int fd, unsigned what, void *arg)
{
	char	c = '?';

	CU_ASSERT_EQUAL(fd, ends[0]);
	CU_ASSERT_PTR_EQUAL(arg, &watch);
	if (what & LOOP_READ) {
		CU_ASSERT_EQUAL(read(fd, &c, 1), 1);
		call(c);
	}
	if (what & LOOP_WRITE)
		call('W');
	if (c == 'q')
		loop_watch_free(&watch);
	else if (what & LOOP_WRITE)
		loop_watch_set(watch, LOOP_READ);
}

static void
watches(void)
{
	begin();
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	watch = loop_watch_new(loop, ends[0], LOOP_READ, on_ready, &watch);
	loop_tick(loop, 5);
	CU_ASSERT_STRING_EQUAL(calls, "");
	CU_ASSERT_EQUAL(write(ends[1], "abcdq", 5), 5);
	/* What is not read is told again. */
	loop_tick(loop, 1000);
	loop_tick(loop, 1000);
	CU_ASSERT_STRING_EQUAL(calls, "ab");
	loop_watch_set(watch, 0);
	loop_tick(loop, 5);
	CU_ASSERT_STRING_EQUAL(calls, "ab");
	loop_watch_set(watch, LOOP_WRITE);
	loop_tick(loop, 1000);
	CU_ASSERT_STRING_EQUAL(calls, "abW");
	loop_watch_set(watch, LOOP_READ | LOOP_WRITE);
	loop_tick(loop, 1000);
	CU_ASSERT_STRING_EQUAL(calls, "abWcW");
	loop_tick(loop, 1000);
	loop_tick(loop, 1000);
	CU_ASSERT_STRING_EQUAL(calls, "abWcWdq");
	CU_ASSERT_PTR_NULL(watch);
	/* The descriptor is still ours. */
	CU_ASSERT_EQUAL(close(ends[0]), 0);
	close(ends[1]);
	end();
}

/* ---- signals ------------------------------------------------------------- */

static void
signals(void)
{
	static char		 u[] = "u";
	struct loop_signal	*signal_watch;

	begin();
	signal_watch = loop_signal_new(loop, SIGUSR1, on_letter, u);
	raise(SIGUSR1);
	CU_ASSERT_STRING_EQUAL(calls, "");
	for (int i = 0; i < 100 && calls[0] == '\0'; i++)
		loop_tick(loop, 100);
	CU_ASSERT_STRING_EQUAL(calls, "u");
	loop_signal_free(&signal_watch);
	CU_ASSERT_PTR_NULL(signal_watch);
	loop_signal_free(&signal_watch);
	end();
}

/* A peer that has gone is no signal. */
static void
no_sigpipe(void)
{
	int	pair[2];

	begin();
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	close(pair[1]);
	CU_ASSERT_EQUAL(write(pair[0], "x", 1), -1);
	close(pair[0]);
	end();
}

void	loop_test(void);

void
loop_test(void)
{
	CU_pSuite	suite = CU_add_suite("loop", NULL, NULL);

	CU_add_test(suite, "defers", defers);
	CU_add_test(suite, "undefers", undefers);
	CU_add_test(suite, "runs until stopped", runs_until_stopped);
	CU_add_test(suite, "ticks do not last", ticks_do_not_last);
	CU_add_test(suite, "fires once", fires_once);
	CU_add_test(suite, "moves", moves);
	CU_add_test(suite, "stops", stops);
	CU_add_test(suite, "from its handler", from_its_handler);
	CU_add_test(suite, "watches", watches);
	CU_add_test(suite, "signals", signals);
	CU_add_test(suite, "no SIGPIPE", no_sigpipe);
}
