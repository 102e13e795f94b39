/*
 * Parameters, compiled.
 */

#include "lookup/profile.h"

#include <string.h>
#include <utlist.h>

#include "conf/conf.h"
#include "lookup/adviser.h"
#include "lookup/classes.h"
#include "lookup/dnsbl.h"
#include "lookup/locals.h"
#include "lookup/policy_service.h"
#include "lookup/rate.h"
#include "lookup/restriction.h"
#include "mail/self.h"
#include "mail/settings.h"
#include "mail/table.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"

/* ---- lists --------------------------------------------------------------- */

static struct match_list *
read_hosts(const struct conf *conf, const char *name, const char *value)
{
	struct match_list	*list;
	char			*why = NULL;

	list = match_list_new(value, MATCH_LIST_HOST,
	    classes_has_parents(conf, name) ? MATCH_LIST_PARENTS : 0, &why);
	if (list == NULL) {
		log_warn("%s: %s", name, why);
		mem_free(why);
	}
	return list;
}

bool
profile_is_in(struct match_list *list, const char *parameter,
    struct slice name, const struct addr *addr)
{
	struct buf		why = BUF_INIT;
	enum match_list_answer	answer;

	if (list == NULL)
		return false;
	answer = match_list_find_host(list, name, addr, &why);
	if (answer == MATCH_LIST_TROUBLE)
		log_warn("%s: %s", parameter, buf_cstr(&why));
	buf_clear(&why);
	return answer == MATCH_LIST_YES;
}

struct table *
profile_table(struct profile *profile, struct slice spec, char **why_r)
{
	struct profile_table	*entry;
	struct table		*table;
	char			*copy;

	DL_FOREACH(profile->tables, entry)
		if (slice_is(spec, table_spec(entry->table)))
			return entry->table;
	copy = slice_dup(spec);
	table = table_new(copy, 0, why_r);
	mem_free(copy);
	if (table == NULL)
		return NULL;
	entry = mem_new(sizeof(*entry));
	entry->table = table;
	DL_APPEND(profile->tables, entry);
	return table;
}

/* ---- restrictions -------------------------------------------------------- */

const struct profile_class *
profile_class(const struct profile *profile, const char *name)
{
	const struct profile_class	*class;

	DL_FOREACH(profile->classes, class)
		if (strcmp(class->name, name) == 0)
			return class;
	return NULL;
}

/* A class may name others, so all are there before any is read. */
static void
read_classes(struct profile *profile)
{
	struct slice		 rest, word;
	struct profile_class	*class;
	char			*text;

	rest = slice_str(profile->conf->smtpd_restriction_classes);
	while (slice_get_word(&rest, ", \t\r\n", &word) == 0) {
		class = mem_new(sizeof(*class));
		class->name = slice_dup(word);
		DL_APPEND(profile->classes, class);
	}
	DL_FOREACH(profile->classes, class) {
		text = conf_find(profile->conf, class->name);
		if (text == NULL)
			log_warn("restriction class \"%s\" needs a "
			    "definition", class->name);
		class->list = restriction_parse(profile, class->name, NULL,
		    slice_str(text == NULL ? class->name : text),
		    text == NULL ? RESTRICTION_FROM_TABLE : 0);
		mem_free(text);
	}
}

static void
read_restrictions(struct profile *profile)
{
	const struct conf	*conf = profile->conf;
	const struct {
		const char	*name, *acl, *text;
	} rows[PROFILE_LISTS] = {
#define ROW(name, acl)	{ #name, acl, conf->name }
		[PROFILE_CLIENT] = ROW(smtpd_client_restrictions,
		    "check_client_access"),
		[PROFILE_HELO] = ROW(smtpd_helo_restrictions,
		    "check_helo_access"),
		[PROFILE_SENDER] = ROW(smtpd_sender_restrictions,
		    "check_sender_access"),
		[PROFILE_RELAY] = ROW(smtpd_relay_restrictions,
		    "check_recipient_access"),
		[PROFILE_RECIPIENT] = ROW(smtpd_recipient_restrictions,
		    "check_recipient_access"),
		[PROFILE_DATA] = ROW(smtpd_data_restrictions, NULL),
		[PROFILE_END] = ROW(smtpd_end_of_data_restrictions, NULL),
		[PROFILE_ETRN] = ROW(smtpd_etrn_restrictions,
		    "check_etrn_access"),
#undef ROW
	};

	for (size_t i = 0; i < PROFILE_LISTS; i++)
		profile->lists[i] = restriction_parse(profile, rows[i].name,
		    rows[i].acl, slice_str(rows[i].text), 0);
}

/* ---- making -------------------------------------------------------------- */

/* Fill in what follows from conf. */
static void
read_conf(struct profile *profile)
{
	const struct conf	*conf = profile->conf;

	/* As it is written: $rbl_code is not one of ours. */
	profile->rbl_reply = conf_source_find(conf->source,
	    "default_rbl_reply");
	if (profile->rbl_reply == NULL ||
	    strstr(profile->rbl_reply, "$$") != NULL)
		profile->rbl_reply = conf->default_rbl_reply;
	profile->has_subdomains = classes_has_parents(conf,
	    "smtpd_access_maps");
	profile->networks = read_hosts(conf, "mynetworks", conf->mynetworks);
	profile->backed = read_hosts(conf, "permit_mx_backup_networks",
	    conf->permit_mx_backup_networks);
	profile->bare_lf = read_hosts(conf,
	    "smtpd_forbid_bare_newline_exclusions",
	    conf->smtpd_forbid_bare_newline_exclusions);
	profile->pipe_connect = read_hosts(conf,
	    "smtpd_authorized_pipeconnect_clients",
	    conf->smtpd_authorized_pipeconnect_clients);
	profile->verp = read_hosts(conf, "smtpd_authorized_verp_clients",
	    conf->smtpd_authorized_verp_clients);
	profile->no_auth = read_hosts(conf, "smtpd_sasl_exceptions_networks",
	    conf->smtpd_sasl_exceptions_networks);
	profile->exceptions = read_hosts(conf,
	    "smtpd_client_event_limit_exceptions",
	    conf->smtpd_client_event_limit_exceptions);
	profile->rate = rate_new(conf);
	maps_init(&profile->logins, "smtpd_sender_login_maps",
	    conf->smtpd_sender_login_maps, 0);
	maps_init(&profile->clientcerts, "relay_clientcerts",
	    conf->relay_clientcerts, 0);
	maps_init(&profile->rbl_replies, "rbl_reply_maps",
	    conf->rbl_reply_maps, 0);
	maps_init(&profile->footers, "smtpd_reject_footer_maps",
	    conf->smtpd_reject_footer_maps, 0);
	maps_init(&profile->tls_policies, "smtp_tls_policy_maps",
	    conf->smtp_tls_policy_maps, 0);
	maps_init(&profile->passwords, "smtp_sasl_password_maps",
	    conf->smtp_sasl_password_maps, 0);
	addressing_init(&profile->addressing, conf);
	profile->self = self_new(conf);
	profile->locals = locals_new(conf);
	read_classes(profile);
	read_restrictions(profile);
}

static struct profile *
make(struct adviser *adviser, struct slice settings, bool is_lmtp)
{
	struct profile	*profile = mem_new(sizeof(*profile));

	profile->adviser = adviser;
	profile->settings = mem_copy(settings.data, settings.len);
	profile->settings_len = settings.len;
	profile->is_lmtp = is_lmtp;
	profile->own_conf = settings_apply(adviser->conf, settings,
	    is_lmtp ? conf_row_set_lmtp : NULL);
	profile->conf = profile->own_conf != NULL ? profile->own_conf :
	    adviser->conf;
	profile->query = adviser->query;
	read_conf(profile);
	DL_APPEND(adviser->profiles, profile);
	return profile;
}

struct profile *
profile_get(struct adviser *adviser, struct slice settings, bool is_lmtp)
{
	struct profile	*profile;

	DL_FOREACH(adviser->profiles, profile)
		if (profile->is_lmtp == is_lmtp && slice_equal(settings,
		    slice_from(profile->settings, profile->settings_len)))
			return profile_keep(profile);
	return profile_keep(make(adviser, settings, is_lmtp));
}

struct profile *
profile_new(const struct conf *conf, struct query *query)
{
	struct profile	*profile = mem_new(sizeof(*profile));

	profile->conf = conf;
	profile->query = query;
	read_conf(profile);
	return profile_keep(profile);
}

struct profile *
profile_keep(struct profile *profile)
{
	profile->users++;
	return profile;
}

static void
free_lists(struct profile *profile)
{
	struct profile_class	*class, *next_class;
	struct profile_table	*table, *next_table;

	for (size_t i = 0; i < PROFILE_LISTS; i++)
		restriction_free(&profile->lists[i]);
	DL_FOREACH_SAFE(profile->classes, class, next_class) {
		restriction_free(&class->list);
		mem_free(class->name);
		mem_free(class);
	}
	DL_FOREACH_SAFE(profile->tables, table, next_table) {
		table_free(&table->table);
		mem_free(table);
	}
	policy_service_free_all(&profile->services);
	dnsbl_free_all(&profile->dnsbls);
}

void
profile_drop(struct profile **profilep)
{
	struct profile	*profile = *profilep;

	*profilep = NULL;
	if (profile == NULL || --profile->users > 0)
		return;
	if (profile->adviser != NULL)
		DL_DELETE(profile->adviser->profiles, profile);
	free_lists(profile);
	maps_clear(&profile->logins);
	maps_clear(&profile->clientcerts);
	maps_clear(&profile->rbl_replies);
	maps_clear(&profile->footers);
	maps_clear(&profile->tls_policies);
	maps_clear(&profile->passwords);
	addressing_clear(&profile->addressing);
	match_list_free(&profile->networks);
	match_list_free(&profile->backed);
	match_list_free(&profile->bare_lf);
	match_list_free(&profile->pipe_connect);
	match_list_free(&profile->verp);
	match_list_free(&profile->no_auth);
	match_list_free(&profile->exceptions);
	rate_free(&profile->rate);
	conf_free(&profile->own_conf);
	self_free(&profile->self);
	locals_free(&profile->locals);
	mem_free(profile->settings);
	mem_free(profile);
}
