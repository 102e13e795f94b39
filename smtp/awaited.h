#ifndef SMTP_AWAITED_H
#define SMTP_AWAITED_H

/*
 * The line of commands that were sent and wait for their replies, which
 * come in the same order (RFC 2920).
 */

#include <stddef.h>
#include <stdint.h>

struct conf;

enum awaited_kind {
	AWAITED_GREETING,
	AWAITED_EHLO,
	AWAITED_HELO,
	AWAITED_RSET,
	AWAITED_MAIL,
	AWAITED_RCPT,
	AWAITED_DATA,
	AWAITED_DOT,
	AWAITED_QUIT,
};

/* Zeroed it is empty. */
struct awaited {
	enum awaited_kind	*ring;	/* owned */
	size_t			 first;
	size_t			 count;
	size_t			 cap;
};

void	awaited_clear(struct awaited *awaited);

void	awaited_put(struct awaited *awaited, enum awaited_kind kind);

/* The one whose reply is next; there must be one. */
enum awaited_kind awaited_head(const struct awaited *awaited);
enum awaited_kind awaited_take(struct awaited *awaited);

/* "lost connection with ... while <doing>", "(in reply to <command>)" */
const char	*awaited_doing(enum awaited_kind kind);
const char	*awaited_command(enum awaited_kind kind);

/* How long a reply may take (K27). */
int64_t		 awaited_timeout_ms(const struct conf *conf,
		    enum awaited_kind kind);

#endif
