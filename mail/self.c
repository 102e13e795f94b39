/*
 * Our own addresses and name.
 */

#include "mail/self.h"

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#include "conf/conf.h"
#include "net/addr.h"
#include "util/ascii.h"
#include "util/log.h"
#include "util/mem.h"

#define SEPARATORS	", \t"

struct self {
	struct addr	*addrs;
	size_t		 count;
	char		*name;
};

/* ---- addresses ----------------------------------------------------------- */

static void
add(struct self *self, const struct sockaddr *sa)
{
	struct addr	*addr;

	if (sa == NULL ||
	    (sa->sa_family != AF_INET && sa->sa_family != AF_INET6))
		return;
	self->addrs = mem_resize(self->addrs,
	    (self->count + 1) * sizeof(*self->addrs));
	addr = &self->addrs[self->count++];
	memset(addr, 0, sizeof(*addr));
	addr->len = sa->sa_family == AF_INET ? sizeof(struct sockaddr_in) :
	    sizeof(struct sockaddr_in6);
	memcpy(&addr->storage, sa, addr->len);
}

static bool
is_loopback(const struct sockaddr *sa)
{
	const struct sockaddr_in6	*in6 = (const struct sockaddr_in6 *)
					    (const void *)sa;
	const struct sockaddr_in	*in4 = (const struct sockaddr_in *)
					    (const void *)sa;

	if (sa == NULL)
		return false;
	if (sa->sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
	return sa->sa_family == AF_INET &&
	    ntohl(in4->sin_addr.s_addr) >> 24 == 127;
}

static void
add_machine(struct self *self, bool loopback_only)
{
	struct ifaddrs	*list = NULL;

	if (getifaddrs(&list) < 0)
		return;
	for (struct ifaddrs *ifa = list; ifa != NULL; ifa = ifa->ifa_next)
		if (!loopback_only || is_loopback(ifa->ifa_addr))
			add(self, ifa->ifa_addr);
	freeifaddrs(list);
}

static void
add_name(struct self *self, const char *name)
{
	struct addrinfo	 hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo	*found = NULL;
	int		 error = getaddrinfo(name, NULL, &hints, &found);

	if (error != 0) {
		log_warn("host %s: %s", name, gai_strerror(error));
		return;
	}
	for (struct addrinfo *ai = found; ai != NULL; ai = ai->ai_next)
		add(self, ai->ai_addr);
	freeaddrinfo(found);
}

static void
add_list(struct self *self, const char *list)
{
	struct slice	rest = slice_str(list), word;
	struct addr	addr;
	char		*name;

	while (slice_get_word(&rest, SEPARATORS, &word) == 0) {
		if (word.len > 2 && word.data[0] == '[' &&
		    word.data[word.len - 1] == ']')
			word = slice_first(slice_after(word, 1),
			    word.len - 2);
		name = slice_dup(word);
		if (slice_is_nocase(word, "all"))
			add_machine(self, false);
		else if (slice_is_nocase(word, "loopback-only"))
			add_machine(self, true);
		else if (addr_parse_ip(word, 0, &addr) == 0)
			add(self, (const struct sockaddr *)&addr.storage);
		else
			add_name(self, name);
		mem_free(name);
	}
}

/* ---- questions ----------------------------------------------------------- */

struct self *
self_new(const struct conf *conf)
{
	struct self	*self = mem_new(sizeof(*self));

	self->name = mem_strdup(conf->myhostname);
	add_list(self, conf->inet_interfaces);
	add_list(self, conf->proxy_interfaces);
	return self;
}

void
self_free(struct self **self)
{
	if (*self == NULL)
		return;
	mem_free((*self)->addrs);
	mem_free((*self)->name);
	mem_free(*self);
	*self = NULL;
}

bool
self_has_addr(const struct self *self, const struct addr *addr)
{
	char	ours[ADDR_TEXT_SIZE], theirs[ADDR_TEXT_SIZE];

	addr_format_ip(addr, theirs);
	for (size_t i = 0; i < self->count; i++)
		if (strcmp(addr_format_ip(&self->addrs[i], ours),
		    theirs) == 0)
			return true;
	return false;
}

bool
self_has_name(const struct self *self, const char *name)
{
	return ascii_compare(self->name, name) == 0;
}
