/*
 * Whatever a server answers to the SMTP client.  The first byte chooses what
 * it offers, the second where the input is cut; the rest is its replies, not
 * waiting for what we say.
 *
 * What must hold: a recipient counts as sent only when our whole message was
 * out, every job is ended or given back, once, and none leaves in plaintext
 * where TLS must be.
 */

#include <stdint.h>
#include <stdlib.h>

#include "tests/unit/dialogue_fixture.h"

#include "mail/ipc.h"
#include "mail/sasl_filter.h"
#include "net/sasl_login.h"
#include "smtp/challenge.h"
#include "smtp/credentials.h"
#include "util/log.h"

#include <fcntl.h>

int	LLVMFuzzerInitialize(int *, char ***);
int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct sasl_filter	*mechanisms;
static char			 user[] = "tim", password[] = "tanstaaf";
static const struct credentials	 credentials = { user, password };

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char	*why;

	(void)argc;
	(void)argv;
	mechanisms = sasl_filter_new("p", "", true);
	log_open_fd("fuzz", open("/dev/null", O_WRONLY));
	return sasl_login_open(&why);
}

static const struct rule	nothing[] = { { NULL, 0, NULL } };

static bool
is_undecided(const struct job *job)
{
	for (size_t i = 0; i < job->count; i++)
		if (!job->recipients[i].is_decided)
			return true;
	return false;
}

static void
check_sent(const struct job *job, bool had_content)
{
	for (size_t i = 0; i < job->count; i++)
		if (job->recipients[i].late != NULL &&
		    job->recipients[i].late->kind == OUTCOME_SENT &&
		    !had_content)
			abort();
}

/* Content has left: its only line that reads so. */
static bool
has_left(const struct buf *wire, uint32_t id)
{
	struct slice	mark = id == 1 ? SLICE_LIT("content-1") :
			    SLICE_LIT("content-2");

	return wire->len > 0 && memmem(buf_slice(wire).data, wire->len,
	    mark.data, mark.len) != NULL;
}

/* Where TLS must be, no mail leaves before it is there. */
static void
check_plain(const struct dialogue_server *server, const struct buf *wire)
{
	struct slice	all = buf_slice(wire);

	if (server->tls == DIALOGUE_TLS_MUST && all.len > 0 &&
	    memmem(all.data, all.len, "MAIL ", 5) != NULL)
		abort();
}

static enum dialogue_state
log_in(bool has_tls)
{
	struct challenge_setup	setup = {
		.conf = t.conf, .credentials = &credentials,
		.host = "server.example", .filter = mechanisms,
		.has_tls = has_tls,
	};

	return dialogue_log_in(t.dialogue, &setup);
}

static void
start_waiting(void)
{
	while (dialogue_state(t.dialogue) == DIALOGUE_READY &&
	    t.started < t.job_count)
		dialogue_start(t.dialogue, t.jobs[t.started++]);
}

/* The first byte says what is known of the server. */
static void
choose(uint8_t bits, struct dialogue_server *server, struct offer *offer)
{
	if (bits & 1)
		server->guess = offer;
	server->is_lmtp = (bits & 2) != 0;
	server->is_distrusted = (bits & 4) != 0;
	if (bits & 32)
		server->tls = bits & 64 ? DIALOGUE_TLS_MUST :
		    DIALOGUE_TLS_MAY;
	offer->has_starttls = (bits & 96) == 96;
	server->has_login = (bits & 128) != 0;
	if (server->has_login)
		server->guess = NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dialogue_server	 server = plain;
	struct offer		 offer = {
		.has_pipelining = true, .has_chunking = true,
		.has_pipeconnect = true,
	};
	struct buf		 in = BUF_INIT, wire = BUF_INIT;
	struct job		*back;
	size_t			 step;
	bool			 has_tls = false;

	if (size < 2)
		return 0;
	choose(data[0], &server, &offer);
	step = data[1] == 0 ? size : data[1];
	open_talk("", nothing, &server);
	add_job(3, "Subject: x\r\n\r\ncontent-1\r\n");
	add_job(2, "Subject: x\r\n\r\ncontent-2\r\n");
	/* Both may have to be converted. */
	if (data[0] & 8)
		t.jobs[0]->flags = MAIL_EIGHT_BIT;
	if (data[0] & 16)
		t.jobs[1]->flags = MAIL_BINARY;
	start_waiting();
	for (size_t at = 2; at < size; at += step) {
		enum dialogue_state	state;

		buf_put_slice(&wire, buf_slice(&t.out));
		buf_empty(&t.out);
		buf_put(&in, data + at, size - at < step ? size - at : step);
		state = dialogue_read(t.dialogue, &in);
		if (state == DIALOGUE_SECURE) {
			check_plain(&server, &wire);
			dialogue_secured(t.dialogue, server.guess);
			server.tls = DIALOGUE_TLS_NEVER;
			has_tls = true;
		}
		if (state == DIALOGUE_LOGIN)
			state = log_in(has_tls);
		start_waiting();
		if (state == DIALOGUE_BROKEN || state == DIALOGUE_CLOSED)
			break;
	}
	dialogue_lose(t.dialogue, false);
	while ((back = dialogue_release(t.dialogue)) != NULL)
		if (back->is_over)
			abort();
	buf_put_slice(&wire, buf_slice(&t.out));
	check_plain(&server, &wire);
	for (int i = 0; i < t.job_count; i++) {
		check_sent(t.jobs[i], has_left(&wire, t.jobs[i]->id));
		if (t.jobs[i]->is_over && is_undecided(t.jobs[i]))
			abort();
	}
	buf_clear(&in);
	buf_clear(&wire);
	close_talk();
	return 0;
}
