/*
 * TLS of one attempt.
 */

#include "smtp/secrecy.h"

#include <string.h>

#include "conf/conf.h"
#include "mail/tls_client.h"
#include "net/dns.h"
#include "net/io.h"
#include "net/loop.h"
#include "net/tls.h"
#include "net/tls_facts.h"
#include "net/tls_protocol.h"
#include "net/tls_trace.h"
#include "smtp/dane.h"
#include "smtp/resumption.h"
#include "smtp/route.h"
#include "smtp/sender.h"
#include "smtp/tls_policy.h"
#include "util/ascii.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/log_limit.h"
#include "util/mem.h"

#define CONFIG_PROBLEM	"client TLS configuration problem"

enum state {
	STATE_ASKING,		/* the DNS */
	STATE_UNDECIDED,
	STATE_PLAIN,
	STATE_SECURED,
	STATE_REFUSED,		/* it is not what it must be */
};

struct secrecy {
	struct sender		*sender;	/* borrowed, as the next two */
	const struct tls_policy	*policy;
	const struct route_host	*host;
	void			(*fn)(void *arg);
	void			*arg;
	enum tls_policy_level	 level;		/* by policy and records */
	enum tls_policy_level	 final;		/* what it came to */
	enum state		 state;
	struct dane		*dane;		/* while it asks */
	char			*base;		/* of the records */
	struct tlsa		 tlsa;
	bool			 is_verified;	/* it is who it should be */
	struct buf		 key;		/* of its session */
	char			*fault;
	const char		*dsn;		/* of it; static */
	struct buf		 status;
};

void
secrecy_free(struct secrecy **sp)
{
	struct secrecy	*s = *sp;

	if (s == NULL)
		return;
	*sp = NULL;
	dane_free(&s->dane);
	tlsa_clear(&s->tlsa);
	buf_clear(&s->key);
	buf_clear(&s->status);
	mem_free(s->base);
	mem_free(s->fault);
	mem_free(s);
}

/* Takes reason over; the first one stays. */
static void
refuse(struct secrecy *s, const char *dsn, char *reason)
{
	s->state = STATE_REFUSED;
	if (s->fault != NULL) {
		mem_free(reason);
		return;
	}
	s->fault = reason;
	s->dsn = dsn;
}

const char *
secrecy_fault(const struct secrecy *s, const char **dsn_r)
{
	*dsn_r = s->dsn;
	return s->fault;
}

bool
secrecy_is_ready(const struct secrecy *s)
{
	return s->state != STATE_ASKING;
}

bool
secrecy_is_single_use(const struct secrecy *s)
{
	return s->state == STATE_SECURED && !s->policy->is_reused;
}

bool
secrecy_is_verified(const struct secrecy *s)
{
	return s->state == STATE_SECURED && s->is_verified;
}

/* ---- DANE ---------------------------------------------------------------- */

/*
 * K43: the level dane makes do with less, dane-only does not.  Where TLS is
 * before all else there is no less than encrypt.
 */
static void
do_without(struct secrecy *s, enum tls_policy_level level, const char *why)
{
	s->state = STATE_UNDECIDED;
	if (s->level == TLS_POLICY_DANE_ONLY)
		refuse(s, "4.7.5", mem_strdup(why));
	else
		s->level = s->sender->conf->smtp_tls_wrappermode ?
		    TLS_POLICY_ENCRYPT : level;
}

/* RFC 7672 section 2.2.1; "dane" does not hold where its MX may be forged. */
static void
apply_insecure_mx(struct secrecy *s)
{
	const char	*policy;

	policy = s->sender->conf->smtp_tls_dane_insecure_mx_policy;
	if (strcmp(policy, "encrypt") == 0)
		do_without(s, TLS_POLICY_ENCRYPT,
		    "Verification not possible, MX RRset is insecure");
	else
		s->level = TLS_POLICY_HALF_DANE;
}

static void
take_records(struct secrecy *s, const struct dane_answer *answer)
{
	s->state = STATE_UNDECIDED;
	s->base = mem_strdup(answer->base);
	s->tlsa = *answer->tlsa;
	s->tlsa.records = mem_copy(answer->tlsa->records,
	    answer->tlsa->count * sizeof(*answer->tlsa->records));
	for (size_t i = 0; i < s->tlsa.count; i++) {
		struct slice	*data = &s->tlsa.records[i].data;

		data->data = mem_copy(data->data, data->len);
	}
	if (s->host->has_mx && !s->host->is_mx_secure)
		apply_insecure_mx(s);
}

static void
on_dane(const struct dane_answer *answer, void *arg)
{
	struct secrecy	*s = arg;

	switch (answer->status) {
	case DANE_NONE:
		do_without(s, TLS_POLICY_MAY, "no TLSA records found");
		break;
	case DANE_UNUSABLE:
		/* RFC 7672 section 2.2: then at least TLS. */
		do_without(s, TLS_POLICY_ENCRYPT, "TLSA records unusable");
		break;
	case DANE_TROUBLE:
		refuse(s, "4.7.5", mem_printf("TLSA lookup error for %s:%u",
		    s->host->name, addr_port(&s->host->addr)));
		break;
	case DANE_FOUND:
		take_records(s, answer);
		break;
	}
	dane_free(&s->dane);
	s->fn(s->arg);
}

static void
misconfigured(struct secrecy *s, const char *why)
{
	log_limit_warn(&s->sender->no_dane, "%s: %s %s", s->host->domain,
	    tls_policy_name(s->level), why);
	do_without(s, TLS_POLICY_MAY, CONFIG_PROBLEM);
}

static void
begin_dane(struct secrecy *s)
{
	const struct conf	*conf = s->sender->conf;
	bool			 is_insecure;

	is_insecure = s->host->has_mx && !s->host->is_mx_secure;
	if (!dns_can_validate(s->sender->dns))
		misconfigured(s, "needs smtp_dns_support_level = dnssec and "
		    "tls_dane_trust_anchor_file");
	else if (conf->ignore_mx_lookup_error)
		misconfigured(s, "and ignore_mx_lookup_error = yes exclude "
		    "each other");
	else if (is_insecure && (s->level == TLS_POLICY_DANE_ONLY ||
	    strcmp(conf->smtp_tls_dane_insecure_mx_policy, "may") == 0))
		do_without(s, TLS_POLICY_MAY, "non DNSSEC destination");
	else
		s->dane = dane_find(s->sender, s->host, on_dane, s);
}

struct secrecy *
secrecy_new(struct sender *sender, const struct tls_policy *policy,
    const struct route_host *host, void (*fn)(void *arg), void *arg)
{
	struct secrecy	*s = mem_new(sizeof(*s));

	s->sender = sender;
	s->policy = policy;
	s->host = host;
	s->fn = fn;
	s->arg = arg;
	s->level = policy->level;
	s->state = STATE_UNDECIDED;
	if (policy->is_bad) {
		refuse(s, "4.7.5", mem_strdup(CONFIG_PROBLEM));
	} else if (s->level == TLS_POLICY_DANE ||
	    s->level == TLS_POLICY_DANE_ONLY) {
		s->state = STATE_ASKING;
		begin_dane(s);
	}
	return s;
}

/* ---- the handshake ------------------------------------------------------- */

enum dialogue_tls
secrecy_need(const struct secrecy *s)
{
	if (s->level == TLS_POLICY_NONE || s->state == STATE_PLAIN ||
	    s->state == STATE_SECURED)
		return DIALOGUE_TLS_NEVER;
	return tls_policy_is_mandatory(s->level) ? DIALOGUE_TLS_MUST :
	    DIALOGUE_TLS_MAY;
}

bool
secrecy_is_wrapped(const struct secrecy *s)
{
	return s->sender->conf->smtp_tls_wrappermode &&
	    s->level != TLS_POLICY_NONE;
}

/* Pointers to the lines of list, whose ends become NULs. */
static const char **
split_lines(struct buf *list, size_t *count_r)
{
	const char	**lines;
	size_t		  count = 0, start = 0;

	lines = mem_new_array(list->len + 1, sizeof(*lines));
	for (size_t i = 0; i < list->len; i++) {
		unsigned char	*c = &list->data[list->start + i];

		if (*c != '\n')
			continue;
		*c = '\0';
		lines[count++] = (const char *)&list->data[list->start +
		    start];
		start = i + 1;
	}
	*count_r = count;
	return lines;
}

static bool
is_dane(const struct secrecy *s)
{
	return s->level == TLS_POLICY_DANE ||
	    s->level == TLS_POLICY_DANE_ONLY ||
	    s->level == TLS_POLICY_HALF_DANE;
}

/* RFC 7672 section 3.2.2: with a trust anchor, one of these. */
static void
put_dane_names(const struct secrecy *s, struct buf *names)
{
	const struct route_host	*host = s->host;

	buf_printf(names, "%s\n", s->base);
	if (ascii_compare(s->base, host->name) != 0)
		buf_printf(names, "%s\n", host->name);
	if (!host->has_mx)
		return;
	buf_printf(names, "%s\n", host->domain);
	if (host->mx_owner != NULL)
		buf_printf(names, "%s\n", host->mx_owner);
}

/* All of what is asked of a server, as texts; what a session is kept by. */
struct wanted {
	struct buf		 names, ciphers, sni;
	const char		**lines;
	struct tlsa		 tlsa;		/* of anchors */
	struct tls_wish		 wish;
};

static void
wanted_clear(struct wanted *w)
{
	buf_clear(&w->names);
	buf_clear(&w->ciphers);
	buf_clear(&w->sni);
	tlsa_clear(&w->tlsa);
	mem_free(w->lines);
}

static void
want_server(struct secrecy *s, struct wanted *w)
{
	const struct tlsa	*tlsa = &w->tlsa;

	w->wish.digest = s->sender->conf->smtp_tls_fingerprint_digest;
	if (is_dane(s)) {
		put_dane_names(s, &w->names);
		tlsa = &s->tlsa;
		w->wish.verify = TLS_VERIFY_DANE;
	} else if (!tls_policy_is_strict(s->level)) {
		w->wish.verify = TLS_VERIFY_CHAIN;
	} else {
		tls_policy_put_matches(s->policy, s->sender->conf, s->level,
		    s->host->name, s->host->domain, &w->names);
		w->wish.verify = s->level == TLS_POLICY_FINGERPRINT ?
		    TLS_VERIFY_FINGERPRINT : TLS_VERIFY_NAMES;
	}
	if (w->wish.verify == TLS_VERIFY_NAMES &&
	    s->policy->anchors.len > 0) {
		tlsa_add_pem(&w->tlsa, buf_slice(&s->policy->anchors));
		w->wish.verify = TLS_VERIFY_DANE;
	}
	w->wish.tlsas = tlsa->records;
	w->wish.tlsa_count = tlsa->count;
}

static void
put_key(struct secrecy *s, const struct tls_wish *wish)
{
	char	ip[ADDR_TEXT_SIZE];

	buf_empty(&s->key);
	buf_printf(&s->key, "%s\n%s\n%u\n%s\n%s\n%s\n%d\n", s->host->name,
	    addr_format_ip(&s->host->addr, ip), addr_port(&s->host->addr),
	    wish->sni == NULL ? "" : wish->sni, wish->protocols,
	    wish->ciphers, (int)wish->verify);
	for (size_t i = 0; i < wish->name_count; i++)
		buf_printf(&s->key, "%s\n", wish->names[i]);
	for (size_t i = 0; i < wish->tlsa_count; i++) {
		const struct tls_tlsa	*tlsa = &wish->tlsas[i];

		buf_printf(&s->key, "%u %u %u %zu\n", tlsa->usage,
		    tlsa->selector, tlsa->matching, tlsa->data.len);
		buf_put_slice(&s->key, tlsa->data);
	}
}

static void
want(struct secrecy *s, struct wanted *w)
{
	const struct conf	*conf = s->sender->conf;
	struct buf		 exclusions = BUF_INIT;
	struct tls_grades	 grades = { conf->tls_high_cipherlist,
				    conf->tls_medium_cipherlist,
				    conf->tls_null_cipherlist };

	tls_policy_put_exclusions(s->policy, conf, s->level, &exclusions);
	tls_protocol_ciphers(&grades, tls_policy_grade(s->policy, conf,
	    s->level), buf_cstr(&exclusions), &w->ciphers);
	buf_clear(&exclusions);
	tls_policy_put_servername(s->policy, conf, s->host->name,
	    s->host->domain, &w->sni);
	/* RFC 7672 section 8.1 */
	if (is_dane(s)) {
		buf_empty(&w->sni);
		buf_put_str(&w->sni, s->base);
	}
	want_server(s, w);
	w->lines = split_lines(&w->names, &w->wish.name_count);
	w->wish.names = w->lines;
	w->wish.has_wide_stars = conf->tls_wildcard_matches_multiple_labels;
	w->wish.sni = w->sni.len == 0 ? NULL : buf_cstr(&w->sni);
	w->wish.ciphers = buf_cstr(&w->ciphers);
	w->wish.protocols = tls_policy_protocols(s->policy, conf, s->level);
}

bool
secrecy_start(struct secrecy *s, struct io *io, const char *relay)
{
	const struct conf	*conf = s->sender->conf;
	struct wanted		 w;
	struct buf		 why = BUF_INIT;
	struct tls		*tls;

	memset(&w, 0, sizeof(w));
	want(s, &w);
	put_key(s, &w.wish);
	w.wish.session = resumption_find(s->sender->resumption,
	    buf_slice(&s->key), loop_now_ms(s->sender->loop));
	tls = tls_new_client(s->sender->tls->context, &w.wish, &why);
	wanted_clear(&w);
	if (tls == NULL) {
		log_warn("TLS with %s: %s", s->host->name, buf_cstr(&why));
		refuse(s, "4.7.5", mem_strdup(CONFIG_PROBLEM));
	} else if (is_dane(s) && tls_usable_count(tls) == 0) {
		/* What OpenSSL cannot use is as good as none of use. */
		tls_free(&tls);
		do_without(s, TLS_POLICY_ENCRYPT, "TLSA records unusable");
		buf_clear(&why);
		return s->fault == NULL && secrecy_start(s, io, relay);
	} else {
		tls_trace_start(tls, conf->smtp_tls_loglevel, relay,
		    conf->smtp_tls_fingerprint_digest);
		io_start_tls(io, tls, conf->smtp_starttls_timeout);
	}
	buf_clear(&why);
	return tls != NULL;
}

/* ---- judging ------------------------------------------------------------- */

static void
log_facts(const struct secrecy *s, const struct tls_facts *facts,
    const char *relay)
{
	struct buf	line = BUF_INIT;

	if (s->sender->conf->smtp_tls_loglevel < 1)
		return;
	/* At level 1 only where it matters who the server is. */
	if (facts->reason[0] != '\0' && facts->trust != TLS_ANONYMOUS &&
	    (tls_policy_is_strict(s->level) ||
	    s->sender->conf->smtp_tls_loglevel > 1))
		log_info("certificate verification failed for %s: %s",
		    relay, facts->reason);
	tls_facts_put_line(facts, "to", relay, &line);
	log_info("%s", buf_cstr(&line));
	buf_clear(&line);
}

bool
secrecy_judge(struct secrecy *s, struct io *io, const char *relay)
{
	struct tls_facts	facts;

	tls_facts_get(io_tls(io), &facts);
	log_facts(s, &facts, relay);
	s->state = STATE_SECURED;
	s->final = s->level;
	s->is_verified = facts.trust == TLS_VERIFIED;
	if (!tls_policy_is_strict(s->level) || s->is_verified)
		return true;
	s->final = TLS_POLICY_ENCRYPT;
	resumption_drop(s->sender->resumption, buf_slice(&s->key));
	buf_empty(&s->key);
	refuse(s, "4.7.5", mem_strdup(facts.trust == TLS_TRUSTED ||
	    s->level == TLS_POLICY_FINGERPRINT ?
	    "Server certificate not verified" :
	    "Server certificate not trusted"));
	return false;
}

bool
secrecy_fall_back(struct secrecy *s, const char *relay, const char *reason)
{
	log_info("SSL_connect error to %s: %s", relay, reason);
	resumption_drop(s->sender->resumption, buf_slice(&s->key));
	buf_empty(&s->key);
	if (!tls_policy_is_mandatory(s->level)) {
		secrecy_note_plain(s);
		return true;
	}
	s->final = TLS_POLICY_NONE;
	refuse(s, "4.7.5", mem_strdup("Cannot start TLS: handshake failure"));
	return false;
}

void
secrecy_note_plain(struct secrecy *s)
{
	if (s->state == STATE_SECURED)
		return;
	s->state = STATE_PLAIN;
	s->final = TLS_POLICY_NONE;
}

void
secrecy_note_offer(const struct secrecy *s, const char *relay)
{
	if (s->level == TLS_POLICY_NONE &&
	    s->sender->conf->smtp_tls_note_starttls_offer)
		log_info("Host offered STARTTLS: [%s]", relay);
}

void
secrecy_refuse_plain(struct secrecy *s)
{
	s->state = STATE_REFUSED;
	s->final = TLS_POLICY_NONE;
}

void
secrecy_keep(struct secrecy *s, struct io *io)
{
	const struct conf	*conf = s->sender->conf;
	struct tls_session	*session;

	if (s->state != STATE_SECURED || s->key.len == 0 ||
	    conf->smtp_tls_session_cache_timeout == 0 ||
	    (session = tls_session_take(io_tls(io))) == NULL)
		return;
	resumption_put(s->sender->resumption, buf_slice(&s->key), session,
	    loop_now_ms(s->sender->loop) +
	    conf->smtp_tls_session_cache_timeout);
}

const char *
secrecy_status(struct secrecy *s)
{
	const char	*name = tls_policy_name(s->policy->level);
	bool		 is_decided = s->state == STATE_PLAIN ||
			    s->state == STATE_SECURED ||
			    s->state == STATE_REFUSED;

	if (!s->sender->conf->smtp_log_tls_feature_status)
		return NULL;
	if (s->level == TLS_POLICY_NONE)
		return name;
	buf_empty(&s->status);
	buf_printf(&s->status, "%s%s", s->state == STATE_REFUSED ? "!" : "",
	    name);
	if (is_decided && s->final != s->policy->level)
		buf_printf(&s->status, ":%s", tls_policy_name(s->final));
	if (!is_decided)
		buf_put_u8(&s->status, '?');
	return buf_cstr(&s->status);
}
