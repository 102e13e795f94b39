#ifndef AUTH_WARDEN_H
#define AUTH_WARDEN_H

/*
 * The auth program: it alone sees a password database.  An event loop takes
 * what clients of smtpd say, and threads ask the back end.
 *
 *	warden	 the program: who is connected
 *	trial	 one AUTH, from the loop to a thread and back
 *	listing	 which mechanisms there are, likewise
 *	entry	 the parameters that apply, compiled
 *	failures how often who has failed
 *	backend	 cyrus, dovecot
 */

#include <stddef.h>

struct trial;
struct conf;
struct daemon;
struct daemon_program;
struct door;
struct failures;
struct ipc;
struct loop;
struct sasl_check_library;
struct entry;
struct worker;

#define WARDEN_ATTEMPTS		4000	/* at a time */
#define WARDEN_OF_PEER		1000	/* of them, of one smtpd process */

struct warden {
	struct daemon		*daemon;	/* borrowed */
	const struct conf	*conf;		/* borrowed */
	struct loop		*loop;		/* borrowed */
	struct sasl_check_library *library;	/* NULL: not wanted */
	struct worker		*worker;
	struct door		*door;
	struct failures		*failures;
	struct entry		*entry;		/* list */
	struct visitor		*visitors;	/* list */
	size_t			 attempts;
};

/* An smtpd process. */
struct visitor {
	struct warden	*warden;
	struct ipc	*ipc;		/* NULL: gone, threads are awaited */
	struct entry	*entry;		/* NULL: not chosen yet */
	struct trial	*attempts;	/* hash by id */
	size_t		 count;		/* of them */
	size_t		 pending;	/* in threads */
	struct visitor	*next, *prev;
};

extern const struct daemon_program warden_program;

/* The terms for this one's clients; borrowed until it goes. */
struct entry	*warden_entry(struct visitor *visitor);

/* Something of this one is in a thread, or back: then it may be gone. */
void		 warden_begin(struct visitor *visitor);
void		 warden_end(struct visitor *visitor);

#endif
