#ifndef NET_LOOP_H
#define NET_LOOP_H

/*
 * The event loop: one a process, one thread.  A tick is: wait for events,
 * call their handlers, then run what was deferred (written output is
 * flushed, the doomed are freed, the log leaves).  So a handler may free
 * anything but must not expect its output to be on the wire before it
 * returns.
 */

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;
struct loop_watch;
struct loop_signal;
struct event_base;

typedef void (*loop_fn)(void *arg);
typedef void (*loop_fd_fn)(int fd, unsigned what, void *arg);

enum {
	LOOP_READ = 1,
	LOOP_WRITE = 2,
};

struct loop	*loop_new(void);
void		 loop_free(struct loop **loop);

/* Run until loop_stop. */
void		 loop_run(struct loop *loop);
void		 loop_stop(struct loop *loop);

/* One tick that waits at most timeout_ms: for tests and tools. */
void		 loop_tick(struct loop *loop, int64_t timeout_ms);

/* Milliseconds on the monotonic clock, read once a tick. */
int64_t		 loop_now_ms(struct loop *loop);

/* Call fn(arg) at the end of this tick, once for each call made here. */
void		 loop_defer(struct loop *loop, loop_fn fn, void *arg);

/* Forget all deferred calls with this arg: its owner is going away. */
void		 loop_undefer(struct loop *loop, const void *arg);

/*
 * A timer; the caller owns it.  Starting a running timer moves it; it
 * fires once.
 */
struct loop_timer *loop_timer_new(struct loop *loop, loop_fn fn, void *arg);
void		 loop_timer_start(struct loop_timer *timer, int64_t delay_ms);
void		 loop_timer_stop(struct loop_timer *timer);
bool		 loop_timer_is_running(const struct loop_timer *timer);
void		 loop_timer_free(struct loop_timer **timer);

/*
 * A watch on a descriptor, which stays the caller's; what is LOOP_READ,
 * LOOP_WRITE or both, 0 pauses.
 */
struct loop_watch *loop_watch_new(struct loop *loop, int fd, unsigned what,
		    loop_fd_fn fn, void *arg);
void		 loop_watch_set(struct loop_watch *watch, unsigned what);
void		 loop_watch_free(struct loop_watch **watch);

/* fn(arg) is called for the signal, in the loop (not in a handler). */
struct loop_signal *loop_signal_new(struct loop *loop, int signal,
		    loop_fn fn, void *arg);
void		 loop_signal_free(struct loop_signal **signal);

/* libevent's base, for libraries that run on it (net/dns.c). */
struct event_base *loop_base(struct loop *loop);

#endif
