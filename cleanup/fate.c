/*
 * The fate of a message.
 */

#include "cleanup/fate.h"

#include <string.h>

#include "mail/address.h"
#include "mail/header.h"
#include "util/ascii.h"
#include "util/mem.h"

#define BCC_LIMIT	100	/* addresses */
#define FRONT_LIMIT	65536	/* bytes */
#define PIECE_COST	32	/* an allocation, beside its bytes */

void
fate_clear(struct fate *fate)
{
	for (size_t i = 0; i < fate->bcc_count; i++)
		mem_free(fate->bccs[i]);
	mem_free(fate->bccs);
	mem_free(fate->reason);
	mem_free(fate->filter);
	mem_free(fate->redirect);
	buf_clear(&fate->front);
	memset(fate, 0, sizeof(*fate));
}

static size_t
text_size(const char *text)
{
	return text == NULL ? 0 : strlen(text) + PIECE_COST;
}

size_t
fate_size(const struct fate *fate)
{
	size_t	size = fate->front.cap + text_size(fate->reason) +
		    text_size(fate->filter) + text_size(fate->redirect);

	for (size_t i = 0; i < fate->bcc_count; i++)
		size += sizeof(char *) + text_size(fate->bccs[i]);
	return size;
}

/* The caller frees; NULL: text is no address. */
static char *
get_address(struct slice text)
{
	struct buf	 address = BUF_INIT;
	const char	*why;
	char		*result = NULL;

	if (address_parse_path(&text, ADDRESS_UTF8, &address, &why) == 0 &&
	    text.len == 0 && address_domain(buf_slice(&address)).len > 0)
		result = slice_dup(buf_slice(&address));
	buf_clear(&address);
	return result;
}

static bool
is_address(struct slice text)
{
	char	*address = get_address(text);
	bool	 is_one = address != NULL;

	mem_free(address);
	return is_one;
}

/* One field on one line, with nothing in it that could end the line. */
static bool
is_header(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] != '\t' && (text.data[i] < ' ' ||
		    text.data[i] == 0x7f))
			return false;
	return header_name_len(text) > 0;
}

int
fate_check(enum judge_action kind, struct slice text, const char **why_r)
{
	switch (kind) {
	case JUDGE_HOLD:
	case JUDGE_DISCARD:
		return 0;
	case JUDGE_FILTER:
		*why_r = "need transport:destination";
		return slice_find(text, ':') > 0 ? 0 : -1;
	case JUDGE_REDIRECT:
	case JUDGE_BCC:
		*why_r = "need user@domain";
		return is_address(text) ? 0 : -1;
	case JUDGE_PREPEND:
		*why_r = "need \"headername: headervalue\"";
		return is_header(text) ? 0 : -1;
	}
	*why_r = "unknown action";
	return -1;
}

static void
set(char **textp, struct slice text)
{
	mem_free(*textp);
	*textp = slice_dup(text);
}

static bool
has_bcc(const struct fate *fate, const char *address)
{
	for (size_t i = 0; i < fate->bcc_count; i++)
		if (strcmp(address, fate->bccs[i]) == 0)
			return true;
	return false;
}

static int
add_bcc(struct fate *fate, struct slice text, const char **why_r)
{
	char	*address = get_address(text);

	if (has_bcc(fate, address)) {
		mem_free(address);
		return 0;
	}
	*why_r = "too many of them";
	if (fate->bcc_count == BCC_LIMIT) {
		mem_free(address);
		return -1;
	}
	fate->bccs = mem_resize(fate->bccs,
	    (fate->bcc_count + 1) * sizeof(*fate->bccs));
	fate->bccs[fate->bcc_count++] = address;
	return 0;
}

static int
add_front(struct fate *fate, struct slice text, const char **why_r)
{
	*why_r = "too many of them";
	if (fate->front.len + text.len > FRONT_LIMIT)
		return -1;
	buf_put_slice(&fate->front, text);
	buf_put_str(&fate->front, "\r\n");
	return 0;
}

int
fate_add(struct fate *fate, enum judge_action kind, struct slice text,
    const char **why_r)
{
	text = slice_trim(text);
	if (fate_check(kind, text, why_r) < 0)
		return -1;
	switch (kind) {
	case JUDGE_HOLD:
		if (!fate->is_held)
			set(&fate->reason, text.len > 0 ? text :
			    SLICE_LIT("a rule wants it held"));
		fate->is_held = true;
		break;
	case JUDGE_DISCARD:
		fate->is_discarded = true;
		break;
	case JUDGE_FILTER:
		set(&fate->filter, text);
		break;
	case JUDGE_REDIRECT:
		mem_free(fate->redirect);
		fate->redirect = get_address(text);
		break;
	case JUDGE_BCC:
		return add_bcc(fate, text, why_r);
	case JUDGE_PREPEND:
		return add_front(fate, text, why_r);
	}
	return 0;
}
