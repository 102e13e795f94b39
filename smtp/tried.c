/*
 * Servers that were tried.
 */

#include "smtp/tried.h"

#include <string.h>

#include "conf/conf.h"
#include "smtp/route.h"
#include "util/buf.h"
#include "util/mem.h"

void
tried_add(struct tried *tried, const struct addr *addr)
{
	tried->addrs = mem_resize(tried->addrs,
	    (tried->count + 1) * sizeof(*tried->addrs));
	tried->addrs[tried->count++] = *addr;
}

void
tried_copy(const struct tried *tried, struct tried *copy_r)
{
	memset(copy_r, 0, sizeof(*copy_r));
	for (size_t i = 0; i < tried->count; i++)
		tried_add(copy_r, &tried->addrs[i]);
}

void
tried_clear(struct tried *tried)
{
	mem_free(tried->addrs);
	memset(tried, 0, sizeof(*tried));
}

static void
put_addr(const struct addr *addr, struct buf *key)
{
	const char	*path = addr_unix_path(addr);
	char		 ip[ADDR_TEXT_SIZE];

	if (path != NULL)
		buf_printf(key, "\n%s", path);
	else
		buf_printf(key, "\n%s %u", addr_format_ip(addr, ip),
		    addr_port(addr));
}

void
tried_put_key(const struct tried *tried, struct buf *key)
{
	for (size_t i = 0; i < tried->count; i++)
		put_addr(&tried->addrs[i], key);
}

static bool
is_same(const struct addr *a, const struct addr *b)
{
	const char	*path = addr_unix_path(a), *other = addr_unix_path(b);
	char		 ip[ADDR_TEXT_SIZE], other_ip[ADDR_TEXT_SIZE];

	if (path != NULL || other != NULL)
		return path != NULL && other != NULL &&
		    strcmp(path, other) == 0;
	return addr_port(a) == addr_port(b) &&
	    strcmp(addr_format_ip(a, ip), addr_format_ip(b, other_ip)) == 0;
}

static bool
has(const struct tried *tried, const struct addr *now,
    const struct addr *addr)
{
	if (now != NULL && is_same(now, addr))
		return true;
	for (size_t i = 0; i < tried->count; i++)
		if (is_same(&tried->addrs[i], addr))
			return true;
	return false;
}

/* So many servers of the next hop of that turn. */
static int64_t
count_of(const struct tried *tried, const struct addr *now,
    const struct route *route, unsigned turn)
{
	int64_t	count = 0;

	for (size_t i = 0; i < route->count; i++)
		if (route->hosts[i].turn == turn &&
		    has(tried, now, &route->hosts[i].addr))
			count++;
	return count;
}

static bool
is_enough(const struct conf *conf, int64_t count)
{
	return (conf->smtp_mx_session_limit > 0 &&
	    count >= conf->smtp_mx_session_limit) ||
	    (conf->smtp_mx_address_limit > 0 &&
	    count >= conf->smtp_mx_address_limit);
}

bool
tried_leaves_some(const struct tried *tried, const struct addr *now,
    const struct conf *conf, const struct route *route, bool has_fallback)
{
	for (size_t i = 0; i < route->count; i++) {
		const struct route_host	*host = &route->hosts[i];

		if ((has_fallback || host->turn < route->own) &&
		    !has(tried, now, &host->addr) && !is_enough(conf,
		    count_of(tried, now, route, host->turn)))
			return true;
	}
	return false;
}

size_t
tried_set_aside(const struct tried *tried, const struct conf *conf,
    const struct route *route, struct route_host *hosts, size_t count,
    int64_t *sessions_r)
{
	size_t	kept = 0;

	*sessions_r = 0;
	if (tried->count == 0)
		return count;
	for (size_t i = 0; i < count; i++) {
		struct route_host	host = hosts[i];
		int64_t			sessions = count_of(tried, NULL,
					    route, host.turn);

		if (has(tried, NULL, &host.addr) ||
		    is_enough(conf, sessions))
			continue;
		if (kept == 0)
			*sessions_r = sessions;
		memmove(&hosts[kept + 1], &hosts[kept],
		    (i - kept) * sizeof(*hosts));
		hosts[kept++] = host;
	}
	return kept;
}
