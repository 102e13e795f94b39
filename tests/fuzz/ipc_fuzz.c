/*
 * Frames between the programs: any payload, by every decoder.
 */

#include <stdint.h>
#include <stdlib.h>

#include "mail/ipc.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Read every byte of a field, so that the sanitizer sees where it lies. */
static unsigned	sum;

static void
touch(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		sum += s.data[i];
}

#define touch_u32(value)	((void)(value))
#define touch_u64(value)	((void)(value))
#define touch_str(value)	touch(value)
#define touch_bytes(value)	touch(value)

#define MSG(name, code, from, to, text)					\
	static void							\
	try_##name(struct slice payload)				\
	{								\
		struct msg_##name	m;				\
									\
		if (ipc_parse_##name(payload, &m) < 0)			\
			return;
#define REPLY(name, code, from, to, text) MSG(name, code, from, to, text)
#define FIELD(type, name, text)	touch_##type(m.name);
#define END(name)		}
#include "mail/ipc.def"

#define MSG(name, code, from, to, text)		{ code, try_##name },
#define REPLY(name, code, from, to, text)	{ code, try_##name },
static const struct {
	uint16_t	  code;
	void		(*run)(struct slice payload);
} decoders[] = {
#include "mail/ipc.def"
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t	count = sizeof(decoders) / sizeof(*decoders);

	if (size == 0)
		return 0;
	decoders[data[0] % count].run(slice_from(data + 1, size - 1));
	return 0;
}
