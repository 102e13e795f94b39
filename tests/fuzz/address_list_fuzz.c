/*
 * Lists of addresses, as header fields and tables have them.
 */

#include <stdint.h>
#include <stdlib.h>

#include "mail/address.h"
#include "mail/address_list.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct address_list	list;
	struct buf		address = BUF_INIT;
	size_t			before = 0;
	int			got;

	address_list_init(&list, slice_from(data, size));
	while ((got = address_list_get(&list, &address)) != 0) {
		if (list.at <= before && list.at < size)
			abort();
		before = list.at;
		if (got > 0 && (list.start >= list.end || list.end > size ||
		    address.len == 0 || address.len > 2 * ADDRESS_LIMIT + 3))
			abort();
		buf_empty(&address);
	}
	buf_clear(&address);
	return 0;
}
