/*
 * Questions about addresses.
 */

#include "mail/wording.h"

#include <string.h>

#include "mail/ipc.h"
#include "mail/peer.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"

#define PEER_WAIT_MS	10000	/* for a lookup that is restarting */
#define ANSWER_WAIT_MS	240000
#define FRAME_SIZE	16384	/* bytes of addresses, or a little more */

struct item {
	unsigned	 place;
	char		*address;	/* as it was, then as it is to be */
};

struct wording {
	struct peer		*lookup;	/* borrowed */
	wording_fn		 fn;
	void			*arg;
	struct item		*items;
	size_t			 count;
	size_t			 asked;		/* of them, up to now */
	size_t			 answered;
	struct ipc_call		*call;
	struct peer_wait	*wait;
};

static void	ask(struct wording *);

struct wording *
wording_new(struct peer *lookup, wording_fn fn, void *arg)
{
	struct wording	*wording = mem_new(sizeof(*wording));

	wording->lookup = lookup;
	wording->fn = fn;
	wording->arg = arg;
	return wording;
}

void
wording_free(struct wording **wordingp)
{
	struct wording	*wording = *wordingp;

	if (wording == NULL)
		return;
	*wordingp = NULL;
	ipc_cancel(&wording->call);
	peer_wait_cancel(&wording->wait);
	for (size_t i = 0; i < wording->count; i++)
		mem_free(wording->items[i].address);
	mem_free(wording->items);
	mem_free(wording);
}

void
wording_add(struct wording *wording, unsigned place, const char *address)
{
	size_t	n = wording->count;

	if ((n & (n - 1)) == 0)
		wording->items = mem_resize(wording->items,
		    (n == 0 ? 1 : n * 2) * sizeof(*wording->items));
	wording->items[wording->count++] = (struct item){
		place, mem_strdup(address),
	};
}

size_t
wording_count(const struct wording *wording)
{
	return wording->count;
}

const char *
wording_get(const struct wording *wording, size_t i)
{
	return wording->items[i].address;
}

static void
take_address(struct wording *wording, struct slice address)
{
	struct item	*item;

	if (wording->answered == wording->asked)
		return;
	item = &wording->items[wording->answered++];
	mem_free(item->address);
	item->address = slice_dup(address);
}

/* A frame is answered: the next one, or the end. */
static void
take_end(struct wording *wording, uint32_t code)
{
	ipc_cancel(&wording->call);
	if (code != 250 || wording->answered < wording->asked)
		wording->fn(wording->arg, false);
	else if (wording->asked < wording->count)
		ask(wording);
	else
		wording->fn(wording->arg, true);
}

static void
on_reply(struct ipc_call *call, uint16_t code, struct slice payload,
    void *arg)
{
	struct wording		*wording = arg;
	struct msg_rewrite_to	 to;
	struct msg_rewritten	 m;

	(void)call;
	if (code == 0) {
		wording->call = NULL;
		wording->fn(wording->arg, false);
	} else if (code == IPC_CODE_rewrite_to &&
	    ipc_parse_rewrite_to(payload, &to) == 0) {
		take_address(wording, to.address);
	} else if (code == IPC_CODE_rewritten &&
	    ipc_parse_rewritten(payload, &m) == 0) {
		take_end(wording, m.code);
	} else {
		log_warn("unexpected reply %#x from lookup", code);
	}
}

static void
put_addresses(struct wording *wording, struct buf *into)
{
	while (wording->asked < wording->count && into->len < FRAME_SIZE) {
		struct item	*item = &wording->items[wording->asked++];
		size_t		 len = strlen(item->address);

		buf_put_u8(into, (uint8_t)item->place);
		buf_put_u16(into, (uint16_t)len);
		buf_put(into, item->address, len);
	}
}

static void
on_peer(struct ipc *ipc, void *arg)
{
	struct wording		*wording = arg;
	struct buf		 text = BUF_INIT;
	struct msg_rewrite	 m;

	wording->wait = NULL;
	if (ipc == NULL) {
		wording->fn(wording->arg, false);
		return;
	}
	put_addresses(wording, &text);
	m.addresses = buf_slice(&text);
	wording->call = ipc_call_new(ipc, on_reply, wording);
	ipc_call_deadline(wording->call, ANSWER_WAIT_MS);
	ipc_send_rewrite(ipc, ipc_call_id(wording->call), &m);
	buf_clear(&text);
}

static void
ask(struct wording *wording)
{
	wording->wait = peer_wait_new(wording->lookup, PEER_WAIT_MS, on_peer,
	    wording);
}

void
wording_start(struct wording *wording)
{
	if (wording->count > 0)
		ask(wording);
}
