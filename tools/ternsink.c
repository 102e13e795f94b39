/*
 * ternsink: a test server that takes mail and forgets it, and misbehaves
 * on request.  It says how much came and, of numbered messages
 * (ternsource -N), how many different ones, and how many twice.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/endpoint.h"
#include "net/loop.h"
#include "load/load_guard.h"
#include "load/sink_session.h"
#include "net/tls_context.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/path.h"

#define ACCEPT_MAX	64	/* connections a tick, for fairness */
#define ACCEPT_PAUSE_MS	100	/* when descriptors have run out */
#define LAST_WORDS_MS	1000	/* for sessions to end, after -m messages */
#define REPORT_MS	1000

struct sink {
	struct sink_run	 run;
	struct loop_watch *watch;
	struct loop_signal *term, *interrupt;
	struct loop_timer *accept_timer, *end_timer, *report_timer;
	struct addr	 addr;
	int		 fd;
	bool		 is_ending;

	/* options the sessions need not know */
	const char	*port_file, *number_file, *report_file;
	uint64_t	 message_limit;
	bool		 is_quiet;
};

/* ---- what it says ------------------------------------------------------ */

static void
format_summary(const struct sink *sink, struct buf *into)
{
	const struct sink_run	*run = &sink->run;
	double			 seconds = 0;

	if (run->messages > 0)
		seconds = (double)(run->last_us - run->first_us) / 1e6;
	buf_printf(into, "connections=%llu messages=%llu recipients=%llu "
	    "bytes=%llu",
	    (unsigned long long)run->connections,
	    (unsigned long long)run->messages,
	    (unsigned long long)run->recipients,
	    (unsigned long long)run->bytes);
	if (run->numbers != NULL)
		buf_printf(into, " numbers=%llu twins=%llu",
		    (unsigned long long)sink_numbers_count(run->numbers),
		    (unsigned long long)sink_numbers_twins(run->numbers));
	buf_printf(into, " seconds=%.2f rate=%.0f/s waits=%llu last=%.6f\n",
	    seconds, seconds > 0 ? (double)run->messages / seconds : 0,
	    (unsigned long long)run->waits, (double)run->last_us / 1e6);
}

static void
on_report(void *arg)
{
	struct sink	*sink = arg;
	struct buf	 line = BUF_INIT;
	FILE		*file = fopen(sink->report_file, "a");

	format_summary(sink, &line);
	if (file == NULL || fputs(buf_cstr(&line), file) < 0 ||
	    fclose(file) != 0)
		log_fatal("%s: %s", sink->report_file, strerror(errno));
	buf_clear(&line);
	loop_timer_start(sink->report_timer, REPORT_MS);
}

/* ---- connections ------------------------------------------------------- */

static void
on_end(void *arg)
{
	struct sink	*sink = arg;

	loop_stop(sink->run.loop);
}

/* -m: the last message is answered before we go. */
static void
on_message(void *arg)
{
	struct sink	*sink = arg;

	if (sink->message_limit == 0 || sink->is_ending ||
	    sink->run.messages < sink->message_limit)
		return;
	sink->is_ending = true;
	loop_watch_set(sink->watch, 0);
	loop_timer_stop(sink->accept_timer);
	loop_timer_start(sink->end_timer, LAST_WORDS_MS);
}

static void
on_left(void *arg)
{
	struct sink	*sink = arg;

	if (sink->is_ending && sink->run.open == 0)
		loop_stop(sink->run.loop);
}

static void
on_connection(int fd, unsigned what, void *arg)
{
	struct sink	*sink = arg;

	(void)what;
	for (int i = 0; i < ACCEPT_MAX; i++) {
		int	peer = accept4(fd, NULL, NULL,
			    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (peer >= 0) {
			sink_session_start(&sink->run, peer);
		} else if (errno == EMFILE || errno == ENFILE ||
		    errno == ENOBUFS || errno == ENOMEM) {
			loop_watch_set(sink->watch, 0);
			loop_timer_start(sink->accept_timer,
			    ACCEPT_PAUSE_MS);
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

static void
on_accept_again(void *arg)
{
	struct sink	*sink = arg;

	if (!sink->is_ending)
		loop_watch_set(sink->watch, LOOP_READ);
}

/* ---- the command line -------------------------------------------------- */

static void
usage(void)
{
	fputs("usage: ternsink [options] [host:]port\n"
	    "  -d MS    delay each group of replies\n"
	    "  -n       do not announce PIPELINING\n"
	    "  -C       announce CHUNKING\n"
	    "  -P       announce PIPECONNECT: commands before the greeting\n"
	    "  -8       do not announce 8BITMIME and SMTPUTF8\n"
	    "  -e       no ESMTP in the banner\n"
	    "  -E       no enhanced status codes\n"
	    "  -H       HELO only: EHLO gets 502\n"
	    "  -L       LMTP: one reply a recipient after the message\n"
	    "  -T FILE  offer STARTTLS, with key and chain in FILE (PEM)\n"
	    "  -S N     announce SIZE N, refuse what is larger\n"
	    "  -x RULE  STEP[<address]=REPLY[/N], where REPLY may be CLOSE\n"
	    "           or HANG, N means each Nth time, and STEP is\n"
	    "           CONNECT EHLO HELO MAIL RCPT DATA DOT RSET NOOP QUIT\n"
	    "  -K N     close each connection after N messages\n"
	    "  -N       look for X-Tern-Run and X-Tern-Number\n"
	    "  -a FILE  append each number received (implies -N)\n"
	    "  -D DIR   keep each message in DIR/1, DIR/2 ...\n"
	    "  -m N     end after N messages (also -l)\n"
	    "  -t S     close sessions idle for S seconds (300)\n"
	    "  -p FILE  write \"port pid\" when listening\n"
	    "  -R FILE  append the summary each second\n"
	    "  -q       no summary at the end\n"
	    "Without a host it listens on 127.0.0.1; port 0: any.\n", stderr);
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
set_flag(struct sink *sink, int letter)
{
	if (letter == 'n')
		sink->run.has_pipelining = false;
	else if (letter == 'C')
		sink->run.has_chunking = true;
	else if (letter == 'P')
		sink->run.has_pipeconnect = true;
	else if (letter == '8')
		sink->run.has_8bitmime = false;
	else if (letter == 'e')
		sink->run.has_banner_esmtp = false;
	else if (letter == 'E')
		sink->run.has_enhanced = false;
	else if (letter == 'H')
		sink->run.has_esmtp = false;
	else if (letter == 'L')
		sink->run.has_lmtp = true;
	else if (letter == 'q')
		sink->is_quiet = true;
	else
		usage();
}

static bool
set_number(struct sink *sink, int letter, const char *text)
{
	switch (letter) {
	case 'd':
		sink->run.delay_ms = (int64_t)number_option(text);
		return true;
	case 'S':
		sink->run.size = number_option(text);
		return true;
	case 'K':
		sink->run.close_after = number_option(text);
		return true;
	case 'm':
	case 'l':
		sink->message_limit = number_option(text);
		return true;
	case 't':
		sink->run.idle_ms = (int64_t)number_option(text) * 1000;
		return true;
	default:
		return false;
	}
}

static bool
set_text(struct sink *sink, int letter, const char *text)
{
	if (letter == 'a')
		sink->number_file = text;
	else if (letter == 'D')
		sink->run.dump_folder = text;
	else if (letter == 'p')
		sink->port_file = text;
	else if (letter == 'R')
		sink->report_file = text;
	else if (letter == 'T')
		sink->run.tls = load_guard_server(text);
	else if (letter != 'x')
		return false;
	else if (sink_rule_add(sink->run.rules, text) < 0)
		log_fatal("%s: not of the form STEP=REPLY", text);
	return true;
}

static void
parse_options(struct sink *sink, int argc, char **argv)
{
	int	letter;
	bool	has_numbers = false;

	while ((letter = getopt(argc, argv,
	    "8a:Cd:D:eEHK:l:Lm:nNp:PqR:S:t:T:ux:")) != -1) {
		if (letter == 'N')
			has_numbers = true;
		else if (!set_number(sink, letter, optarg) &&
		    !set_text(sink, letter, optarg))
			set_flag(sink, letter);
	}
	if (argc - optind != 1)
		usage();
	if (has_numbers || sink->number_file != NULL)
		sink->run.numbers = sink_numbers_new(sink->run.loop);
	if (sink->number_file != NULL &&
	    sink_numbers_open(sink->run.numbers, sink->number_file) < 0)
		log_fatal("%s: %s", sink->number_file, strerror(errno));
}

/* ---- start and end ----------------------------------------------------- */

static void
start(struct sink *sink, const char *where)
{
	struct loop	*loop = sink->run.loop;
	const char	*why;
	char		 text[64];

	if (endpoint_resolve(where, "127.0.0.1", &sink->addr, &why) < 0)
		log_fatal("%s: %s", where, why);
	if ((sink->fd = endpoint_listen(&sink->addr)) < 0)
		log_fatal("%s: %s", where, strerror(errno));
	sink->watch = loop_watch_new(loop, sink->fd, LOOP_READ,
	    on_connection, sink);
	sink->term = loop_signal_new(loop, SIGTERM, on_end, sink);
	sink->interrupt = loop_signal_new(loop, SIGINT, on_end, sink);
	sink->accept_timer = loop_timer_new(loop, on_accept_again, sink);
	sink->end_timer = loop_timer_new(loop, on_end, sink);
	sink->report_timer = loop_timer_new(loop, on_report, sink);
	if (sink->report_file != NULL)
		loop_timer_start(sink->report_timer, REPORT_MS);
	snprintf(text, sizeof(text), "%u %d\n", addr_port(&sink->addr),
	    (int)getpid());
	if (sink->port_file != NULL &&
	    path_replace(sink->port_file, text, strlen(text)) < 0)
		log_fatal("%s: %s", sink->port_file, strerror(errno));
}

static void
stop(struct sink *sink)
{
	sink_session_stop_all(&sink->run);
	loop_watch_free(&sink->watch);
	loop_signal_free(&sink->term);
	loop_signal_free(&sink->interrupt);
	loop_timer_free(&sink->accept_timer);
	loop_timer_free(&sink->end_timer);
	loop_timer_free(&sink->report_timer);
	sink_numbers_free(&sink->run.numbers);
	sink_rule_free(&sink->run.rules);
	loop_tick(sink->run.loop, 0);	/* frees what waits for that */
	tls_context_free(&sink->run.tls);
	loop_free(&sink->run.loop);
	close(sink->fd);
}

int
main(int argc, char **argv)
{
	struct sink	 sink = {
		.run = {
			.idle_ms = 300000, .on_message = on_message,
			.on_left = on_left,
			.has_pipelining = true, .has_8bitmime = true,
			.has_esmtp = true, .has_banner_esmtp = true,
			.has_enhanced = true,
		},
	};
	struct buf	 line = BUF_INIT;

	endpoint_raise_limit();
	signal(SIGPIPE, SIG_IGN);
	sink.run.arg = &sink;
	sink.run.loop = loop_new();
	sink.run.rules = sink_rule_new();
	parse_options(&sink, argc, argv);
	start(&sink, argv[optind]);
	loop_run(sink.run.loop);
	format_summary(&sink, &line);
	if (!sink.is_quiet)
		fputs(buf_cstr(&line), stdout);
	buf_clear(&line);
	stop(&sink);
	return 0;
}
