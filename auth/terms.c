/*
 * Who may use which mechanism.
 */

#include "auth/terms.h"

#include <string.h>
#include <utlist.h>

#include "conf/conf.h"
#include "mail/match_list.h"
#include "mail/settings.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"

#define SEPARATORS	", \t\r\n"
#define MENU_MS		30000	/* a menu is asked for again after */

void
terms_clear_menu(struct backend_menu *menu)
{
	buf_clear(&menu->plain);
	buf_clear(&menu->tls);
	buf_clear(&menu->all);
}

/* ---- the filter ---------------------------------------------------------- */

/* Good enough for everybody; others have to be named. */
static bool
is_common(struct slice mechanism)
{
	static const char *const	common[] = { "PLAIN", "LOGIN",
		"SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256",
		"SCRAM-SHA-256-PLUS" };

	for (size_t i = 0; i < sizeof(common) / sizeof(*common); i++)
		if (slice_is_nocase(mechanism, common[i]))
			return true;
	return false;
}

static bool
is_named(const struct conf *conf, struct slice mechanism)
{
	struct slice	rest = slice_str(conf->smtpd_sasl_mechanism_filter);
	struct slice	word;

	while (slice_get_word(&rest, SEPARATORS, &word) == 0)
		if (slice_equal_nocase(word, mechanism))
			return true;
	return false;
}

static bool
passes(const struct terms *terms, struct slice mechanism)
{
	struct buf		why = BUF_INIT;
	enum match_list_answer	answer = MATCH_LIST_NO;

	if (terms->filter != NULL && (is_common(mechanism) ||
	    is_named(terms->place.conf, mechanism)))
		answer = match_list_find(terms->filter, mechanism, &why);
	if (answer == MATCH_LIST_TROUBLE)
		log_warn("smtpd_sasl_mechanism_filter: %s", buf_cstr(&why));
	buf_clear(&why);
	return answer == MATCH_LIST_YES;
}

static void
filter(const struct terms *terms, struct slice names, struct buf *passed)
{
	struct slice	name;

	while (slice_get_word(&names, SEPARATORS, &name) == 0) {
		if (!passes(terms, name))
			continue;
		if (passed->len > 0)
			buf_put_u8(passed, ' ');
		buf_put_slice(passed, name);
	}
}

/* ---- the menu ------------------------------------------------------------ */

/* Of another process (Dovecot) it may change; a library's is what it is. */
static bool
is_fresh(const struct terms *terms)
{
	return terms->listed_ms != 0 && (terms->backend == &cyrus_backend ||
	    clock_now_ms() - terms->listed_ms < MENU_MS);
}

static void
copy(const struct backend_menu *from, struct backend_menu *to)
{
	buf_put_slice(&to->plain, buf_slice(&from->plain));
	buf_put_slice(&to->tls, buf_slice(&from->tls));
	buf_put_slice(&to->all, buf_slice(&from->all));
}

static void
keep(struct terms *terms, const struct backend_menu *menu)
{
	pthread_mutex_lock(&terms->mutex);
	terms_clear_menu(&terms->menu);
	copy(menu, &terms->menu);
	terms->listed_ms = clock_now_ms();
	pthread_mutex_unlock(&terms->mutex);
}

int
terms_list(struct terms *terms, struct backend_menu *menu, struct buf *why)
{
	struct backend_menu	whole = { .plain = BUF_INIT };
	bool			is_known;
	int			result = 0;

	pthread_mutex_lock(&terms->mutex);
	is_known = is_fresh(terms);
	if (is_known)
		copy(&terms->menu, menu);
	pthread_mutex_unlock(&terms->mutex);
	if (is_known)
		return 0;
	/* Without the lock: others wait for the back end themselves. */
	result = terms->backend->list(&terms->place, &whole, why);
	if (result == 0) {
		if (!terms->place.conf->smtpd_tls_auth_only)
			filter(terms, buf_slice(&whole.plain), &menu->plain);
		filter(terms, buf_slice(&whole.tls), &menu->tls);
		buf_put_slice(&menu->all, buf_slice(&whole.all));
		keep(terms, menu);
	}
	terms_clear_menu(&whole);
	return result;
}

static bool
is_in(struct slice names, struct slice mechanism)
{
	struct slice	name;

	while (slice_get_word(&names, SEPARATORS, &name) == 0)
		if (slice_equal_nocase(name, mechanism))
			return true;
	return false;
}

enum auth_result
terms_judge(struct terms *terms, struct slice mechanism, bool has_tls,
    struct buf *why)
{
	struct backend_menu	menu = { .plain = BUF_INIT };
	enum auth_result	result = AUTH_UNKNOWN;

	if (terms_list(terms, &menu, why) < 0)
		result = AUTH_LATER;
	else if (is_in(buf_slice(has_tls ? &menu.tls : &menu.plain),
	    mechanism))
		result = AUTH_OK;
	else if (is_in(buf_slice(&menu.tls), mechanism))
		result = AUTH_NEEDS_TLS;
	else if (is_in(buf_slice(&menu.all), mechanism))
		result = AUTH_WEAK;
	terms_clear_menu(&menu);
	return result;
}

/* ---- making -------------------------------------------------------------- */

static void
read_filter(struct terms *terms)
{
	const char	*text = terms->place.conf->smtpd_sasl_mechanism_filter;
	char		*why = NULL;

	terms->filter = match_list_new(text, MATCH_LIST_STRING, 0, &why);
	if (terms->filter == NULL) {
		log_warn("smtpd_sasl_mechanism_filter: %s", why);
		mem_free(why);
	}
}

static struct terms *
make(struct terms **all, const struct conf *conf,
    const struct sasl_check_library *library, struct slice settings)
{
	struct terms	*terms = mem_new(sizeof(*terms));

	terms->own_conf = settings_apply(conf, settings);
	terms->place.conf = terms->own_conf != NULL ? terms->own_conf : conf;
	terms->place.library = library;
	terms->settings = mem_copy(settings.data, settings.len);
	terms->settings_len = settings.len;
	terms->backend = strcmp(terms->place.conf->smtpd_sasl_type,
	    "dovecot") == 0 ? &dovecot_backend : &cyrus_backend;
	pthread_mutex_init(&terms->mutex, NULL);
	read_filter(terms);
	DL_APPEND(*all, terms);
	return terms;
}

struct terms *
terms_get(struct terms **all, const struct conf *conf,
    const struct sasl_check_library *library, struct slice settings)
{
	struct terms	*terms;

	DL_FOREACH(*all, terms)
		if (slice_equal(settings, slice_from(terms->settings,
		    terms->settings_len)))
			return terms_keep(terms);
	return terms_keep(make(all, conf, library, settings));
}

struct terms *
terms_keep(struct terms *terms)
{
	terms->users++;
	return terms;
}

void
terms_drop(struct terms **all, struct terms **termsp)
{
	struct terms	*terms = *termsp;

	*termsp = NULL;
	if (terms == NULL || --terms->users > 0)
		return;
	DL_DELETE(*all, terms);
	match_list_free(&terms->filter);
	terms_clear_menu(&terms->menu);
	pthread_mutex_destroy(&terms->mutex);
	conf_free(&terms->own_conf);
	mem_free(terms->settings);
	mem_free(terms);
}
