#ifndef SMTP_AWAITED_H
#define SMTP_AWAITED_H

/*
 * The line of commands that were sent and wait for their replies, which
 * come in the same order (RFC 2920).
 */

#include <stddef.h>
#include <stdint.h>

struct conf;
struct exchange;

enum awaited_kind {
	AWAITED_GREETING,
	AWAITED_EHLO,
	AWAITED_HELO,
	AWAITED_LHLO,
	AWAITED_STARTTLS,
	AWAITED_AUTH,		/* AUTH, or an answer to a challenge */
	AWAITED_RSET,
	AWAITED_MAIL,
	AWAITED_RCPT,
	AWAITED_DATA,
	AWAITED_DOT,
	AWAITED_BDAT,
	AWAITED_LAST,		/* BDAT LAST */
	AWAITED_QUIT,
};

#define AWAITED_KINDS	(AWAITED_QUIT + 1)
#define AWAITED_ALL	SIZE_MAX

struct awaited_item {
	enum awaited_kind	 kind;
	struct exchange		*exchange;	/* NULL: of the connection */
	size_t			 recipient;	/* index, or AWAITED_ALL */
};

/* Zeroed it is empty. */
struct awaited {
	struct awaited_item	*ring;	/* owned */
	size_t			 first;
	size_t			 count;
	size_t			 cap;
};

void	awaited_clear(struct awaited *awaited);

void	awaited_put(struct awaited *awaited, struct awaited_item item);

/* The one whose reply is next; there must be one. */
struct awaited_item awaited_head(const struct awaited *awaited);
struct awaited_item awaited_take(struct awaited *awaited);

/* "lost connection with ... while <doing>", "(in reply to <command>)" */
const char	*awaited_doing(enum awaited_kind kind);
const char	*awaited_command(enum awaited_kind kind);

/* How long a reply may take (K27). */
int64_t		 awaited_timeout_ms(const struct conf *conf,
		    enum awaited_kind kind);

#endif
