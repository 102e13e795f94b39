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

#include "smtp/answer.h"
#include "smtp/content.h"

struct conf;
struct dialogue;
struct job;

enum dialogue_state {
	DIALOGUE_BUSY,		/* goes on */
	DIALOGUE_READY,		/* for a job */
	DIALOGUE_BROKEN,	/* no use any more: dialogue_reason says why */
	DIALOGUE_CLOSED,	/* the server answered QUIT */
};

/*
 * relay is "host[ip]:port", peer is "host[ip]".  Commands are appended to
 * out; on_chunk(arg) is called when content that was waited for has come:
 * call dialogue_write.
 */
struct dialogue	*dialogue_new(const struct conf *conf, const char *host,
		    const char *ip, uint16_t port, struct buf *out,
		    void (*on_chunk)(void *arg), void *arg);
/* A job that is on it must have been ended before. Accepts NULL. */
void		 dialogue_free(struct dialogue **d);

/* Replies. */
enum dialogue_state dialogue_read(struct dialogue *d, struct buf *in);

/*
 * Send what may be sent now; of content only as much as keeps out below
 * its limit: call again when out has drained.
 */
void		 dialogue_write(struct dialogue *d);

/* A job for a dialogue that is ready. */
void		 dialogue_start(struct dialogue *d, struct job *job);
void		 dialogue_quit(struct dialogue *d);

struct job	*dialogue_job(const struct dialogue *d);
bool		 dialogue_is_greeted(const struct dialogue *d);
const char	*dialogue_relay(const struct dialogue *d);

/* How long the server may take for what is waited for (K27). */
int64_t		 dialogue_timeout_ms(const struct dialogue *d);

/*
 * The connection is lost, or the time is up: what that means for who
 * waits, in the words of the log.  And why the state is broken.
 */
void		 dialogue_lose(struct dialogue *d, bool is_timeout);
const char	*dialogue_reason(const struct dialogue *d);
const char	*dialogue_dsn(const struct dialogue *d);
bool		 dialogue_is_permanent(const struct dialogue *d);

/*
 * The job on a broken dialogue: it may be begun again elsewhere (nothing
 * of it was answered on a connection that had been idle), or all that is
 * undecided is deferred.  NULL, or the job to begin again.
 */
struct job	*dialogue_release(struct dialogue *d);

#endif
