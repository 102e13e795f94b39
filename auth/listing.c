/*
 * Which mechanisms there are.
 */

#include "auth/entry.h"
#include "auth/warden.h"
#include "mail/worker.h"
#include "util/log.h"
#include "util/mem.h"

struct listing {
	struct visitor		*visitor;
	struct entry		*entry;		/* the visitor's */
	uint32_t		 id;
	struct backend_menu	 menu;
	struct buf		 why;
	bool			 is_good;
};

static void
run(void *arg)
{
	struct listing	*listing = arg;

	listing->is_good = entry_list(listing->entry, &listing->menu,
	    &listing->why) == 0;
}

static void
done(void *arg)
{
	struct listing		*listing = arg;
	struct msg_auth_listed	 m = {
		.code = listing->is_good ? 250 : 451,
		.plain = buf_slice(&listing->menu.plain),
		.tls = buf_slice(&listing->menu.tls),
	};

	if (!listing->is_good)
		log_warn("no list of mechanisms: %s",
		    buf_cstr(&listing->why));
	if (listing->visitor->ipc != NULL)
		ipc_send_auth_listed(listing->visitor->ipc, listing->id, &m);
	warden_end(listing->visitor);
	entry_clear_menu(&listing->menu);
	buf_clear(&listing->why);
	mem_free(listing);
}

void	on_auth_list(struct ipc *, uint32_t, const struct msg_auth_list *);

void
on_auth_list(struct ipc *ipc, uint32_t id, const struct msg_auth_list *m)
{
	struct visitor		*visitor = ipc_arg(ipc);
	struct msg_auth_listed	 later = { .code = 451 };
	struct listing		*listing;

	(void)m;
	if (visitor->pending >= WARDEN_OF_PEER) {
		ipc_send_auth_listed(ipc, id, &later);
		return;
	}
	listing = mem_new(sizeof(*listing));
	listing->visitor = visitor;
	listing->entry = warden_entry(visitor);
	listing->id = id;
	warden_begin(visitor);
	worker_give(visitor->warden->worker, run, done, listing);
}
