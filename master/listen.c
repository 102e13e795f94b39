/*
 * Listening sockets.
 */

#include "master/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utlist.h>

#include "util/mem.h"

#define BACKLOG	1024

struct listen_socket {
	struct addr		 addr;
	int			 fd;
	int			 first;		/* generation it was made by */
	int			 last;		/* latest one that has it */
	struct listen_socket	*next;
};

static const char *
unix_path(const struct addr *addr)
{
	const struct sockaddr_un	*un;

	if (addr->storage.ss_family != AF_UNIX)
		return NULL;
	un = (const struct sockaddr_un *)(const void *)&addr->storage;
	return un->sun_path;
}

static bool
is_same(const struct addr *a, const struct addr *b)
{
	char	text_a[ADDR_TEXT_SIZE], text_b[ADDR_TEXT_SIZE];

	if (a->storage.ss_family != b->storage.ss_family)
		return false;
	if (unix_path(a) != NULL)
		return strcmp(unix_path(a), unix_path(b)) == 0;
	return addr_port(a) == addr_port(b) &&
	    strcmp(addr_format_ip(a, text_a), addr_format_ip(b, text_b)) == 0;
}

static void
remove_file(const struct addr *addr)
{
	const char	*path = unix_path(addr);
	struct stat	 st;

	/* Left behind by a killed master; never anything but a socket. */
	if (path != NULL && lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
}

static int
start(int fd, const struct addr *addr, mode_t mode)
{
	int	on = 1;

	if (addr->storage.ss_family == AF_UNIX)
		remove_file(addr);
	else
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (addr->storage.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&addr->storage, addr->len) < 0)
		return -1;
	if (unix_path(addr) != NULL && chmod(unix_path(addr), mode) < 0)
		return -1;
	return listen(fd, BACKLOG);
}

int
listen_get(struct listen_set *set, const struct addr *addr, mode_t mode,
    int generation)
{
	struct listen_socket	*it;
	int			 fd, error;

	LL_FOREACH(set->sockets, it) {
		if (!is_same(&it->addr, addr))
			continue;
		errno = EEXIST;
		if (it->last == generation)
			return -1;
		it->last = generation;
		return it->fd;
	}
	fd = socket(addr->storage.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (start(fd, addr, mode) < 0) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	it = mem_new(sizeof(*it));
	it->addr = *addr;
	it->fd = fd;
	it->first = it->last = generation;
	LL_PREPEND(set->sockets, it);
	return fd;
}

static void
drop(struct listen_set *set, struct listen_socket *it)
{
	LL_DELETE(set->sockets, it);
	remove_file(&it->addr);
	close(it->fd);
	mem_free(it);
}

void
listen_keep(struct listen_set *set, int generation)
{
	struct listen_socket	*it, *next;

	LL_FOREACH_SAFE(set->sockets, it, next)
		if (it->last != generation)
			drop(set, it);
}

void
listen_revert(struct listen_set *set, int generation)
{
	struct listen_socket	*it, *next;

	LL_FOREACH_SAFE(set->sockets, it, next) {
		if (it->first == generation)
			drop(set, it);
		else
			it->last = generation - 1;
	}
}

void
listen_clear(struct listen_set *set)
{
	struct listen_socket	*it, *next;

	LL_FOREACH_SAFE(set->sockets, it, next)
		drop(set, it);
}
