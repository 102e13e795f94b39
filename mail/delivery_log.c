/*
 * Delivery log lines.
 */

#include "mail/delivery_log.h"

#include <stdio.h>
#include <string.h>

#include "mail/queue_id.h"
#include "util/buf.h"
#include "util/log.h"

const char *
delivery_log_time(int64_t us, int64_t resolution, char *text)
{
	int64_t	 unit = 1000000, digits = 0;
	char	*end;

	if (us < 0)
		us = 0;
	/* Below 10 s one digit behind the point is the second one, ... */
	for (int64_t edge = 10000000; digits < resolution && us < edge;
	    edge /= 10) {
		unit /= 10;
		digits++;
	}
	us = (us + unit / 2) / unit * unit;
	snprintf(text, DELIVERY_TIME_SIZE, "%lld.%06lld",
	    (long long)(us / 1000000), (long long)(us % 1000000));
	end = text + strlen(text) - 1;
	/* No zeros at the end, no point without digits. */
	while (*end == '0')
		*end-- = '\0';
	if (*end == '.')
		*end = '\0';
	return text;
}

/* before qmgr / in qmgr / connecting / sending */
static void
put_delays(struct buf *line, const struct delivery_log *log)
{
	const struct delivery_times	*t = &log->times;
	int64_t	start = t->start_us == 0 ? t->end_us : t->start_us;
	int64_t	ready = t->ready_us == 0 ? t->end_us : t->ready_us;
	int64_t	digits = log->resolution;
	char	a[DELIVERY_TIME_SIZE], b[DELIVERY_TIME_SIZE];
	char	c[DELIVERY_TIME_SIZE], d[DELIVERY_TIME_SIZE];
	char	all[DELIVERY_TIME_SIZE];

	buf_printf(line, ", delay=%s, delays=%s/%s/%s/%s",
	    delivery_log_time(t->end_us - t->arrival_us, digits, all),
	    delivery_log_time(t->active_us - t->arrival_us, digits, a),
	    delivery_log_time(start - t->active_us, digits, b),
	    delivery_log_time(ready - start, digits, c),
	    delivery_log_time(t->end_us - ready, digits, d));
}

void
delivery_log_put(const struct delivery_log *log)
{
	char		id[QUEUE_ID_TEXT_SIZE];
	struct buf	line = BUF_INIT;

	buf_printf(&line, "%s: to=<%s>", queue_id_format(log->queue_id, id),
	    log->recipient);
	if (log->original[0] != '\0' &&
	    strcmp(log->original, log->recipient) != 0)
		buf_printf(&line, ", orig_to=<%s>", log->original);
	buf_printf(&line, ", relay=%s", log->relay);
	if (log->use > 1)
		buf_printf(&line, ", conn_use=%d", log->use);
	put_delays(&line, log);
	if (log->tls != NULL)
		buf_printf(&line, ", tls=%s", log->tls);
	buf_printf(&line, ", dsn=%s, status=%s (%s)", log->dsn,
	    log->is_soft ? "SOFTBOUNCE" : outcome_name(log->kind),
	    log->reason);
	log_info("%s", buf_cstr(&line));
	buf_clear(&line);
}
