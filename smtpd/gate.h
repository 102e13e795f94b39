#ifndef SMTPD_GATE_H
#define SMTPD_GATE_H

/*
 * What all sessions of one smtpd process share.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"
#include "util/slice.h"

struct client;
struct conf;
struct daemon;
struct loop;
struct peer;
struct substitute;
struct tls_server;

enum gate_bare_lf { BARE_LF_ACCEPT, BARE_LF_NOTE, BARE_LF_NORMALIZE,
	BARE_LF_REJECT };

struct gate {
	struct daemon		*daemon;	/* borrowed */
	const struct conf	*conf;		/* borrowed */
	struct loop		*loop;		/* borrowed */
	struct peer		*cleanup;
	struct peer		*lookup;
	struct peer		*auth;		/* NULL: nobody logs in */
	char			*plain_mechanisms; /* NULL: not known yet */
	char			*tls_mechanisms;
	enum gate_bare_lf	 bare_lf;	/* what one gets (S31) */
	uint32_t		 overrides;	/* MAIL_NO_* */
	const char		*footer;	/* of refusals; NULL: none */
	struct substitute	*commands;	/* NULL: none */
	struct substitute	*refusals;	/* NULL: none */
	struct tls_server	*tls;		/* NULL only in tests */
	int64_t			 started_us;	/* wall clock */
	uint64_t		 free_bytes;	/* on the disk of the queue */
	struct client		*clients;	/* list */
	size_t			 client_count;
	uint64_t		 last_number;	/* of sessions and messages */
	size_t			 client_limit;
	bool			 is_accepting;
};

struct daemon_program;
extern const struct daemon_program gate_program;

/* cleanup has room again, or an answer: let all who wait look. */
void	gate_wake(struct gate *gate);

/* A client came, or went. */
void	gate_add(struct gate *gate, struct client *client);
void	gate_remove(struct gate *gate, struct client *client);

#endif
