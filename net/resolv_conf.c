/*
 * resolv.conf(5).
 */

#include "net/resolv_conf.h"

#include <errno.h>
#include <stdbool.h>

#include "net/addr.h"
#include "util/buf.h"
#include "util/mem.h"
#include "util/path.h"

#define BLANKS		" \t\r"
#define FILE_LIMIT	65536
#define TIMEOUT_LIMIT_S	30	/* both as in resolv.conf(5) */
#define ATTEMPTS_LIMIT	5

static bool
is_server(struct slice text)
{
	ptrdiff_t	at = slice_find(text, '@');
	uint64_t	port;
	struct addr	addr;

	if (at >= 0 && (slice_parse_u64(slice_after(text, (size_t)at + 1),
	    &port) < 0 || port == 0 || port > UINT16_MAX))
		return false;
	if (at >= 0)
		text = slice_first(text, (size_t)at);
	/* fe80::1%eth0 */
	if ((at = slice_find(text, '%')) >= 0)
		text = slice_first(text, (size_t)at);
	return addr_parse_ip(text, 0, &addr) == 0;
}

static void
set_number(struct slice word, const char *name, int64_t limit,
    int64_t *value)
{
	uint64_t	number;
	size_t		len = slice_str(name).len;

	if (!slice_has_prefix(word, name) ||
	    slice_parse_u64(slice_after(word, len), &number) < 0 ||
	    number == 0)
		return;
	*value = number > (uint64_t)limit ? limit : (int64_t)number;
}

static void
take_line(struct resolv_conf *conf, struct slice line)
{
	struct slice	word;

	if (slice_get_word(&line, BLANKS, &word) < 0)
		return;
	if (slice_is(word, "nameserver")) {
		if (conf->count < RESOLV_CONF_SERVER_LIMIT &&
		    slice_get_word(&line, BLANKS, &word) == 0 &&
		    is_server(word))
			conf->servers[conf->count++] = slice_dup(word);
	} else if (slice_is(word, "options")) {
		while (slice_get_word(&line, BLANKS, &word) == 0) {
			set_number(word, "timeout:", TIMEOUT_LIMIT_S,
			    &conf->timeout_s);
			set_number(word, "attempts:", ATTEMPTS_LIMIT,
			    &conf->attempts);
		}
	}
}

void
resolv_conf_parse(struct slice text, struct resolv_conf *conf_r)
{
	struct slice	line;

	*conf_r = (struct resolv_conf){
		.timeout_s = RESOLV_CONF_TIMEOUT_S,
		.attempts = RESOLV_CONF_ATTEMPTS,
	};
	while (slice_get_word(&text, "\n", &line) == 0)
		take_line(conf_r, line);
	if (conf_r->count == 0)
		conf_r->servers[conf_r->count++] = mem_strdup("127.0.0.1");
}

int
resolv_conf_read(const char *path, struct resolv_conf *conf_r)
{
	struct buf	text = BUF_INIT;
	int		got = path_read(path, FILE_LIMIT, &text);
	int		error = errno;

	resolv_conf_parse(buf_slice(&text), conf_r);
	buf_clear(&text);
	errno = error;
	return got;
}

void
resolv_conf_clear(struct resolv_conf *conf)
{
	for (size_t i = 0; i < conf->count; i++)
		mem_free(conf->servers[i]);
	conf->count = 0;
}

int64_t
resolv_conf_deadline_ms(const struct resolv_conf *conf)
{
	return conf->timeout_s * conf->attempts * (int64_t)conf->count * 1000;
}
