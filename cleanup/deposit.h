#ifndef CLEANUP_DEPOSIT_H
#define CLEANUP_DEPOSIT_H

/*
 * A message on its way to the queue manager: envelope, content, and the
 * answer.  While the queue manager is away and may come back, content is
 * kept here (and counted in cleaner->held_bytes).
 */

#include <stdbool.h>
#include <stdint.h>

#include "mail/ipc.h"
#include "util/buf.h"

struct cleaner;
struct fate;
struct recipients;

/*
 * The answer: code 250 when the message is safe, else why it is not.  The
 * deposit may be cleared from inside.
 */
typedef void (*deposit_fn)(void *arg, uint32_t code, const char *dsn,
	    const char *text);

/* All borrowed until the deposit is cleared. */
struct deposit_settings {
	struct cleaner		*cleaner;
	struct msg_queue_open	 envelope;
	struct recipients	*recipients;	/* emptied when they leave, */
	const struct fate	*fate;		/* at the end of the content */
	deposit_fn		 fn;
	void			*arg;
};

/* Zeroed it leads nowhere: what is put into it is forgotten. */
struct deposit {
	struct deposit_settings	 settings;
	uint64_t		 sent;		/* bytes to qmgr */
	struct ipc		*queue;		/* of call; borrowed */
	struct ipc_call		*call;		/* to qmgr */
	struct buf		 held;		/* while qmgr is away */
	bool			 is_held;
	bool			 is_eight_bit;	/* a byte so far was */
	bool			 is_closed;
};

/* 0, or -1: there is no queue manager, and none is waited for. */
int	deposit_start(struct deposit *deposit,
	    const struct deposit_settings *settings);

/* What is held goes on: as deposit_start. */
int	deposit_release(struct deposit *deposit);

/*
 * Content, as it is to be queued; its end, after which the answer comes.
 * Recipients go last: the content may have had a say in them.
 */
void	deposit_put(struct deposit *deposit, struct slice bytes);
void	deposit_close(struct deposit *deposit);

/* There will be no answer; the queue manager is to forget the message. */
void	deposit_withdraw(struct deposit *deposit, const char *reason);

/* The same, and it hears nothing: the message is over. */
void	deposit_clear(struct deposit *deposit);

#endif
