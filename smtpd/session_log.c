/*
 * How sessions begin and end, in the log.
 */

#include "smtpd/session_log.h"

#include <stdio.h>
#include <string.h>

#include "smtpd/transaction.h"
#include "smtpd/verb.h"
#include "util/ascii.h"
#include "util/buf.h"
#include "util/log.h"

void
session_log_begin(struct session *s)
{
	char	client[SESSION_CLIENT_SIZE];

	if (s->is_announced)
		return;
	s->is_announced = true;
	log_info("connect from %s", session_client(s, client));
}

void
session_log_loss(const struct session *s, const char *what)
{
	char	client[SESSION_CLIENT_SIZE], id[TRANSACTION_ID_SIZE];
	char	bytes[48] = "";
	bool	has_ended = strcmp(s->last, SESSION_END_OF_MESSAGE) == 0;
	const struct transaction *txn = s->txn != NULL || !has_ended ?
	    s->txn : s->closing;

	/* Leaving without QUIT when all is said is rude, but no loss. */
	if (s->state == STATE_END || (has_ended && txn == NULL &&
	    strcmp(what, "lost connection") == 0))
		return;
	if (session_is_in_content(s) && txn != NULL && !has_ended)
		snprintf(bytes, sizeof(bytes), " (%llu bytes)",
		    (unsigned long long)txn->sent + txn->chunk.len);
	log_info("%s%s%s after %s%s from %s",
	    txn == NULL ? "" : transaction_id(txn, id),
	    txn == NULL ? "" : ": ", what,
	    s->last, bytes,
	    session_client(s, client));
}

static void
put_count(struct buf *line, const char *name, unsigned good, unsigned total)
{
	buf_printf(line, " %s=%u", name, good);
	if (good != total)
		buf_printf(line, "/%u", total);
}

void
session_log_end(const struct session *s)
{
	char		 client[SESSION_CLIENT_SIZE];
	unsigned	 good = 0, total = s->unknown_count;
	struct buf	 line = BUF_INIT;

	buf_printf(&line, "disconnect from %s", session_client(s, client));
	for (size_t i = 0; verb_table()[i].name != NULL; i++) {
		char	name[12] = "";

		if (s->total[i] == 0)
			continue;
		for (size_t j = 0; verb_table()[i].name[j] != '\0'; j++)
			name[j] = (char)ascii_lower(verb_table()[i].name[j]);
		put_count(&line, name, s->good[i], s->total[i]);
		good += s->good[i];
		total += s->total[i];
	}
	if (s->unknown_count > 0)
		put_count(&line, "unknown", 0, s->unknown_count);
	/* Without any command 0/0: log readers look for the slash. */
	if (total > 0)
		put_count(&line, "commands", good, total);
	else
		buf_put_str(&line, " commands=0/0");
	if (s->has_bare_lf)
		buf_put_str(&line, " notes=bare_lf");
	log_info("%s", buf_cstr(&line));
	buf_clear(&line);
}
