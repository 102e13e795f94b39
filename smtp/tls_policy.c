/*
 * TLS policies.
 */

#include "smtp/tls_policy.h"

#include <string.h>

#include "conf/conf.h"
#include "net/addr.h"
#include "net/dns_answer.h"
#include "util/log.h"
#include "util/mem.h"

#define SEPARATORS	", \t\r\n"

static const char *const	names[] = {
	[TLS_POLICY_NONE] = "none",
	[TLS_POLICY_MAY] = "may",
	[TLS_POLICY_ENCRYPT] = "encrypt",
	[TLS_POLICY_FINGERPRINT] = "fingerprint",
	[TLS_POLICY_HALF_DANE] = "half-dane",
	[TLS_POLICY_DANE] = "dane",
	[TLS_POLICY_DANE_ONLY] = "dane-only",
	[TLS_POLICY_VERIFY] = "verify",
	[TLS_POLICY_SECURE] = "secure",
};

/* A value while it is read. */
struct reading {
	struct tls_policy	*policy;
	const char		*nexthop;
};

/* name=value; false: it is wrong, and *why_r (static) says how. */
typedef bool (*attribute_fn)(struct reading *, struct slice value,
    const char **why_r);

const char *
tls_policy_name(enum tls_policy_level level)
{
	return names[level];
}

int
tls_policy_find_level(struct slice name, enum tls_policy_level *level_r)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (i != TLS_POLICY_HALF_DANE &&
		    slice_is_nocase(name, names[i])) {
			*level_r = (enum tls_policy_level)i;
			return 0;
		}
	return -1;
}

bool
tls_policy_is_mandatory(enum tls_policy_level level)
{
	return level > TLS_POLICY_MAY;
}

bool
tls_policy_is_strict(enum tls_policy_level level)
{
	return level >= TLS_POLICY_FINGERPRINT;
}

void
tls_policy_clear(struct tls_policy *policy)
{
	mem_free(policy->protocols);
	mem_free(policy->grade);
	mem_free(policy->exclusions);
	mem_free(policy->servername);
	buf_clear(&policy->matches);
	buf_clear(&policy->anchors);
	memset(policy, 0, sizeof(*policy));
}

/* ---- attributes ---------------------------------------------------------- */

static bool
set_once(char **text, struct slice value, const char **why_r)
{
	*why_r = "is given twice";
	if (*text != NULL)
		return false;
	*text = slice_dup(value);
	return true;
}

static bool
set_grade(struct reading *reading, struct slice value, const char **why_r)
{
	static const char *const	grades[] = {
		"export", "low", "medium", "high", "null",
	};

	*why_r = "is no grade of ciphers";
	for (size_t i = 0; i < sizeof(grades) / sizeof(*grades); i++)
		if (slice_is_nocase(value, grades[i]))
			return set_once(&reading->policy->grade,
			    slice_str(grades[i]), why_r);
	return false;
}

static bool
set_protocols(struct reading *reading, struct slice value,
    const char **why_r)
{
	return set_once(&reading->policy->protocols, value, why_r);
}

static bool
set_exclusions(struct reading *reading, struct slice value,
    const char **why_r)
{
	return set_once(&reading->policy->exclusions, value, why_r);
}

static bool
set_servername(struct reading *reading, struct slice value,
    const char **why_r)
{
	*why_r = "is no host name";
	return dns_answer_is_name(value) &&
	    set_once(&reading->policy->servername, value, why_r);
}

static void
add_words(struct buf *into, struct slice list, const char *separators)
{
	struct slice	word;

	while (slice_get_word(&list, separators, &word) == 0) {
		buf_put_slice(into, word);
		buf_put_u8(into, '\n');
	}
}

static bool
has_names(enum tls_policy_level level)
{
	return level == TLS_POLICY_VERIFY || level == TLS_POLICY_SECURE;
}

/* A digest has colons, so | stands between them. */
static bool
add_matches(struct reading *reading, struct slice value, const char **why_r)
{
	struct tls_policy	*policy = reading->policy;
	bool			 has_digests;

	has_digests = policy->level == TLS_POLICY_FINGERPRINT;
	*why_r = "means nothing at this level";
	if (!has_digests && !has_names(policy->level))
		return false;
	add_words(&policy->matches, value, has_digests ? "|" : ":");
	return true;
}

static bool
set_reuse(struct reading *reading, struct slice value, const char **why_r)
{
	*why_r = "is neither yes nor no";
	reading->policy->is_reused = slice_is_nocase(value, "yes");
	return reading->policy->is_reused || slice_is_nocase(value, "no");
}

/* Raw public keys take an OpenSSL that Debian 12 does not have. */
static bool
check_raw_keys(struct reading *reading, struct slice value,
    const char **why_r)
{
	bool	is_wanted = slice_is_nocase(value, "yes");

	*why_r = "is neither yes nor no";
	if (is_wanted)
		log_warn("TLS policy of %s: \"enable_rpk=yes\" does nothing: "
		    "raw public keys need OpenSSL 3.2", reading->nexthop);
	return is_wanted || slice_is_nocase(value, "no");
}

/* lookup has read the file. */
static bool
check_anchors(struct reading *reading, struct slice value,
    const char **why_r)
{
	(void)value;
	*why_r = has_names(reading->policy->level) ?
	    "names no file that can be read" : "means nothing at this level";
	return has_names(reading->policy->level) &&
	    reading->policy->anchors.len > 0;
}

static const struct {
	const char	*name;
	attribute_fn	 fn;
} attributes[] = {
	{ "ciphers", set_grade },
	{ "protocols", set_protocols },
	{ "exclude", set_exclusions },
	{ "servername", set_servername },
	{ "match", add_matches },
	{ "connection_reuse", set_reuse },
	{ "enable_rpk", check_raw_keys },
	{ "tafile", check_anchors },
};

/* ---- reading ------------------------------------------------------------- */

static void
complain(struct reading *reading, struct slice what, const char *why)
{
	log_warn("TLS policy of %s: \"%.*s\" %s", reading->nexthop,
	    SLICE_ARG(what), why);
	reading->policy->is_bad = true;
}

/* A mistake may make a policy weaker than it was meant: none is ignored. */
static void
read_attribute(struct reading *reading, struct slice word)
{
	ptrdiff_t	 at = slice_find(word, '=');
	struct slice	 name, value;
	const char	*why;

	if (at < 0) {
		complain(reading, word, "is no name=value");
		return;
	}
	name = slice_trim(slice_first(word, (size_t)at));
	value = slice_trim(slice_after(word, (size_t)at + 1));
	for (size_t i = 0; i < sizeof(attributes) / sizeof(*attributes); i++)
		if (slice_is_nocase(name, attributes[i].name)) {
			if (value.len == 0)
				complain(reading, word, "has no value");
			else if (!attributes[i].fn(reading, value, &why))
				complain(reading, word, why);
			return;
		}
	complain(reading, word, "is not known");
}

static void
read_text(struct reading *reading, const char *text)
{
	struct tls_policy	*policy = reading->policy;
	struct slice		 rest = slice_str(text), word;

	if (slice_get_word(&rest, SEPARATORS, &word) < 0)
		complain(reading, slice_str(""), "is no level");
	else if (tls_policy_find_level(word, &policy->level) < 0)
		complain(reading, word, "is no level");
	else if (policy->level == TLS_POLICY_NONE)
		rest.len = 0;
	while (!policy->is_bad &&
	    slice_get_word(&rest, SEPARATORS, &word) == 0)
		read_attribute(reading, word);
}

static void
check(struct reading *reading, const struct conf *conf)
{
	const struct tls_policy	*policy = reading->policy;

	if (policy->level == TLS_POLICY_FINGERPRINT &&
	    policy->matches.len == 0)
		complain(reading, slice_str("fingerprint"),
		    "has no fingerprints to match");
	if (conf->smtp_tls_wrappermode &&
	    !tls_policy_is_mandatory(policy->level))
		complain(reading, slice_str(names[policy->level]),
		    "is too weak for smtp_tls_wrappermode");
}

void
tls_policy_init(struct tls_policy *policy, const struct conf *conf,
    const char *nexthop, const char *text, struct slice anchors)
{
	struct reading	reading = { policy, nexthop };

	memset(policy, 0, sizeof(*policy));
	policy->is_reused = conf->smtp_tls_connection_reuse;
	buf_put_slice(&policy->anchors, anchors);
	read_text(&reading, text != NULL ? text :
	    conf->smtp_tls_security_level);
	if (policy->level == TLS_POLICY_FINGERPRINT &&
	    policy->matches.len == 0)
		add_words(&policy->matches, slice_str(
		    conf->smtp_tls_fingerprint_cert_match), SEPARATORS);
	if (!policy->is_bad)
		check(&reading, conf);
}

/* ---- what follows -------------------------------------------------------- */

const char *
tls_policy_protocols(const struct tls_policy *policy,
    const struct conf *conf, enum tls_policy_level level)
{
	if (policy->protocols != NULL)
		return policy->protocols;
	return tls_policy_is_mandatory(level) ?
	    conf->smtp_tls_mandatory_protocols : conf->smtp_tls_protocols;
}

const char *
tls_policy_grade(const struct tls_policy *policy, const struct conf *conf,
    enum tls_policy_level level)
{
	if (policy->grade != NULL)
		return policy->grade;
	return tls_policy_is_mandatory(level) ?
	    conf->smtp_tls_mandatory_ciphers : conf->smtp_tls_ciphers;
}

/* Nobody asks for encryption, or for a name, and then does without. */
void
tls_policy_put_exclusions(const struct tls_policy *policy,
    const struct conf *conf, enum tls_policy_level level, struct buf *into)
{
	bool	is_mandatory = tls_policy_is_mandatory(level);

	if (policy->exclusions != NULL)
		buf_put_str(into, policy->exclusions);
	else
		buf_printf(into, "%s %s", conf->smtp_tls_exclude_ciphers,
		    is_mandatory ? conf->smtp_tls_mandatory_exclude_ciphers :
		    "");
	if (tls_policy_is_strict(level))
		buf_put_str(into, " aNULL");
	else if (is_mandatory)
		buf_put_str(into, " eNULL");
}

static void
put_name(struct buf *into, struct slice word, const char *host,
    const char *domain)
{
	if (slice_is_nocase(word, "hostname"))
		buf_put_str(into, host);
	else if (slice_is_nocase(word, "nexthop"))
		buf_put_str(into, domain);
	else if (slice_is_nocase(word, "dot-nexthop"))
		buf_printf(into, ".%s", domain);
	else
		buf_put_slice(into, word);
	buf_put_u8(into, '\n');
}

void
tls_policy_put_matches(const struct tls_policy *policy,
    const struct conf *conf, enum tls_policy_level level, const char *host,
    const char *domain, struct buf *into)
{
	struct slice	rest = buf_slice(&policy->matches), word;

	if (level == TLS_POLICY_FINGERPRINT) {
		buf_put_slice(into, rest);
		return;
	}
	if (rest.len == 0)
		rest = slice_str(level == TLS_POLICY_VERIFY ?
		    conf->smtp_tls_verify_cert_match :
		    conf->smtp_tls_secure_cert_match);
	while (slice_get_word(&rest, SEPARATORS ":", &word) == 0)
		put_name(into, word, host, domain);
}

void
tls_policy_put_servername(const struct tls_policy *policy,
    const struct conf *conf, const char *host, const char *domain,
    struct buf *into)
{
	const char	*name = policy->servername != NULL ?
			    policy->servername : conf->smtp_tls_servername;
	struct addr	 addr;

	if (strcmp(name, "hostname") == 0)
		name = host;
	else if (strcmp(name, "nexthop") == 0)
		name = domain;
	/* RFC 6066 section 3: an address is no name. */
	if (addr_parse_ip(slice_str(name), 0, &addr) < 0)
		buf_put_str(into, name);
}
