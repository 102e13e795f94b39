/*
 * Lists in the DNS.
 */

#include "lookup/dnsbl.h"

#include <netinet/in.h>
#include <string.h>
#include <utlist.h>

#include "lookup/hearing.h"
#include "lookup/judge.h"
#include "lookup/profile.h"
#include "lookup/query.h"
#include "lookup/rule.h"
#include "mail/address.h"
#include "util/log.h"
#include "util/mem.h"

/* One octet of a filter: the values that match. */
struct octet {
	bool	has[256];
};

struct dnsbl {
	char		*spec;
	char		*domain;
	int		 whom;
	struct octet	*filter;	/* 4 of them; NULL: any address */
	size_t		 number;	/* in its list */
	struct dnsbl	*next, *prev;
};

struct dnsbl_search {
	struct query_batch	*batch;
	struct {
		char	*name;		/* NULL: nothing to ask for */
		size_t	 number;	/* in the batch */
	}			*items;	/* by the numbers of the lists */
	size_t			 count;
};

/* ---- filters ------------------------------------------------------------- */

/* A number from 0 to 255 off the front; 0 or -1. */
static int
get_number(struct slice *from, unsigned *number_r)
{
	size_t		len = 0;
	uint64_t	value;

	while (len < from->len && len < 3 && from->data[len] >= '0' &&
	    from->data[len] <= '9')
		len++;
	if (slice_parse_u64(slice_first(*from, len), &value) < 0 ||
	    value > 255)
		return -1;
	*number_r = (unsigned)value;
	*from = slice_after(*from, len);
	return 0;
}

static bool
take(struct slice *from, const char *text)
{
	if (!slice_has_prefix(*from, text))
		return false;
	*from = slice_after(*from, strlen(text));
	return true;
}

/* "2" or "2..11" */
static int
get_range(struct slice *from, struct octet *octet)
{
	unsigned	first, last;

	if (get_number(from, &first) < 0)
		return -1;
	last = first;
	if (take(from, "..") && get_number(from, &last) < 0)
		return -1;
	if (last < first)
		return -1;
	for (unsigned i = first; i <= last; i++)
		octet->has[i] = true;
	return 0;
}

/* "127" or "[2..11;20]" */
static int
get_octet(struct slice *from, struct octet *octet)
{
	unsigned	number;

	if (!take(from, "[")) {
		if (get_number(from, &number) < 0)
			return -1;
		octet->has[number] = true;
		return 0;
	}
	do {
		if (get_range(from, octet) < 0)
			return -1;
	} while (take(from, ";"));
	return take(from, "]") ? 0 : -1;
}

/* 4 octets, to be freed; NULL: it is malformed. */
static struct octet *
parse_filter(struct slice text)
{
	struct octet	*filter = mem_new_array(4, sizeof(*filter));
	bool		 ok = true;

	for (size_t i = 0; ok && i < 4; i++)
		ok = (i == 0 || take(&text, ".")) &&
		    get_octet(&text, &filter[i]) == 0;
	if (ok && text.len == 0)
		return filter;
	mem_free(filter);
	return NULL;
}

bool
dnsbl_matches(const struct dnsbl *dnsbl, const struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		const struct sockaddr_storage	*storage =
		    &answer->records[i].addr.storage;
		const struct sockaddr_in	*in =
		    (const struct sockaddr_in *)storage;
		const unsigned char		*ip =
		    (const unsigned char *)&in->sin_addr;
		size_t				 k = 0;

		if (storage->ss_family != AF_INET)
			continue;
		while (k < 4 && (dnsbl->filter == NULL ||
		    dnsbl->filter[k].has[ip[k]]))
			k++;
		if (k == 4)
			return true;
	}
	return false;
}

/* ---- lists --------------------------------------------------------------- */

struct dnsbl *
dnsbl_add(struct dnsbl **list, struct slice spec, int whom, char **why_r)
{
	ptrdiff_t	 mark = slice_find(spec, '=');
	struct slice	 domain = mark < 0 ? spec :
			    slice_first(spec, (size_t)mark);
	struct octet	*filter = NULL;
	struct dnsbl	*dnsbl;
	size_t		 count = 0;

	DL_FOREACH(*list, dnsbl) {
		if (slice_is(spec, dnsbl->spec) && dnsbl->whom == whom)
			return dnsbl;
		count++;
	}
	if (!dns_answer_is_name(domain)) {
		*why_r = mem_printf("\"%.*s\" is no domain name",
		    SLICE_ARG(domain));
		return NULL;
	}
	if (mark >= 0 && (filter = parse_filter(slice_after(spec,
	    (size_t)mark + 1))) == NULL) {
		*why_r = mem_printf("\"%.*s\" is no filter as "
		    "127.0.0.[2..11;20]",
		    SLICE_ARG(slice_after(spec, (size_t)mark + 1)));
		return NULL;
	}
	dnsbl = mem_new(sizeof(*dnsbl));
	dnsbl->spec = slice_dup(spec);
	dnsbl->domain = slice_dup(domain);
	dnsbl->whom = whom;
	dnsbl->filter = filter;
	dnsbl->number = count;
	DL_APPEND(*list, dnsbl);
	return dnsbl;
}

void
dnsbl_free_all(struct dnsbl **list)
{
	struct dnsbl	*dnsbl, *next;

	DL_FOREACH_SAFE(*list, dnsbl, next) {
		mem_free(dnsbl->spec);
		mem_free(dnsbl->domain);
		mem_free(dnsbl->filter);
		mem_free(dnsbl);
	}
	*list = NULL;
}

const char *
dnsbl_domain(const struct dnsbl *dnsbl)
{
	return dnsbl->domain;
}

const char *
dnsbl_spec(const struct dnsbl *dnsbl)
{
	return dnsbl->spec;
}

int
dnsbl_whom(const struct dnsbl *dnsbl)
{
	return dnsbl->whom;
}

/* ---- asking -------------------------------------------------------------- */

/* The domain it is about; empty: there is none. */
static struct slice
subject(const struct hearing *hearing, int whom)
{
	const struct msg_judge	*m = hearing->m;

	switch (whom) {
	case RULE_CLIENT:
		return slice_is(m->client_name, "unknown") ?
		    slice_from(NULL, 0) : m->client_name;
	case RULE_REVERSE_CLIENT:
		return slice_is(m->reverse_name, "unknown") ?
		    slice_from(NULL, 0) : m->reverse_name;
	case RULE_HELO:
		return m->helo;
	case RULE_SENDER:
		return address_domain(m->sender);
	case RULE_RECIPIENT:
		return address_domain(m->recipient);
	}
	return slice_from(NULL, 0);
}

/* What to ask for, owned by the caller; NULL: it is about nobody. */
static char *
make_name(const struct dnsbl *dnsbl, const struct hearing *hearing)
{
	char		reverse[ADDR_NAME_SIZE];
	struct slice	name;

	if (dnsbl->whom != DNSBL_ADDRESS) {
		name = subject(hearing, dnsbl->whom);
		/* All-numeric names and literals are in no list of names. */
		return address_is_domain(name) ? mem_printf("%.*s.%s",
		    SLICE_ARG(name), dnsbl->domain) : NULL;
	}
	if (!hearing->question->has_client)
		return NULL;
	return mem_printf("%s.%s", addr_format_reverse(
	    &hearing->question->client, reverse), dnsbl->domain);
}

static struct dnsbl_search *
begin(struct hearing *hearing)
{
	struct dnsbl_search	*search = mem_new(sizeof(*search));
	const struct dnsbl	*dnsbl;
	size_t			 i = 0;

	DL_COUNT(hearing->profile->dnsbls, dnsbl, search->count);
	search->items = mem_new_array(search->count, sizeof(*search->items));
	search->batch = query_batch_new(hearing->query);
	query_batch_filter(search->batch);
	DL_FOREACH(hearing->profile->dnsbls, dnsbl) {
		search->items[i].name = make_name(dnsbl, hearing);
		if (search->items[i].name != NULL)
			search->items[i].number = query_batch_add(
			    search->batch, search->items[i].name, DNS_A);
		i++;
	}
	query_batch_send(search->batch);
	return search;
}

void
dnsbl_search_free(struct dnsbl_search **searchp)
{
	struct dnsbl_search	*search = *searchp;

	if (search == NULL)
		return;
	*searchp = NULL;
	query_batch_free(&search->batch);
	for (size_t i = 0; i < search->count; i++)
		mem_free(search->items[i].name);
	mem_free(search->items);
	mem_free(search);
}

enum dnsbl_finding
dnsbl_find(const struct dnsbl *dnsbl, struct hearing *hearing)
{
	struct dnsbl_search	*search;
	const struct dns_answer	*answer;

	if (hearing->query == NULL)
		return DNSBL_TROUBLE;
	if (hearing->search == NULL)
		hearing->search = begin(hearing);
	search = hearing->search;
	if (search->items[dnsbl->number].name == NULL)
		return DNSBL_UNLISTED;
	answer = query_batch_wait(search->batch,
	    search->items[dnsbl->number].number);
	if (answer->status != DNS_TROUBLE)
		return dnsbl_matches(dnsbl, answer) ? DNSBL_LISTED :
		    DNSBL_UNLISTED;
	log_warn("%s: RBL lookup error: %s",
	    search->items[dnsbl->number].name, answer->why);
	return DNSBL_TROUBLE;
}

void
dnsbl_reason(const struct dnsbl *dnsbl, struct hearing *hearing,
    struct buf *reason)
{
	const char		*name;
	struct query_batch	*batch = query_batch_new(hearing->query);
	const struct dns_answer	*answer;

	name = hearing->search->items[dnsbl->number].name;
	query_batch_filter(batch);
	answer = query_batch_wait(batch, query_batch_add(batch, name,
	    DNS_TXT));
	if (answer->count > 0)
		buf_put_str(reason, answer->records[0].text);
	else if (answer->status == DNS_TROUBLE)
		log_warn("%s: TXT lookup error: %s", name, answer->why);
	query_batch_free(&batch);
}
