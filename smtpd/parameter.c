/*
 * Parameters of MAIL and RCPT.
 */

#include "smtpd/parameter.h"

#include <string.h>

#include "conf/conf.h"
#include "mail/address.h"
#include "smtpd/gate.h"
#include "smtpd/keyword.h"
#include "smtpd/reply.h"

static bool
take(struct session *s, struct slice word, const struct parameter *table,
    void *arg, unsigned *seen)
{
	ptrdiff_t	at = slice_find(word, '=');
	struct slice	name = at < 0 ? word : slice_first(word, (size_t)at);
	struct slice	value = at < 0 ? slice_from(NULL, 0) :
			    slice_after(word, (size_t)at + 1);

	for (unsigned i = 0; table[i].name != NULL; i++) {
		if (!slice_is_nocase(name, table[i].name) ||
		    (table[i].keyword != NULL &&
		    !keyword_is_offered(s, table[i].keyword)))
			continue;
		if (*seen & 1u << i) {
			reply_put(s, 501, "5.5.4",
			    "Error: %s given twice", table[i].name);
			return false;
		}
		*seen |= 1u << i;
		return table[i].take(s, value, arg);
	}
	reply_put(s, 555, "5.5.4", "Unsupported option: %.*s",
	    SLICE_ARG(slice_first(word, 100)));
	return false;
}

bool
parameter_parse(struct session *s, struct slice args,
    const struct parameter *table, void *arg)
{
	struct slice	word;
	unsigned	seen = 0;

	while (slice_get_word(&args, " \t", &word) == 0)
		if (!take(s, word, table, arg, &seen))
			return false;
	return true;
}

void
parameter_refuse_utf8(struct session *s)
{
	reply_reject(s, NULL, 553, "5.6.7",
	    "Must declare SMTPUTF8 to send unicode address");
}

/* What is an address, and yet no good. */
static const char *
why_bad(const struct conf *conf, struct slice address)
{
	if (!conf->allow_min_user && address.len > 0 &&
	    address.data[0] == '-')
		return "it begins with -";
	if (address_is_number(address_domain(address)))
		return "an IP address without [ ]";
	return NULL;
}

int
parameter_parse_path(struct session *s, struct slice *args, bool is_utf8,
    struct buf *address, const char **why_r)
{
	unsigned	how = (is_utf8 ? ADDRESS_UTF8 : 0u) |
			    (s->gate->conf->strict_rfc821_envelopes ?
			    ADDRESS_STRICT : 0u);

	if (address_parse_path(args, how, address, why_r) == 0) {
		*why_r = why_bad(s->gate->conf, buf_slice(address));
		return *why_r == NULL ? 0 : -1;
	}
	if (strcmp(*why_r, "8-bit address") == 0) {
		parameter_refuse_utf8(s);
		*why_r = NULL;
	}
	return -1;
}

bool
parameter_complete(const struct gate *gate, struct buf *address)
{
	if (address->len == 0 ||
	    address_domain(buf_slice(address)).data != NULL)
		return false;
	buf_put_u8(address, '@');
	buf_put_str(address, gate->conf->myorigin);
	return true;
}
