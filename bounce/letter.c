/*
 * Letters.
 */

#include "bounce/letter.h"

#include "bounce/returner.h"
#include "mail/ipc.h"
#include "mail/peer.h"
#include "util/mem.h"

#define PEER_WAIT_MS	10000	/* for one that is being restarted */
#define LOOKUP_WAIT_MS	60000
#define COMMIT_WAIT_MS	300000
#define RCPT_LIMIT	1000	/* that one address leads to */

struct letter {
	struct letter_settings	 settings;
	struct returner		*returner;
	struct peer_wait	*wait;
	struct ipc		*ipc;		/* of call; borrowed */
	struct ipc_call		*call;
	struct buf		 rcpts;		/* as lookup has said them */
	size_t			 rcpt_count;
	bool			 is_written;
};

void
letter_free(struct letter **letterp)
{
	struct letter	*letter = *letterp;

	if (letter == NULL)
		return;
	*letterp = NULL;
	peer_wait_cancel(&letter->wait);
	/* Cleanup forgets what ends before its close with its call. */
	if (letter->call != NULL) {
		struct msg_mail_abort	m = { SLICE_LIT("canceled") };

		if (letter->ipc != NULL)
			ipc_send_mail_abort(letter->ipc,
			    ipc_call_id(letter->call), &m);
		ipc_cancel(&letter->call);
	}
	buf_clear(&letter->rcpts);
	mem_free(letter);
}

static void
end(struct letter *letter, bool ok, const char *why)
{
	letter->settings.done(ok, why, letter->settings.arg);
}

/* What refused it, in its words. */
static void
end_refused(struct letter *letter, uint32_t code, struct slice dsn,
    struct slice text)
{
	char	*why = mem_printf("%u %.*s %.*s", code, SLICE_ARG(dsn),
		    SLICE_ARG(text));

	ipc_cancel(&letter->call);
	letter->ipc = NULL;
	end(letter, code == 250, why);
	mem_free(why);
}

static void
end_lost(struct letter *letter, const char *why)
{
	letter->call = NULL;
	letter->ipc = NULL;
	end(letter, false, why);
}

/* ---- cleanup ------------------------------------------------------------- */

static void
send_content(struct letter *letter, uint64_t queue_id)
{
	struct buf		 content = BUF_INIT;
	uint32_t		 id = ipc_call_id(letter->call);
	struct slice		 rest;
	struct msg_mail_data	 data;
	struct msg_mail_close	 end_m;

	letter->is_written = true;
	letter->settings.write(queue_id, &content, letter->settings.arg);
	for (rest = buf_slice(&content); rest.len > 0;
	    rest = slice_after(rest, data.bytes.len)) {
		data.bytes = slice_first(rest, IPC_DATA_LIMIT);
		ipc_send_mail_data(letter->ipc, id, &data);
	}
	end_m.size = content.len;
	ipc_send_mail_close(letter->ipc, id, &end_m);
	buf_clear(&content);
}

static void
on_cleanup(struct ipc_call *call, uint16_t code, struct slice payload,
    void *arg)
{
	struct letter		*letter = arg;
	struct msg_mail_opened	 opened;
	struct msg_mail_done	 done;

	(void)call;
	if (code == IPC_CODE_mail_opened && !letter->is_written &&
	    ipc_parse_mail_opened(payload, &opened) == 0)
		send_content(letter, opened.queue_id);
	else if (code == IPC_CODE_mail_done &&
	    ipc_parse_mail_done(payload, &done) == 0)
		end_refused(letter, done.code, done.dsn, done.text);
	else if (code == 0)
		end_lost(letter, "cleanup gave no answer");
}

static void
send_rcpts(struct letter *letter)
{
	struct slice		 rest = buf_slice(&letter->rcpts);
	struct msg_mail_rcpt	 m = {
		.original = slice_str(letter->settings.recipient),
	};
	struct slice		*parts[] = { &m.address, &m.transport,
				    &m.nexthop };

	for (size_t n = 0; n < letter->rcpt_count; n++) {
		for (size_t i = 0; i < 3; i++) {
			uint32_t	len = 0;

			slice_get_u32(&rest, &len);
			slice_get_bytes(&rest, len, parts[i]);
		}
		ipc_send_mail_rcpt(letter->ipc, ipc_call_id(letter->call),
		    &m);
	}
}

static void
open_letter(struct ipc *ipc, void *arg)
{
	struct letter		*letter = arg;
	struct msg_mail_open	 m = {
		.sender = slice_str(letter->settings.sender),
		.flags = letter->settings.flags,
	};

	letter->wait = NULL;
	if (ipc == NULL) {
		end(letter, false, "cleanup is away");
		return;
	}
	letter->ipc = ipc;
	letter->call = ipc_call_new(ipc, on_cleanup, letter);
	ipc_call_deadline(letter->call, COMMIT_WAIT_MS);
	ipc_send_mail_open(ipc, ipc_call_id(letter->call), &m);
	send_rcpts(letter);
}

/* ---- lookup -------------------------------------------------------------- */

static void
put_part(struct buf *into, struct slice part)
{
	buf_put_u32(into, (uint32_t)part.len);
	buf_put_slice(into, part);
}

static void
take_rcpt(struct letter *letter, const struct msg_judge_rcpt *m)
{
	if (letter->rcpt_count == RCPT_LIMIT)
		return;
	letter->rcpt_count++;
	put_part(&letter->rcpts, m->address);
	put_part(&letter->rcpts, m->transport);
	put_part(&letter->rcpts, m->nexthop);
}

static void
take_answer(struct letter *letter, const struct msg_judged *m)
{
	if (m->code != 250 || letter->rcpt_count == 0) {
		end_refused(letter, m->code == 250 ? 451 : m->code, m->dsn,
		    m->text);
		return;
	}
	ipc_cancel(&letter->call);
	letter->wait = peer_wait_new(letter->returner->cleanup, PEER_WAIT_MS,
	    open_letter, letter);
}

static void
on_lookup(struct ipc_call *call, uint16_t code, struct slice payload,
    void *arg)
{
	struct letter		*letter = arg;
	struct msg_judge_rcpt	 rcpt;
	struct msg_judged	 judged;

	(void)call;
	/* Copies for others (recipient_bcc_maps) are not made of reports. */
	if (code == IPC_CODE_judge_rcpt &&
	    ipc_parse_judge_rcpt(payload, &rcpt) == 0)
		take_rcpt(letter, &rcpt);
	else if (code == IPC_CODE_judged &&
	    ipc_parse_judged(payload, &judged) == 0)
		take_answer(letter, &judged);
	else if (code == 0)
		end_lost(letter, "lookup gave no answer");
}

static void
ask_lookup(struct ipc *ipc, void *arg)
{
	struct letter	*letter = arg;
	struct msg_lead	 m = {
		.sender = slice_str(letter->settings.sender),
		.recipient = slice_str(letter->settings.recipient),
	};

	letter->wait = NULL;
	if (ipc == NULL) {
		end(letter, false, "lookup is away");
		return;
	}
	letter->call = ipc_call_new(ipc, on_lookup, letter);
	ipc_call_deadline(letter->call, LOOKUP_WAIT_MS);
	ipc_send_lead(ipc, ipc_call_id(letter->call), &m);
}

struct letter *
letter_new(struct returner *returner, const struct letter_settings *settings)
{
	struct letter	*letter = mem_new(sizeof(*letter));

	letter->settings = *settings;
	letter->returner = returner;
	letter->wait = peer_wait_new(returner->lookup, PEER_WAIT_MS,
	    ask_lookup, letter);
	return letter;
}
