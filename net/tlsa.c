/*
 * TLSA records.
 */

#include "net/tlsa.h"

#include "util/ascii.h"
#include "util/base64.h"
#include "util/buf.h"
#include "util/mem.h"

/* RFC 6698 section 7 */
#define USAGE_TA	2
#define USAGE_EE	3
#define SELECTOR_CERT	0
#define SELECTOR_KEY	1
#define MATCHING_FULL	0
#define MATCHING_256	1
#define MATCHING_512	2

#define BEGIN		"-----BEGIN "
#define END		"-----END "

void
tlsa_clear(struct tlsa *tlsa)
{
	for (size_t i = 0; i < tlsa->count; i++)
		mem_free((void *)tlsa->records[i].data.data);
	mem_free(tlsa->records);
	*tlsa = (struct tlsa){ .count = 0 };
}

static void
add(struct tlsa *tlsa, uint8_t usage, uint8_t selector, uint8_t matching,
    struct slice data)
{
	struct tls_tlsa	*record;

	tlsa->records = mem_resize(tlsa->records,
	    (tlsa->count + 1) * sizeof(*record));
	record = &tlsa->records[tlsa->count++];
	record->usage = usage;
	record->selector = selector;
	record->matching = matching;
	record->data = slice_from(mem_copy(data.data, data.len), data.len);
}

/*
 * RFC 7672 section 3.1.3: 0 and 1, which need a CA besides, are of no use
 * between servers for mail.
 */
void
tlsa_add(struct tlsa *tlsa, struct slice record)
{
	uint8_t	usage, selector, matching;

	if (slice_get_u8(&record, &usage) < 0 ||
	    slice_get_u8(&record, &selector) < 0 ||
	    slice_get_u8(&record, &matching) < 0 || record.len == 0 ||
	    (usage != USAGE_TA && usage != USAGE_EE) ||
	    selector > SELECTOR_KEY || matching > MATCHING_512 ||
	    (matching == MATCHING_256 && record.len != 32) ||
	    (matching == MATCHING_512 && record.len != 64))
		return;
	add(tlsa, usage, selector, matching, record);
}

/* ---- files --------------------------------------------------------------- */

/* The lines up to the end of one block, without white space. */
static bool
get_block(struct slice *pem, struct buf *text)
{
	struct slice	line;

	while (slice_get_word(pem, "\r\n", &line) == 0) {
		if (slice_has_prefix(line, END))
			return true;
		for (size_t i = 0; i < line.len; i++)
			if (!ascii_is_space(line.data[i]))
				buf_put_u8(text, line.data[i]);
	}
	return false;
}

static int
add_block(struct tlsa *tlsa, struct slice *pem, uint8_t selector)
{
	struct buf	text = BUF_INIT, der = BUF_INIT;
	int		result = -1;

	if (get_block(pem, &text) &&
	    base64_get(&der, buf_slice(&text)) == 0 && der.len > 0) {
		add(tlsa, USAGE_TA, selector, MATCHING_FULL,
		    buf_slice(&der));
		result = 0;
	}
	buf_clear(&text);
	buf_clear(&der);
	return result;
}

int
tlsa_add_pem(struct tlsa *tlsa, struct slice pem)
{
	size_t		before = tlsa->count;
	struct slice	line;

	while (slice_get_word(&pem, "\r\n", &line) == 0) {
		struct slice	kind;

		if (!slice_has_prefix(line, BEGIN))
			continue;
		kind = slice_trim(slice_after(line, sizeof(BEGIN) - 1));
		if ((slice_is(kind, "CERTIFICATE-----") &&
		    add_block(tlsa, &pem, SELECTOR_CERT) < 0) ||
		    (slice_is(kind, "PUBLIC KEY-----") &&
		    add_block(tlsa, &pem, SELECTOR_KEY) < 0))
			return -1;
	}
	return tlsa->count > before ? 0 : -1;
}
