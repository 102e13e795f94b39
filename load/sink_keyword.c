/*
 * Keywords of the test server.
 */

#include "load/sink_keyword.h"

#include "load/sink_session.h"

void
sink_keyword_put(const struct sink_run *run, bool is_secured,
    struct buf *text)
{
	buf_put_str(text, "250-ternsink\r\n");
	if (run->has_pipelining)
		buf_put_str(text, "250-PIPELINING\r\n");
	if (run->has_chunking)
		buf_put_str(text, "250-CHUNKING\r\n");
	if (run->has_pipeconnect)
		buf_put_str(text, "250-PIPECONNECT\r\n");
	if (run->has_8bitmime)
		buf_put_str(text, "250-8BITMIME\r\n250-SMTPUTF8\r\n");
	if (run->has_enhanced)
		buf_put_str(text, "250-ENHANCEDSTATUSCODES\r\n");
	if (run->tls != NULL && !is_secured)
		buf_put_str(text, "250-STARTTLS\r\n");
	if (run->size > 0)
		buf_printf(text, "250-SIZE %llu\r\n",
		    (unsigned long long)run->size);
	buf_put_str(text, "250 DSN");
}
