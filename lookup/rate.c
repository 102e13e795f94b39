/*
 * Counters.
 */

#include "lookup/rate.h"

#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "conf/conf.h"
#include "mail/ipc.h"
#include "net/addr.h"
#include "util/ascii.h"
#include "util/buf.h"
#include "util/mem.h"

/* What is counted in a time unit. */
enum { CONNECTIONS, MESSAGES, RECIPIENTS, LOGINS, TLS_SESSIONS, EVENTS };

struct counter {
	char		*key;		/* "client ...", "sasl ...", ... */
	int64_t		 start_ms;
	int64_t		 counts[EVENTS];
	struct counter	*next, *prev;	/* the oldest first */
	UT_hash_handle	 hh;
};

/* Connections of one client block. */
struct guest {
	char		*key;
	int64_t		 count;
	UT_hash_handle	 hh;
};

struct rate_holder {
	struct guest	*guests;
};

struct rate {
	int64_t		 unit_ms;
	unsigned	 bits4, bits6;
	struct counter	*counters;	/* by key */
	struct counter	*ages;		/* the same, as a list */
	size_t		 count;
	struct guest	*guests;	/* of all holders */
};

struct rate *
rate_new(const struct conf *conf)
{
	struct rate	*rate = mem_new(sizeof(*rate));

	rate->unit_ms = conf->anvil_rate_time_unit;
	rate->bits4 = (unsigned)conf->smtpd_client_ipv4_prefix_length;
	rate->bits6 = (unsigned)conf->smtpd_client_ipv6_prefix_length;
	return rate;
}

size_t
rate_size(const struct rate *rate)
{
	return rate->count;
}

/* ---- counters ------------------------------------------------------------ */

static void
forget(struct rate *rate, struct counter *counter)
{
	HASH_DEL(rate->counters, counter);
	DL_DELETE(rate->ages, counter);
	rate->count--;
	mem_free(counter->key);
	mem_free(counter);
}

static void
expire(struct rate *rate, int64_t now_ms)
{
	while (rate->ages != NULL && (rate->count > RATE_LIMIT ||
	    now_ms - rate->ages->start_ms >= rate->unit_ms))
		forget(rate, rate->ages);
}

static struct counter *
get_counter(struct rate *rate, const char *key, int64_t now_ms)
{
	struct counter	*counter;

	expire(rate, now_ms);
	HASH_FIND_STR(rate->counters, key, counter);
	if (counter != NULL)
		return counter;
	counter = mem_new(sizeof(*counter));
	counter->key = mem_strdup(key);
	counter->start_ms = now_ms;
	HASH_ADD_KEYPTR(hh, rate->counters, counter->key,
	    strlen(counter->key), counter);
	DL_APPEND(rate->ages, counter);
	rate->count++;
	return counter;
}

static int64_t
count(struct rate *rate, const char *key, int event, int64_t now_ms)
{
	return ++get_counter(rate, key, now_ms)->counts[event];
}

static void
put_client(const struct rate *rate, const struct addr *client,
    struct buf *key)
{
	struct addr	block = *client;
	char		text[ADDR_TEXT_SIZE];

	addr_mask(&block, rate->bits4, rate->bits6);
	buf_printf(key, "client %s", addr_format_ip(&block, text));
}

/* Case does not make another login or sender of one. */
static void
put_text(const char *what, struct slice text, struct buf *key)
{
	buf_printf(key, "%s ", what);
	for (size_t i = 0; i < text.len; i++)
		buf_put_u8(key, (uint8_t)ascii_lower(text.data[i]));
}

static int
event_of(uint32_t stage)
{
	switch (stage) {
	case JUDGE_CONNECT:
		return CONNECTIONS;
	case JUDGE_MAIL:
		return MESSAGES;
	case JUDGE_RCPT:
		return RECIPIENTS;
	case JUDGE_AUTH:
		return LOGINS;
	case JUDGE_TLS:
	case JUDGE_STARTTLS:
		return TLS_SESSIONS;
	}
	return -1;
}

/* Who only asks for TLS has none yet. */
static void
count_client(struct rate *rate, const struct addr *client, uint32_t stage,
    int64_t now_ms, struct rate_numbers *numbers)
{
	int64_t *const	 to[EVENTS] = {
		[CONNECTIONS] = &numbers->connection_rate,
		[MESSAGES] = &numbers->messages,
		[RECIPIENTS] = &numbers->recipients,
		[LOGINS] = &numbers->logins,
		[TLS_SESSIONS] = &numbers->tls_sessions,
	};
	int		 event = event_of(stage);
	struct buf	 key = BUF_INIT;
	struct counter	*counter;

	put_client(rate, client, &key);
	counter = get_counter(rate, buf_cstr(&key), now_ms);
	if (stage != JUDGE_STARTTLS)
		counter->counts[event]++;
	*to[event] = counter->counts[event];
	buf_clear(&key);
}

void
rate_count_handshake(struct rate *rate, const struct addr *client,
    int64_t now_ms)
{
	struct rate_numbers	numbers;

	count_client(rate, client, JUDGE_TLS, now_ms, &numbers);
}

static void
count_text(struct rate *rate, const char *what, struct slice text,
    int event, int64_t *number_r, int64_t now_ms)
{
	struct buf	key = BUF_INIT;

	put_text(what, text, &key);
	*number_r = count(rate, buf_cstr(&key), event, now_ms);
	buf_clear(&key);
}

void
rate_count(struct rate *rate, const struct msg_judge *m,
    const struct addr *client, int64_t now_ms,
    struct rate_numbers *numbers_r)
{
	int	event = event_of(m->stage);
	bool	is_message = event == MESSAGES;

	memset(numbers_r, 0, sizeof(*numbers_r));
	if (event < 0)
		return;
	if (client != NULL)
		count_client(rate, client, m->stage, now_ms, numbers_r);
	if (event != MESSAGES && event != RECIPIENTS)
		return;
	if (m->sasl_username.len > 0)
		count_text(rate, "sasl", m->sasl_username, event, is_message ?
		    &numbers_r->sasl_messages : &numbers_r->sasl_recipients,
		    now_ms);
	if (m->sender.len > 0)
		count_text(rate, "sender", m->sender, event, is_message ?
		    &numbers_r->sender_messages :
		    &numbers_r->sender_recipients, now_ms);
}

/* ---- connections --------------------------------------------------------- */

static struct guest *
find_guest(struct guest *guests, const char *key)
{
	struct guest	*guest;

	HASH_FIND_STR(guests, key, guest);
	return guest;
}

static int64_t
add_guest(struct guest **guests, const char *key)
{
	struct guest	*guest = find_guest(*guests, key);

	if (guest == NULL) {
		guest = mem_new(sizeof(*guest));
		guest->key = mem_strdup(key);
		HASH_ADD_KEYPTR(hh, *guests, guest->key, strlen(guest->key),
		    guest);
	}
	return ++guest->count;
}

static void
remove_guests(struct guest **guests, const char *key, int64_t number)
{
	struct guest	*guest = find_guest(*guests, key);

	if (guest == NULL || (guest->count -= number) > 0)
		return;
	HASH_DEL(*guests, guest);
	mem_free(guest->key);
	mem_free(guest);
}

int64_t
rate_enter(struct rate *rate, struct rate_holder **holder,
    const struct addr *client)
{
	struct buf	key = BUF_INIT;
	int64_t		number;

	if (*holder == NULL)
		*holder = mem_new(sizeof(**holder));
	put_client(rate, client, &key);
	add_guest(&(*holder)->guests, buf_cstr(&key));
	number = add_guest(&rate->guests, buf_cstr(&key));
	buf_clear(&key);
	return number;
}

/* Nobody leaves who has not come: lookup may be newer than the client. */
void
rate_leave(struct rate *rate, struct rate_holder *holder,
    const struct addr *client)
{
	struct buf	key = BUF_INIT;

	put_client(rate, client, &key);
	if (holder != NULL &&
	    find_guest(holder->guests, buf_cstr(&key)) != NULL) {
		remove_guests(&holder->guests, buf_cstr(&key), 1);
		remove_guests(&rate->guests, buf_cstr(&key), 1);
	}
	buf_clear(&key);
}

void
rate_drop(struct rate *rate, struct rate_holder **holder)
{
	struct guest	*guest, *next;

	if (*holder == NULL)
		return;
	HASH_ITER(hh, (*holder)->guests, guest, next) {
		remove_guests(&rate->guests, guest->key, guest->count);
		HASH_DEL((*holder)->guests, guest);
		mem_free(guest->key);
		mem_free(guest);
	}
	mem_free(*holder);
	*holder = NULL;
}

void
rate_free(struct rate **ratep)
{
	struct rate	*rate = *ratep;
	struct guest	*guest, *next;

	if (rate == NULL)
		return;
	*ratep = NULL;
	while (rate->ages != NULL)
		forget(rate, rate->ages);
	HASH_ITER(hh, rate->guests, guest, next) {
		HASH_DEL(rate->guests, guest);
		mem_free(guest->key);
		mem_free(guest);
	}
	mem_free(rate);
}
