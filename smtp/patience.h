#ifndef SMTP_PATIENCE_H
#define SMTP_PATIENCE_H

/*
 * How long a connection waits for its server (K27).  A reply has its time
 * as a whole.  Content has its time for each write, or with
 * smtp_per_request_deadline as a whole, and what the server takes of it wins
 * more (smtp_min_data_rate).
 */

#include <stdbool.h>
#include <stdint.h>

struct conf;
struct dialogue;
struct io;
struct loop;

struct patience {
	const struct conf	*conf;		/* all borrowed */
	struct loop		*loop;
	struct io		*io;		/* IO_TIMEOUT comes from it */
	const struct dialogue	*dialogue;
	unsigned		 turn;		/* dialogue_turn, when timed */
	bool			 is_body;	/* it was in a body then */
	int64_t			 deadline_ms;	/* of what is waited for */
	int64_t			 drained_ms;	/* when all was sent */
	uint64_t		 sent;		/* io_sent, as far as timed */
};

/* All the time for what is waited for now. */
void	patience_renew(struct patience *patience);

/* The same, if it is something else than before. */
void	patience_check(struct patience *patience);

/* IO_DRAINED, while there are jobs. */
void	patience_note_drained(struct patience *patience);

/* Content has come to be sent. */
void	patience_note_chunk(struct patience *patience);

/* IO_TIMEOUT: true if it is time to give up, else it goes on. */
bool	patience_is_over(struct patience *patience);

#endif
