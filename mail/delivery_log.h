#ifndef MAIL_DELIVERY_LOG_H
#define MAIL_DELIVERY_LOG_H

/*
 * The log line of a delivery attempt to one recipient (O11), the one that
 * log readers count.
 */

#include <stdbool.h>
#include <stdint.h>

#include "mail/outcome.h"

struct delivery_times {
	int64_t	arrival_us;	/* of the message; wall clock, as all here */
	int64_t	active_us;	/* it entered the active queue */
	int64_t	start_us;	/* an agent took it; 0: none did */
	int64_t	ready_us;	/* the connection was ready; 0: never */
	int64_t	end_us;
};

struct delivery_log {
	uint64_t		 queue_id;
	const char		*recipient;
	const char		*original;	/* shown when it differs */
	const char		*relay;		/* "host[ip]:port", "none" */
	int			 use;		/* of it; shown from 2 */
	struct delivery_times	 times;
	int64_t			 resolution;	/* see below */
	const char		*tls;		/* K49; NULL: not shown */
	const char		*dsn;
	enum outcome_kind	 kind;
	bool			 is_soft;	/* soft_bounce defers it */
	const char		*reason;
};

void	delivery_log_put(const struct delivery_log *log);

/*
 * A duration as Postfix shows it: two significant digits, after the point
 * at most as many as delay_logging_resolution_limit says, none in vain: 0,
 * 0.05, 1.2, 12.  text has DELIVERY_TIME_SIZE bytes; returns text.
 */
#define DELIVERY_TIME_SIZE	48
const char *delivery_log_time(int64_t us, int64_t resolution, char *text);

#endif
