/*
 * Addresses as text and as bytes.
 */

#include "net/addr.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "util/mem.h"

static struct sockaddr_in *
in4(const struct addr *addr)
{
	return (struct sockaddr_in *)(uintptr_t)&addr->storage;
}

static struct sockaddr_in6 *
in6(const struct addr *addr)
{
	return (struct sockaddr_in6 *)(uintptr_t)&addr->storage;
}

int
addr_parse_ip(struct slice text, uint16_t port, struct addr *addr_r)
{
	char	copy[ADDR_TEXT_SIZE];

	if (text.len >= sizeof(copy))
		return -1;
	snprintf(copy, sizeof(copy), "%.*s", SLICE_ARG(text));
	memset(addr_r, 0, sizeof(*addr_r));
	if (inet_pton(AF_INET, copy, &in4(addr_r)->sin_addr) == 1) {
		addr_r->storage.ss_family = AF_INET;
		addr_r->len = sizeof(struct sockaddr_in);
	} else if (inet_pton(AF_INET6, copy, &in6(addr_r)->sin6_addr) == 1) {
		addr_r->storage.ss_family = AF_INET6;
		addr_r->len = sizeof(struct sockaddr_in6);
	} else {
		return -1;
	}
	addr_set_port(addr_r, port);
	return 0;
}

int
addr_parse_unix(const char *path, struct addr *addr_r)
{
	struct sockaddr_un	*un = (struct sockaddr_un *)&addr_r->storage;

	memset(addr_r, 0, sizeof(*addr_r));
	if (strlen(path) >= sizeof(un->sun_path))
		return -1;
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, strlen(path) + 1);	/* @UNSAFE */
	addr_r->len = sizeof(*un);
	return 0;
}

const char *
addr_unix_path(const struct addr *addr)
{
	const struct sockaddr_un	*un =
	    (const struct sockaddr_un *)&addr->storage;

	return un->sun_family == AF_UNIX ? un->sun_path : NULL;
}

int
addr_split(struct slice text, struct slice *host_r, struct slice *port_r,
    bool *in_brackets_r)
{
	ptrdiff_t	at;

	*in_brackets_r = text.len > 0 && text.data[0] == '[';
	*port_r = slice_from(NULL, 0);
	if (*in_brackets_r) {
		if ((at = slice_find(text, ']')) < 0)
			return -1;
		*host_r = slice_after(slice_first(text, (size_t)at), 1);
		text = slice_after(text, (size_t)at + 1);
		if (text.len == 0)
			return host_r->len == 0 ? -1 : 0;
		if (text.data[0] != ':')
			return -1;
		*port_r = slice_after(text, 1);
		return host_r->len == 0 || port_r->len == 0 ? -1 : 0;
	}
	if ((at = slice_find(text, ':')) < 0) {
		*host_r = text;
		return text.len == 0 ? -1 : 0;
	}
	*host_r = slice_first(text, (size_t)at);
	*port_r = slice_after(text, (size_t)at + 1);
	return port_r->len == 0 || slice_find(*port_r, ':') >= 0 ? -1 : 0;
}

uint16_t
addr_parse_mail_port(struct slice text)
{
	static const struct {
		const char	*name;
		uint16_t	 port;
	} services[] = {
		{ "smtp", 25 }, { "submission", 587 }, { "submissions", 465 },
		{ "smtps", 465 }, { "lmtp", 24 },
	};
	uint64_t	number;

	if (slice_parse_u64(text, &number) == 0)
		return number > UINT16_MAX ? 0 : (uint16_t)number;
	for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++)
		if (slice_is_nocase(text, services[i].name))
			return services[i].port;
	return 0;
}

uint16_t
addr_parse_port(struct slice text)
{
	struct servent	*service;
	uint64_t	 number;
	uint16_t	 port = addr_parse_mail_port(text);
	char		*name;

	if (port != 0 || slice_parse_u64(text, &number) == 0)
		return port;
	name = slice_dup(text);
	service = getservbyname(name, "tcp");
	mem_free(name);
	return service == NULL ? 0 : ntohs((uint16_t)service->s_port);
}

uint16_t
addr_port(const struct addr *addr)
{
	switch (addr->storage.ss_family) {
	case AF_INET:
		return ntohs(in4(addr)->sin_port);
	case AF_INET6:
		return ntohs(in6(addr)->sin6_port);
	default:
		return 0;
	}
}

void
addr_set_port(struct addr *addr, uint16_t port)
{
	if (addr->storage.ss_family == AF_INET)
		in4(addr)->sin_port = htons(port);
	else if (addr->storage.ss_family == AF_INET6)
		in6(addr)->sin6_port = htons(port);
}

void
addr_unmap(struct addr *addr)
{
	struct in6_addr	from;
	uint16_t	port = addr_port(addr);

	if (addr->storage.ss_family != AF_INET6)
		return;
	from = in6(addr)->sin6_addr;
	if (!IN6_IS_ADDR_V4MAPPED(&from))
		return;
	memset(addr, 0, sizeof(*addr));
	addr->storage.ss_family = AF_INET;
	addr->len = sizeof(struct sockaddr_in);
	memcpy(&in4(addr)->sin_addr, from.s6_addr + 12, 4);
	addr_set_port(addr, port);
}

const char *
addr_format_ip(const struct addr *addr, char *text)
{
	struct addr	plain = *addr;
	const char	*p = NULL;

	addr_unmap(&plain);
	if (plain.storage.ss_family == AF_INET)
		p = inet_ntop(AF_INET, &in4(&plain)->sin_addr, text,
		    ADDR_TEXT_SIZE);
	else if (plain.storage.ss_family == AF_INET6)
		p = inet_ntop(AF_INET6, &in6(&plain)->sin6_addr, text,
		    ADDR_TEXT_SIZE);
	if (p == NULL)
		snprintf(text, ADDR_TEXT_SIZE, "local");
	return text;
}

const char *
addr_format_literal(const struct addr *addr, char *text)
{
	struct addr	plain = *addr;
	char		ip[ADDR_TEXT_SIZE];

	addr_unmap(&plain);
	addr_format_ip(&plain, ip);
	/* RFC 5321 section 4.1.3 */
	snprintf(text, ADDR_TEXT_SIZE, "%s%.56s",
	    plain.storage.ss_family == AF_INET6 ? "IPv6:" : "", ip);
	return text;
}

const char *
addr_format_reverse(const struct addr *addr, char *text)
{
	static const char	digits[] = "0123456789abcdef";
	struct addr		plain = *addr;
	unsigned char		*p;
	char			*to = text;

	addr_unmap(&plain);
	text[0] = '\0';
	if (plain.storage.ss_family == AF_INET) {
		p = (unsigned char *)&in4(&plain)->sin_addr;
		snprintf(text, ADDR_NAME_SIZE, "%u.%u.%u.%u", p[3], p[2],
		    p[1], p[0]);
	} else if (plain.storage.ss_family == AF_INET6) {
		/* RFC 3596 section 2.5 */
		p = (unsigned char *)&in6(&plain)->sin6_addr;
		for (int i = 15; i >= 0; i--) {
			*to++ = digits[p[i] & 0xf];
			*to++ = '.';
			*to++ = digits[p[i] >> 4];
			*to++ = '.';
		}
		to[-1] = '\0';
	}
	return text;
}

const char *
addr_format_arpa(const struct addr *addr, char *text)
{
	struct addr	plain = *addr;
	size_t		len = strlen(addr_format_reverse(addr, text));

	addr_unmap(&plain);
	if (len > 0)
		snprintf(text + len, ADDR_NAME_SIZE - len, ".%s.arpa",
		    plain.storage.ss_family == AF_INET ? "in-addr" : "ip6");
	return text;
}

void
addr_mask(struct addr *addr, unsigned bits4, unsigned bits6)
{
	unsigned char	*p;
	unsigned	 bits, width;

	addr_unmap(addr);
	if (addr->storage.ss_family == AF_INET) {
		p = (unsigned char *)&in4(addr)->sin_addr;
		bits = bits4;
		width = 32;
	} else if (addr->storage.ss_family == AF_INET6) {
		p = (unsigned char *)&in6(addr)->sin6_addr;
		bits = bits6;
		width = 128;
	} else {
		return;
	}
	for (unsigned i = bits; i < width; i++)
		p[i / 8] &= (unsigned char)~(0x80 >> i % 8);
}

static bool
has_host_bits(const struct addr_net *net, unsigned width)
{
	for (unsigned i = net->bits; i < width; i++)
		if ((net->bytes[i / 8] & (0x80 >> i % 8)) != 0)
			return true;
	return false;
}

static void
copy_ip_bytes(const struct addr *addr, unsigned char *bytes)
{
	if (addr->storage.ss_family == AF_INET)
		memcpy(bytes, &in4(addr)->sin_addr, 4);
	else
		memcpy(bytes, &in6(addr)->sin6_addr, 16);
}

int
addr_parse_net(struct slice text, struct addr_net *net_r, const char **why_r)
{
	struct slice	host = text, bits = { NULL, 0 };
	struct addr	addr;
	ptrdiff_t	slash;
	uint64_t	number;
	unsigned	width;

	memset(net_r, 0, sizeof(*net_r));
	if (host.len > 0 && host.data[0] == '!') {
		net_r->negated = true;
		host = slice_after(host, 1);
	}
	if ((slash = slice_find(host, '/')) >= 0) {
		bits = slice_after(host, (size_t)slash + 1);
		host = slice_first(host, (size_t)slash);
	}
	if (host.len > 1 && host.data[0] == '[' &&
	    host.data[host.len - 1] == ']')
		host = slice_after(slice_first(host, host.len - 1), 1);
	*why_r = "not an IP address or network";
	if (addr_parse_ip(host, 0, &addr) < 0)
		return -1;
	net_r->family = addr.storage.ss_family;
	width = net_r->family == AF_INET ? 32 : 128;
	copy_ip_bytes(&addr, net_r->bytes);
	net_r->bits = width;
	if (slash < 0)
		return 0;
	*why_r = "bad prefix length";
	if (slice_parse_u64(bits, &number) < 0 || number > width)
		return -1;
	net_r->bits = (unsigned)number;
	*why_r = "bits are set beyond the prefix length";
	return has_host_bits(net_r, width) ? -1 : 0;
}

bool
addr_is_in_net(const struct addr *addr, const struct addr_net *net)
{
	struct addr	plain = *addr;
	unsigned char	bytes[16] = { 0 };
	unsigned	whole = net->bits / 8, rest = net->bits % 8;
	unsigned char	mask = (unsigned char)(0xff00 >> rest);

	addr_unmap(&plain);
	if (plain.storage.ss_family != net->family)
		return false;
	copy_ip_bytes(&plain, bytes);
	if (memcmp(bytes, net->bytes, whole) != 0)
		return false;
	return rest == 0 ||
	    ((bytes[whole] ^ net->bytes[whole]) & mask) == 0;
}
