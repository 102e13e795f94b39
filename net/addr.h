#ifndef NET_ADDR_H
#define NET_ADDR_H

/*
 * Internet and Unix socket addresses, networks, and the ways people write
 * them in configuration files.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "util/slice.h"

struct addr {
	struct sockaddr_storage	 storage;
	socklen_t		 len;	/* of what is used of storage */
};

/* Room for any address as text, with its NUL. */
#define ADDR_TEXT_SIZE	64

/* An IP address ("192.0.2.1", "2001:db8::1") with a port; 0 or -1. */
int		 addr_parse_ip(struct slice text, uint16_t port,
		    struct addr *addr_r);

/* The path of a Unix socket; -1 when it is too long. */
int		 addr_parse_unix(const char *path, struct addr *addr_r);

/* That path, borrowed from addr; NULL: it is no Unix socket. */
const char	*addr_unix_path(const struct addr *addr);

/*
 * "host:port", "[host]:port", "[ipv6]", ":port" or "host" in its parts;
 * without a port, port_r is empty; in_brackets_r says whether the host was
 * in brackets.  0, or -1 when it is none of these.
 */
int		 addr_split(struct slice text, struct slice *host_r,
		    struct slice *port_r, bool *in_brackets_r);

/* A port: a decimal number from 1, or a TCP service name; 0 when neither. */
uint16_t	 addr_parse_port(struct slice text);

/*
 * The same without a file of services, as in an empty chroot: names are
 * smtp, submission, submissions, smtps and lmtp.
 */
uint16_t	 addr_parse_mail_port(struct slice text);

uint16_t	 addr_port(const struct addr *addr);
void		 addr_set_port(struct addr *addr, uint16_t port);

/*
 * The IP address without its port, as text in text (ADDR_TEXT_SIZE bytes);
 * an IPv4 address mapped into IPv6 is shown as IPv4; a Unix socket as
 * "local".  Returns text.
 */
const char	*addr_format_ip(const struct addr *addr, char *text);

/* As an RFC 5321 address literal: 192.0.2.1 or IPv6:2001:db8::1. */
const char	*addr_format_literal(const struct addr *addr, char *text);

/*
 * The name that stands for the address in a zone of addresses: 1.2.0.192
 * for 192.0.2.1, a label a digit for IPv6; and with in-addr.arpa or
 * ip6.arpa behind it.  A mapped address counts as IPv4.  "" for a Unix
 * socket.  Both return text (ADDR_NAME_SIZE bytes).
 */
#define ADDR_NAME_SIZE	80
const char	*addr_format_reverse(const struct addr *addr, char *text);
const char	*addr_format_arpa(const struct addr *addr, char *text);

/*
 * Keep so many bits of it, of IPv4 and of IPv6; a mapped address is made
 * IPv4 first.
 */
void		 addr_mask(struct addr *addr, unsigned bits4, unsigned bits6);

/* ::ffff:192.0.2.1 becomes 192.0.2.1. */
void		 addr_unmap(struct addr *addr);

/* A network: an address and how many of its bits count. */
struct addr_net {
	unsigned char	bytes[16];
	unsigned	bits;
	int		family;		/* AF_INET, AF_INET6 */
	bool		negated;	/* written with ! in front */
};

/*
 * "192.0.2.0/24", "192.0.2.1", "[2001:db8::]/32", "!192.0.2.7"; 0, or -1
 * and in why_r a static text saying what is wrong (bits set beyond the
 * prefix are wrong).
 */
int		 addr_parse_net(struct slice text, struct addr_net *net_r,
		    const char **why_r);
bool		 addr_is_in_net(const struct addr *addr,
		    const struct addr_net *net);

#endif
