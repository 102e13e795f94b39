/*
 * Checks of next hops.
 */

#include "master/hops.h"

#include <stdbool.h>
#include <string.h>

#include "conf/conf.h"
#include "net/addr.h"
#include "util/mem.h"

#define PORTS	"a port is a number or one of smtp, submission, " \
		"submissions, smtps, lmtp"

static int
refuse(const struct conf *conf, const char *name, char *why, char **why_r)
{
	const char	*where = conf_source_where(conf->source, name);

	*why_r = mem_printf("%s%s%s: %s", where == NULL ? "" : where,
	    where == NULL ? "" : ": ", name, why);
	mem_free(why);
	return -1;
}

static int
check_hop(const struct conf *conf, const char *name, struct slice hop,
    char **why_r)
{
	struct slice	host, port;
	bool		in_brackets;

	if (addr_split(hop, &host, &port, &in_brackets) < 0 || host.len == 0)
		return refuse(conf, name, mem_printf("\"%.*s\" is not of "
		    "the form domain, [host] or [address], with or without "
		    ":port", SLICE_ARG(slice_first(hop, 200))), why_r);
	if (port.len > 0 && addr_parse_mail_port(port) == 0)
		return refuse(conf, name, mem_printf("bad port \"%.*s\": "
		    PORTS, SLICE_ARG(slice_first(port, 60))), why_r);
	return 0;
}

/* Several are tried in turn. */
static int
check_list(const struct conf *conf, const char *name, const char *list,
    char **why_r)
{
	struct slice	rest = slice_str(list), hop;

	while (slice_get_word(&rest, ", \t", &hop) == 0)
		if (check_hop(conf, name, hop, why_r) < 0)
			return -1;
	return 0;
}

/* "smtp:hop"; after another transport stands what it alone understands. */
static int
check_transport(const struct conf *conf, const char *name,
    const char *transport, char **why_r)
{
	if (strncmp(transport, "smtp:", 5) != 0)
		return 0;
	return check_list(conf, name, transport + 5, why_r);
}

static int
check_proxies(const struct conf *conf, char **why_r)
{
	struct slice	rest = slice_str(conf->proxy_interfaces), word;
	struct addr	addr;

	while (slice_get_word(&rest, ", \t", &word) == 0)
		if (addr_parse_ip(word, 0, &addr) < 0)
			return refuse(conf, "proxy_interfaces", mem_printf(
			    "\"%.*s\" is not an IP address",
			    SLICE_ARG(slice_first(word, 60))), why_r);
	return 0;
}

int
hops_check(const struct conf *conf, char **why_r)
{
	if (check_list(conf, "relayhost", conf->relayhost, why_r) < 0 ||
	    check_list(conf, "smtp_fallback_relay",
	    conf->smtp_fallback_relay, why_r) < 0 ||
	    check_transport(conf, "default_transport",
	    conf->default_transport, why_r) < 0 ||
	    check_transport(conf, "relay_transport",
	    conf->relay_transport, why_r) < 0 ||
	    check_transport(conf, "best_mx_transport",
	    conf->best_mx_transport, why_r) < 0)
		return -1;
	if (addr_parse_mail_port(slice_str(conf->smtp_tcp_port)) == 0)
		return refuse(conf, "smtp_tcp_port", mem_printf("bad port "
		    "\"%.60s\": " PORTS, conf->smtp_tcp_port), why_r);
	return check_proxies(conf, why_r);
}
