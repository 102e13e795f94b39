#ifndef LOOKUP_RATE_H
#define LOOKUP_RATE_H

/*
 * Counters of what clients do, kept by the loop: when a question comes it
 * is counted, and judged later with the numbers it got.  What is counted is
 * a client's network block, a SASL login, or a sender address; a counter is
 * forgotten when its time is over, and the oldest when there are too many.
 *
 * Connections are counted for as long as they last, by the program that
 * holds them (rate_holder): what one that has gone held is nobody's.
 */

#include <stddef.h>
#include <stdint.h>

struct addr;
struct conf;
struct msg_judge;
struct rate;
struct rate_holder;

/* Of one question; in its time unit, this one counted. */
struct rate_numbers {
	int64_t	connections;		/* at this time */
	int64_t	connection_rate;
	int64_t	messages, recipients, logins;	/* of the client */
	int64_t	tls_sessions;		/* new ones, of the client */
	int64_t	sasl_messages, sasl_recipients;
	int64_t	sender_messages, sender_recipients;
};

struct rate	*rate_new(const struct conf *conf);
void		 rate_free(struct rate **rate);

/* Count what the question is about; client may be NULL. */
void		 rate_count(struct rate *rate, const struct msg_judge *m,
		    const struct addr *client, int64_t now_ms,
		    struct rate_numbers *numbers_r);

/* A handshake of TLS has failed: it has cost as much as a new session. */
void		 rate_count_handshake(struct rate *rate,
		    const struct addr *client, int64_t now_ms);

/* A client has come, and has gone; *holder is made when it is NULL. */
int64_t		 rate_enter(struct rate *rate, struct rate_holder **holder,
		    const struct addr *client);
void		 rate_leave(struct rate *rate, struct rate_holder *holder,
		    const struct addr *client);

/* All of a holder's have gone.  Accepts NULL. */
void		 rate_drop(struct rate *rate, struct rate_holder **holder);

/* Counters there are, for tests. */
size_t		 rate_size(const struct rate *rate);

#define RATE_LIMIT	100000	/* counters at a time */

#endif
