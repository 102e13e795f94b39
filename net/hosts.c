/*
 * hosts(5).
 */

#include "net/hosts.h"

#include <errno.h>
#include <string.h>
#include <uthash.h>

#include "util/ascii.h"
#include "util/buf.h"
#include "util/mem.h"
#include "util/path.h"

#define BLANKS		" \t\r"
#define FILE_LIMIT	(1 << 20)

struct host {
	char		*name;		/* in lower case */
	struct addr	*addrs;
	size_t		 count;
	UT_hash_handle	 hh;
};

struct reverse {
	char		*arpa;
	char		*name;
	UT_hash_handle	 hh;
};

struct hosts {
	struct host	*names;
	struct reverse	*reverses;
};

struct hosts *
hosts_new(void)
{
	return mem_new(sizeof(struct hosts));
}

void
hosts_free(struct hosts **hosts)
{
	struct host	*host, *next;
	struct reverse	*reverse, *next_reverse;

	if (*hosts == NULL)
		return;
	HASH_ITER(hh, (*hosts)->reverses, reverse, next_reverse) {
		HASH_DEL((*hosts)->reverses, reverse);
		mem_free(reverse->arpa);
		mem_free(reverse->name);
		mem_free(reverse);
	}
	HASH_ITER(hh, (*hosts)->names, host, next) {
		HASH_DEL((*hosts)->names, host);
		mem_free(host->name);
		mem_free(host->addrs);
		mem_free(host);
	}
	mem_free(*hosts);
	*hosts = NULL;
}

/* Owned by the caller; a dot at the end adds nothing. */
static char *
lower_name(struct slice name)
{
	char	*copy;

	if (name.len > 0 && name.data[name.len - 1] == '.')
		name.len--;
	copy = slice_dup(name);
	for (char *p = copy; *p != '\0'; p++)
		*p = (char)ascii_lower((unsigned char)*p);
	return copy;
}

static void
add(struct hosts *hosts, struct slice text, const struct addr *addr)
{
	char		*name = lower_name(text);
	struct host	*host;

	HASH_FIND_STR(hosts->names, name, host);
	if (host == NULL) {
		host = mem_new(sizeof(*host));
		host->name = name;
		HASH_ADD_KEYPTR(hh, hosts->names, host->name,
		    strlen(host->name), host);
	} else {
		mem_free(name);
	}
	host->addrs = mem_resize(host->addrs,
	    (host->count + 1) * sizeof(*host->addrs));
	host->addrs[host->count++] = *addr;
}

/* The first line with an address names it. */
static void
add_reverse(struct hosts *hosts, struct slice name, const struct addr *addr)
{
	char		 arpa[ADDR_NAME_SIZE];
	struct reverse	*reverse;

	addr_format_arpa(addr, arpa);
	HASH_FIND_STR(hosts->reverses, arpa, reverse);
	if (reverse != NULL)
		return;
	reverse = mem_new(sizeof(*reverse));
	reverse->arpa = mem_strdup(arpa);
	reverse->name = slice_dup(name);
	HASH_ADD_KEYPTR(hh, hosts->reverses, reverse->arpa,
	    strlen(reverse->arpa), reverse);
}

void
hosts_parse(struct hosts *hosts, struct slice text)
{
	struct slice	line, word;
	struct addr	addr;

	while (slice_get_word(&text, "\n", &line) == 0) {
		ptrdiff_t	comment = slice_find(line, '#');

		if (comment >= 0)
			line = slice_first(line, (size_t)comment);
		if (slice_get_word(&line, BLANKS, &word) < 0 ||
		    addr_parse_ip(word, 0, &addr) < 0)
			continue;
		while (slice_get_word(&line, BLANKS, &word) == 0) {
			add_reverse(hosts, word, &addr);
			add(hosts, word, &addr);
		}
	}
}

int
hosts_read(struct hosts *hosts, const char *path)
{
	struct buf	text = BUF_INIT;
	int		got = path_read(path, FILE_LIMIT, &text);
	int		error = errno;

	hosts_parse(hosts, buf_slice(&text));
	buf_clear(&text);
	errno = error;
	return got;
}

const struct addr *
hosts_find(const struct hosts *hosts, const char *name, size_t *count_r)
{
	char		*key = lower_name(slice_str(name));
	struct host	*host;

	HASH_FIND_STR(hosts->names, key, host);
	mem_free(key);
	*count_r = host == NULL ? 0 : host->count;
	return host == NULL ? NULL : host->addrs;
}

const char *
hosts_find_reverse(const struct hosts *hosts, const char *arpa)
{
	char		*key = lower_name(slice_str(arpa));
	struct reverse	*reverse;

	HASH_FIND_STR(hosts->reverses, key, reverse);
	mem_free(key);
	return reverse == NULL ? NULL : reverse->name;
}
