#include "tests/unit/child_fixture.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "net/loop.h"

/* ---- the program --------------------------------------------------------- */

static int	client_fd = -1;

static void
on_open(struct daemon *daemon)
{
	(void)daemon;
	report("open ");
}

static void
on_start(struct daemon *daemon)
{
	static int	state = 7;

	report("start(%s,%s,%s,%d) ", daemon_service(daemon),
	    daemon_conf(daemon)->myhostname, daemon_conf(daemon)->myorigin,
	    daemon_is_draining(daemon));
	daemon_set_state(daemon, &state);
	log_info("I am here");
}

static void
on_connected(int fd, void *arg)
{
	if (fd >= 0)
		(void)!write(fd, "hi", 2);
	report("connected(%d,%d) ", fd >= 0, *(int *)arg);
	if (fd >= 0)
		close(fd);
}

/* So many; with the signal, as many as it may have. */
static void
set_descriptors(int count)
{
	struct rlimit	limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = count == SIGUSR1 ? limit.rlim_max : (rlim_t)count;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Clients command it. */
static void
on_accept(struct daemon *daemon, int fd, const struct addr *peer)
{
	char	letter = 0;

	(void)peer;
	fcntl(fd, F_SETFL, 0);
	if (read(fd, &letter, 1) != 1)
		letter = '?';
	report("accept(%c,%d) ", letter, fcntl(fd, F_GETFD) & FD_CLOEXEC);
	if (letter == 'c')
		daemon_connect(daemon, "cleanup", on_connected,
		    daemon_state(daemon));
	if (letter == 'p')
		daemon_pause_accept(daemon);
	if (letter == 'e') {
		signal(SIGUSR1, set_descriptors);
		set_descriptors(3);
	}
	if (letter == 'l')
		log_info("a line");
	if (letter == 'k') {
		client_fd = fd;
		return;
	}
	close(fd);
}

static void
on_drain(struct daemon *daemon, bool in_a_hurry)
{
	report("drain(%d,%d) ", in_a_hurry, daemon_is_draining(daemon));
	if (client_fd < 0 || in_a_hurry)
		daemon_leave(daemon);
}

static void
on_stop(struct daemon *daemon)
{
	report("stop(%d) ", *(int *)daemon_state(daemon));
}

static const struct daemon_program program = {
	.name = "program", .user = DAEMON_GATE, .open = on_open,
	.start = on_start, .accept = on_accept, .drain = on_drain,
	.stop = on_stop,
};

/* ---- the tests ----------------------------------------------------------- */

#define CONF								\
	"myhostname = host.example\nmaillog_file = /dev/stderr\n"	\
	"syslog_name = unit\n"

static void
begin(void)
{
	char	version[16];

	child_start(&program, CONF);
	snprintf(version, sizeof(version), "%d", IPC_VERSION);
	CU_ASSERT(child_sends(CONTROL_READY));
	CU_ASSERT_STRING_EQUAL(child.packet.text, version);
}

/* A client that says one letter. */
static void
command(char letter)
{
	int	fd = child_connect();

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, &letter, 1), 1);
	close(fd);
}

static void
lives(void)
{
	begin();
	CU_ASSERT(child_says("open start(service,host.example,option.example,0"
	    ") "));
	CU_ASSERT(child_logs(" unit/program["));
	command('a');
	CU_ASSERT(child_says("accept(a,1) "));
	child_tell_it(CONTROL_STOP, "", -1);
	CU_ASSERT_EQUAL(child_end(), 0);
	CU_ASSERT(child_says("accept(a,1) drain(1,1) stop(7) "));
}

/* A connection that nobody asked for is let go: then all before is done. */
static void
settle(void)
{
	int	ends[2];
	char	byte;

	CU_ASSERT_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	child_tell_it(CONTROL_CONNECTED, "unwanted", ends[0]);
	close(ends[0]);
	CU_ASSERT_EQUAL(read(ends[1], &byte, 1), 0);
	close(ends[1]);
}

static void
connects(void)
{
	int	ends[2];
	char	bytes[2] = "";

	begin();
	settle();
	command('c');
	CU_ASSERT(child_sends(CONTROL_CONNECT));
	CU_ASSERT_STRING_EQUAL(child.packet.text, "cleanup");
	CU_ASSERT_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	child_tell_it(CONTROL_CONNECTED, "qmgr", -1);
	child_tell_it(CONTROL_CONNECTED, "cleanup", ends[0]);
	close(ends[0]);
	CU_ASSERT_EQUAL(read(ends[1], bytes, 2), 2);
	CU_ASSERT_NSTRING_EQUAL(bytes, "hi", 2);
	close(ends[1]);
	CU_ASSERT(child_says("connected(1,7) "));

	command('c');
	CU_ASSERT(child_sends(CONTROL_CONNECT));
	child_tell_it(CONTROL_CONNECTED, "cleanup", -1);
	CU_ASSERT(child_says("connected(0,7) "));
	child_tell_it(CONTROL_STOP, "", -1);
	CU_ASSERT_EQUAL(child_end(), 0);
}

/* Old clients may stay, new ones do not come; a hurry ends that. */
static void
drains(void)
{
	int	fd;

	begin();
	fd = child_connect();
	CU_ASSERT_EQUAL(write(fd, "k", 1), 1);
	CU_ASSERT(child_says("accept(k,1) "));
	child_tell_it(CONTROL_DRAIN, "", -1);
	CU_ASSERT(child_says("drain(0,1) "));
	CU_ASSERT_EQUAL(child_connect(), -1);
	/* Twice is once. */
	child_tell_it(CONTROL_DRAIN, "", -1);
	child_tell_it(CONTROL_STOP, "", -1);
	CU_ASSERT_EQUAL(child_end(), 0);
	CU_ASSERT(child_says("accept(k,1) drain(0,1) drain(1,1) stop(7) "));
	close(fd);
}

/* SIGTERM is a stop, too; the end of master is the end. */
static void
ends(void)
{
	begin();
	CU_ASSERT_EQUAL(kill(child.pid, SIGTERM), 0);
	CU_ASSERT_EQUAL(child_end(), 0);
	CU_ASSERT(child_says("drain(1,1) stop(7) "));

	begin();
	close(child.control);
	child.control = -1;
	CU_ASSERT_EQUAL(child_end(), 0);
	CU_ASSERT(child_says("stop(7) "));
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&child.said), "drain"));

	/* Those of a terminal are not for it. */
	begin();
	kill(child.pid, SIGINT);
	kill(child.pid, SIGHUP);
	command('a');
	CU_ASSERT(child_says("accept(a,1) "));
	child_tell_it(CONTROL_STOP, "", -1);
	CU_ASSERT_EQUAL(child_end(), 0);
}

static void
pauses(void)
{
	begin();
	command('p');
	CU_ASSERT(child_says("accept(p,1) "));
	settle();
	command('a');
	command('c');
	/* All else goes on. */
	settle();
	child_tell_it(CONTROL_DRAIN, "", -1);
	CU_ASSERT_EQUAL(child_end(), 0);
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&child.said), "accept(a"));
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&child.said), "accept(c"));
}

/* Without descriptors it waits for some, and does not spin or fill the log. */
static void
rests(void)
{
	struct timespec	 before, after;
	clockid_t	 clock;

	begin();
	command('e');
	CU_ASSERT(child_says("accept(e,1) "));
	command('a');
	CU_ASSERT(child_logs("accept: Too many open files\n"));
	CU_ASSERT_EQUAL(clock_getcpuclockid(child.pid, &clock), 0);
	clock_gettime(clock, &before);
	usleep(500000);
	clock_gettime(clock, &after);
	CU_ASSERT((after.tv_sec - before.tv_sec) * 1000 +
	    (after.tv_nsec - before.tv_nsec) / 1000000 < 200);
	CU_ASSERT_EQUAL(kill(child.pid, SIGUSR1), 0);
	CU_ASSERT(child_says("accept(a,1) "));
	child_tell_it(CONTROL_STOP, "", -1);
	CU_ASSERT_EQUAL(child_end(), 0);
}

/* A rotated log: its lines go to the new one. */
static void
changes_its_log(void)
{
	int		lines[2];
	struct buf	text = BUF_INIT;

	begin();
	CU_ASSERT(child_logs("I am here\n"));
	CU_ASSERT_EQUAL(pipe2(lines, O_NONBLOCK), 0);
	child_tell_it(CONTROL_LOG, "", lines[1]);
	close(lines[1]);
	/* Packets are read in order. */
	command('c');
	CU_ASSERT(child_sends(CONTROL_CONNECT));
	child_tell_it(CONTROL_CONNECTED, "cleanup", -1);
	CU_ASSERT(child_says("connected(0,7) "));
	command('l');
	while (child_read(lines[0], &text, 5000) &&
	    strstr(buf_cstr(&text), "a line\n") == NULL)
		continue;
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_cstr(&text), "a line\n"));
	buf_clear(&text);
	close(lines[0]);
	child_tell_it(CONTROL_STOP, "", -1);
	CU_ASSERT_EQUAL(child_end(), 0);
}

/* What it does not know is nothing to it. */
static void
unknown_packets(void)
{
	char	text[2] = "?";

	begin();
	for (int i = 1; i < 256; i++)
		if (strchr("DSL", i) == NULL) {
			text[0] = (char)i;
			child_tell_it((enum control_type)i, text, -1);
		}
	child_tell_it(CONTROL_LOG, "", -1);
	command('a');
	CU_ASSERT(child_says("accept(a,1) "));
	child_tell_it(CONTROL_STOP, "", -1);
	CU_ASSERT_EQUAL(child_end(), 0);
}

/* ---- rights and arguments ------------------------------------------------ */

static void
on_start_rights(struct daemon *daemon)
{
	(void)daemon;
	report("uid=%d gid=%d outside=%d ", (int)getuid(), (int)getgid(),
	    access("/etc", F_OK) == 0);
}

static void
on_stop_rights(struct daemon *daemon)
{
	(void)daemon;
}

static const struct daemon_program rights = {
	.name = "rights", .user = DAEMON_GATE, .open = on_open,
	.start = on_start_rights, .accept = on_accept, .drain = on_drain,
	.stop = on_stop_rights,
};

/* Files are opened before, all else is done after. */
static void
gives_up_rights(void)
{
	char	folder[] = "/tmp/tern-root-XXXXXX", want[80];
	char	*argv[] = { "rights", "-n", "x", "-t", "unix", "-s", "1",
		    "-r", folder, NULL };
	bool	is_root = geteuid() == 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	CU_ASSERT_EQUAL(chmod(folder, 0755), 0);
	child_start_with(&rights, child_snapshot(CONF "gate_owner = nobody\n"),
	    argv);
	snprintf(want, sizeof(want), "open uid=%d ",
	    is_root ? 65534 : (int)getuid());
	CU_ASSERT(child_says(want));
	CU_ASSERT(child_says(is_root ? "outside=0 " : "outside=1 "));
	child_tell_it(CONTROL_STOP, "", -1);
	CU_ASSERT_EQUAL(child_end(), 0);
	rmdir(folder);
}

/* Not as master starts it: it says so and ends with 1. */
static void
refuses(char **argv, int snapshot)
{
	child_start_with(&program, snapshot, argv);
	CU_ASSERT_EQUAL(child_end(), 1);
	CU_ASSERT_PTR_NULL(strstr(buf_cstr(&child.said), "start"));
}

static void
started_wrongly(void)
{
	char	*good[] = { "p", "-n", "x", "-s", "1", "-u", NULL };
	char	*nameless[] = { "p", "-s", "1", "-u", NULL };
	char	*unknown[] = { "p", "-n", "x", "-s", "1", "-Z", NULL };
	char	*no_value[] = { "p", "-n", "x", "-u", "-o", "myorigin", NULL };
	char	*bad_value[] = { "p", "-n", "x", "-u", "-o",
		    "smtpd_recipient_limit=many", NULL };
	int	 junk = memfd_create("junk", 0);

	refuses(nameless, child_snapshot(CONF));
	refuses(unknown, child_snapshot(CONF));
	refuses(no_value, child_snapshot(CONF));
	refuses(bad_value, child_snapshot(CONF));
	refuses(good, memfd_create("empty", 0));
	CU_ASSERT_EQUAL(write(junk, "junk", 4), 4);
	refuses(good, junk);
	refuses(good, open("/dev/null", O_RDWR));
}

static int
tear_down(void)
{
	buf_clear(&child.said);
	return 0;
}

void	daemon_test(void);

void
daemon_test(void)
{
	CU_pSuite	suite = CU_add_suite("daemon", NULL, tear_down);

	CU_add_test(suite, "lives", lives);
	CU_add_test(suite, "connects", connects);
	CU_add_test(suite, "drains", drains);
	CU_add_test(suite, "ends", ends);
	CU_add_test(suite, "pauses", pauses);
	CU_add_test(suite, "rests", rests);
	CU_add_test(suite, "changes its log", changes_its_log);
	CU_add_test(suite, "unknown packets", unknown_packets);
	CU_add_test(suite, "gives up rights", gives_up_rights);
	CU_add_test(suite, "started wrongly", started_wrongly);
}
