/*
 * Records of the queue's database, as a damaged disk may give them.
 */

#include <stdint.h>
#include <string.h>

#include "qmgr/record.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
try_message(struct slice value)
{
	struct record_message	 record;
	struct store_recipient	 recipient;
	const char		*why;
	struct slice		 rest;

	memset(&record, 0, sizeof(record));
	if (record_parse_message(value, &record, &why) < 0)
		return;
	rest = record.recipients;
	while (rest.len > 0 && record_get_inline(&rest, &recipient) == 0)
		;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store_recipient	 recipient;
	struct store_due	 due;
	struct slice		 value, bytes;
	const char		*why;
	uint64_t		 number;
	uint32_t		 part;

	if (size == 0)
		return 0;
	value = slice_from(data + 1, size - 1);
	switch (data[0] % 7) {
	case 0:
		try_message(value);
		break;
	case 1:
		(void)record_parse_recipient(value, &recipient, &why);
		break;
	case 2:
		(void)record_parse_chunk(value, &bytes, &why);
		break;
	case 3:
		(void)record_parse_number(value, &number);
		break;
	case 4:
		(void)record_parse_part(value, &number, &part);
		break;
	case 5:
		(void)record_parse_due(value, &due);
		break;
	default:
		(void)record_parse_arriving(value, &number);
	}
	return 0;
}
