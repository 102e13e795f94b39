/*
 * ternsource: an SMTP client that makes load.  It opens sessions, sends
 * the same message as often as it is told (numbered, if wanted), and says
 * how fast the server took responsibility for it.
 *
 * A message is settled once: acknowledged (2xx after its last byte),
 * refused (4xx or 5xx) or failed (its connection broke).  With -R only 5xx
 * and acknowledgement settle; the rest is tried again.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net/endpoint.h"
#include "load/load_client.h"
#include "load/load_guard.h"
#include "load/load_ledger.h"
#include "load/load_text.h"
#include "net/loop.h"
#include "net/smtp_text.h"
#include "util/base64.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"

#define OPENING_MAX	200	/* connections not yet answered: the backlog */
#define LAST_QUIT_MS	2000	/* wait for replies to QUIT at the end */

struct source {
	struct load_run	 run;
	struct loop_timer *end_timer, *limit_timer;
	struct load_client **all;	/* owned array of owned clients */
	struct load_client **unused;	/* owned stack: not connected */
	uint64_t	 unused_count, opening, open;
	uint64_t	 held, attempts;	/* of idle sessions */
	bool		 is_over;
	bool		 is_backing_off;	/* until the ledger is ready */

	/* options the sessions need not know */
	const char	*ack_file;
	uint64_t	 sessions, messages, first, length, wait, limit_s;
	bool		 has_detail, is_quiet;
};

/* ---- sessions ---------------------------------------------------------- */

static void
on_end(void *arg)
{
	struct source	*source = arg;

	source->is_over = true;
	loop_stop(source->run.loop);
}

static void
end_if_settled(struct source *source)
{
	if (source->run.is_idle ||
	    !load_ledger_is_settled(source->run.ledger))
		return;
	if (source->open == 0)
		on_end(source);
	else if (!loop_timer_is_running(source->end_timer))
		loop_timer_start(source->end_timer, LAST_QUIT_MS);
}

static void
open_more(struct source *source)
{
	while (source->unused_count > 0 && source->opening < OPENING_MAX &&
	    !source->is_over && !source->is_backing_off) {
		uint64_t	number = 0;

		if (!source->run.is_idle && (number =
		    load_ledger_get(source->run.ledger)) == 0)
			return;
		source->opening++;
		source->open++;
		load_client_open(source->unused[--source->unused_count],
		    number);
	}
}

static void
on_ready(void *arg)
{
	struct source	*source = arg;

	source->is_backing_off = false;
	open_more(source);
}

/* An idle session is open or never will be: the last starts the wait. */
static void
attempted(struct source *source)
{
	if (++source->attempts < source->sessions)
		return;
	if (!source->is_quiet) {
		printf("open=%llu\n", (unsigned long long)source->open);
		fflush(stdout);
	}
	loop_timer_start(source->end_timer, (int64_t)source->wait * 1000);
}

static void
on_greeted(struct load_client *client, void *arg)
{
	struct source	*source = arg;

	(void)client;
	source->opening--;
	if (source->run.is_idle) {
		source->held++;
		attempted(source);
	}
	open_more(source);
}

static void
on_left(struct load_client *client, bool was_greeted, void *arg)
{
	struct source	*source = arg;

	source->open--;
	if (!was_greeted)
		source->opening--;
	if (!source->run.is_idle)
		source->unused[source->unused_count++] = client;
	else if (was_greeted)
		source->held--;
	else
		attempted(source);
	/* A server that cannot be reached is not asked in a tight loop. */
	if (!was_greeted && load_ledger_is_waiting(source->run.ledger))
		source->is_backing_off = source->run.has_retry;
	end_if_settled(source);
	open_more(source);
}

/* ---- the command line -------------------------------------------------- */

static void
usage(void)
{
	fputs("usage: ternsource [options] host:port\n"
	    "  -s N     sessions at a time (1)\n"
	    "  -m N     messages (1)\n"
	    "  -b N     number of the first message (1)\n"
	    "  -l N     bytes of body (10240)\n"
	    "  -8       an 8-bit body with dots at the start of lines\n"
	    "  -r N     recipients a message (1)\n"
	    "  -f ADDR  sender; -t ADDR recipients; in both, %m is the\n"
	    "           message, %r the recipient in it, %n a number\n"
	    "           over all recipients, %d the domain\n"
	    "  -d N     recipients user%n@d%d.example in N domains\n"
	    "  -c N     messages a connection (0: no limit)\n"
	    "  -P MODE  pipelining: on, off, auto (as announced)\n"
	    "  -B       BDAT where it is announced\n"
	    "  -S MODE  STARTTLS with TLS 1.3: full, or resumed where the\n"
	    "           server allows it\n"
	    "  -U U:P   log in as user U with password P, by AUTH PLAIN\n"
	    "  -g       QUIT where the first message would begin: it is\n"
	    "           acknowledged, each in a connection of its own\n"
	    "  -N       number messages: X-Tern-Run, X-Tern-Number\n"
	    "  -I ID    name of this run\n"
	    "  -a FILE  append the numbers acknowledged\n"
	    "  -R       try again after 4xx and lost connections\n"
	    "  -T S     give up after S seconds in all (0: never)\n"
	    "  -o S     wait S seconds for a reply (300)\n"
	    "  -w MS    wait before each step\n"
	    "  -i       only open the sessions and hold them -w seconds\n"
	    "  -L       more about latencies\n"
	    "  -q       say nothing but the last line\n", stderr);
	exit(2);
}

static uint64_t
number_option(const char *text)
{
	uint64_t	value;

	if (slice_parse_u64(slice_str(text), &value) < 0 ||
	    value > UINT32_MAX)
		log_fatal("%s: not a number", text);
	return value;
}

static void
set_pipeline(struct load_run *run, const char *text)
{
	if (strcmp(text, "on") == 0)
		run->pipeline = LOAD_PIPELINE_ON;
	else if (strcmp(text, "off") == 0)
		run->pipeline = LOAD_PIPELINE_OFF;
	else if (strcmp(text, "auto") == 0)
		run->pipeline = LOAD_PIPELINE_AUTO;
	else
		usage();
}

static void
set_guard(struct load_run *run, const char *text)
{
	bool	is_resuming = strcmp(text, "resumed") == 0;

	if (run->guard != NULL ||
	    (!is_resuming && strcmp(text, "full") != 0))
		usage();
	run->guard = load_guard_new(is_resuming);
}

/* RFC 4616 section 2: no authorization identity, user, password. */
static void
set_login(struct load_run *run, const char *text)
{
	const char	*colon = strchr(text, ':');
	struct buf	 plain = BUF_INIT;

	if (colon == NULL)
		usage();
	buf_put_u8(&plain, 0);
	buf_put(&plain, text, (size_t)(colon - text));
	buf_put_u8(&plain, 0);
	buf_put_str(&plain, colon + 1);
	buf_empty(&run->login);
	buf_put_str(&run->login, "AUTH PLAIN ");
	base64_put(&run->login, buf_slice(&plain));
	buf_put_str(&run->login, "\r\n");
	buf_clear(&plain);
}

static void
set_flag(struct source *source, int letter)
{
	if (letter == '8')
		source->run.is_8bit = true;
	else if (letter == 'B')
		source->run.has_bdat = true;
	else if (letter == 'N')
		source->run.has_numbers = true;
	else if (letter == 'R')
		source->run.has_retry = true;
	else if (letter == 'g')
		source->run.is_visit = true;
	else if (letter == 'i')
		source->run.is_idle = true;
	else if (letter == 'L')
		source->has_detail = true;
	else if (letter == 'q')
		source->is_quiet = true;
	else
		usage();
}

static void
set_text(struct source *source, int letter, const char *text)
{
	if (letter == 'a')
		source->ack_file = text;
	else if (letter == 'f')
		source->run.sender = text;
	else if (letter == 't')
		source->run.recipient = text;
	else if (letter == 'I')
		source->run.id = text;
	else if (letter == 'P')
		set_pipeline(&source->run, text);
	else if (letter == 'S')
		set_guard(&source->run, text);
	else if (letter == 'U')
		set_login(&source->run, text);
	else
		set_flag(source, letter);
}

/* Where the number of an option goes; NULL when it has none. */
static uint64_t *
number_place(struct source *source, int letter)
{
	switch (letter) {
	case 's':
		return &source->sessions;
	case 'm':
		return &source->messages;
	case 'b':
		return &source->first;
	case 'l':
		return &source->length;
	case 'r':
		return &source->run.recipients;
	case 'd':
		return &source->run.domains;
	case 'c':
		return &source->run.per_connection;
	case 'T':
		return &source->limit_s;
	case 'w':
		return &source->wait;
	default:
		return NULL;
	}
}

static void
parse_options(struct source *source, int argc, char **argv)
{
	struct load_run	*run = &source->run;
	int		 letter;

	while ((letter = getopt(argc, argv,
	    "8a:b:Bc:d:f:giI:l:Lm:No:P:qr:Rs:S:t:T:U:w:")) != -1) {
		uint64_t	*place = number_place(source, letter);

		if (letter == 'o')
			run->reply_ms = (int64_t)number_option(optarg) * 1000;
		else if (place != NULL)
			*place = number_option(optarg);
		else
			set_text(source, letter, optarg);
		if (letter == 'd' && run->recipient == NULL)
			run->recipient = "user%n@d%d.example";
	}
	if (argc - optind != 1 || source->sessions == 0 ||
	    source->messages == 0 || source->first == 0 ||
	    run->recipients == 0 || run->domains == 0)
		usage();
	if (run->recipient == NULL)
		run->recipient = "user%r@sink.example";
	if (!run->is_idle)
		run->step_delay_ms = (int64_t)source->wait;
}

/* ---- start and end ----------------------------------------------------- */

static void
check_pattern(const char *pattern)
{
	struct load_text_numbers	numbers = { 0 };
	struct buf			buf = BUF_INIT;

	if (load_text_address(pattern, &numbers, &buf) < 0)
		log_fatal("%s: only %%n %%m %%r %%d have a meaning", pattern);
	buf_clear(&buf);
}

static void
make_message(struct source *source)
{
	struct load_run	*run = &source->run;
	time_t		 now = time(NULL);
	struct tm	 tm;
	char		 date[64];

	check_pattern(run->sender);
	check_pattern(run->recipient);
	load_text_body(source->length, run->is_8bit, &run->body);
	smtp_text_stuff(buf_slice(&run->body), &run->stuffed);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000",
	    gmtime_r(&now, &tm));
	buf_printf(&run->head_start,
	    "Date: %s\r\n"
	    "From: Load <load@ternsource.example>\r\n"
	    "To: undisclosed-recipients:;\r\n"
	    "Subject: load, run %s\r\n", date, run->id);
	if (run->is_8bit)
		buf_put_str(&run->head_start, "MIME-Version: 1.0\r\n"
		    "Content-Type: text/plain; charset=iso-8859-1\r\n"
		    "Content-Transfer-Encoding: 8bit\r\n");
}

static void
start(struct source *source)
{
	struct load_run	*run = &source->run;

	run->ledger = load_ledger_new(run->loop, source->first,
	    source->messages, on_ready, source);
	if (source->ack_file != NULL &&
	    load_ledger_open(run->ledger, source->ack_file) < 0)
		log_fatal("%s: %s", source->ack_file, strerror(errno));
	source->end_timer = loop_timer_new(run->loop, on_end, source);
	source->limit_timer = loop_timer_new(run->loop, on_end, source);
	if (source->limit_s > 0)
		loop_timer_start(source->limit_timer,
		    (int64_t)source->limit_s * 1000);
	source->all = mem_new_array(source->sessions, sizeof(*source->all));
	source->unused = mem_new_array(source->sessions,
	    sizeof(*source->unused));
	for (uint64_t i = 0; i < source->sessions; i++)
		source->all[i] = load_client_new(run);
	source->unused_count = source->sessions;
	memcpy(source->unused, source->all,
	    source->sessions * sizeof(*source->all));
	open_more(source);
}

static void
stop(struct source *source)
{
	struct load_run	*run = &source->run;

	for (uint64_t i = 0; i < source->sessions; i++)
		load_client_free(&source->all[i]);
	mem_free(source->all);
	mem_free(source->unused);
	load_ledger_free(&run->ledger);
	loop_timer_free(&source->end_timer);
	loop_timer_free(&source->limit_timer);
	loop_tick(run->loop, 0);	/* frees what waits for that */
	loop_free(&run->loop);
	buf_clear(&run->body);
	buf_clear(&run->stuffed);
	buf_clear(&run->head_start);
	buf_clear(&run->head);
	buf_clear(&run->login);
	load_guard_free(&run->guard);
}

/* True when all went well. */
static bool
report(struct source *source)
{
	struct load_run	*run = &source->run;
	struct buf	 line = BUF_INIT;

	if (run->is_idle) {
		printf("sessions=%llu held=%llu lost=%llu\n",
		    (unsigned long long)source->sessions,
		    (unsigned long long)source->held,
		    (unsigned long long)run->lost);
		return source->held == source->sessions;
	}
	load_ledger_stop(run->ledger);
	load_ledger_format(run->ledger, source->has_detail, &line);
	if (run->guard != NULL)
		buf_printf(&line, " handshakes=%llu resumed=%llu",
		    (unsigned long long)load_guard_count(run->guard),
		    (unsigned long long)load_guard_resumed(run->guard));
	printf("%s connections=%llu lost=%llu refused_recipients=%llu\n",
	    buf_cstr(&line), (unsigned long long)run->connections,
	    (unsigned long long)run->lost,
	    (unsigned long long)run->refused_recipients);
	buf_clear(&line);
	return load_ledger_count(run->ledger, LOAD_ACKNOWLEDGED) ==
	    source->messages;
}

int
main(int argc, char **argv)
{
	struct source	 source = {
		.sessions = 1, .messages = 1, .first = 1, .length = 10240,
		.run = {
			.sender = "sender@ternsource.example",
			.recipients = 1, .domains = 1, .reply_ms = 300000,
			.on_greeted = on_greeted, .on_left = on_left,
		},
	};
	const char	*why;
	char		 id[32];
	bool		 is_good;

	parse_options(&source, argc, argv);
	snprintf(id, sizeof(id), "%llx-%x",
	    (unsigned long long)time(NULL), (unsigned)getpid());
	if (source.run.id == NULL)
		source.run.id = id;
	source.run.arg = &source;
	if (endpoint_resolve(argv[optind], NULL, &source.run.addr, &why) < 0)
		log_fatal("%s: %s", argv[optind], why);
	endpoint_raise_limit();
	signal(SIGPIPE, SIG_IGN);
	make_message(&source);
	source.run.loop = loop_new();
	start(&source);
	if (!source.is_over)
		loop_run(source.run.loop);
	is_good = report(&source);
	stop(&source);
	return is_good ? 0 : 1;
}
