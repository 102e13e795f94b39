/*
 * Whatever stands where Dovecot's auth service is thought to be.  What must
 * hold: nothing that was taken from a line lies outside of it.
 */

#include <stdint.h>

#include "auth/dovecot_wire.h"
#include "util/log.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_inside(struct slice line, struct slice part)
{
	if (part.len > 0 && (part.data < line.data ||
	    part.data + part.len > line.data + line.len))
		log_panic("a part lies outside of its line");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice		rest = slice_from(data, size), line;
	struct dovecot_wire	wire;

	while (slice_get_word(&rest, "\n", &line) == 0) {
		if (dovecot_wire_parse(line, &wire) < 0)
			continue;
		check_inside(line, wire.name);
		check_inside(line, wire.data);
		check_inside(line, wire.user);
		check_inside(line, wire.reason);
		if (wire.kind == DOVECOT_WIRE_MECH && wire.name.len == 0)
			log_panic("a mechanism without a name");
		(void)dovecot_wire_allows(&wire, ~0u);
	}
	return 0;
}
