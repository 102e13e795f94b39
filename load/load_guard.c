/*
 * TLS for load.
 */

#include "load/load_guard.h"

#include "net/io.h"
#include "net/tls.h"
#include "net/tls_context.h"
#include "net/tls_facts.h"
#include "util/log.h"
#include "util/mem.h"

#define TICKET_LIFE_S	3600

struct load_guard {
	struct tls_context	*context;
	struct tls_session	*session;	/* to be resumed, or NULL */
	bool			 is_resuming;
	uint64_t		 count, resumed;
};

static struct tls_context *
make_context(const struct tls_config *config)
{
	struct buf		 why = BUF_INIT;
	struct tls_context	*context = tls_context_new(config, &why);

	if (context == NULL)
		log_fatal("%s", buf_cstr(&why));
	buf_clear(&why);
	return context;
}

struct load_guard *
load_guard_new(bool is_resuming)
{
	struct load_guard	*guard = mem_new(sizeof(*guard));

	guard->is_resuming = is_resuming;
	guard->context = make_context(&(struct tls_config){
		.protocols = ">=TLSv1.3",
	});
	return guard;
}

void
load_guard_free(struct load_guard **guardp)
{
	struct load_guard	*guard = *guardp;

	if (guard == NULL)
		return;
	*guardp = NULL;
	tls_session_free(&guard->session);
	tls_context_free(&guard->context);
	mem_free(guard);
}

void
load_guard_start(struct load_guard *guard, struct io *io, int64_t timeout_ms)
{
	struct tls_wish	 wish = {
		.verify = TLS_VERIFY_CHAIN,
		.session = guard->session,
	};
	struct buf	 why = BUF_INIT;
	struct tls	*tls = tls_new_client(guard->context, &wish, &why);

	if (tls == NULL)
		log_fatal("TLS: %s", buf_cstr(&why));
	io_start_tls(io, tls, timeout_ms);
}

void
load_guard_leave(struct load_guard *guard, const struct io *io)
{
	struct tls_facts	facts;

	if (guard == NULL || !io_is_secured(io))
		return;
	tls_facts_get(io_tls(io), &facts);
	guard->count++;
	if (facts.is_reused)
		guard->resumed++;
	if (guard->is_resuming && guard->session == NULL)
		guard->session = tls_session_take(io_tls(io));
}

uint64_t
load_guard_count(const struct load_guard *guard)
{
	return guard->count;
}

uint64_t
load_guard_resumed(const struct load_guard *guard)
{
	return guard->resumed;
}

struct tls_context *
load_guard_server(const char *chain_file)
{
	struct tls_ticket_key	 key;
	struct tls_context	*context = make_context(&(struct tls_config){
		.is_server = true,
		.chain_files = chain_file,
		.ticket_life_s = TICKET_LIFE_S,
		.scope = "ternsink",
	});

	tls_ticket_make(&key);
	tls_context_set_tickets(context, &key, 1);
	return context;
}
