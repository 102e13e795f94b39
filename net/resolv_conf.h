#ifndef NET_RESOLV_CONF_H
#define NET_RESOLV_CONF_H

/*
 * The file that names the DNS servers to ask, as of resolv.conf(5), with
 * one addition: "nameserver ADDRESS@PORT".  Read are nameserver and, of
 * options, timeout and attempts; mail needs no search list.
 */

#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"

#define RESOLV_CONF_SERVER_LIMIT	8
#define RESOLV_CONF_TIMEOUT_S		5	/* default of resolv.conf(5) */
#define RESOLV_CONF_ATTEMPTS		2

struct resolv_conf {
	char	*servers[RESOLV_CONF_SERVER_LIMIT];	/* address[@port] */
	size_t	 count;
	int64_t	 timeout_s;	/* for one server, one attempt */
	int64_t	 attempts;
};

/* What cannot be understood is left out; no server gives 127.0.0.1. */
void	resolv_conf_parse(struct slice text, struct resolv_conf *conf_r);

/*
 * The same of a file; without one the defaults hold, and -1 is returned
 * with errno.  Clear it in any case.
 */
int	resolv_conf_read(const char *path, struct resolv_conf *conf_r);
void	resolv_conf_clear(struct resolv_conf *conf);

/* How long all servers together may take, in milliseconds. */
int64_t	resolv_conf_deadline_ms(const struct resolv_conf *conf);

#endif
