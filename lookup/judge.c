/*
 * Judging.
 */

#include "lookup/judge.h"

#include <string.h>

#include "conf/conf.h"
#include "lookup/profile.h"
#include "lookup/resolve.h"
#include "lookup/verdict.h"
#include "mail/address.h"
#include "mail/ipc.h"
#include "util/mem.h"

/* Every str of a judge message. */
static struct slice *
text_of(struct msg_judge *m, size_t i)
{
	struct slice	*texts[] = {
		&m->client_addr, &m->client_name, &m->reverse_name,
		&m->server_addr, &m->instance, &m->proto, &m->helo,
		&m->sender, &m->recipient, &m->queue_id, &m->sasl_method,
		&m->sasl_username, &m->sasl_sender,
	};

	return i < sizeof(texts) / sizeof(*texts) ? texts[i] : NULL;
}

void
judge_init(struct judge_question *question, const struct msg_judge *m)
{
	struct slice	*text;

	memset(question, 0, sizeof(*question));
	question->m = mem_copy(m, sizeof(*m));
	for (size_t i = 0; (text = text_of(question->m, i)) != NULL; i++)
		buf_put_slice(&question->text, *text);
	for (size_t i = 0, at = 0;
	    (text = text_of(question->m, i)) != NULL; i++) {
		*text = slice_first(slice_after(buf_slice(&question->text),
		    at), text->len);
		at += text->len;
	}
	question->has_client = addr_parse_ip(question->m->client_addr,
	    (uint16_t)m->client_port, &question->client) == 0;
}

void
judge_clear(struct judge_question *question)
{
	mem_free(question->m);
	buf_clear(&question->text);
}

static bool
is_relay_domain(const struct profile *profile, struct slice domain)
{
	struct slice	list = slice_str(profile->conf->relay_domains), word;

	while (slice_get_word(&list, ", \t\r\n", &word) == 0)
		if (address_domain_matches(domain, word, true))
			return true;
	return false;
}

/*
 * Only mynetworks may send anywhere; everybody may send to relay_domains.
 * What could name another destination inside the local part is no
 * address of a relay domain (open relay by percent hack and the like).
 */
static bool
may_relay(const struct profile *profile,
    const struct judge_question *question)
{
	struct slice	local = address_local(question->m->recipient);

	if (question->has_client &&
	    nets_has(&profile->networks, &question->client))
		return true;
	if (slice_find(local, '@') >= 0 || slice_find(local, '%') >= 0 ||
	    slice_find(local, '!') >= 0)
		return false;
	return is_relay_domain(profile,
	    address_domain(question->m->recipient));
}

void
judge_run(const struct profile *profile,
    const struct judge_question *question, struct verdict *verdict)
{
	struct slice	recipient = question->m->recipient;

	if (question->m->stage != JUDGE_RCPT)
		return;
	if (!may_relay(profile, question)) {
		verdict_refuse(verdict, 554, "5.7.1",
		    "<%.*s>: Relay access denied", SLICE_ARG(recipient));
		return;
	}
	resolve_recipient(profile->conf, recipient, verdict);
}
