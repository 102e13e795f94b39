/*
 * Where inet services listen: inet_interfaces times inet_protocols, or the
 * host that stands in master.cf.
 */

#include "master/interface.h"

#include <netdb.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "util/mem.h"

struct request {
	struct interface_list	*list;
	uint16_t		 port;
	bool			 with_ipv4;
	bool			 with_ipv6;
};

static bool
is_same(const struct addr *a, const struct addr *b)
{
	char	text_a[ADDR_TEXT_SIZE], text_b[ADDR_TEXT_SIZE];

	return a->storage.ss_family == b->storage.ss_family &&
	    strcmp(addr_format_ip(a, text_a), addr_format_ip(b, text_b)) == 0;
}

static void
add(struct request *request, const struct addr *addr)
{
	struct interface_list	*list = request->list;

	for (size_t i = 0; i < list->count; i++)
		if (is_same(&list->addrs[i], addr))
			return;
	list->addrs = mem_resize(list->addrs,
	    (list->count + 1) * sizeof(*list->addrs));
	list->addrs[list->count] = *addr;
	addr_set_port(&list->addrs[list->count++], request->port);
}

static int
add_ip(struct request *request, struct slice text)
{
	struct addr	addr;

	if (addr_parse_ip(text, request->port, &addr) < 0)
		return -1;
	add(request, &addr);
	return 0;
}

static void
add_pair(struct request *request, const char *ipv4, const char *ipv6)
{
	if (request->with_ipv4)
		add_ip(request, slice_str(ipv4));
	if (request->with_ipv6)
		add_ip(request, slice_str(ipv6));
}

/* A kernel without IPv6 is no reason for "all" to fail. */
static bool
has_ipv6(void)
{
	struct addr	addr;
	int		fd, result;

	addr_parse_ip(SLICE_LIT("::1"), 0, &addr);
	if ((fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
		return false;
	result = bind(fd, (const struct sockaddr *)&addr.storage, addr.len);
	close(fd);
	return result == 0;
}

static int
add_host(struct request *request, struct slice host, char **why_r)
{
	struct addrinfo	 hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo	*found = NULL;
	char		*name;
	int		 error;

	if (add_ip(request, host) == 0)
		return 0;
	name = slice_dup(host);
	error = getaddrinfo(name, NULL, &hints, &found);
	if (error != 0)
		*why_r = mem_printf("host %s: %s", name, gai_strerror(error));
	mem_free(name);
	if (error != 0)
		return -1;
	for (struct addrinfo *ai = found; ai != NULL; ai = ai->ai_next) {
		struct addr	addr = { .len = ai->ai_addrlen };

		if (!(ai->ai_family == AF_INET && request->with_ipv4) &&
		    !(ai->ai_family == AF_INET6 && request->with_ipv6))
			continue;
		memcpy(&addr.storage, ai->ai_addr, ai->ai_addrlen);
		add(request, &addr);
	}
	freeaddrinfo(found);
	return 0;
}

static struct slice
without_brackets(struct slice text)
{
	if (text.len > 2 && text.data[0] == '[' &&
	    text.data[text.len - 1] == ']')
		return slice_first(slice_after(text, 1), text.len - 2);
	return text;
}

static int
add_interfaces(struct request *request, const char *interfaces, char **why_r)
{
	struct slice	rest = slice_str(interfaces);
	struct slice	word;

	while (slice_get_word(&rest, ", \t", &word) == 0) {
		if (slice_is_nocase(word, "all")) {
			/* The wildcard leaves no room for others. */
			request->list->count = 0;
			add_pair(request, "0.0.0.0", "::");
			return 0;
		}
		if (slice_is_nocase(word, "loopback-only"))
			add_pair(request, "127.0.0.1", "::1");
		else if (add_host(request, without_brackets(word),
		    why_r) < 0)
			return -1;
	}
	return 0;
}

static int
set_protocols(struct request *request, const char *protocols, char **why_r)
{
	struct slice	rest = slice_str(protocols);
	struct slice	word;

	while (slice_get_word(&rest, ", \t", &word) == 0) {
		if (slice_is_nocase(word, "all")) {
			request->with_ipv4 = request->with_ipv6 = true;
		} else if (slice_is_nocase(word, "ipv4")) {
			request->with_ipv4 = true;
		} else if (slice_is_nocase(word, "ipv6")) {
			request->with_ipv6 = true;
		} else {
			*why_r = mem_printf("inet_protocols: \"%.*s\" is none "
			    "of all, ipv4, ipv6", SLICE_ARG(word));
			return -1;
		}
	}
	request->with_ipv6 = request->with_ipv6 && has_ipv6();
	return 0;
}

static int
split(const char *name, struct slice *host_r, struct slice *port_r)
{
	struct slice	text = slice_str(name);
	bool		in_brackets;

	*host_r = slice_from(NULL, 0);
	*port_r = text;
	if (strpbrk(name, ":[") == NULL)
		return 0;
	return addr_split(text, host_r, port_r, &in_brackets) < 0 ||
	    port_r->len == 0 ? -1 : 0;
}

int
interface_resolve(const char *name, const struct conf *conf,
    struct interface_list *list_r, char **why_r)
{
	struct request	request = { .list = list_r };
	struct slice	host, port;
	int		result;

	*list_r = (struct interface_list){ NULL, 0 };
	if (split(name, &host, &port) < 0) {
		*why_r = mem_printf("\"%s\" is not of the form port, "
		    "host:port or [address]:port", name);
		return -1;
	}
	if ((request.port = addr_parse_port(port)) == 0) {
		*why_r = mem_printf("no TCP port \"%.*s\"", SLICE_ARG(port));
		return -1;
	}
	if (set_protocols(&request, conf->inet_protocols, why_r) < 0)
		return -1;
	result = host.len > 0 ? add_host(&request, host, why_r) :
	    add_interfaces(&request, conf->inet_interfaces, why_r);
	if (result == 0 && list_r->count == 0) {
		*why_r = mem_printf("no address for \"%s\" with "
		    "inet_interfaces = %s, inet_protocols = %s", name,
		    conf->inet_interfaces, conf->inet_protocols);
		result = -1;
	}
	if (result < 0)
		interface_clear(list_r);
	return result;
}

void
interface_clear(struct interface_list *list)
{
	mem_free(list->addrs);
	*list = (struct interface_list){ NULL, 0 };
}
