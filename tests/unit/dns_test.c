#include "net/dns.h"

#include <CUnit/CUnit.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/loop.h"
#include "util/buf.h"

#define PATIENCE_MS	20000

/*
 * A name server in the loop: it gives each name an MX, a host of that same
 * name, and counts questions; or it says nothing.
 */
static struct {
	struct loop	*loop;
	struct dns	*dns;
	int		 fd;
	bool		 is_silent;
	int		 asked;
} world;

static struct {
	int		 count;		/* answers */
	enum dns_status	 status;	/* of the last */
	char		 text[300];
} got;

static void
on_question(int fd, unsigned what, void *arg)
{
	unsigned char		packet[512];
	struct sockaddr_in	peer;
	socklen_t		len = sizeof(peer);
	ssize_t			n;
	struct buf		answer = BUF_INIT;
	size_t			end = 12;

	(void)what;
	(void)arg;
	n = recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&peer,
	    &len);
	if (n < 17)
		return;
	world.asked++;
	while (packet[end] != 0)
		end += 1 + packet[end];
	end += 5;
	buf_put(&answer, packet, 2);
	buf_put_u16(&answer, 0x8180);
	buf_put_u16(&answer, 1);
	buf_put_u16(&answer, packet[end - 3] == DNS_MX);
	buf_put_u32(&answer, 0);
	buf_put(&answer, packet + 12, end - 12);
	if (packet[end - 3] == DNS_MX)
		buf_put(&answer, "\xc0\x0c\0\x0f\0\1\0\0\0\x3c\0\4\0\x05"
		    "\xc0\x0c", 16);
	if (!world.is_silent)
		sendto(fd, answer.data, answer.len, 0,
		    (struct sockaddr *)&peer, len);
	buf_clear(&answer);
}

static void
write_file(char *path, const char *text)
{
	FILE	*file = fdopen(mkstemp(path), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
}

static void
begin(void)
{
	char			 conf[] = "/tmp/tern-resolv-XXXXXX";
	char			 hosts[] = "/tmp/tern-hosts-XXXXXX";
	char			 text[128];
	struct sockaddr_in	 in = { .sin_family = AF_INET };
	socklen_t		 len = sizeof(in);
	const char		*why;

	memset(&world, 0, sizeof(world));
	memset(&got, 0, sizeof(got));
	world.loop = loop_new();
	world.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CU_ASSERT_EQUAL_FATAL(bind(world.fd, (struct sockaddr *)&in, len), 0);
	getsockname(world.fd, (struct sockaddr *)&in, &len);
	loop_watch_new(world.loop, world.fd, LOOP_READ, on_question, NULL);
	snprintf(text, sizeof(text), "nameserver 127.0.0.1@%u\n"
	    "options timeout:1 attempts:1\n", ntohs(in.sin_port));
	write_file(conf, text);
	write_file(hosts, "192.0.2.7 hosted.example\n");
	world.dns = dns_new(world.loop, conf, hosts, NULL, &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(world.dns);
	unlink(conf);
	unlink(hosts);
}

static void
on_answer(const struct dns_answer *answer, void *arg)
{
	char	ip[ADDR_TEXT_SIZE];

	(void)arg;
	got.count++;
	got.status = answer->status;
	got.text[0] = '\0';
	for (size_t i = 0; i < answer->count; i++)
		snprintf(got.text, sizeof(got.text), "%s",
		    answer->records[i].name != NULL ?
		    answer->records[i].name :
		    addr_format_ip(&answer->records[i].addr, ip));
}

/* Until there are so many answers; false when they do not come. */
static bool
wait_for(int count)
{
	int64_t	end_ms = loop_now_ms(world.loop) + PATIENCE_MS;

	while (got.count < count && loop_now_ms(world.loop) < end_ms)
		loop_tick(world.loop, 50);
	return got.count == count;
}

static void
check(const char *name, enum dns_type type, enum dns_status status,
    const char *text)
{
	int	before = got.count;

	CU_ASSERT_PTR_NOT_NULL(dns_ask(world.dns, name, type, on_answer,
	    NULL));
	CU_ASSERT_EQUAL(got.count, before);
	CU_ASSERT_TRUE(wait_for(before + 1));
	CU_ASSERT_EQUAL(got.status, status);
	CU_ASSERT_STRING_EQUAL(got.text, text);
}

/* A file gives addresses; it does not hide what the DNS has beside them. */
static void
hosts(void)
{
	static const char *const	bad[] = {
		"", ".", "name..example", ".example", "example..",
		"a b.example", "b\xc3\xbc" "cher.example",
		"a.example/b",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaa.example",
	};

	begin();
	check("hosted.example", DNS_A, DNS_OK, "192.0.2.7");
	check("hosted.example", DNS_AAAA, DNS_NO_DATA, "");
	check("7.2.0.192.in-addr.arpa", DNS_PTR, DNS_OK, "hosted.example");
	CU_ASSERT_EQUAL(world.asked, 0);
	check("hosted.example", DNS_MX, DNS_OK, "hosted.example");
	CU_ASSERT_EQUAL(world.asked, 1);
	check("hosted.example", DNS_MX, DNS_OK, "hosted.example");
	CU_ASSERT_EQUAL(world.asked, 1);
	check("other.example", DNS_A, DNS_NO_DATA, "");
	check("hosted.example.", DNS_MX, DNS_OK, "hosted.example");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		check(bad[i], DNS_MX, DNS_NO_NAME, "");
	CU_ASSERT_EQUAL(world.asked, 2);
	close(world.fd);
}

/* Who counts when the file and the DNS know of a name. */
static void
hosts_order(void)
{
	begin();
	dns_set_hosts(world.dns, DNS_HOSTS_NEVER);
	check("hosted.example", DNS_A, DNS_NO_DATA, "");
	CU_ASSERT_EQUAL(world.asked, 1);
	close(world.fd);
	begin();
	dns_set_hosts(world.dns, DNS_HOSTS_LAST);
	check("hosted.example", DNS_A, DNS_OK, "192.0.2.7");
	check("hosted.example", DNS_AAAA, DNS_NO_DATA, "");
	check("other.example", DNS_A, DNS_NO_DATA, "");
	CU_ASSERT_EQUAL(world.asked, 3);
	world.is_silent = true;
	check("7.2.0.192.in-addr.arpa", DNS_PTR, DNS_TROUBLE, "");
	close(world.fd);
}

/* All end in time, however many they are. */
static void
deadline(void)
{
	int64_t	start_ms;
	char	name[64];

	begin();
	world.is_silent = true;
	start_ms = loop_now_ms(world.loop);
	for (int i = 0; i < 3 * DNS_ASKED_LIMIT; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		dns_ask(world.dns, name, DNS_MX, on_answer, NULL);
	}
	CU_ASSERT_TRUE(wait_for(3 * DNS_ASKED_LIMIT));
	CU_ASSERT_EQUAL(got.status, DNS_TROUBLE);
	CU_ASSERT(loop_now_ms(world.loop) - start_ms >= 900);
	CU_ASSERT(loop_now_ms(world.loop) - start_ms < 10000);
	CU_ASSERT(world.asked > 0);
	close(world.fd);
}

/* Nothing is heard of what was cancelled: asked, waiting, or just over. */
static void
cancel(void)
{
	struct dns_query	*queries[DNS_ASKED_LIMIT + 2];
	char			 name[64];
	int64_t			 end_ms;

	begin();
	world.is_silent = true;
	for (int i = 0; i < DNS_ASKED_LIMIT + 2; i++) {
		snprintf(name, sizeof(name), "c%d.example", i);
		queries[i] = dns_ask(world.dns, name, DNS_MX, on_answer,
		    NULL);
	}
	dns_cancel(&queries[DNS_ASKED_LIMIT]);
	CU_ASSERT_PTR_NULL(queries[DNS_ASKED_LIMIT]);
	loop_tick(world.loop, 50);
	for (int i = 0; i < DNS_ASKED_LIMIT + 2; i++)
		dns_cancel(&queries[i]);
	queries[0] = dns_ask(world.dns, "hosted.example", DNS_A, on_answer,
	    NULL);
	dns_cancel(&queries[0]);
	end_ms = loop_now_ms(world.loop) + 1500;
	while (loop_now_ms(world.loop) < end_ms)
		loop_tick(world.loop, 50);
	CU_ASSERT_EQUAL(got.count, 0);
	close(world.fd);
}

void	dns_test(void);

void
dns_test(void)
{
	CU_pSuite	suite = CU_add_suite("dns", NULL, NULL);

	CU_add_test(suite, "names of a file, and of the DNS", hosts);
	CU_add_test(suite, "smtp_host_lookup", hosts_order);
	CU_add_test(suite, "a server that says nothing", deadline);
	CU_add_test(suite, "cancelled questions", cancel);
}
