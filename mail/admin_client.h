#ifndef MAIL_ADMIN_CLIENT_H
#define MAIL_ADMIN_CLIENT_H

/*
 * The tools' side of the administrator's requests: one question at a time
 * to the queue manager, answered before the call returns.
 */

#include <stdbool.h>
#include <stdint.h>

#include "mail/ipc.h"

struct admin_client;
struct conf;

/*
 * The configuration of folder (NULL: $MAIL_CONFIG, else /etc/tern); exits
 * with a message when it cannot be read.
 */
struct conf	*admin_client_conf(const char *folder);

/*
 * Connect to the queue manager of that configuration; when the mail system
 * is down and is_offline_good, to one that is started for us alone
 * (mail/offline.h).  NULL and *why_r (caller frees) when there is none.
 */
struct admin_client *admin_client_new(const struct conf *conf,
		    bool is_offline_good, char **why_r);
void		 admin_client_free(struct admin_client **client);

/* Called for each message, recipient, and piece of content, in turn. */
struct admin_client_fns {
	void	(*message)(const struct msg_admin_message *m, void *arg);
	void	(*recipient)(const struct msg_admin_rcpt *m, void *arg);
	void	(*data)(struct slice bytes, void *arg);
};

/*
 * All messages (only: 0), page by page, or one.  The number of messages, or
 * -1 and the reason in *why_r (caller frees).
 */
int64_t		 admin_client_list(struct admin_client *client, uint64_t only,
		    const struct admin_client_fns *fns, void *arg,
		    char **why_r);

/* One message with its content; likewise. */
int64_t		 admin_client_show(struct admin_client *client, uint64_t id,
		    const struct admin_client_fns *fns, void *arg,
		    char **why_r);

/* Act on one message, or on all (id 0): how many it concerned, or -1. */
int64_t		 admin_client_do(struct admin_client *client,
		    enum admin_action action, uint64_t id, char **why_r);

#endif
