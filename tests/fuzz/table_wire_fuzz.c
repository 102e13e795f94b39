/*
 * What a server of tcp: or socketmap: may answer.  The first byte says
 * which of them.
 */

#include <stdint.h>

#include "mail/table_wire.h"
#include "util/log.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* More bytes never make another reply of those that were one. */
static void
check_prefixes(table_wire_get_fn get, struct slice all, int got,
    struct slice reply)
{
	for (size_t len = 0; len < all.len && len < 300; len++) {
		struct slice	part = slice_first(all, len), found;
		int		early = get(&part, &found);

		if (early != 0 && (early != got ||
		    (got > 0 && !slice_equal(found, reply))))
			log_panic("%zu bytes are another reply", len);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf		value = BUF_INIT;
	struct slice		all, rest, reply = { NULL, 0 };
	table_wire_get_fn	get;
	int			got;

	if (size == 0)
		return 0;
	all = rest = slice_from(data + 1, size - 1);
	get = data[0] % 2 == 0 ? table_wire_get_line :
	    table_wire_get_netstring;
	got = get(&rest, &reply);
	check_prefixes(get, all, got, reply);
	if (got > 0)
		(void)(data[0] % 2 == 0 ? table_wire_answer_line :
		    table_wire_answer_netstring)(reply, &value);
	buf_clear(&value);
	return 0;
}
