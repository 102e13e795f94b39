/*
 * Addresses in headers.
 */

#include "mail/letterhead.h"

#include <string.h>

#include "mail/address_list.h"
#include "mail/header.h"
#include "mail/ipc.h"
#include "util/mem.h"

static const struct {
	const char	*name;
	unsigned	 place;
} fields[] = {
	{ "From", PLACE_HEADER_SENDER },
	{ "Reply-To", PLACE_HEADER_SENDER },
	{ "Sender", PLACE_HEADER_SENDER },
	{ "Errors-To", PLACE_HEADER_SENDER },
	{ "Return-Receipt-To", PLACE_HEADER_SENDER },
	{ "Disposition-Notification-To", PLACE_HEADER_SENDER },
	{ "To", PLACE_HEADER_RECIPIENT },
	{ "Cc", PLACE_HEADER_RECIPIENT },
	{ "Bcc", PLACE_HEADER_RECIPIENT },
	{ "Apparently-To", PLACE_HEADER_RECIPIENT },
	{ "Mail-Followup-To", PLACE_HEADER_RECIPIENT },
	{ "Resent-From", PLACE_HEADER_SENDER },
	{ "Resent-Reply-To", PLACE_HEADER_SENDER },
	{ "Resent-Sender", PLACE_HEADER_SENDER },
	{ "Resent-To", PLACE_HEADER_RECIPIENT },
	{ "Resent-Cc", PLACE_HEADER_RECIPIENT },
	{ "Resent-Bcc", PLACE_HEADER_RECIPIENT },
};

void
letterhead_clear(struct letterhead *head)
{
	for (size_t i = 0; i < head->count; i++) {
		mem_free(head->items[i].address);
		mem_free(head->items[i].wanted);
	}
	mem_free(head->items);
	buf_clear(&head->text);
	*head = (struct letterhead){ .text = BUF_INIT };
}

static bool
is_continuation(struct slice line)
{
	return line.len > 0 && (line.data[0] == ' ' || line.data[0] == '\t');
}

bool
letterhead_put(struct letterhead *head, struct slice bytes)
{
	size_t	len;

	buf_put_slice(&head->text, bytes);
	while (!head->is_complete) {
		struct slice	rest = slice_after(buf_slice(&head->text),
				    head->looked);

		if ((len = header_line_len(rest)) == 0)
			break;
		/* RFC 5322 section 2.1: an empty line, or what is no field. */
		if (!is_continuation(rest) &&
		    header_name_len(slice_first(rest, len)) == 0)
			head->is_complete = true;
		else
			head->looked += len;
	}
	if (head->text.len > LETTERHEAD_LIMIT)
		head->is_complete = true;
	return head->is_complete;
}

/* ---- addresses ----------------------------------------------------------- */

static void
add(struct letterhead *head, struct letterhead_item item)
{
	size_t	n = head->count;

	if ((n & (n - 1)) == 0)
		head->items = mem_resize(head->items,
		    (n == 0 ? 1 : n * 2) * sizeof(*head->items));
	head->items[head->count++] = item;
}

/* The addresses of a field, which begins at start. */
static void
read_field(struct letterhead *head, struct slice field, size_t start,
    unsigned place)
{
	size_t			colon = (size_t)slice_find(field, ':') + 1;
	struct address_list	list;
	struct buf		address = BUF_INIT;
	int			got;

	address_list_init(&list, slice_after(field, colon));
	while (head->count < LETTERHEAD_ADDRESSES &&
	    (got = address_list_get(&list, &address)) != 0) {
		struct letterhead_item	item = {
			.start = start + colon + list.start,
			.end = start + colon + list.end,
			.place = place,
		};

		if (got > 0) {
			item.address = slice_dup(buf_slice(&address));
			add(head, item);
		}
		buf_empty(&address);
	}
	buf_clear(&address);
}

/* A line and those that go on with it. */
static size_t
field_len(struct slice s)
{
	size_t	len = header_line_len(s);

	while (is_continuation(slice_after(s, len))) {
		size_t	more = header_line_len(slice_after(s, len));

		if (more == 0)
			break;
		len += more;
	}
	return len;
}

void
letterhead_read(struct letterhead *head)
{
	/* Up to here all lines are whole, and fields. */
	struct slice	text = slice_first(buf_slice(&head->text),
			    head->looked);
	size_t		at = 0, len;

	for (; (len = field_len(slice_after(text, at))) > 0; at += len) {
		struct slice	field = slice_first(slice_after(text, at),
				    len);

		for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
			if (header_is(field, fields[i].name)) {
				read_field(head, field, at,
				    fields[i].place);
				break;
			}
	}
}

void
letterhead_format(const struct letterhead *head, struct buf *into)
{
	struct slice	text = buf_slice(&head->text);
	size_t		at = 0;

	for (size_t i = 0; i < head->count; i++) {
		const struct letterhead_item	*item = &head->items[i];

		if (item->wanted == NULL ||
		    strcmp(item->wanted, item->address) == 0)
			continue;
		buf_put_slice(into, slice_after(slice_first(text,
		    item->start), at));
		buf_put_str(into, item->wanted);
		at = item->end;
	}
	buf_put_slice(into, slice_after(text, at));
}
