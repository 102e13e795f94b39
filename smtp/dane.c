/*
 * TLSA lookups.
 */

#include "smtp/dane.h"

#include "net/dns.h"
#include "net/loop.h"
#include "smtp/route.h"
#include "smtp/sender.h"
#include "util/ascii.h"
#include "util/mem.h"

struct dane {
	struct sender		*sender;
	char			*name;		/* of the host */
	char			*base;		/* asked for its records */
	uint16_t		 port;
	dane_fn			 fn;
	void			*arg;
	struct dns_query	*query;
	struct dane_answer	 answer;
	struct tlsa		 tlsa;
};

static void	ask_tlsa(struct dane *, const char *);

void
dane_free(struct dane **danep)
{
	struct dane	*dane = *danep;

	if (dane == NULL)
		return;
	*danep = NULL;
	loop_undefer(dane->sender->loop, dane);
	dns_cancel(&dane->query);
	tlsa_clear(&dane->tlsa);
	mem_free(dane->name);
	mem_free(dane->base);
	mem_free(dane);
}

/* Its owner frees it when it likes. */
static void
on_finished(void *arg)
{
	struct dane	*dane = arg;

	dane->answer.base = dane->base;
	dane->answer.tlsa = &dane->tlsa;
	dane->fn(&dane->answer, dane->arg);
}

static void
finish(struct dane *dane, enum dane_status status)
{
	dane->answer.status = status;
	loop_defer(dane->sender->loop, on_finished, dane);
}

/* ---- records ------------------------------------------------------------- */

static void
on_tlsa(const struct dns_answer *answer, void *arg)
{
	struct dane	*dane = arg;

	dane->query = NULL;
	/* RFC 7672 section 2.1.2: no answer is not the same as none. */
	if (answer->status == DNS_TROUBLE) {
		finish(dane, DANE_TROUBLE);
		return;
	}
	if (answer->status == DNS_OK && answer->is_secure) {
		for (size_t i = 0; i < answer->count; i++)
			tlsa_add(&dane->tlsa, slice_from(
			    answer->records[i].data, answer->records[i].len));
		finish(dane, dane->tlsa.count > 0 ? DANE_FOUND :
		    DANE_UNUSABLE);
		return;
	}
	/* RFC 7672 section 2.2.2: then the name before its expansion. */
	if (ascii_compare(dane->base, dane->name) != 0)
		ask_tlsa(dane, dane->name);
	else
		finish(dane, DANE_NONE);
}

static void
ask_tlsa(struct dane *dane, const char *base)
{
	char	*name = mem_printf("_%u._tcp.%s", dane->port, base);
	char	*copy = mem_strdup(base);

	mem_free(dane->base);
	dane->base = copy;
	dane->query = dns_ask(dane->sender->dns, name, DNS_TLSA, on_tlsa,
	    dane);
	mem_free(name);
}

/* ---- which name ---------------------------------------------------------- */

/*
 * The alias leads out of what is secure: is it itself secure?  Then its own
 * name may have records.
 */
static void
on_alias(const struct dns_answer *answer, void *arg)
{
	struct dane	*dane = arg;

	dane->query = NULL;
	if (answer->status == DNS_TROUBLE)
		finish(dane, DANE_TROUBLE);
	else if (answer->status == DNS_OK && answer->is_secure)
		ask_tlsa(dane, dane->name);
	else
		finish(dane, DANE_NONE);
}

struct dane *
dane_find(struct sender *sender, const struct route_host *host, dane_fn fn,
    void *arg)
{
	struct dane	*dane = mem_new(sizeof(*dane));

	dane->sender = sender;
	dane->name = mem_strdup(host->name);
	dane->port = addr_port(&host->addr);
	dane->fn = fn;
	dane->arg = arg;
	if (host->is_secure)
		ask_tlsa(dane, host->owner != NULL ? host->owner :
		    host->name);
	else if (host->owner != NULL)
		dane->query = dns_ask(sender->dns, host->name, DNS_CNAME,
		    on_alias, dane);
	else
		finish(dane, DANE_NONE);
	return dane;
}
