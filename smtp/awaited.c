/*
 * Commands that wait for their replies.
 */

#include "smtp/awaited.h"

#include <assert.h>
#include <string.h>

#include "conf/conf.h"
#include "util/mem.h"

#define FIRST_CAP	8

static const struct {
	const char	*doing;
	const char	*command;
} words[] = {
	[AWAITED_GREETING] = { "receiving the initial server greeting",
	    "initial server greeting" },
	[AWAITED_EHLO] = { "performing the EHLO handshake", "EHLO command" },
	[AWAITED_HELO] = { "performing the HELO handshake", "HELO command" },
	[AWAITED_LHLO] = { "performing the LHLO handshake", "LHLO command" },
	[AWAITED_STARTTLS] = { "performing the STARTTLS handshake",
	    "STARTTLS command" },
	[AWAITED_AUTH] = { "authenticating", "AUTH command" },
	[AWAITED_RSET] = { "sending RSET", "RSET command" },
	[AWAITED_MAIL] = { "sending MAIL FROM", "MAIL FROM command" },
	[AWAITED_RCPT] = { "sending RCPT TO", "RCPT TO command" },
	[AWAITED_DATA] = { "sending DATA command", "DATA command" },
	[AWAITED_DOT] = { "sending end of data -- message may be sent more "
	    "than once", "end of DATA command" },
	[AWAITED_BDAT] = { "sending message body", "BDAT command" },
	[AWAITED_LAST] = { "sending end of data -- message may be sent more "
	    "than once", "BDAT LAST command" },
	[AWAITED_QUIT] = { "sending QUIT", "QUIT command" },
};

void
awaited_clear(struct awaited *awaited)
{
	mem_free(awaited->ring);
	memset(awaited, 0, sizeof(*awaited));
}

static void
grow(struct awaited *awaited)
{
	size_t			 cap = awaited->cap == 0 ? FIRST_CAP :
				    awaited->cap * 2;
	struct awaited_item	*ring = mem_new_array(cap, sizeof(*ring));

	for (size_t i = 0; i < awaited->count; i++)
		ring[i] = awaited->ring[(awaited->first + i) % awaited->cap];
	mem_free(awaited->ring);
	awaited->ring = ring;
	awaited->cap = cap;
	awaited->first = 0;
}

void
awaited_put(struct awaited *awaited, struct awaited_item item)
{
	if (awaited->count == awaited->cap)
		grow(awaited);
	awaited->ring[(awaited->first + awaited->count++) % awaited->cap] =
	    item;
}

struct awaited_item
awaited_head(const struct awaited *awaited)
{
	assert(awaited->count > 0);
	return awaited->ring[awaited->first];
}

struct awaited_item
awaited_take(struct awaited *awaited)
{
	struct awaited_item	item = awaited_head(awaited);

	awaited->first = (awaited->first + 1) % awaited->cap;
	awaited->count--;
	return item;
}

const char *
awaited_doing(enum awaited_kind kind)
{
	return words[kind].doing;
}

const char *
awaited_command(enum awaited_kind kind)
{
	return words[kind].command;
}

int64_t
awaited_timeout_ms(const struct conf *conf, enum awaited_kind kind)
{
	switch (kind) {
	case AWAITED_GREETING:
	case AWAITED_EHLO:
	case AWAITED_HELO:
	case AWAITED_LHLO:
	case AWAITED_AUTH:
		return conf->smtp_helo_timeout;
	case AWAITED_STARTTLS:
		return conf->smtp_starttls_timeout;
	case AWAITED_RSET:
		return conf->smtp_rset_timeout;
	case AWAITED_MAIL:
		return conf->smtp_mail_timeout;
	case AWAITED_RCPT:
		return conf->smtp_rcpt_timeout;
	case AWAITED_DATA:
		return conf->smtp_data_init_timeout;
	case AWAITED_BDAT:
		return conf->smtp_data_xfer_timeout;
	case AWAITED_DOT:
	case AWAITED_LAST:
		return conf->smtp_data_done_timeout;
	case AWAITED_QUIT:
		break;
	}
	return conf->smtp_quit_timeout;
}
