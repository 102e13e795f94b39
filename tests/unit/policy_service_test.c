#include "lookup/policy_service.h"

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf/conf.h"
#include "lookup/policy_wire.h"
#include "net/addr.h"
#include "util/clock.h"
#include "util/mem.h"

#define REQUEST	"request=smtpd_access_policy\nsender=a@b\n\n"

/* A server with one manner; it counts connections and questions. */
static struct server {
	char		 path[64];
	const char	*answer;	/* NULL: it closes instead */
	int		 answers;	/* on one connection; 0: no limit */
	int		 fd;
	pthread_t	 thread;
	_Atomic int	 connections, questions;
} server;

static void
serve(int fd)
{
	char	text[1024];
	size_t	len = 0;
	ssize_t	n;

	for (int count = 0;;) {
		n = read(fd, text + len, sizeof(text) - len);
		if (n <= 0)
			return;
		len += (size_t)n;
		if (len < 2 || memcmp(text + len - 2, "\n\n", 2) != 0)
			continue;
		len = 0;
		server.questions++;
		if (server.answer == NULL)
			return;
		if (write(fd, server.answer, strlen(server.answer)) < 0)
			return;
		if (++count == server.answers)
			return;
	}
}

static void *
run(void *arg)
{
	int	fd;

	(void)arg;
	while ((fd = accept(server.fd, NULL, NULL)) >= 0) {
		server.connections++;
		serve(fd);
		close(fd);
	}
	return NULL;
}

static void
start(const char *answer, int answers)
{
	struct addr	addr;

	memset(&server, 0, sizeof(server));
	snprintf(server.path, sizeof(server.path), "/tmp/tern-policy-%ld",
	    (long)getpid());
	unlink(server.path);
	server.answer = answer;
	server.answers = answers;
	server.fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL(addr_parse_unix(server.path, &addr), 0);
	CU_ASSERT_EQUAL_FATAL(bind(server.fd,
	    (struct sockaddr *)&addr.storage, addr.len), 0);
	listen(server.fd, 10);
	pthread_create(&server.thread, NULL, run, NULL);
}

static void
stop(void)
{
	shutdown(server.fd, SHUT_RDWR);
	pthread_join(server.thread, NULL);
	close(server.fd);
	unlink(server.path);
}

static const struct conf	conf = {
	.smtpd_policy_service_default_action = "451 later",
	.smtpd_policy_service_policy_context = "",
	.smtpd_policy_service_timeout = 300,
	.smtpd_policy_service_max_idle = 10000,
	.smtpd_policy_service_max_ttl = 10000,
	.smtpd_policy_service_try_limit = 2,
	.smtpd_policy_service_retry_delay = 10,
	.lookup_threads = 10,
};

/* The service at the server, with options. */
static struct policy_service *
add(struct policy_service **list, const char *options)
{
	char			*spec, *why = NULL;
	struct policy_service	*service;

	spec = mem_printf("{ unix:%s%s }", server.path, options);
	service = policy_service_add(list, &conf, slice_str(spec), &why);
	if (service == NULL)
		CU_FAIL_FATAL(why);
	mem_free(spec);
	return service;
}

static void
check(struct policy_service *service, const char *want)
{
	struct buf	action = BUF_INIT;

	policy_service_ask(service, SLICE_LIT(REQUEST), &action);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&action), want);
	buf_clear(&action);
}

/* One connection is enough for one question after the other. */
static void
answers(void)
{
	struct policy_service	*list = NULL, *service;

	start("action=DUNNO really\n\n", 0);
	service = add(&list, "");
	for (int i = 0; i < 5; i++)
		check(service, "DUNNO really");
	CU_ASSERT_EQUAL(server.connections, 1);
	policy_service_free_all(&list);
	stop();
	/* A limit of requests, and of time. */
	start("other=x\naction=OK\n\n", 0);
	service = add(&list, ", request_limit=2");
	for (int i = 0; i < 5; i++)
		check(service, "OK");
	CU_ASSERT_EQUAL(server.connections, 3);
	policy_service_free_all(&list);
	service = add(&list, ", max_idle=0");
	check(service, "OK");
	check(service, "OK");
	CU_ASSERT_EQUAL(server.connections, 5);
	policy_service_free_all(&list);
	stop();
}

/* A server that closes after an answer is asked anew, without a pause. */
static void
closed(void)
{
	struct policy_service	*list = NULL, *service;

	start("action=OK\n\n", 1);
	service = add(&list, ", try_limit=1");
	for (int i = 0; i < 3; i++)
		check(service, "OK");
	CU_ASSERT_EQUAL(server.connections, 3);
	policy_service_free_all(&list);
	stop();
}

static void
junk(void)
{
	static const char *const	bad[] = {
		"\n\n", "action=\n\n", "OK\n\n", "action=OK\naction=NO\n\n",
		"=x\n\n", "action=a\x01\n\n", "action=x\ny=z\n\n",
		"action=OK\n",		/* and nothing more */
		NULL,			/* it closes */
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct policy_service	*list = NULL, *service;

		start(bad[i], 0);
		service = add(&list, ", timeout=1, default_action=HOLD");
		check(service, "HOLD");
		CU_ASSERT_EQUAL(server.questions, 2);
		policy_service_free_all(&list);
		stop();
	}
}

static void
too_long(void)
{
	struct policy_service	*list = NULL, *service;
	char			 text[10000] = "action=";

	memset(text + 7, 'x', sizeof(text) - 8);
	start(text, 0);
	service = add(&list, "");
	check(service, "451 later");
	policy_service_free_all(&list);
	stop();
}

static void
nobody(void)
{
	struct policy_service	*list = NULL, *service;
	int64_t			 start_ms = clock_now_ms();

	snprintf(server.path, sizeof(server.path), "/no/such");
	service = add(&list, ", { default_action = 450 4.3.0 not now }, "
	    "retry_delay=0");
	check(service, "450 4.3.0 not now");
	policy_service_free_all(&list);
	CU_ASSERT(clock_now_ms() - start_ms < 1000);
}

static void
specs(void)
{
	static const struct {
		const char	*spec;
		const char	*name;		/* NULL: it is none */
	} cases[] = {
		{ "inet:127.0.0.1:10023", "inet:127.0.0.1:10023" },
		{ "inet:[::1]:10023", "inet:[::1]:10023" },
		{ "unix:private/policy", "unix:private/policy" },
		{ "{ inet:a:1, timeout=10s }", "inet:a:1" },
		{ "{inet:a:1 timeout = 10s}", NULL },
		{ "{ inet:a:1, { default_action = OK } }", "inet:a:1" },
		{ "{ inet:a:1, what=1 }", NULL },
		{ "{ inet:a:1, timeout=soon }", NULL },
		{ "{ inet:a:1, try_limit=-1 }", NULL },
		{ "{ }", NULL }, { "inet:a", NULL }, { "unix:", NULL },
		{ "a:1", NULL }, { "", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct policy_service	*list = NULL, *service;
		char			*why = NULL;

		service = policy_service_add(&list, &conf,
		    slice_str(cases[i].spec), &why);
		CU_ASSERT_EQUAL(service == NULL, cases[i].name == NULL);
		CU_ASSERT_EQUAL(service == NULL, why != NULL);
		if (service != NULL)
			CU_ASSERT_STRING_EQUAL(policy_service_name(service),
			    cases[i].name);
		policy_service_free_all(&list);
		mem_free(why);
	}
}

void	policy_service_test(void);

void
policy_service_test(void)
{
	CU_pSuite	suite = CU_add_suite("policy_service", NULL, NULL);

	CU_add_test(suite, "how they are written", specs);
	CU_add_test(suite, "answers", answers);
	CU_add_test(suite, "closed connections", closed);
	CU_add_test(suite, "junk", junk);
	CU_add_test(suite, "an answer without end", too_long);
	CU_add_test(suite, "nobody there", nobody);
}
