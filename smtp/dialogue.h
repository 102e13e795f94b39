#ifndef SMTP_DIALOGUE_H
#define SMTP_DIALOGUE_H

/*
 * The client's side of SMTP (RFC 5321), a machine without I/O: replies go
 * in, commands come out in a buf.  Commands that were sent stand in a line
 * and wait for their replies; with PIPELINING the sending side runs ahead
 * of the receiving side (RFC 2920).
 */

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct conf;
struct dialogue;
struct job;

enum dialogue_state {
	DIALOGUE_BUSY,		/* goes on */
	DIALOGUE_READY,		/* for a job */
	DIALOGUE_BROKEN,	/* no use any more: dialogue_fault says why */
	DIALOGUE_CLOSED,	/* the server answered QUIT */
};

/* Why it is broken. */
struct dialogue_fault {
	char		 dsn[16];
	const char	*reason;	/* as logged; the dialogue's */
	bool		 is_permanent;
};

/*
 * Commands are appended to out, which is the caller's; on_chunk(arg) is
 * called when content that was waited for has come: call dialogue_write.
 */
struct dialogue	*dialogue_new(const struct conf *conf, const char *host,
		    const char *ip, uint16_t port, struct buf *out,
		    void (*on_chunk)(void *arg), void *arg);
/* A job that is on it must have been ended before. Accepts NULL. */
void		 dialogue_free(struct dialogue **d);

/* Replies.  What they make possible is appended to out. */
enum dialogue_state dialogue_read(struct dialogue *d, struct buf *in);

/*
 * Send what may be sent now; of content only as much as keeps out below
 * its limit: call again when out has drained.
 */
enum dialogue_state dialogue_write(struct dialogue *d);

/* A job for a dialogue that is ready. */
void		 dialogue_start(struct dialogue *d, struct job *job);
void		 dialogue_quit(struct dialogue *d);

struct job	*dialogue_job(const struct dialogue *d);

/*
 * How long the server may take for what is waited for (K27).  The time
 * runs from when dialogue_turn changed: half a reply gives no more time.
 */
int64_t		 dialogue_timeout_ms(const struct dialogue *d);
unsigned	 dialogue_turn(const struct dialogue *d);

/*
 * The connection is lost, or the time is up: the dialogue is broken, in the
 * words of the log.
 */
void		 dialogue_lose(struct dialogue *d, bool is_timeout);
const struct dialogue_fault *dialogue_fault(const struct dialogue *d);

/*
 * The job on a broken dialogue: it may be begun again elsewhere (nothing
 * of it was answered on a connection that had been idle), or all that is
 * undecided is deferred.  NULL, or the job to begin again.
 */
struct job	*dialogue_release(struct dialogue *d);

#endif
