/*
 * Who may use which mechanism.
 */

#include "auth/entry.h"

#include <string.h>
#include <utlist.h>

#include "conf/conf.h"
#include "mail/sasl_filter.h"
#include "mail/settings.h"
#include "util/clock.h"
#include "util/mem.h"

#define SEPARATORS	", \t\r\n"
#define MENU_MS		30000	/* a menu is asked for again after */

void
entry_clear_menu(struct backend_menu *menu)
{
	buf_clear(&menu->plain);
	buf_clear(&menu->tls);
	buf_clear(&menu->all);
}

/* ---- the menu ------------------------------------------------------------ */

/* Of another process (Dovecot) it may change; a library's is what it is. */
static bool
is_fresh(const struct entry *entry)
{
	return entry->listed_ms != 0 && (entry->backend == &cyrus_backend ||
	    clock_now_ms() - entry->listed_ms < MENU_MS);
}

static void
copy(const struct backend_menu *from, struct backend_menu *to)
{
	buf_put_slice(&to->plain, buf_slice(&from->plain));
	buf_put_slice(&to->tls, buf_slice(&from->tls));
	buf_put_slice(&to->all, buf_slice(&from->all));
}

static void
keep(struct entry *entry, const struct backend_menu *menu)
{
	pthread_mutex_lock(&entry->mutex);
	entry_clear_menu(&entry->menu);
	copy(menu, &entry->menu);
	entry->listed_ms = clock_now_ms();
	pthread_mutex_unlock(&entry->mutex);
}

int
entry_list(struct entry *entry, struct backend_menu *menu, struct buf *why)
{
	struct backend_menu	whole = { .plain = BUF_INIT };
	bool			is_known;
	int			result = 0;

	pthread_mutex_lock(&entry->mutex);
	is_known = is_fresh(entry);
	if (is_known)
		copy(&entry->menu, menu);
	pthread_mutex_unlock(&entry->mutex);
	if (is_known)
		return 0;
	/* Without the lock: others wait for the back end themselves. */
	result = entry->backend->list(&entry->place, &whole, why);
	if (result == 0) {
		if (!entry->place.conf->smtpd_tls_auth_only)
			sasl_filter_apply(entry->filter,
			    buf_slice(&whole.plain), &menu->plain);
		sasl_filter_apply(entry->filter, buf_slice(&whole.tls),
		    &menu->tls);
		buf_put_slice(&menu->all, buf_slice(&whole.all));
		keep(entry, menu);
	}
	entry_clear_menu(&whole);
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
entry_judge(struct entry *entry, struct slice mechanism, bool has_tls,
    struct buf *why)
{
	struct backend_menu	menu = { .plain = BUF_INIT };
	enum auth_result	result = AUTH_UNKNOWN;

	if (entry_list(entry, &menu, why) < 0)
		result = AUTH_LATER;
	else if (is_in(buf_slice(has_tls ? &menu.tls : &menu.plain),
	    mechanism))
		result = AUTH_OK;
	else if (is_in(buf_slice(&menu.tls), mechanism))
		result = AUTH_NEEDS_TLS;
	else if (is_in(buf_slice(&menu.all), mechanism))
		result = AUTH_WEAK;
	entry_clear_menu(&menu);
	return result;
}

/* ---- making -------------------------------------------------------------- */

static struct entry *
make(struct entry **all, const struct conf *conf,
    const struct sasl_check_library *library, struct slice settings)
{
	struct entry	*entry = mem_new(sizeof(*entry));

	entry->own_conf = settings_apply(conf, settings, NULL);
	entry->place.conf = entry->own_conf != NULL ? entry->own_conf : conf;
	entry->place.library = library;
	entry->settings = mem_copy(settings.data, settings.len);
	entry->settings_len = settings.len;
	entry->backend = strcmp(entry->place.conf->smtpd_sasl_type,
	    "dovecot") == 0 ? &dovecot_backend : &cyrus_backend;
	pthread_mutex_init(&entry->mutex, NULL);
	entry->filter = sasl_filter_new("smtpd_sasl_mechanism_filter",
	    entry->place.conf->smtpd_sasl_mechanism_filter, false);
	DL_APPEND(*all, entry);
	return entry;
}

struct entry *
entry_get(struct entry **all, const struct conf *conf,
    const struct sasl_check_library *library, struct slice settings)
{
	struct entry	*entry;

	DL_FOREACH(*all, entry)
		if (slice_equal(settings, slice_from(entry->settings,
		    entry->settings_len)))
			return entry_keep(entry);
	return entry_keep(make(all, conf, library, settings));
}

struct entry *
entry_keep(struct entry *entry)
{
	entry->users++;
	return entry;
}

void
entry_drop(struct entry **all, struct entry **termsp)
{
	struct entry	*entry = *termsp;

	*termsp = NULL;
	if (entry == NULL || --entry->users > 0)
		return;
	DL_DELETE(*all, entry);
	sasl_filter_free(&entry->filter);
	entry_clear_menu(&entry->menu);
	pthread_mutex_destroy(&entry->mutex);
	conf_free(&entry->own_conf);
	mem_free(entry->settings);
	mem_free(entry);
}
