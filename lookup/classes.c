/*
 * Address classes.
 */

#include "lookup/classes.h"

#include "conf/conf.h"
#include "mail/address.h"
#include "mail/match_list.h"
#include "mail/self.h"
#include "mail/table_line.h"
#include "net/addr.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"

#define LISTS	4		/* CLASS_LOCAL to CLASS_RELAY */

struct classes {
	const struct conf	*conf;		/* borrowed */
	struct self		*self;
	struct match_list	*lists[LISTS];	/* by enum class */
	bool			 is_broken[LISTS];
};

static const char *const names[LISTS] = {
	"mydestination", "virtual_alias_domains", "virtual_mailbox_domains",
	"relay_domains",
};

static const char *
text_of(const struct conf *conf, size_t i)
{
	const char	*texts[LISTS] = {
		conf->mydestination, conf->virtual_alias_domains,
		conf->virtual_mailbox_domains, conf->relay_domains,
	};

	return texts[i];
}

bool
classes_has_parents(const struct conf *conf, const char *name)
{
	struct slice	rest = slice_str(
			    conf->parent_domain_matches_subdomains), word;

	while (slice_get_word(&rest, ", \t\r\n", &word) == 0)
		if (slice_is(word, name))
			return true;
	return false;
}

/* A domain of one list that stands in the other, too. */
static void
check_pair(const struct classes *classes, size_t a, size_t b)
{
	struct slice	rest = slice_str(text_of(classes->conf, a)), word;

	while (table_line_get_word(&rest, &word) > 0) {
		struct slice	other = slice_str(text_of(classes->conf, b));
		struct slice	one;

		if (slice_find(word, ':') >= 0)
			continue;	/* both may ask the same table */
		while (table_line_get_word(&other, &one) > 0)
			if (slice_equal_nocase(word, one))
				log_warn("do not list domain %.*s in BOTH "
				    "%s and %s", SLICE_ARG(word), names[a],
				    names[b]);
	}
}

struct classes *
classes_new(const struct conf *conf)
{
	struct classes	*classes = mem_new(sizeof(*classes));
	char		*why;

	classes->conf = conf;
	classes->self = self_new(conf);
	for (size_t i = 0; i < LISTS; i++) {
		/* A domain is ours with what is in it where that is said. */
		classes->lists[i] = match_list_new(text_of(conf, i),
		    MATCH_LIST_DOMAIN, i == CLASS_RELAY &&
		    classes_has_parents(conf, names[i]) ?
		    MATCH_LIST_PARENTS : 0, &why);
		if (classes->lists[i] == NULL) {
			log_warn("%s: %s", names[i], why);
			mem_free(why);
			classes->is_broken[i] = true;
		}
		for (size_t k = 0; k < i; k++)
			check_pair(classes, k, i);
	}
	return classes;
}

void
classes_free(struct classes **classesp)
{
	struct classes	*classes = *classesp;

	if (classes == NULL)
		return;
	*classesp = NULL;
	for (size_t i = 0; i < LISTS; i++)
		match_list_free(&classes->lists[i]);
	self_free(&classes->self);
	mem_free(classes);
}

/* user@[192.0.2.1], where that is one of our addresses. */
static bool
is_own_literal(const struct classes *classes, struct slice domain)
{
	struct addr	addr;

	if (domain.len < 2 || domain.data[0] != '[' ||
	    domain.data[domain.len - 1] != ']')
		return false;
	domain = slice_after(slice_first(domain, domain.len - 1), 1);
	if (slice_has_prefix_nocase(domain, "IPv6:"))
		domain = slice_after(domain, 5);
	return addr_parse_ip(domain, 0, &addr) == 0 &&
	    self_has_addr(classes->self, &addr);
}

static enum match_list_answer
ask(const struct classes *classes, size_t i, struct slice domain)
{
	struct buf		why = BUF_INIT;
	enum match_list_answer	answer;

	if (classes->is_broken[i])
		return MATCH_LIST_TROUBLE;
	answer = match_list_find(classes->lists[i], domain, &why);
	if (answer == MATCH_LIST_TROUBLE)
		log_warn("%s: %s", names[i], buf_cstr(&why));
	buf_clear(&why);
	return answer;
}

static enum class
find(const struct classes *classes, struct slice domain)
{
	for (size_t i = 0; i < LISTS; i++)
		switch (ask(classes, i, domain)) {
		case MATCH_LIST_YES:
			return (enum class)i;
		case MATCH_LIST_TROUBLE:
			return CLASS_TROUBLE;
		case MATCH_LIST_NO:
			break;
		}
	return CLASS_DEFAULT;
}

/* One that is not listed as it is written may be by its A-labels. */
enum class
classes_find(const struct classes *classes, struct slice domain)
{
	struct buf	ascii = BUF_INIT;
	enum class	class;

	if (domain.len == 0 || is_own_literal(classes, domain))
		return CLASS_LOCAL;
	class = find(classes, domain);
	if (class == CLASS_DEFAULT && address_is_utf8(domain) &&
	    address_put_ascii_domain(&ascii, domain))
		class = find(classes, buf_slice(&ascii));
	buf_clear(&ascii);
	return class;
}

enum match_list_answer
classes_is_local(const struct classes *classes, struct slice domain)
{
	if (domain.len == 0 || is_own_literal(classes, domain) ||
	    slice_is_nocase(domain, classes->conf->myorigin))
		return MATCH_LIST_YES;
	return ask(classes, CLASS_LOCAL, domain);
}
