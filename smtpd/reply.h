#ifndef SMTPD_REPLY_H
#define SMTPD_REPLY_H

/*
 * Replies (RFC 5321 section 4.2) with enhanced status codes (RFC 2034).
 */

#include "smtpd/session.h"

struct question;

/*
 * One line: code, dsn unless it is NULL, text.  What stands in the text of
 * a peer's bytes is made printable; the line is cut at 512 bytes (RFC 5321
 * section 4.5.3.1.5).  4xx and 5xx count as errors of the session.
 */
void	reply_put(struct session *s, int code, const char *dsn,
	    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A line of a reply of several lines, all but the last with more set. */
void	reply_put_line(struct session *s, int code, bool more,
	    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* 334 and the challenge in base64 (RFC 4954 section 4). */
void	reply_put_challenge(struct session *s, struct slice challenge);

/*
 * "what: VERB from client: text; from=<...> ..." into the log (O04).
 * recipient may be NULL.
 */
void	reply_log(const struct session *s, const char *what,
	    const char *recipient, const char *text);

/*
 * A refusal: logged as "reject: VERB from ..." (O04) and sent.  recipient
 * may be NULL.
 */
void	reply_reject(struct session *s, const char *recipient, int code,
	    const char *dsn, const char *format, ...)
	    __attribute__((format(printf, 5, 6)));

/*
 * A question that is answered, in its turn: log what lookup has noted; and
 * when the answer is no, refuse.
 */
void	reply_log_notes(const struct question *question);
void	reply_refuse(const struct question *question);

#endif
