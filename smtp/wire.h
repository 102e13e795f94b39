#ifndef SMTP_WIRE_H
#define SMTP_WIRE_H

/*
 * What the exchanges of one dialogue share: who the server is, what it
 * offers, the commands that wait for replies, and what broke.
 */

#include <stdbool.h>
#include <stdint.h>

#include "smtp/answer.h"
#include "smtp/awaited.h"
#include "smtp/dialogue.h"
#include "smtp/offer.h"

struct buf;
struct conf;
struct exchange;

#define WIRE_OUT_LIMIT	65536	/* written ahead of the server's reading */

struct wire {
	const struct conf	*conf;		/* borrowed */
	char			*peer;		/* host[ip]; owned */
	char			*relay;		/* host[ip]:port; owned */
	const char		*tls;		/* of results; borrowed */
	struct buf		*out;		/* borrowed */
	void			(*on_chunk)(void *arg);
	void			*chunk_arg;
	struct offer		 offer;		/* the server's */
	struct answer		 answer;	/* the latest */
	struct awaited		 awaited;
	/*
	 * Whose transaction the server may have open (exchange_new), so that
	 * the next MAIL takes a RSET before it.  0: none.
	 */
	int			 open_use;
	unsigned		 turn;		/* dialogue_turn */
	unsigned		 commands;	/* that were sent */
	char			*discard;	/* EHLO keywords; owned */
	unsigned		 quirks;	/* QUIRK_*, needed here */
	bool			 is_lmtp;	/* RFC 2033 */
	bool			 is_logged_in;	/* RFC 4954 */
	bool			 is_broken;
	bool			 is_closing;	/* the server said 421 */
	struct dialogue_fault	 fault;		/* when broken */
	char			*reason;	/* its reason; owned */
};

void	wire_clear(struct wire *wire);

/* A command was appended to out: its reply is waited for. */
void	wire_await(struct wire *wire, enum awaited_kind kind,
	    struct exchange *exchange, size_t recipient);

/* May the next command leave before the replies to the last have come? */
bool	wire_may_send(const struct wire *wire);

/* The end of the dialogue, the first time; reason is the wire's now. */
void	wire_break(struct wire *wire, const char *dsn, bool is_permanent,
	    char *reason);

/*
 * The server does not keep to the protocol: nothing it says counts.  While
 * replies to more commands are awaited, its PIPELINING is to blame.
 */
void	wire_break_step(struct wire *wire);

/* "host h[ip] said: 550 no (in reply to RCPT TO command)"; caller frees. */
char	*wire_said(struct wire *wire, enum awaited_kind kind);

#endif
