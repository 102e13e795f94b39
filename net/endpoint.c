/*
 * The places tools connect to.
 */

#include "net/endpoint.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/mem.h"

static int
resolve_host(struct slice host, struct addr *addr_r, const char **why_r)
{
	struct addrinfo	 hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo	*list = NULL;
	char		*name = slice_dup(host);
	int		 error = getaddrinfo(name, NULL, &hints, &list);

	mem_free(name);
	if (error != 0) {
		*why_r = gai_strerror(error);
		return -1;
	}
	memset(addr_r, 0, sizeof(*addr_r));
	memcpy(&addr_r->storage, list->ai_addr, list->ai_addrlen);
	addr_r->len = list->ai_addrlen;
	freeaddrinfo(list);
	return 0;
}

static int
parse_port(struct slice text, uint16_t *port_r)
{
	*port_r = addr_parse_port(text);
	return *port_r == 0 && !slice_is(text, "0") ? -1 : 0;
}

int
endpoint_resolve(const char *text, const char *default_host,
    struct addr *addr_r, const char **why_r)
{
	struct slice	host, port_text, all = slice_str(text);
	uint16_t	port = 0;
	bool		in_brackets;

	if (slice_has_prefix(all, "unix:")) {
		*why_r = "the path is too long";
		return addr_parse_unix(text + 5, addr_r);
	}
	if (default_host != NULL && parse_port(all, &port) == 0) {
		host = slice_str(default_host);
	} else if (addr_split(all, &host, &port_text, &in_brackets) < 0 ||
	    parse_port(port_text, &port) < 0) {
		*why_r = "not of the form host:port";
		return -1;
	} else if (host.len == 0) {
		host = slice_str(default_host != NULL ? default_host :
		    "127.0.0.1");
	}
	if (addr_parse_ip(host, port, addr_r) == 0)
		return 0;
	if (resolve_host(host, addr_r, why_r) < 0)
		return -1;
	addr_set_port(addr_r, port);
	return 0;
}

/* A socket left behind by a process that has gone; never any other file. */
static void
remove_stale(const struct addr *addr)
{
	const struct sockaddr_un	*un;
	struct stat			 st;

	un = (const struct sockaddr_un *)(const void *)&addr->storage;
	if (lstat(un->sun_path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(un->sun_path);
}

int
endpoint_listen(struct addr *addr)
{
	struct sockaddr	*sa = (struct sockaddr *)(void *)&addr->storage;
	int		 on = 1;
	int		 error;
	int		 fd = socket(addr->storage.ss_family,
			    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (addr->storage.ss_family == AF_UNIX)
		remove_stale(addr);
	else
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, sa, addr->len) == 0 && listen(fd, SOMAXCONN) == 0 &&
	    getsockname(fd, sa, &addr->len) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

void
endpoint_raise_limit(void)
{
	struct rlimit	limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}
