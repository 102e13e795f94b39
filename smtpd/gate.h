#ifndef SMTPD_GATE_H
#define SMTPD_GATE_H

/*
 * What all sessions of one smtpd process share.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"
#include "net/nets.h"
#include "util/slice.h"

struct client;
struct conf;
struct daemon;
struct loop;
struct peer;

enum gate_bare_lf { BARE_LF_ACCEPT, BARE_LF_NOTE, BARE_LF_NORMALIZE,
	BARE_LF_REJECT };

struct gate {
	struct daemon		*daemon;	/* borrowed */
	const struct conf	*conf;		/* borrowed */
	struct loop		*loop;		/* borrowed */
	struct peer		*cleanup;
	struct peer		*lookup;
	struct nets	 networks;	/* mynetworks */
	struct nets	 bare_lf_exclusions;
	enum gate_bare_lf	 bare_lf;
	uint32_t		 overrides;	/* MAIL_NO_* */
	struct nets	 pipe_connect;
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

/* The client may send mail anywhere. */
bool	gate_is_in_networks(const struct gate *gate, const struct addr *addr);

/* The client may send before it hears (PIPECONNECT). */
bool	gate_has_pipe_connect(const struct gate *gate,
	    const struct addr *addr);

/* What a bare LF from that client gets (S31). */
enum gate_bare_lf gate_bare_lf(const struct gate *gate,
		    const struct addr *addr);

/* A client came, or went. */
void	gate_add(struct gate *gate, struct client *client);
void	gate_remove(struct gate *gate, struct client *client);

#endif
