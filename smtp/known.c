/*
 * What is known of servers.
 */

#include "smtp/known.h"

#include <string.h>
#include <uthash.h>

#include "smtp/credentials.h"
#include "smtp/offer.h"
#include "util/mem.h"

#define SERVER_LIMIT	10000

struct server {
	char		*relay;
	struct offer	 offer;
	int64_t		 offer_until_ms;	/* 0: none */
	int64_t		 distrust_until_ms;
	struct credentials *refused;		/* with its login; or NULL */
	char		*refusal;
	int64_t		 refusal_until_ms;
	UT_hash_handle	 hh;
};

struct known {
	struct server	*servers;	/* hash, the oldest first */
};

struct known *
known_new(void)
{
	return mem_new(sizeof(struct known));
}

static void
drop(struct known *known, struct server *server)
{
	HASH_DEL(known->servers, server);
	credentials_free(&server->refused);
	mem_free(server->refusal);
	mem_free(server->relay);
	mem_free(server);
}

void
known_free(struct known **knownp)
{
	struct known	*known = *knownp;

	if (known == NULL)
		return;
	*knownp = NULL;
	while (known->servers != NULL)
		drop(known, known->servers);
	mem_free(known);
}

static struct server *
find(const struct known *known, const char *relay)
{
	struct server	*server;

	HASH_FIND_STR(known->servers, relay, server);
	return server;
}

static struct server *
find_or_add(struct known *known, const char *relay)
{
	struct server	*server = find(known, relay);

	if (server != NULL)
		return server;
	if (HASH_COUNT(known->servers) >= SERVER_LIMIT)
		drop(known, known->servers);
	server = mem_new(sizeof(*server));
	server->relay = mem_strdup(relay);
	HASH_ADD_KEYPTR(hh, known->servers, server->relay,
	    strlen(server->relay), server);
	return server;
}

void
known_put_offer(struct known *known, const char *relay,
    const struct offer *offer, int64_t until_ms)
{
	struct server	*server = find_or_add(known, relay);

	server->offer = *offer;
	server->offer_until_ms = until_ms;
}

void
known_drop_offer(struct known *known, const char *relay)
{
	struct server	*server = find(known, relay);

	if (server != NULL)
		server->offer_until_ms = 0;
}

void
known_distrust(struct known *known, const char *relay, int64_t until_ms)
{
	find_or_add(known, relay)->distrust_until_ms = until_ms;
}

const struct offer *
known_offer(const struct known *known, const char *relay, int64_t now_ms)
{
	const struct server	*server = find(known, relay);

	return server != NULL && now_ms < server->offer_until_ms ?
	    &server->offer : NULL;
}

bool
known_is_distrusted(const struct known *known, const char *relay,
    int64_t now_ms)
{
	const struct server	*server = find(known, relay);

	return server != NULL && now_ms < server->distrust_until_ms;
}

/* Each login at a server is another row. */
static char *
login_key(const char *relay, const struct credentials *credentials)
{
	return mem_printf("%s %s", relay, credentials->user);
}

void
known_put_refusal(struct known *known, const char *relay,
    const struct credentials *credentials, const char *text,
    int64_t until_ms)
{
	char		*key = login_key(relay, credentials);
	struct server	*server = find_or_add(known, key);

	credentials_free(&server->refused);
	mem_free(server->refusal);
	server->refused = credentials_copy(credentials);
	server->refusal = mem_strdup(text);
	server->refusal_until_ms = until_ms;
	mem_free(key);
}

const char *
known_refusal(const struct known *known, const char *relay,
    const struct credentials *credentials, int64_t now_ms)
{
	char			*key = login_key(relay, credentials);
	const struct server	*server = find(known, key);

	mem_free(key);
	return server != NULL && server->refused != NULL &&
	    now_ms < server->refusal_until_ms &&
	    strcmp(server->refused->password, credentials->password) == 0 ?
	    server->refusal : NULL;
}
