#ifndef CLEANUP_RECIPIENTS_H
#define CLEANUP_RECIPIENTS_H

/*
 * The recipients of a message, from smtpd to qmgr.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf;
struct fate;
struct ipc;
struct msg_mail_rcpt;

struct recipient {
	char		*address;
	char		*original;
	char		*transport;	/* "": not known yet */
	char		*nexthop;
	uint32_t	 notify;	/* RCPT_NOTIFY_* */
	char		*orcpt;
	uint32_t	 mark;		/* of what makes it the same as one */
};

/* Zeroed it is empty. */
struct recipients {
	struct recipient	*list;
	size_t			 count;
	size_t			 bytes;		/* of memory */
};

void	recipients_clear(struct recipients *recipients);

/*
 * Nobody gets a message twice: one that is among the first
 * duplicate_filter_limit is left out.  The same is who has the same address
 * and, with enable_original_recipient, came with the same one.
 */
void	recipients_add(struct recipients *recipients,
	    const struct conf *conf, const struct msg_mail_rcpt *m);

/*
 * A redirection takes the place of them all; else each BCC is one more.
 * Those have no route yet.
 */
void	recipients_apply(struct recipients *recipients,
	    const struct fate *fate);

/* As queue_rcpt frames with that id. */
void	recipients_send(const struct recipients *recipients, struct ipc *ipc,
	    uint32_t id);

#endif
