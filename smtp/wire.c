/*
 * What the exchanges of a dialogue share.
 */

#include "smtp/wire.h"

#include <stdio.h>
#include <string.h>

#include "util/buf.h"
#include "util/mem.h"

void
wire_clear(struct wire *wire)
{
	answer_clear(&wire->answer);
	awaited_clear(&wire->awaited);
	mem_free(wire->peer);
	mem_free(wire->relay);
	mem_free(wire->reason);
	mem_free(wire->discard);
	memset(wire, 0, sizeof(*wire));
}

void
wire_await(struct wire *wire, enum awaited_kind kind,
    struct exchange *exchange, size_t recipient)
{
	struct awaited_item	item = { kind, exchange, recipient };

	awaited_put(&wire->awaited, item);
	wire->turn++;
	wire->commands++;
}

bool
wire_may_send(const struct wire *wire)
{
	return wire->awaited.count == 0 || wire->offer.has_pipelining;
}

void
wire_break(struct wire *wire, const char *dsn, bool is_permanent,
    char *reason)
{
	if (wire->is_broken) {
		mem_free(reason);
		return;
	}
	wire->is_broken = true;
	wire->reason = reason;
	wire->fault.reason = reason;
	wire->fault.is_permanent = is_permanent;
	snprintf(wire->fault.dsn, sizeof(wire->fault.dsn), "%s", dsn);
}

void
wire_break_step(struct wire *wire)
{
	if (!wire->is_broken && wire->awaited.count > 0 &&
	    wire->offer.has_pipelining)
		wire->fault.blame = DIALOGUE_PIPELINING;
	wire_break(wire, "4.5.0", false, mem_printf("host %s said: %s "
	    "(unexpected reply)", wire->peer,
	    buf_cstr(&wire->answer.text)));
}

char *
wire_said(struct wire *wire, enum awaited_kind kind)
{
	return mem_printf("host %s said: %s (in reply to %s)", wire->peer,
	    buf_cstr(&wire->answer.text),
	    awaited_command(kind));
}
