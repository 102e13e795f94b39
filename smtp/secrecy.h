#ifndef SMTP_SECRECY_H
#define SMTP_SECRECY_H

/*
 * The TLS of one attempt at one host: what the policy of its next hop, and
 * its TLSA records, ask for, and what it has come to.
 *
 *	new		what is asked for; DANE needs the DNS: wait for fn
 *	need		how the dialogue is to go about it
 *	start, judge	the handshake, and whether the server is the right one
 *	fall_back	none: once more, in plaintext, if that is allowed
 *	status		tls= of the log (K49)
 */

#include <stdbool.h>

#include "smtp/dialogue.h"

struct io;
struct route_host;
struct secrecy;
struct sender;
struct tls_policy;

/*
 * policy and host are borrowed until secrecy_free, which accepts NULL.  fn
 * is called once, later, unless secrecy_is_ready already.
 */
struct secrecy	*secrecy_new(struct sender *sender,
		    const struct tls_policy *policy,
		    const struct route_host *host, void (*fn)(void *arg),
		    void *arg);
void		 secrecy_free(struct secrecy **secrecy);
bool		 secrecy_is_ready(const struct secrecy *secrecy);

/* Why this host is of no use, or NULL: for the log, with *dsn_r (static). */
const char	*secrecy_fault(const struct secrecy *secrecy,
		    const char **dsn_r);

enum dialogue_tls secrecy_need(const struct secrecy *secrecy);

/* TLS before the greeting. */
bool		 secrecy_is_wrapped(const struct secrecy *secrecy);

/* Begin the handshake, with relay for the log; false: there is a fault. */
bool		 secrecy_start(struct secrecy *secrecy, struct io *io,
		    const char *relay);

/* The handshake is done: true, or there is a fault.  Logs it (O14). */
bool		 secrecy_judge(struct secrecy *secrecy, struct io *io,
		    const char *relay);

/* There was none, for that reason: true: try it without (K42). */
bool		 secrecy_fall_back(struct secrecy *secrecy,
		    const char *relay, const char *reason);

/* The server is spoken to in plaintext; or would be, and may not. */
void		 secrecy_note_plain(struct secrecy *secrecy);
void		 secrecy_refuse_plain(struct secrecy *secrecy);

/* It offers STARTTLS: logged where nobody wants it, if that is wanted. */
void		 secrecy_note_offer(const struct secrecy *secrecy,
		    const char *relay);

/* There is TLS, and the server is who it should be. */
bool		 secrecy_is_verified(const struct secrecy *secrecy);

/* What can be resumed of the connection is kept for the next. */
void		 secrecy_keep(struct secrecy *secrecy, struct io *io);

/* A TLS connection is for one message only. */
bool		 secrecy_is_single_use(const struct secrecy *secrecy);

/* "may", "may:none", "!encrypt:none", "may?", or NULL; borrowed. */
const char	*secrecy_status(struct secrecy *secrecy);

#endif
