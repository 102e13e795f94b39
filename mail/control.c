/*
 * Packets on the control channel.
 */

#include "mail/control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

int
control_pair(int fds_r[2])
{
	return socketpair(AF_UNIX,
	    SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds_r);
}

union fd_room {
	struct cmsghdr	header;
	char		bytes[CMSG_SPACE(sizeof(int))];
};

int
control_send(int control, enum control_type type, const char *text, int fd)
{
	char		 letter = (char)type;
	struct iovec	 iov[2] = { { &letter, 1 },
			    { (void *)(size_t)text, strlen(text) } };
	union fd_room	 room = { .bytes = { 0 } };
	struct msghdr	 msg = { .msg_iov = iov, .msg_iovlen = 2 };
	struct cmsghdr	*header;

	if (fd >= 0) {
		msg.msg_control = room.bytes;
		msg.msg_controllen = sizeof(room.bytes);
		header = CMSG_FIRSTHDR(&msg);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(int));
	}
	return sendmsg(control, &msg, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/*
 * 0 and the descriptor that was passed, -1 when there is none; or -1: more
 * were passed, for which the room's alignment leaves space, and are closed.
 */
static int
take_fd(struct msghdr *msg, int *fd_r)
{
	struct cmsghdr	*header = CMSG_FIRSTHDR(msg);
	int		 fds[2];
	size_t		 size;

	*fd_r = -1;
	if (header == NULL || header->cmsg_level != SOL_SOCKET ||
	    header->cmsg_type != SCM_RIGHTS)
		return 0;
	size = header->cmsg_len - CMSG_LEN(0);
	memcpy(fds, CMSG_DATA(header), size < sizeof(fds) ? size :
	    sizeof(fds));
	*fd_r = fds[0];
	if (size <= sizeof(int))
		return 0;
	close(fds[1]);
	return -1;
}

int
control_receive(int control, struct control_packet *packet_r)
{
	char		 letter = 0;
	struct iovec	 iov[2] = { { &letter, 1 },
			    { packet_r->text, CONTROL_TEXT_SIZE - 1 } };
	union fd_room	 room = { .bytes = { 0 } };
	struct msghdr	 msg = { .msg_iov = iov, .msg_iovlen = 2,
			    .msg_control = room.bytes,
			    .msg_controllen = sizeof(room.bytes) };
	ssize_t		 n;

	do
		n = recvmsg(control, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0)
		return -1;
	packet_r->type = (enum control_type)letter;
	packet_r->text[n - 1] = '\0';
	if (take_fd(&msg, &packet_r->fd) < 0 ||
	    (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		if (packet_r->fd >= 0)
			close(packet_r->fd);
		return -1;
	}
	return 1;
}
