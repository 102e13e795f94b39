/*
 * Connections from children to services.
 */

#include "master/broker.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "mail/control.h"
#include "mail/ipc.h"
#include "mail/ipc_hello.h"
#include "master/child.h"
#include "master/program.h"
#include "master/service.h"
#include "util/buf.h"
#include "util/log_limit.h"

static const struct service *
find(const struct service *services, const char *name)
{
	const struct service	*service;

	LL_FOREACH(services, service)
		if (service->type == MASTER_CF_UNIX &&
		    strcmp(service->name, name) == 0)
			return service;
	return NULL;
}

/* -o name=value, as make_argv of master/generation.c has put it. */
static void
put_settings(struct buf *into, const struct service *service)
{
	for (char **arg = service->argv; arg[0] != NULL; arg++) {
		const char	*equals;

		if (strcmp(arg[0], "-o") != 0 || arg[1] == NULL)
			continue;
		arg++;
		equals = strchr(arg[0], '=');
		if (equals == NULL)
			continue;
		buf_put(into, arg[0], (size_t)(equals - arg[0]));
		buf_put_u8(into, '\0');
		buf_put(into, equals + 1, strlen(equals + 1) + 1);
	}
}

/* Who comes from master is who this says: mail/ipc.h. */
static int
introduce(int fd, const struct service *from, pid_t process)
{
	struct buf	hello = BUF_INIT, settings = BUF_INIT;
	ssize_t		n;

	put_settings(&settings, from);
	ipc_hello_put(&hello, from->program->name, (uint32_t)process,
	    buf_slice(&settings));
	buf_clear(&settings);
	/* A new socket has room for so little. */
	n = send(fd, buf_slice(&hello).data, hello.len, MSG_NOSIGNAL);
	if (n >= 0 && (size_t)n != hello.len)
		errno = EAGAIN;
	else if (n >= 0)
		n = 0;
	buf_clear(&hello);
	return n == 0 ? 0 : -1;
}

static int
open_connection(const struct addr *addr, const struct service *from,
    pid_t process)
{
	int	error;
	int	fd = socket(AF_UNIX,
		    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&addr->storage,
	    addr->len) == 0 && introduce(fd, from, process) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

void
broker_connect(struct child *child, const struct service *from,
    const struct service *services, const char *name)
{
	const struct program	*program = from->program;
	const struct service	*service = find(services, name);
	int			 fd = -1;

	if (service != NULL &&
	    !program_can_reach(program, service->program->name)) {
		log_limit_warn(child_limit(child), "%s pid %ld wants to talk "
		    "to service %s: refused", strrchr(from->path, '/') + 1,
		    (long)child_pid(child), name);
	} else if (service != NULL) {
		fd = open_connection(&service->addrs[0], from,
		    child_pid(child));
		if (fd < 0)
			log_limit_warn(child_limit(child), "cannot connect "
			    "%s to service %s: %s", program->name, name,
			    strerror(errno));
	}
	child_tell(child, CONTROL_CONNECTED, name, fd);
	if (fd >= 0)
		close(fd);
}
