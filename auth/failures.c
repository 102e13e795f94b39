/*
 * Counted failures.
 */

#include "auth/failures.h"

#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "conf/conf.h"
#include "net/addr.h"
#include "util/ascii.h"
#include "util/buf.h"
#include "util/mem.h"

#define LOGIN_LIMIT	256	/* bytes of a login that make a difference */

struct failure {
	char		*key;		/* "client ...", "login ..." */
	int64_t		 count;
	int64_t		 last_ms;
	struct failure	*next, *prev;	/* the one longest ago first */
	UT_hash_handle	 hh;
};

struct failures {
	const struct conf	*conf;		/* borrowed */
	struct failure		*table;		/* by key */
	struct failure		*ages;		/* the same, as a list */
	size_t			 count;
};

struct failures *
failures_new(const struct conf *conf)
{
	struct failures	*failures = mem_new(sizeof(*failures));

	failures->conf = conf;
	return failures;
}

static void
forget(struct failures *failures, struct failure *failure)
{
	HASH_DEL(failures->table, failure);
	DL_DELETE(failures->ages, failure);
	failures->count--;
	mem_free(failure->key);
	mem_free(failure);
}

static void
forget_old(struct failures *failures, int64_t now_ms)
{
	while (failures->ages != NULL && now_ms - failures->ages->last_ms >=
	    failures->conf->auth_failure_memory)
		forget(failures, failures->ages);
}

static struct failure *
find(struct failures *failures, const char *key, int64_t now_ms)
{
	struct failure	*failure;

	forget_old(failures, now_ms);
	HASH_FIND_STR(failures->table, key, failure);
	return failure;
}

/* How many there are of it now. */
static int64_t
count(struct failures *failures, const char *key, int64_t now_ms)
{
	struct failure	*failure = find(failures, key, now_ms);

	if (failure == NULL) {
		if (failures->count >= FAILURES_LIMIT)
			forget(failures, failures->ages);
		failure = mem_new(sizeof(*failure));
		failure->key = mem_strdup(key);
		HASH_ADD_KEYPTR(hh, failures->table, failure->key,
		    strlen(failure->key), failure);
		failures->count++;
	} else {
		DL_DELETE(failures->ages, failure);
	}
	failure->last_ms = now_ms;
	DL_APPEND(failures->ages, failure);
	return ++failure->count;
}

/* False: that is no address. */
static bool
put_client(const struct failures *failures, struct slice client_addr,
    struct buf *key)
{
	struct addr	block;
	char		text[ADDR_TEXT_SIZE];

	if (addr_parse_ip(client_addr, 0, &block) < 0)
		return false;
	addr_mask(&block,
	    (unsigned)failures->conf->smtpd_client_ipv4_prefix_length,
	    (unsigned)failures->conf->smtpd_client_ipv6_prefix_length);
	buf_printf(key, "client %s", addr_format_ip(&block, text));
	return true;
}

static void
put_login(struct slice login, struct buf *key)
{
	login = slice_first(login, LOGIN_LIMIT);
	buf_put_str(key, "login ");
	for (size_t i = 0; i < login.len; i++)
		buf_put_u8(key, (uint8_t)ascii_lower(login.data[i]));
}

bool
failures_is_barred(struct failures *failures, struct slice client_addr,
    int64_t now_ms)
{
	struct buf		 key = BUF_INIT;
	const struct failure	*failure = NULL;
	int64_t			 limit = failures->conf->auth_failure_limit;

	if (put_client(failures, client_addr, &key))
		failure = find(failures, buf_cstr(&key), now_ms);
	buf_clear(&key);
	return limit > 0 && failure != NULL && failure->count >= limit;
}

static int64_t
delay_of(const struct conf *conf, int64_t times)
{
	int64_t	delay = conf->auth_failure_delay;

	while (--times > 0 && delay > 0 &&
	    delay < conf->auth_failure_delay_limit)
		delay *= 2;
	return delay < conf->auth_failure_delay_limit ? delay :
	    conf->auth_failure_delay_limit;
}

int64_t
failures_add(struct failures *failures, struct slice client_addr,
    struct slice login, int64_t now_ms)
{
	struct buf	key = BUF_INIT;
	int64_t		of_client = 0, of_login = 0;

	if (put_client(failures, client_addr, &key))
		of_client = count(failures, buf_cstr(&key), now_ms);
	buf_empty(&key);
	if (login.len > 0) {
		put_login(login, &key);
		of_login = count(failures, buf_cstr(&key), now_ms);
	}
	buf_clear(&key);
	return delay_of(failures->conf, of_client > of_login ? of_client :
	    of_login);
}

size_t
failures_size(const struct failures *failures)
{
	return failures->count;
}

void
failures_free(struct failures **failuresp)
{
	struct failures	*failures = *failuresp;

	if (failures == NULL)
		return;
	*failuresp = NULL;
	while (failures->ages != NULL)
		forget(failures, failures->ages);
	mem_free(failures);
}
