/*
 * Whatever a client sends to the SMTP server.  The first byte chooses how
 * it is cut and what cleanup does; where a byte of 0xff stands, cleanup is
 * lost, comes back, or has no room.
 *
 * What must hold is in the fixture: nothing is left of a transaction, no
 * wait is without end.
 */

#include <fcntl.h>
#include <stdint.h>

#include "tests/property/session_fixture.h"

#include "util/log.h"

int	LLVMFuzzerInitialize(int *, char ***);
int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char *const	settings[][2] = {
	{ "smtpd_forbid_unauth_pipelining", "no" },
	{ "smtpd_hard_error_limit", "1000" },
	{ "smtpd_soft_error_limit", "500" },
	{ "message_size_limit", "500" },
	{ "line_length_limit", "512" },
	{ "smtpd_sasl_auth_enable", "yes" },
	{ "smtpd_client_new_tls_session_rate_limit", "9" },
	{ "smtpd_sasl_response_limit", "600" },
	{ NULL, NULL },
};

static struct conf	*conf;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_open_fd("fuzz", open("/dev/null", O_WRONLY));
	conf = world_conf(settings);
	return 0;
}

/* The connection to cleanup breaks. */
static void
lose_cleanup(struct world *w)
{
	struct ipc_call	*call;

	while ((call = w->messages) != NULL) {
		call->fn(call, 0, slice_from(NULL, 0), call->arg);
		world_end_call(call);
	}
}

static void
disturb(struct world *w)
{
	if (w->is_congested || w->messages == NULL) {
		w->is_congested = false;
		w->cleanup = (enum world_cleanup)((w->cleanup + 1) % 3);
	} else if (w->mail_count % 2 == 0) {
		lose_cleanup(w);
	} else {
		w->is_congested = true;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world	w;
	struct slice	rest;
	size_t		step;

	if (size == 0)
		return 0;
	memset(&w, 0, sizeof(w));
	step = (data[0] & 15) == 0 ? SIZE_MAX : data[0] & 15;
	w.gate.bare_lf = (enum gate_bare_lf)(data[0] >> 4 & 3);
	w.cleanup = (enum world_cleanup)((data[0] >> 6) % 3);
	w.gate.tls = world_tls();
	world_open(&w, conf);
	rest = slice_from(data + 1, size - 1);
	while (rest.len > 0) {
		ptrdiff_t	at = slice_find(rest, 0xff);
		struct slice	piece = slice_first(rest, step);

		if (at >= 0 && (size_t)at < piece.len)
			piece.len = (size_t)at;
		world_feed(&w, piece);
		rest = slice_after(rest, piece.len);
		if (rest.len > 0 && rest.data[0] == 0xff) {
			disturb(&w);
			rest = slice_after(rest, 1);
		}
	}
	w.is_congested = false;
	world_feed(&w, SLICE_LIT("\r\n"));
	world_close(&w);
	return 0;
}
