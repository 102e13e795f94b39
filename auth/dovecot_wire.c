/*
 * Dovecot's authentication protocol.
 */

#include "auth/dovecot_wire.h"

#include <string.h>

#include "net/sasl_options.h"
#include "util/base64.h"

/* ---- what it says -------------------------------------------------------- */

static const struct {
	const char		*word;
	enum dovecot_wire_kind	 kind;
} kinds[] = {
	{ "VERSION", DOVECOT_WIRE_VERSION },
	{ "MECH", DOVECOT_WIRE_MECH },
	{ "DONE", DOVECOT_WIRE_DONE },
	{ "CONT", DOVECOT_WIRE_CONT },
	{ "OK", DOVECOT_WIRE_OK },
	{ "FAIL", DOVECOT_WIRE_FAIL },
};

/* What a mechanism is, and the option that forbids or wants that. */
static const struct {
	const char	*word;
	unsigned	 bad, good;
} traits[] = {
	{ "plaintext", SASL_OPTIONS_NO_PLAINTEXT, 0 },
	{ "active", SASL_OPTIONS_NO_ACTIVE, 0 },
	{ "dictionary", SASL_OPTIONS_NO_DICTIONARY, 0 },
	{ "anonymous", SASL_OPTIONS_NO_ANONYMOUS, 0 },
	{ "mutual-auth", 0, SASL_OPTIONS_MUTUAL },
	{ "forward-secrecy", 0, SASL_OPTIONS_FORWARD_SECRECY },
};

static enum dovecot_wire_kind
kind_of(struct slice word)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (slice_is(word, kinds[i].word))
			return kinds[i].kind;
	return DOVECOT_WIRE_OTHER;
}

/* Up to the next tab; unlike a word it may be empty. */
static bool
get_field(struct slice *rest, struct slice *field_r)
{
	ptrdiff_t	tab;

	if (rest->data == NULL)
		return false;
	tab = slice_find(*rest, '\t');
	*field_r = tab < 0 ? *rest : slice_first(*rest, (size_t)tab);
	*rest = tab < 0 ? slice_from(NULL, 0) :
	    slice_after(*rest, (size_t)tab + 1);
	return true;
}

static bool
get_number(struct slice *rest, uint64_t *number_r)
{
	struct slice	field;

	return get_field(rest, &field) &&
	    slice_parse_u64(field, number_r) == 0;
}

static void
take_trait(struct slice word, struct dovecot_wire *wire)
{
	for (size_t i = 0; i < sizeof(traits) / sizeof(*traits); i++)
		if (slice_is(word, traits[i].word)) {
			wire->bad |= traits[i].bad;
			wire->good |= traits[i].good;
		}
}

static int
take_mech(struct slice rest, struct dovecot_wire *wire)
{
	struct slice	field;

	if (!get_field(&rest, &wire->name) ||
	    !sasl_options_is_name(wire->name))
		return -1;
	while (get_field(&rest, &field))
		take_trait(field, wire);
	return 0;
}

static int
take_result(struct slice rest, struct dovecot_wire *wire)
{
	struct slice	field;

	if (!get_number(&rest, &wire->number))
		return -1;
	while (get_field(&rest, &field)) {
		if (slice_has_prefix(field, "user="))
			wire->user = slice_after(field, 5);
		else if (slice_has_prefix(field, "reason="))
			wire->reason = slice_after(field, 7);
		else if (slice_is(field, "temp"))
			wire->is_temporary = true;
	}
	return 0;
}

int
dovecot_wire_parse(struct slice line, struct dovecot_wire *wire_r)
{
	struct slice	word;

	memset(wire_r, 0, sizeof(*wire_r));
	if (!get_field(&line, &word))
		return -1;
	wire_r->kind = kind_of(word);
	switch (wire_r->kind) {
	case DOVECOT_WIRE_VERSION:
		return get_number(&line, &wire_r->number) ? 0 : -1;
	case DOVECOT_WIRE_MECH:
		return take_mech(line, wire_r);
	case DOVECOT_WIRE_CONT:
		/* An empty challenge may be left out. */
		if (!get_number(&line, &wire_r->number))
			return -1;
		get_field(&line, &wire_r->data);
		return 0;
	case DOVECOT_WIRE_OK:
	case DOVECOT_WIRE_FAIL:
		return take_result(line, wire_r);
	default:
		return 0;
	}
}

bool
dovecot_wire_allows(const struct dovecot_wire *mech, unsigned options)
{
	unsigned	wanted = options & (SASL_OPTIONS_MUTUAL |
			    SASL_OPTIONS_FORWARD_SECRECY);

	return (mech->bad & options) == 0 && (mech->good & wanted) == wanted;
}

/* ---- what we say --------------------------------------------------------- */

void
dovecot_wire_put_hello(struct buf *into, long process)
{
	buf_printf(into, "VERSION\t1\t1\nCPID\t%ld\n", process);
}

/* What is in main.cf or in a certificate must not be another field. */
static void
put_field(struct buf *into, const char *name, const char *value)
{
	if (value[0] == '\0')
		return;
	buf_printf(into, "\t%s=", name);
	for (const char *p = value; *p != '\0'; p++)
		buf_put_u8(into, (unsigned char)*p < ' ' ? '?' :
		    (uint8_t)*p);
}

static int
end_line(struct buf *into, size_t start)
{
	if (into->len - start > DOVECOT_WIRE_LINE_LIMIT) {
		buf_truncate(into, start);
		return -1;
	}
	buf_put_u8(into, '\n');
	return 0;
}

int
dovecot_wire_put_begin(struct buf *into, uint32_t id, const char *service,
    const struct backend_attempt *attempt, struct slice response)
{
	size_t	start = into->len;

	buf_printf(into, "AUTH\t%u\t%s", id, attempt->mechanism);
	put_field(into, "service", service);
	/* No other process is to take the login over. */
	buf_put_str(into, "\tnologin");
	put_field(into, "lip", attempt->server);
	put_field(into, "rip", attempt->client);
	if (attempt->server_port != 0)
		buf_printf(into, "\tlport=%u", attempt->server_port);
	if (attempt->client_port != 0)
		buf_printf(into, "\trport=%u", attempt->client_port);
	if (attempt->has_tls)
		buf_put_str(into, "\tsecured");
	if (attempt->external[0] != '\0') {
		buf_put_str(into, "\tvalid-client-cert");
		put_field(into, "cert_username", attempt->external);
	}
	if (attempt->has_initial) {
		buf_put_str(into, "\tresp=");	/* the last one */
		base64_put(into, response);
	}
	return end_line(into, start);
}

int
dovecot_wire_put_answer(struct buf *into, uint32_t id, struct slice response)
{
	size_t	start = into->len;

	buf_printf(into, "CONT\t%u\t", id);
	base64_put(into, response);
	return end_line(into, start);
}
