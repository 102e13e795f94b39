/*
 * Servers behind a firewall that looks into SMTP (K32), and what tables say
 * of an address.
 */

#include "smtp/quirks.h"

#include "tests/unit/dialogue_fixture.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mail/table_list.h"
#include "util/clock.h"
#include "util/log.h"

#define MASK	"220 ****************0*2******0*00\r\n"
#define BOTH	(QUIRK_NO_ESMTP | QUIRK_SLOW_DOT)

static void
masked(void)
{
	CU_ASSERT(quirks_is_masked("220 ***************************"));
	CU_ASSERT(quirks_is_masked("220 **2****0*0 ***"));
	CU_ASSERT(quirks_is_masked("220 "));
	CU_ASSERT(quirks_is_masked("220"));
	CU_ASSERT(!quirks_is_masked("220 ****ESMTP"));
	CU_ASSERT(!quirks_is_masked("220 *** 1"));
	CU_ASSERT(!quirks_is_masked("220-****"));
	CU_ASSERT_STRING_EQUAL(quirks_name(QUIRK_NO_ESMTP), "disable_esmtp");
	CU_ASSERT_STRING_EQUAL(quirks_name(QUIRK_SLOW_DOT), "delay_dotcrlf");
	CU_ASSERT_PTR_NULL(quirks_name(0));
	CU_ASSERT_PTR_NULL(quirks_name(BOTH));
}

static void
check_found(const struct sender *sender, const char *ip,
    const char *discard, unsigned firewall)
{
	struct quirks	quirks;

	quirks_find(sender, ip, &quirks);
	CU_ASSERT_STRING_EQUAL(quirks.discard, discard);
	CU_ASSERT_EQUAL(quirks.firewall, firewall);
	quirks_clear(&quirks);
}

/* An entry takes the place of the parameter. */
static void
by_address(void)
{
	struct sender	sender = { .conf = read_conf() };
	char		*why;

	check_found(&sender, "192.0.2.1", "", BOTH);
	sender.discards = table_list_fix("inline:{{192.0.2.1=dsn,size} "
	    "{2001:db8::1=silent-discard}}", TABLE_QUICK, &why);
	sender.firewalls = table_list_fix("inline:{{192.0.2.1=Delay_DotCRLF} "
	    "{192.0.2.2=what, disable_esmtp} {192.0.2.3=,}}", TABLE_QUICK,
	    &why);
	check_found(&sender, "192.0.2.1", "dsn,size", QUIRK_SLOW_DOT);
	check_found(&sender, "192.0.2.2", "", QUIRK_NO_ESMTP);
	check_found(&sender, "192.0.2.3", "", 0);
	check_found(&sender, "2001:db8::1", "silent-discard", BOTH);
	check_found(&sender, "private/socket", "", BOTH);
	table_list_release(&sender.discards);
	table_list_release(&sender.firewalls);
}

/* Replies and commands until nothing more comes. */
static void
go_on(void)
{
	for (int i = 0; i < 30; i++) {
		enum dialogue_state	state = give_replies();

		if (state == DIALOGUE_READY && t.started < t.job_count)
			dialogue_start(t.dialogue, t.jobs[t.started++]);
		if (t.out.len == 0 || dialogue_is_pausing(t.dialogue))
			return;
		serve();
	}
}

static const struct rule	nothing[] = { { NULL, 0, NULL } };

/* A message of that age; said: all until the pause, or to the end. */
static void
talk(const struct dialogue_server *server, const char *greeting,
    int64_t age_s, const char *said, bool has_pause)
{
	open_talk("", nothing, server);
	add_job(1, ".a\r\nb");
	t.jobs[0]->times.arrival_us = clock_wall_us() - age_s * 1000000;
	buf_put_str(&t.replies, greeting);
	go_on();
	CU_ASSERT_STRING_EQUAL(buf_cstr(&t.said), said);
	CU_ASSERT_EQUAL(dialogue_is_pausing(t.dialogue), has_pause);
	if (has_pause) {
		CU_ASSERT_STRING_EQUAL(buf_cstr(&t.out), "..a\r\nb\r\n");
		serve();
		CU_ASSERT(dialogue_is_in_body(t.dialogue));
		CU_ASSERT_EQUAL(dialogue_end_pause(t.dialogue),
		    DIALOGUE_BUSY);
		CU_ASSERT_STRING_EQUAL(buf_cstr(&t.out), ".\r\n");
		go_on();
	}
	CU_ASSERT_STRING_EQUAL(buf_cstr(&t.content), "..a\r\nb\r\n");
	CU_ASSERT_EQUAL(dialogue_state(t.dialogue), DIALOGUE_READY);
	close_talk();
}

#define MAILS	"MAIL / RCPT / DATA / "

static void
firewall(void)
{
	struct dialogue_server	server = plain;

	log_open_fd("test", open("/dev/null", O_WRONLY | O_CLOEXEC));
	server.firewall = BOTH;
	talk(&server, MASK, 600, "HELO / " MAILS, true);
	/* The first attempt does without, and so does who has no mask. */
	talk(&server, MASK, 400, "HELO / " MAILS "BODY / ", false);
	talk(&server, "220 sink\r\n", 600, "EHLO / " MAILS "BODY / ", false);
	server.firewall = QUIRK_SLOW_DOT;
	talk(&server, MASK, 600, "EHLO / " MAILS, true);
	server.firewall = QUIRK_NO_ESMTP;
	talk(&server, MASK, 600, "HELO / " MAILS "BODY / ", false);
	server.firewall = 0;
	talk(&server, MASK, 600, "EHLO / " MAILS "BODY / ", false);
	server.firewall = BOTH;
	server.is_lmtp = true;
	talk(&server, MASK, 600, "LHLO / " MAILS, true);
	log_open_fd("unit", STDERR_FILENO);
}

/* What is logged, of a greeting. */
static void
hello(const char *greeting, const char *said, bool has_warning)
{
	int	fd = memfd_create("log", MFD_CLOEXEC);
	char	log[400] = "";

	CU_ASSERT_FATAL(fd >= 0);
	log_open_fd("test", dup(fd));
	open_talk("", nothing, &plain);
	buf_put_str(&t.replies, greeting);
	go_on();
	CU_ASSERT_STRING_EQUAL(buf_cstr(&t.said), said);
	close_talk();
	log_flush();
	CU_ASSERT(pread(fd, log, sizeof(log) - 1, 0) >= 0);
	CU_ASSERT_EQUAL(strstr(log, "warning: host sink[192.0.2.1]:25 greeted "
	    "me with my own hostname us.example") != NULL, has_warning);
	log_open_fd("unit", STDERR_FILENO);
	close(fd);
}

static void
which_hello(void)
{
	struct conf	*conf = read_conf();

	hello("220 sink SMTP\r\n", "EHLO / ", false);
	hello("220 US.example ESMTP\r\n", "EHLO / ", true);
	hello("220-us.example\r\n220 ESMTP\r\n", "EHLO / ", true);
	hello("220 sink us.example\r\n", "EHLO / ", false);
	conf->smtp_always_send_ehlo = false;
	hello("220 sink SMTP\r\n", "HELO / ", false);
	hello("220 sink esmtp\r\n", "EHLO / ", false);
	hello("220\r\n", "HELO / ", false);
	conf->smtp_never_send_ehlo = true;
	hello("220 sink ESMTP\r\n", "HELO / ", false);
	conf->smtp_always_send_ehlo = true;
	hello("220 sink ESMTP\r\n", "HELO / ", false);
	conf->smtp_never_send_ehlo = false;
}

/* Without EHLO there is no TLS: it is tried where it must be. */
static void
firewall_and_tls(void)
{
	struct dialogue_server	server = plain;

	log_open_fd("test", open("/dev/null", O_WRONLY | O_CLOEXEC));
	server.firewall = BOTH;
	server.tls = DIALOGUE_TLS_MUST;
	open_talk("250-STARTTLS\r\n", nothing, &server);
	buf_put_str(&t.replies, MASK);
	go_on();
	CU_ASSERT_STRING_EQUAL(buf_cstr(&t.said), "EHLO / STAR / ");
	CU_ASSERT_EQUAL(dialogue_state(t.dialogue), DIALOGUE_SECURE);
	close_talk();
	server.tls = DIALOGUE_TLS_MAY;
	open_talk("250-STARTTLS\r\n", nothing, &server);
	buf_put_str(&t.replies, MASK);
	go_on();
	CU_ASSERT_STRING_EQUAL(buf_cstr(&t.said), "HELO / ");
	CU_ASSERT_EQUAL(dialogue_state(t.dialogue), DIALOGUE_READY);
	close_talk();
	log_open_fd("unit", STDERR_FILENO);
}

/* The server may end it in the pause, too. */
static void
lost_in_the_pause(void)
{
	struct dialogue_server	server = plain;

	log_open_fd("test", open("/dev/null", O_WRONLY | O_CLOEXEC));
	server.firewall = BOTH;
	open_talk("", nothing, &server);
	add_job(1, "a\r\n");
	buf_put_str(&t.replies, MASK);
	go_on();
	CU_ASSERT(dialogue_is_pausing(t.dialogue));
	buf_put_str(&t.replies, "552 5.3.4 too much\r\n");
	CU_ASSERT_EQUAL(give_replies(), DIALOGUE_BROKEN);
	CU_ASSERT(!dialogue_is_pausing(t.dialogue));
	CU_ASSERT_PTR_NULL(dialogue_release(t.dialogue));
	CU_ASSERT_EQUAL(t.jobs[0]->recipients[0].late->kind, OUTCOME_FAILED);
	close_talk();
	log_open_fd("unit", STDERR_FILENO);
}

void	quirks_test(void);

void
quirks_test(void)
{
	CU_pSuite	suite = CU_add_suite("quirks", NULL, NULL);

	CU_add_test(suite, "masked greetings", masked);
	CU_add_test(suite, "by address", by_address);
	CU_add_test(suite, "firewall", firewall);
	CU_add_test(suite, "which hello", which_hello);
	CU_add_test(suite, "firewall and TLS", firewall_and_tls);
	CU_add_test(suite, "lost in the pause", lost_in_the_pause);
}
