/*
 * The log.  Process-wide state, set once at the start of a program.
 */

#include "util/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "util/ascii.h"
#include "util/buf.h"
#include "util/haste.h"

#define LINE_LIMIT	2000	/* bytes of text in one line */
#define GATHER_LIMIT	16384	/* bytes gathered before a write */
#define HOST_SIZE	65	/* of struct utsname */

/* Threads may log, too; only lines are guarded, not the setting up. */
static pthread_mutex_t	mutex = PTHREAD_MUTEX_INITIALIZER;

static struct {
	int		 fd;
	bool		 has_prefix;
	bool		 has_syslog;
	bool		 gather;
	bool		 verbose;
	char		 tag[64];
	char		 host[HOST_SIZE];
	char		 stamp[32];	/* "Nov 23 08:42:41", of stamp_at */
	time_t		 stamp_at;
	struct buf	 out;
} state = { .fd = STDERR_FILENO };

static const struct {
	const char	*name;
	int		 code;
} facilities[] = {
	{ "mail", LOG_MAIL }, { "daemon", LOG_DAEMON }, { "user", LOG_USER },
	{ "auth", LOG_AUTH }, { "authpriv", LOG_AUTHPRIV },
	{ "cron", LOG_CRON }, { "ftp", LOG_FTP }, { "kern", LOG_KERN },
	{ "lpr", LOG_LPR }, { "news", LOG_NEWS }, { "syslog", LOG_SYSLOG },
	{ "uucp", LOG_UUCP }, { "local0", LOG_LOCAL0 },
	{ "local1", LOG_LOCAL1 }, { "local2", LOG_LOCAL2 },
	{ "local3", LOG_LOCAL3 }, { "local4", LOG_LOCAL4 },
	{ "local5", LOG_LOCAL5 }, { "local6", LOG_LOCAL6 },
	{ "local7", LOG_LOCAL7 },
};

static int
facility_code(const char *name)
{
	for (size_t i = 0; i < sizeof(facilities) / sizeof(*facilities); i++)
		if (strcmp(facilities[i].name, name) == 0)
			return facilities[i].code;
	return -1;
}

bool
log_is_facility(const char *name)
{
	return facility_code(name) >= 0;
}

static void
set_tag(const char *tag)
{
	struct utsname	us;

	snprintf(state.tag, sizeof(state.tag), "%s", tag);
	snprintf(state.host, sizeof(state.host), "%s", uname(&us) < 0 ?
	    "localhost" : us.nodename);
	/* Syslog's convention: the name without its domain. */
	state.host[strcspn(state.host, ".")] = '\0';
}

void
log_open_terminal(const char *name)
{
	snprintf(state.tag, sizeof(state.tag), "%s", name);
}

void
log_open_syslog(const char *tag, const char *facility)
{
	int	code = facility_code(facility);

	log_flush();
	set_tag(tag);
	tzset();
	state.has_syslog = true;
	openlog(state.tag, LOG_PID | LOG_NDELAY, code < 0 ? LOG_MAIL : code);
}

void
log_open_fd(const char *tag, int fd)
{
	log_flush();
	set_tag(tag);
	tzset();
	state.has_syslog = false;
	state.has_prefix = true;
	state.fd = fd;
}

void
log_set_gather(bool gather)
{
	state.gather = gather;
}

void
log_set_verbose(bool verbose)
{
	state.verbose = verbose;
}

bool
log_is_verbose(void)
{
	return state.verbose;
}

static void
flush(void)
{
	while (state.out.len > 0) {
		struct slice	s = buf_slice(&state.out);
		ssize_t		n = write(state.fd, s.data, s.len);

		if (n > 0) {
			buf_drop(&state.out, (size_t)n);
		} else if (n < 0 && errno == EAGAIN) {
			struct pollfd	p = { state.fd, POLLOUT, 0 };

			poll(&p, 1, 1000);
		} else if (n == 0 || errno != EINTR) {
			/* Full disk or lost reader: mail goes on unlogged. */
			buf_empty(&state.out);
		}
	}
}

void
log_flush(void)
{
	pthread_mutex_lock(&mutex);
	flush();
	pthread_mutex_unlock(&mutex);
}

static void
put_prefix(void)
{
	time_t		now = time(NULL);
	struct tm	tm;

	if (now != state.stamp_at) {
		localtime_r(&now, &tm);
		strftime(state.stamp, sizeof(state.stamp), "%b %e %H:%M:%S",
		    &tm);
		state.stamp_at = now;
	}
	buf_printf(&state.out, "%s %s %s[%ld]: ", state.stamp, state.host,
	    state.tag, (long)getpid());
}

/* Nothing a terminal or a log reader could take for a command. */
static void
make_printable(unsigned char *p, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t	n = ascii_is_print(p[i]) ? 1 :
		    p[i] < 0x80 ? 0 : ascii_utf8_len(p + i, len - i);

		/* U+0080 to U+009F are control characters too. */
		if (n == 2 && p[i] == 0xc2 && p[i + 1] < 0xa0)
			n = 0;
		if (n == 0)
			p[i++] = '?';
		else
			i += n;
	}
}

static void
put_line(const char *text, size_t len)
{
	pthread_mutex_lock(&mutex);
	if (state.has_prefix)
		put_prefix();
	else if (state.tag[0] != '\0')
		buf_printf(&state.out, "%s: ", state.tag);
	buf_put(&state.out, text, len);
	buf_put_u8(&state.out, '\n');
	if (!state.gather || state.out.len > GATHER_LIMIT)
		flush();
	pthread_mutex_unlock(&mutex);
}

static void
write_line(int priority, const char *severity, const char *format,
    va_list args)
{
	char	text[LINE_LIMIT];
	int	saved_errno = errno, len;

	len = snprintf(text, sizeof(text), "%s", severity);
	len += vsnprintf(text + len, sizeof(text) - (size_t)len, format, args);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(text))
		len = (int)sizeof(text) - 1;
	make_printable((unsigned char *)text, (size_t)len);
	if (state.has_syslog)
		syslog(priority, "%s", text);
	else
		put_line(text, (size_t)len);
	errno = saved_errno;
}

#define WRITE_LINE(priority, severity) do {				\
	va_list	args;							\
									\
	va_start(args, format);						\
	write_line((priority), (severity), format, args);		\
	va_end(args);							\
} while (0)

void
log_debug(const char *format, ...)
{
	if (state.verbose && !haste_refuses())
		WRITE_LINE(LOG_DEBUG, "");
}

void
log_info(const char *format, ...)
{
	if (!haste_refuses())
		WRITE_LINE(LOG_INFO, "");
}

void
log_warn(const char *format, ...)
{
	if (!haste_refuses())
		WRITE_LINE(LOG_WARNING, "warning: ");
}

void
log_fatal(const char *format, ...)
{
	WRITE_LINE(LOG_CRIT, "fatal: ");
	log_flush();
	/* Not exit(): no handler may run on a state we gave up on. */
	_exit(1);
}

void
log_panic(const char *format, ...)
{
	WRITE_LINE(LOG_CRIT, "panic: ");
	log_flush();
	abort();
}
