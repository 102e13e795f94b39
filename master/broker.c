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

/* Who comes from master is who this says: mail/ipc.h. */
static int
introduce(int fd, const char *program, pid_t process)
{
	struct buf	hello = BUF_INIT;
	ssize_t		n;

	ipc_put_hello(&hello, program, (uint32_t)process);
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
open_connection(const struct addr *addr, const char *program,
    pid_t process)
{
	int	error;
	int	fd = socket(AF_UNIX,
		    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&addr->storage,
	    addr->len) == 0 && introduce(fd, program, process) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

void
broker_connect(struct child *child, const struct program *program,
    const struct service *services, const char *name)
{
	const struct service	*service = find(services, name);
	int			 fd = -1;

	if (service != NULL &&
	    !program_can_reach(program, service->program->name)) {
		log_limit_warn(child_limit(child), "%s pid %ld wants to talk "
		    "to service %s: refused", program->name,
		    (long)child_pid(child), name);
	} else if (service != NULL) {
		fd = open_connection(&service->addrs[0], program->name,
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
