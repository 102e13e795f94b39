/*
 * The smtp program: its queue manager, its resolver, its end.
 */

#include "smtp/sender.h"

#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "mail/daemon.h"
#include "mail/dns_filter.h"
#include "mail/peer.h"
#include "mail/sasl_filter.h"
#include "mail/self.h"
#include "mail/table.h"
#include "mail/table_list.h"
#include "mail/tls_client.h"
#include "net/dns.h"
#include "net/loop.h"
#include "net/sasl_login.h"
#include "net/tls_library.h"
#include "smtp/credentials.h"
#include "smtp/job.h"
#include "smtp/known.h"
#include "smtp/lmtp.h"
#include "smtp/resumption.h"
#include "smtp/site.h"
#include "smtp/stamp.h"
#include "util/log.h"
#include "util/mem.h"

#define IPC_FOR_AGENT
#include "mail/ipc_dispatch.h"

#define HOSTS_FILE	"/etc/hosts"

struct ipc *
sender_qmgr(const struct sender *sender)
{
	return sender->qmgr == NULL ? NULL : peer_ipc(sender->qmgr);
}

static void
tell_ready(struct sender *sender)
{
	struct msg_agent_ready	m = {
		.transport = slice_str(daemon_service(sender->daemon)),
		.capacity = daemon_is_draining(sender->daemon) ? 0 :
		    IPC_JOB_LIMIT,
	};

	if (sender_qmgr(sender) != NULL)
		ipc_send_agent_ready(sender_qmgr(sender), 0, &m);
}

static void
on_qmgr(struct peer *peer, enum ipc_event event, void *arg)
{
	struct sender	*sender = arg;

	(void)peer;
	if (event == IPC_OPENED) {
		job_tell_all(sender);
		tell_ready(sender);
	} else if (event == IPC_CLOSED) {
		job_drop_partial(sender);
		/* Not now: the peer still has the old connection. */
		loop_defer(sender->loop, (loop_fn)sender_check_end, sender);
	}
}

/* master has looked, too, but files may change. */
static void
read_tls(struct sender *sender)
{
	struct buf	why = BUF_INIT;

	sender->tls = tls_client_new(sender->conf, &why);
	if (sender->tls == NULL)
		log_fatal("TLS of the SMTP client: %s", buf_cstr(&why));
	buf_clear(&why);
}

static bool
is_dnssec_wanted(const struct conf *conf)
{
	return strcmp(conf->smtp_dns_support_level, "dnssec") == 0;
}

/* K25: native is what the C library would do by default, files and DNS. */
static enum dns_hosts
hosts_order(const struct conf *conf)
{
	struct slice	rest = slice_str(conf->smtp_host_lookup), word;
	enum dns_hosts	when = DNS_HOSTS_FIRST;
	bool		has_dns = false, has_native = false;

	if (strcmp(conf->smtp_dns_support_level, "disabled") == 0)
		return when;
	while (slice_get_word(&rest, ", \t\r\n", &word) == 0) {
		if (slice_is_nocase(word, "native")) {
			has_native = true;
			when = has_dns ? DNS_HOSTS_LAST : DNS_HOSTS_FIRST;
		} else if (slice_is_nocase(word, "dns")) {
			has_dns = true;
		} else {
			log_warn("smtp_host_lookup: ignoring \"%.*s\"",
			    SLICE_ARG(word));
		}
	}
	return has_native ? when : DNS_HOSTS_NEVER;
}

/*
 * While the plug-ins of the library can be read.  Without them what needs a
 * login waits.
 */
static void
open_sasl(struct sender *sender)
{
	char	*why;

	if (sasl_login_open(&why) < 0) {
		log_warn("%s", why);
		mem_free(why);
	}
	sender->mechanisms = sasl_filter_new("smtp_sasl_mechanism_filter",
	    sender->conf->smtp_sasl_mechanism_filter, true);
}

static struct table_list_held *
open_tables(const char *name, const char *text)
{
	struct table_list_held	*tables;
	char			*wrong;

	tables = table_list_fix(text, TABLE_QUICK, &wrong);
	if (wrong != NULL)
		log_fatal("%s: %s", name, wrong);
	return tables;
}

static void
open_filters(struct sender *sender)
{
	const struct conf	*conf = sender->conf;
	char			*wrong;

	sender->filter = dns_filter_new(conf->smtp_dns_reply_filter,
	    TABLE_QUICK, &wrong);
	if (wrong != NULL)
		log_fatal("smtp_dns_reply_filter: %s", wrong);
	dns_filter_fix(sender->filter);
	sender->status = open_tables("smtp_delivery_status_filter",
	    conf->smtp_delivery_status_filter);
	sender->replies = open_tables("smtp_reply_filter",
	    conf->smtp_reply_filter);
	sender->discards = open_tables(
	    "smtp_discard_ehlo_keyword_address_maps",
	    conf->smtp_discard_ehlo_keyword_address_maps);
	sender->firewalls = open_tables("smtp_pix_workaround_maps",
	    conf->smtp_pix_workaround_maps);
}

/* Before libunbound, which uses it, too. */
static void
open_library(const struct conf *conf)
{
	struct buf	why = BUF_INIT;

	if (tls_library_open(conf->tls_config_file, conf->tls_config_name,
	    &why) < 0)
		log_fatal("%s", buf_cstr(&why));
	buf_clear(&why);
}

static void
open_sender(struct daemon *daemon, bool is_lmtp)
{
	struct sender	*sender = mem_new(sizeof(*sender));
	const char	*why;

	sender->is_lmtp = is_lmtp;
	sender->daemon = daemon;
	sender->conf = daemon_conf(daemon);
	sender->loop = daemon_loop(daemon);
	open_library(sender->conf);
	sender->dns = dns_new(sender->loop, sender->conf->resolver_config,
	    HOSTS_FILE, is_dnssec_wanted(sender->conf) ?
	    sender->conf->tls_dane_trust_anchor_file : NULL, &why);
	if (sender->dns == NULL)
		log_fatal("%s: %s", sender->conf->resolver_config, why);
	dns_set_hosts(sender->dns, hosts_order(sender->conf));
	open_filters(sender);
	sender->stamps = stamp_parse(daemon_arguments(daemon));
	if (credentials_are_used(sender))
		open_sasl(sender);
	sender->known = known_new();
	sender->resumption = resumption_new();
	read_tls(sender);
	sender->self = self_new(sender->conf);
	sender->port = addr_parse_mail_port(
	    slice_str(sender->conf->smtp_tcp_port));
	daemon_set_state(daemon, sender);
}

static void
on_open(struct daemon *daemon)
{
	open_sender(daemon, false);
}

static void
on_open_lmtp(struct daemon *daemon)
{
	open_sender(daemon, true);
}

static void
on_start(struct daemon *daemon)
{
	static const struct ipc_side	 to_qmgr = { "smtp", ipc_handlers,
					    NULL, IPC_QMGR };
	static const struct ipc_side	 to_lookup = { "smtp", ipc_handlers,
					    NULL, IPC_LOOKUP };
	struct sender			*sender = daemon_state(daemon);

	sender->qmgr = peer_new(daemon, "qmgr", &to_qmgr, on_qmgr, sender);
	if (sender->conf->smtp_generic_maps[0] != '\0' ||
	    sender->conf->smtp_tls_policy_maps[0] != '\0' ||
	    credentials_are_used(sender))
		sender->lookup = peer_new(daemon, "lookup", &to_lookup,
		    NULL, NULL);
}

/* An agent has no clients: its socket is there by master.cf only. */
static void
on_accept(struct daemon *daemon, int fd, const struct addr *peer)
{
	(void)daemon;
	(void)peer;
	close(fd);
}

void
sender_check_end(struct sender *sender)
{
	bool	is_told = sender->over_count == 0 ||
		    (sender->is_stopping && sender_qmgr(sender) == NULL);

	if (sender->job_count == 0 && is_told &&
	    daemon_is_draining(sender->daemon))
		daemon_leave(sender->daemon);
}

static void
on_drain(struct daemon *daemon, bool in_a_hurry)
{
	struct sender	*sender = daemon_state(daemon);

	sender->is_stopping = in_a_hurry;
	tell_ready(sender);
	site_close_idle(sender);
	sender_check_end(sender);
}

const struct daemon_program *
sender_program(const char *name)
{
	static const struct daemon_program	smtp = {
		.name = "smtp",
		.user = DAEMON_GATE,
		.open = on_open,
		.start = on_start,
		.accept = on_accept,
		.drain = on_drain,
	};
	static const struct daemon_program	lmtp = {
		.name = "lmtp",
		.user = DAEMON_GATE,
		.set = conf_row_set_lmtp,
		.open = on_open_lmtp,
		.start = on_start,
		.accept = on_accept,
		.drain = on_drain,
	};

	return strcmp(name, lmtp.name) == 0 ? &lmtp : &smtp;
}
