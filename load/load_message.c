/*
 * Addresses and heads of a load generator.
 */

#include "load/load_message.h"

#include "load/load_client.h"
#include "load/load_text.h"

void
load_message_put_address(const struct load_run *run, struct buf *out,
    const char *pattern, uint64_t message, uint64_t recipient)
{
	uint64_t			 many = run->recipients;
	struct load_text_numbers	 numbers = {
		.message = message,
		.recipient = recipient,
		/* With one recipient, the message's own number. */
		.running = many == 1 ? message : message * many + recipient,
	};

	numbers.domain = numbers.running % run->domains;
	(void)load_text_address(pattern, &numbers, out);
}

void
load_message_make_head(struct load_run *run, uint64_t message)
{
	unsigned long long	number = message;
	struct buf		*head = &run->head;

	buf_empty(head);
	buf_put_slice(head, buf_slice(&run->head_start));
	buf_printf(head, "Message-ID: <%s.%llu@ternsource.example>\r\n",
	    run->id, number);
	if (run->has_numbers)
		buf_printf(head, "X-Tern-Run: %s\r\nX-Tern-Number: %llu\r\n",
		    run->id, number);
	buf_put_str(head, "\r\n");
}
