#ifndef MAIL_DOOR_H
#define MAIL_DOOR_H

/*
 * Who is connected to a program's Unix sockets: no user, and no process of
 * the suite that somebody has broken into, can keep others out by being
 * there many times.
 *
 * Strangers are all users but root and the owner of the suite.  Those two
 * always come in, however many strangers there are.  A process of the suite
 * is known by the number that master gives in its HELLO (mail/ipc.h).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/log_limit.h"

#define DOOR_HELLO_MS	10000	/* to say HELLO in; master says it at once */
#define DOOR_IDLE_MS	300000	/* a stranger may leave a pager open */
#define DOOR_STRANGERS	50	/* connections of all strangers */
#define DOOR_USER	10	/* of one of them */
#define DOOR_PROCESS	8	/* of one process: it needs two at a reload */

struct door_group;
struct loop;

struct door {
	struct loop		*loop;		/* borrowed */
	int64_t			 hello_ms;	/* as above; less in tests */
	int64_t			 idle_ms;
	struct door_group	*groups;	/* hash: who is there */
	size_t			 stranger_count;
	struct log_limit	 strangers, programs; /* warnings of them */
};

struct door	*door_new(struct loop *loop);
void		 door_free(struct door **door);	/* all have left */

/*
 * One more connection of a stranger (IPC_USER and the user id) or of a
 * process (another role and its number).  NULL: it is counted, and leaves
 * with door_leave; else why it may not come in (static).
 */
const char	*door_enter(struct door *door, unsigned role, uint32_t who);
void		 door_leave(struct door *door, unsigned role, uint32_t who);

/* A warning about a stranger, or about a program. */
void		 door_warn(struct door *door, bool is_stranger,
		    const char *format, ...)
		    __attribute__((format(printf, 3, 4)));

#endif
