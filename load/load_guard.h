#ifndef LOAD_LOAD_GUARD_H
#define LOAD_LOAD_GUARD_H

/*
 * TLS 1.3 for load: what the sessions of a generator share, and the context
 * of a test server.  Nobody is verified, only encrypted.
 */

#include <stdbool.h>
#include <stdint.h>

struct io;
struct load_guard;
struct tls_context;

/*
 * Is_resuming: as soon as a connection has left a session, the next ones
 * resume it.  The caller frees.
 */
struct load_guard *load_guard_new(bool is_resuming);
void		 load_guard_free(struct load_guard **guard);

/* Start TLS on a client's connection: io_start_tls tells how it goes. */
void		 load_guard_start(struct load_guard *guard, struct io *io,
		    int64_t timeout_ms);

/*
 * Before io is freed, in TLS or not: it is counted, its session kept.
 * Accepts NULL.
 */
void		 load_guard_leave(struct load_guard *guard,
		    const struct io *io);

/* Handshakes of the connections that have left; those that resumed. */
uint64_t	 load_guard_count(const struct load_guard *guard);
uint64_t	 load_guard_resumed(const struct load_guard *guard);

/*
 * Of a server, with key and chain in a PEM file, and tickets; ends the
 * program when there is none to be made.  The caller frees it
 * (tls_context_free).
 */
struct tls_context *load_guard_server(const char *chain_file);

#endif
