#include "mail/control.h"

#include <CUnit/CUnit.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int			 ends[2];
static struct control_packet	 packet;

static void
begin(void)
{
	CU_ASSERT_EQUAL_FATAL(control_pair(ends), 0);
	memset(&packet, 0x5a, sizeof(packet));
}

static void
end(void)
{
	close(ends[0]);
	close(ends[1]);
}

/* How many descriptors this process has. */
static int
open_descriptors(void)
{
	DIR	*dir = opendir("/proc/self/fd");
	int	 count = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

/* A packet as a child that is not ours would make it. */
static void
send_raw(const void *data, size_t len, const int *fds, size_t count)
{
	struct iovec	 iov = { (void *)(uintptr_t)data, len };
	char		 room[CMSG_SPACE(8 * sizeof(int))]
			    __attribute__((aligned(8))) = { 0 };
	struct msghdr	 msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr	*header;

	if (count > 0) {
		msg.msg_control = room;
		msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
		header = CMSG_FIRSTHDR(&msg);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(header), fds, count * sizeof(int));
	}
	CU_ASSERT_EQUAL(sendmsg(ends[0], &msg, MSG_NOSIGNAL), (ssize_t)len);
}

static void
pairs(void)
{
	begin();
	for (int i = 0; i < 2; i++) {
		CU_ASSERT(fcntl(ends[i], F_GETFD) & FD_CLOEXEC);
		CU_ASSERT(fcntl(ends[i], F_GETFL) & O_NONBLOCK);
	}
	/* Nothing is no packet, and no end. */
	CU_ASSERT_EQUAL(control_receive(ends[1], &packet), 0);
	end();
}

static void
carries_text(void)
{
	static const enum control_type	 types[] = { CONTROL_READY,
					    CONTROL_CONNECT, CONTROL_BEAT,
					    CONTROL_CONNECTED, CONTROL_DRAIN,
					    CONTROL_STOP, CONTROL_LOG };
	static const char *const	 texts[] = { "", "7", "cleanup" };

	begin();
	/* Packets stay apart, and in order, both ways. */
	for (int way = 0; way < 2; way++) {
		for (size_t i = 0; i < 7; i++)
			CU_ASSERT_EQUAL(control_send(ends[way], types[i],
			    texts[i % 3], -1), 0);
		for (size_t i = 0; i < 7; i++) {
			CU_ASSERT_EQUAL(control_receive(ends[1 - way],
			    &packet), 1);
			CU_ASSERT_EQUAL(packet.type, types[i]);
			CU_ASSERT_STRING_EQUAL(packet.text, texts[i % 3]);
			CU_ASSERT_EQUAL(packet.fd, -1);
		}
		CU_ASSERT_EQUAL(control_receive(ends[1 - way], &packet), 0);
	}
	end();
}

/* The longest text, and one byte more. */
static void
text_limit(void)
{
	char	text[CONTROL_TEXT_SIZE + 1];

	memset(text, 'x', sizeof(text));
	for (size_t len = CONTROL_TEXT_SIZE - 2; len <= CONTROL_TEXT_SIZE;
	    len++) {
		begin();
		text[len] = '\0';
		CU_ASSERT_EQUAL(control_send(ends[0], CONTROL_CONNECT, text,
		    ends[0]), 0);
		text[len] = 'x';
		CU_ASSERT_EQUAL(control_receive(ends[1], &packet),
		    len < CONTROL_TEXT_SIZE ? 1 : -1);
		if (len < CONTROL_TEXT_SIZE) {
			CU_ASSERT_EQUAL(strlen(packet.text), len);
			close(packet.fd);
		}
		end();
	}
}

static void
passes_a_descriptor(void)
{
	struct stat	sent, got;
	int		fd = open("/dev/null", O_RDWR);

	begin();
	CU_ASSERT_EQUAL(control_send(ends[0], CONTROL_CONNECTED, "qmgr", fd),
	    0);
	CU_ASSERT_EQUAL(control_receive(ends[1], &packet), 1);
	CU_ASSERT_STRING_EQUAL(packet.text, "qmgr");
	CU_ASSERT_FATAL(packet.fd >= 0);
	CU_ASSERT_NOT_EQUAL(packet.fd, fd);
	CU_ASSERT(fcntl(packet.fd, F_GETFD) & FD_CLOEXEC);
	CU_ASSERT_EQUAL(fstat(fd, &sent), 0);
	CU_ASSERT_EQUAL(fstat(packet.fd, &got), 0);
	CU_ASSERT_EQUAL(sent.st_rdev, got.st_rdev);
	CU_ASSERT_EQUAL(close(packet.fd), 0);
	/* What was passed is still the sender's. */
	CU_ASSERT_EQUAL(close(fd), 0);
	end();
}

static void
tells_of_the_end(void)
{
	begin();
	CU_ASSERT_EQUAL(control_send(ends[0], CONTROL_BEAT, "", -1), 0);
	close(ends[0]);
	/* What was said before comes first. */
	CU_ASSERT_EQUAL(control_receive(ends[1], &packet), 1);
	CU_ASSERT_EQUAL(packet.type, CONTROL_BEAT);
	CU_ASSERT_EQUAL(control_receive(ends[1], &packet), -1);
	CU_ASSERT_EQUAL(control_send(ends[1], CONTROL_STOP, "", -1), -1);
	close(ends[1]);
}

/* A reader that does not read cannot hold us up. */
static void
does_not_block(void)
{
	int	count = 0;

	begin();
	while (count < 100000 &&
	    control_send(ends[0], CONTROL_BEAT, "", -1) == 0)
		count++;
	CU_ASSERT(count > 0);
	CU_ASSERT(count < 100000);
	end();
}

/* What is no packet leaves no descriptor behind. */
static void
refuses_junk(void)
{
	static const char	junk[2000] = "F";
	int			before;

	begin();
	before = open_descriptors();
	send_raw(junk, sizeof(junk), NULL, 0);
	CU_ASSERT_EQUAL(control_receive(ends[1], &packet), -1);
	send_raw(junk, sizeof(junk), ends, 1);
	CU_ASSERT_EQUAL(control_receive(ends[1], &packet), -1);
	/* More descriptors than one, also where there is room for them. */
	for (size_t count = 2; count <= 8; count++) {
		int	fds[8];

		for (size_t i = 0; i < count; i++)
			fds[i] = ends[0];
		send_raw("Fqmgr", 5, fds, count);
		CU_ASSERT_EQUAL(control_receive(ends[1], &packet), -1);
	}
	send_raw(junk, 0, NULL, 0);
	CU_ASSERT_EQUAL(control_receive(ends[1], &packet), -1);
	CU_ASSERT_EQUAL(open_descriptors(), before);
	end();
}

static void
random_bytes(void)
{
	unsigned char	bytes[300];

	begin();
	srandom(10);
	for (int i = 0; i < 5000; i++) {
		size_t	len = 1 + (size_t)random() % sizeof(bytes);
		int	got;

		for (size_t k = 0; k < len; k++)
			bytes[k] = (unsigned char)random();
		send_raw(bytes, len, NULL, 0);
		got = control_receive(ends[1], &packet);
		CU_ASSERT_EQUAL(got, len <= CONTROL_TEXT_SIZE ? 1 : -1);
		if (got == 1)
			CU_ASSERT(strnlen(packet.text, CONTROL_TEXT_SIZE) <
			    CONTROL_TEXT_SIZE);
	}
	end();
}

void	control_test(void);

void
control_test(void)
{
	CU_pSuite	suite = CU_add_suite("control", NULL, NULL);

	CU_add_test(suite, "pairs", pairs);
	CU_add_test(suite, "carries text", carries_text);
	CU_add_test(suite, "text limit", text_limit);
	CU_add_test(suite, "passes a descriptor", passes_a_descriptor);
	CU_add_test(suite, "tells of the end", tells_of_the_end);
	CU_add_test(suite, "does not block", does_not_block);
	CU_add_test(suite, "refuses junk", refuses_junk);
	CU_add_test(suite, "random bytes", random_bytes);
}
