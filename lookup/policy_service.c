/*
 * Policy services: who they are, and connections that are idle.
 */

#include "lookup/policy_service.h"

#include <pthread.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

#include "conf/conf.h"
#include "lookup/policy_wire.h"
#include "mail/word.h"
#include "util/clock.h"
#include "util/haste.h"
#include "util/log.h"
#include "util/mem.h"

struct policy_service {
	char			*spec;		/* as it was written */
	char			*name;		/* "inet:127.0.0.1:10023" */
	char			*default_action;
	char			*context;
	int64_t			 timeout_ms, retry_delay_ms;
	int64_t			 max_idle_ms, max_ttl_ms;
	int64_t			 request_limit, try_limit;
	size_t			 open_limit;
	struct policy_service	*next, *prev;

	pthread_mutex_t		 mutex;		/* guards what follows */
	struct policy_wire	*idle;		/* list; the last used first */
	size_t			 open;		/* questions */
};

/* ---- reading ------------------------------------------------------------- */

/* One "name = value" of a service of its own; 0, or -1 and *why_r. */
static int
set_option(struct policy_service *service, struct slice name,
    struct slice value, char **why_r)
{
	struct {
		const char	*name;
		int64_t		*number;
		char		 unit;		/* 0: no time */
	} numbers[] = {
		{ "timeout", &service->timeout_ms, 's' },
		{ "retry_delay", &service->retry_delay_ms, 's' },
		{ "max_idle", &service->max_idle_ms, 's' },
		{ "max_ttl", &service->max_ttl_ms, 's' },
		{ "request_limit", &service->request_limit, 0 },
		{ "try_limit", &service->try_limit, 0 },
	};
	char		*text = slice_dup(value);
	uint64_t	 count = 0;
	int		 result = -1;

	if (slice_is(name, "default_action") ||
	    slice_is(name, "policy_context")) {
		char	**place = slice_is(name, "default_action") ?
			    &service->default_action : &service->context;

		mem_free(*place);
		*place = text;
		return 0;
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		if (!slice_is(name, numbers[i].name))
			continue;
		if (numbers[i].unit != 0)
			result = conf_parse_time(text, 's',
			    numbers[i].number);
		else if ((result = slice_parse_u64(value, &count)) == 0)
			*numbers[i].number = (int64_t)(count & INT32_MAX);
	}
	mem_free(text);
	if (result < 0)
		*why_r = mem_printf("bad option \"%.*s=%.*s\" of a policy "
		    "service", SLICE_ARG(name), SLICE_ARG(value));
	return result;
}

/* "name=value", or "{ name = value with spaces }" */
static int
read_option(struct policy_service *service, struct slice word, char **why_r)
{
	ptrdiff_t	mark;

	if (word.len >= 2 && word.data[0] == '{' &&
	    word.data[word.len - 1] == '}')
		word = slice_trim(slice_first(slice_after(word, 1),
		    word.len - 2));
	if ((mark = slice_find(word, '=')) <= 0) {
		*why_r = mem_printf("\"%.*s\" is no option of a policy "
		    "service", SLICE_ARG(word));
		return -1;
	}
	return set_option(service, slice_trim(slice_first(word,
	    (size_t)mark)), slice_trim(slice_after(word, (size_t)mark + 1)),
	    why_r);
}

static int
read_spec(struct policy_service *service, struct slice spec, char **why_r)
{
	struct slice	word;

	if (spec.len >= 2 && spec.data[0] == '{' &&
	    spec.data[spec.len - 1] == '}')
		spec = slice_first(slice_after(spec, 1), spec.len - 2);
	if (word_get(&spec, &word) < 0 ||
	    !policy_wire_is_name(word)) {
		*why_r = mem_strdup("inet:host:port or unix:path must "
		    "follow");
		return -1;
	}
	service->name = slice_dup(word);
	while (word_get(&spec, &word) == 0)
		if (read_option(service, word, why_r) < 0)
			return -1;
	return 0;
}

static void
destroy(struct policy_service *service)
{
	struct policy_wire	*wire, *next;

	DL_FOREACH_SAFE(service->idle, wire, next)
		policy_wire_free(&wire);
	pthread_mutex_destroy(&service->mutex);
	mem_free(service->spec);
	mem_free(service->name);
	mem_free(service->default_action);
	mem_free(service->context);
	mem_free(service);
}

struct policy_service *
policy_service_add(struct policy_service **list, const struct conf *conf,
    struct slice spec, char **why_r)
{
	struct policy_service	*service;

	DL_FOREACH(*list, service)
		if (slice_is(spec, service->spec))
			return service;
	service = mem_new(sizeof(*service));
	pthread_mutex_init(&service->mutex, NULL);
	service->spec = slice_dup(spec);
	service->default_action =
	    mem_strdup(conf->smtpd_policy_service_default_action);
	service->context =
	    mem_strdup(conf->smtpd_policy_service_policy_context);
	service->timeout_ms = conf->smtpd_policy_service_timeout;
	service->retry_delay_ms = conf->smtpd_policy_service_retry_delay;
	service->max_idle_ms = conf->smtpd_policy_service_max_idle;
	service->max_ttl_ms = conf->smtpd_policy_service_max_ttl;
	service->request_limit = conf->smtpd_policy_service_request_limit;
	service->try_limit = conf->smtpd_policy_service_try_limit;
	service->open_limit = (size_t)conf->lookup_threads / 2 + 1;
	if (read_spec(service, spec, why_r) < 0) {
		destroy(service);
		return NULL;
	}
	DL_APPEND(*list, service);
	return service;
}

void
policy_service_free_all(struct policy_service **list)
{
	struct policy_service	*service, *next;

	DL_FOREACH_SAFE(*list, service, next)
		destroy(service);
	*list = NULL;
}

const char *
policy_service_name(const struct policy_service *service)
{
	return service->name;
}

const char *
policy_service_context(const struct policy_service *service)
{
	return service->context;
}

/* ---- connections --------------------------------------------------------- */

/* It may be used once more. */
static bool
is_fresh(const struct policy_service *service,
    const struct policy_wire *wire, int64_t now_ms)
{
	return now_ms - wire->used_ms < service->max_idle_ms &&
	    now_ms - wire->made_ms < service->max_ttl_ms &&
	    (service->request_limit == 0 ||
	    wire->requests < service->request_limit);
}

/* An idle connection, or NULL; those that are too old end. */
static struct policy_wire *
take_idle(struct policy_service *service)
{
	struct policy_wire	*wire, *next, *found = NULL, *old = NULL;
	int64_t			 now_ms = clock_now_ms();

	pthread_mutex_lock(&service->mutex);
	DL_FOREACH_SAFE(service->idle, wire, next) {
		if (is_fresh(service, wire, now_ms)) {
			if (found != NULL)
				continue;
			found = wire;
			DL_DELETE(service->idle, wire);
		} else {
			DL_DELETE(service->idle, wire);
			DL_APPEND(old, wire);
		}
	}
	pthread_mutex_unlock(&service->mutex);
	DL_FOREACH_SAFE(old, wire, next)
		policy_wire_free(&wire);
	return found;
}

static void
give_idle(struct policy_service *service, struct policy_wire *wire)
{
	pthread_mutex_lock(&service->mutex);
	DL_PREPEND(service->idle, wire);
	pthread_mutex_unlock(&service->mutex);
}

static bool
enter(struct policy_service *service)
{
	bool	ok;

	pthread_mutex_lock(&service->mutex);
	if ((ok = service->open < service->open_limit))
		service->open++;
	pthread_mutex_unlock(&service->mutex);
	return ok;
}

static void
leave(struct policy_service *service)
{
	pthread_mutex_lock(&service->mutex);
	service->open--;
	pthread_mutex_unlock(&service->mutex);
}

/* ---- asking -------------------------------------------------------------- */

/*
 * Over an idle connection, which its server may have closed meanwhile, or a
 * new one; 0, or -1 and *why_r (static).
 */
static int
try(struct policy_service *service, struct slice request,
    struct buf *action, const char **why_r)
{
	struct policy_wire	*wire;
	bool			 was_idle;
	int			 result;

	do {
		wire = take_idle(service);
		was_idle = wire != NULL;
		if (wire == NULL && (wire = policy_wire_new(service->name,
		    service->timeout_ms, why_r)) == NULL)
			return -1;
		result = policy_wire_ask(wire, request, action, why_r);
		if (result == 0)
			give_idle(service, wire);
		else
			policy_wire_free(&wire);
	} while (result < 0 && was_idle && policy_wire_is_loss(*why_r));
	return result;
}

static void
pause_ms(int64_t delay_ms)
{
	struct timespec	delay = { delay_ms / 1000,
			    delay_ms % 1000 * 1000000 };

	nanosleep(&delay, NULL);
}

static int
try_all(struct policy_service *service, struct slice request,
    struct buf *action)
{
	const char	*why = NULL;

	for (int64_t i = 0; i < service->try_limit || i == 0; i++) {
		if (i > 0)
			pause_ms(service->retry_delay_ms);
		if (try(service, request, action, &why) == 0)
			return 0;
		log_warn("problem talking to policy service %s: %s",
		    service->name, why);
	}
	return -1;
}

void
policy_service_ask(struct policy_service *service, struct slice request,
    struct buf *action)
{
	int	result = -1;

	if (haste_refuses())
		return;
	if (!enter(service)) {
		log_warn("policy service %s: too many questions wait for it",
		    service->name);
	} else {
		result = try_all(service, request, action);
		leave(service);
	}
	if (result < 0)
		buf_put_str(action, service->default_action);
}
