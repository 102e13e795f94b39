/*
 * Messages to the queue manager.
 */

#include "cleanup/deposit.h"

#include "cleanup/cleaner.h"
#include "cleanup/fate.h"
#include "cleanup/recipients.h"
#include "util/log.h"
#include "util/mem.h"

void
deposit_clear(struct deposit *deposit)
{
	ipc_cancel(&deposit->call);
	if (deposit->held.len > 0)
		deposit->settings.cleaner->held_bytes -= deposit->held.len;
	buf_clear(&deposit->held);
	deposit->is_held = false;
}

void
deposit_withdraw(struct deposit *deposit, const char *reason)
{
	struct msg_queue_abort	abort = { slice_str(reason) };

	if (deposit->call != NULL)
		ipc_send_queue_abort(deposit->queue,
		    ipc_call_id(deposit->call), &abort);
	deposit_clear(deposit);
}

static void
on_reply(struct ipc_call *call, uint16_t code, struct slice payload,
    void *arg)
{
	struct deposit		*deposit = arg;
	struct msg_queue_done	 done;
	char			*dsn, *text;

	(void)call;
	if (code == 0) {
		deposit->call = NULL;
		deposit->settings.fn(deposit->settings.arg, 451, "4.3.0",
		    "Error: queue file write error");
		return;
	}
	if (code != IPC_CODE_queue_done ||
	    ipc_parse_queue_done(payload, &done) < 0) {
		log_warn("unexpected reply %#x from qmgr", code);
		return;
	}
	dsn = slice_dup(done.dsn);
	text = slice_dup(done.text);
	deposit->settings.fn(deposit->settings.arg, done.code, dsn, text);
	mem_free(dsn);
	mem_free(text);
}

void
deposit_put(struct deposit *deposit, struct slice bytes)
{
	struct msg_queue_data	data;

	deposit->is_eight_bit = deposit->is_eight_bit ||
	    !slice_is_ascii(bytes);
	if (deposit->is_held) {
		buf_put_slice(&deposit->held, bytes);
		deposit->settings.cleaner->held_bytes += bytes.len;
		return;
	}
	while (bytes.len > 0 && deposit->call != NULL) {
		data.bytes = slice_first(bytes, IPC_DATA_LIMIT);
		bytes = slice_after(bytes, data.bytes.len);
		deposit->sent += data.bytes.len;
		ipc_send_queue_data(deposit->queue,
		    ipc_call_id(deposit->call), &data);
	}
}

static void
send_fate(struct deposit *deposit)
{
	const struct fate	*fate = deposit->settings.fate;
	struct msg_queue_fate	 m = {
		.held = fate->is_held,
		.reason = slice_str(fate->reason),
		/* Who redirects it says where to. */
		.filter = slice_str(fate->redirect != NULL ? NULL :
		    fate->filter),
	};

	if (m.held || m.filter.len > 0)
		ipc_send_queue_fate(deposit->queue,
		    ipc_call_id(deposit->call), &m);
}

static void
send_close(struct deposit *deposit)
{
	const struct deposit_settings	*settings = &deposit->settings;
	uint32_t			 id = ipc_call_id(deposit->call);
	struct msg_queue_close	close = {
		.size = deposit->sent,
		/* Not every client says what RFC 6152 asks it to say. */
		.flags = deposit->is_eight_bit ? MAIL_EIGHT_BIT : 0,
	};

	recipients_send(settings->recipients, deposit->queue, id);
	recipients_clear(settings->recipients);
	send_fate(deposit);
	ipc_send_queue_close(deposit->queue, id, &close);
}

void
deposit_close(struct deposit *deposit)
{
	deposit->is_closed = true;
	if (deposit->call != NULL)
		send_close(deposit);
}

int
deposit_release(struct deposit *deposit)
{
	struct cleaner	*cleaner = deposit->settings.cleaner;
	struct buf	 held = deposit->held;

	deposit->is_held = false;
	deposit->held = (struct buf)BUF_INIT;
	cleaner->held_bytes -= held.len;
	deposit->queue = cleaner_queue(cleaner);
	if (deposit->queue != NULL) {
		deposit->call = ipc_call_new(deposit->queue, on_reply,
		    deposit);
		ipc_send_queue_open(deposit->queue,
		    ipc_call_id(deposit->call),
		    &deposit->settings.envelope);
		deposit_put(deposit, buf_slice(&held));
		if (deposit->is_closed)
			send_close(deposit);
	}
	buf_clear(&held);
	return deposit->queue == NULL ? -1 : 0;
}

int
deposit_start(struct deposit *deposit,
    const struct deposit_settings *settings)
{
	const struct cleaner	*cleaner = settings->cleaner;

	deposit->settings = *settings;
	deposit->is_held = true;
	if (cleaner_queue(cleaner) == NULL && cleaner_may_wait(cleaner))
		return 0;
	return deposit_release(deposit);
}
