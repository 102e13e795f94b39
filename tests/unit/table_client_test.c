#include "mail/table_client.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "tests/unit/table_fixture.h"
#include "util/clock.h"

/*
 * A server: each connection gets the next script, by letters,
 *	r	read a request	a	answer it "OK hi"
 *	b	answer it byte by byte	s	say nothing, for 600 ms
 *	x	answer rubbish	2	answer twice	h	half an answer
 * and is closed at its end.
 */
struct server {
	char		*path;
	int		 fd;
	pthread_t	 thread;
	const char	*const *scripts;
	atomic_int	 accepted;
};

#define REPLY		"5:OK hi,"
#define TIMEOUT_MS	700

static void
say(int fd, const char *text)
{
	CU_ASSERT(send(fd, text, strlen(text), MSG_NOSIGNAL) > 0);
}

static void
play(int fd, const char *script)
{
	char	request[200];

	for (; *script != '\0'; script++) {
		if (*script == 'r' && read(fd, request, sizeof(request)) <= 0)
			return;
		if (*script == 's')
			poll(NULL, 0, 2 * TIMEOUT_MS);
		if (*script == 'x')
			say(fd, "what?");
		if (*script == 'h')
			say(fd, "5:OK");
		if (*script == 'a')
			say(fd, REPLY);
		if (*script == '2')
			say(fd, REPLY REPLY);
		if (*script == 'b')
			for (size_t i = 0; i < strlen(REPLY); i++)
				say(fd, (char[]){ REPLY[i], '\0' });
	}
}

struct connection {
	int		 fd;
	const char	*script;
};

static void *
run_connection(void *arg)
{
	struct connection	*connection = arg;

	play(connection->fd, connection->script);
	close(connection->fd);
	mem_free(connection);
	return NULL;
}

static void *
run(void *arg)
{
	struct server		*server = arg;
	struct connection	*connection;
	pthread_t		 thread;
	const char		*const *script = server->scripts;

	for (; *script != NULL; script++) {
		int	fd = accept(server->fd, NULL, NULL);

		if (fd < 0)
			break;
		server->accepted++;
		connection = mem_new(sizeof(*connection));
		*connection = (struct connection){ fd, *script };
		pthread_create(&thread, NULL, run_connection, connection);
		pthread_detach(thread);
	}
	/* The next is refused. */
	close(server->fd);
	return NULL;
}

static struct table_client *
start(struct server *server, const char *folder, const char *const *scripts)
{
	static const struct table_client_settings	settings = {
		TIMEOUT_MS, table_wire_get_netstring,
		table_wire_answer_netstring,
	};
	struct table_client	*client;
	struct addr		 addr;
	struct buf		 why = BUF_INIT;
	char			*address;

	server->scripts = scripts;
	server->accepted = 0;
	server->path = path_join(folder, "socket");
	unlink(server->path);
	CU_ASSERT_EQUAL(addr_parse_unix(server->path, &addr), 0);
	server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_EQUAL(bind(server->fd, (struct sockaddr *)&addr.storage,
	    addr.len), 0);
	CU_ASSERT_EQUAL(listen(server->fd, 16), 0);
	pthread_create(&server->thread, NULL, run, server);
	address = mem_printf("unix:%s", server->path);
	client = table_client_new(address, &settings, &why);
	mem_free(address);
	buf_clear(&why);
	return client;
}

static void
stop(struct server *server, struct table_client *client)
{
	shutdown(server->fd, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	mem_free(server->path);
	table_client_free(&client);
}

/* "=value", "none" or "trouble: reason" without the address. */
static void
ask(struct table_client *client, const char *want)
{
	struct buf		 value = BUF_INIT, got = BUF_INIT;
	enum table_answer	 answer;
	const char		*text;

	answer = table_client_ask(client, SLICE_LIT("5:map k,"), &value);
	text = buf_cstr(&value);
	if (answer == TABLE_TROUBLE && strrchr(text, ':') != NULL)
		text = strrchr(text, ':') + 2;
	buf_printf(&got, "%s%s", answer == TABLE_FOUND ? "=" :
	    answer == TABLE_NONE ? "none" : "trouble: ", text);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&got), want);
	if (strcmp(buf_cstr(&got), want) != 0)
		printf("\n%s, not %s\n", buf_cstr(&got), want);
	buf_clear(&value);
	buf_clear(&got);
}

static void
kept_connection(void)
{
	static const char *const	scripts[] = { "rararb", "rb", NULL };
	char				*folder = table_fixture_folder();
	struct server			 server;
	struct table_client		*client = start(&server, folder,
					    scripts);

	for (int i = 0; i < 3; i++)
		ask(client, "=hi");
	CU_ASSERT_EQUAL(server.accepted, 1);
	poll(NULL, 0, 50);
	/* The first has been closed meanwhile. */
	ask(client, "=hi");
	CU_ASSERT_EQUAL(server.accepted, 2);
	poll(NULL, 0, 50);
	ask(client, "trouble: Connection refused");
	stop(&server, client);
	table_fixture_remove(folder);
}

/* Closed while the question is on its way: asked again, but once. */
static void
lost_connection(void)
{
	static const char *const	scripts[] = { "rar", "ra", "r", NULL };
	char				*folder = table_fixture_folder();
	struct server			 server;
	struct table_client		*client = start(&server, folder,
					    scripts);

	ask(client, "=hi");
	ask(client, "=hi");
	CU_ASSERT_EQUAL(server.accepted, 2);
	poll(NULL, 0, 50);
	ask(client, "trouble: connection closed");
	stop(&server, client);
	table_fixture_remove(folder);
}

static void
bad_servers(void)
{
	static const char *const	scripts[] = { "rx", "r2", "rh", "rs",
					    "rhs", "ra", NULL };
	char				*folder = table_fixture_folder();
	struct server			 server;
	struct table_client		*client = start(&server, folder,
					    scripts);
	int64_t				 began;

	ask(client, "trouble: malformed reply");
	ask(client, "trouble: malformed reply");
	ask(client, "trouble: connection closed");
	began = clock_now_ms();
	ask(client, "trouble: timed out");
	ask(client, "trouble: timed out");
	CU_ASSERT(clock_now_ms() - began >= 2 * TIMEOUT_MS);
	CU_ASSERT(clock_now_ms() - began < 6 * TIMEOUT_MS);
	ask(client, "=hi");
	stop(&server, client);
	table_fixture_remove(folder);
}

static void *
ask_quick(void *arg)
{
	ask(arg, "=hi");
	return NULL;
}

static void *
ask_slow(void *arg)
{
	ask(arg, "trouble: timed out");
	return NULL;
}

/* One waits for its answer; three others get theirs meanwhile. */
static void
side_by_side(void)
{
	static const char *const	scripts[] = { "rs", "ra", "ra", "ra",
					    NULL };
	char				*folder = table_fixture_folder();
	struct server			 server;
	struct table_client		*client = start(&server, folder,
					    scripts);
	pthread_t			 slow, quick[3];
	int64_t				 began = clock_now_ms();

	pthread_create(&slow, NULL, ask_slow, client);
	while (server.accepted == 0)
		poll(NULL, 0, 1);
	for (int i = 0; i < 3; i++)
		pthread_create(&quick[i], NULL, ask_quick, client);
	for (int i = 0; i < 3; i++)
		pthread_join(quick[i], NULL);
	CU_ASSERT(clock_now_ms() - began < TIMEOUT_MS);
	pthread_join(slow, NULL);
	stop(&server, client);
	table_fixture_remove(folder);
}

static void
addresses(void)
{
	static const char *const	bad[] = { "", "inet:", "inet:x",
					    "inet::25", "unix:", "local:x" };
	static const struct table_client_settings	settings = {
		TIMEOUT_MS, table_wire_get_line, table_wire_answer_line,
	};
	struct table_client	*client;
	struct buf		 why = BUF_INIT;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CU_ASSERT_PTR_NULL(table_client_new(bad[i], &settings, &why));
	buf_empty(&why);
	client = table_client_new("inet:[127.0.0.1]:1", &settings, &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(client);
	ask(client, "trouble: Connection refused");
	table_client_free(&client);
	client = table_client_new("inet:no.host.invalid:1", &settings, &why);
	CU_ASSERT_EQUAL(table_client_ask(client, SLICE_LIT("x"), &why),
	    TABLE_TROUBLE);
	table_client_free(&client);
	buf_clear(&why);
}

void	table_client_test(void);

void
table_client_test(void)
{
	CU_pSuite	suite = CU_add_suite("table_client", NULL, NULL);

	CU_add_test(suite, "connections are kept", kept_connection);
	CU_add_test(suite, "a connection is lost", lost_connection);
	CU_add_test(suite, "rubbish, silence, half an answer", bad_servers);
	CU_add_test(suite, "threads side by side", side_by_side);
	CU_add_test(suite, "addresses", addresses);
}
