/*
 * Tables of addresses.
 */

#include "lookup/addressing.h"

#include <stddef.h>

#include "conf/conf.h"
#include "lookup/classes.h"
#include "mail/address.h"
#include "mail/extension.h"
#include "mail/match_list.h"
#include "mail/place.h"
#include "util/log.h"
#include "util/mem.h"

#define SEPARATORS	", \t\r\n"

/* ---- the parameters ------------------------------------------------------ */

#define MAPS(member, parameter, how) \
	{ #parameter, offsetof(struct addressing, member), \
	    offsetof(struct conf, parameter), how }

static const struct {
	const char	*name;
	size_t		 maps, text;
	unsigned	 how;
} rows[] = {
	MAPS(sender_canonical.maps, sender_canonical_maps, 0),
	MAPS(recipient_canonical.maps, recipient_canonical_maps, 0),
	MAPS(canonical.maps, canonical_maps, 0),
	MAPS(generics, smtp_generic_maps, 0),
	MAPS(virtual_aliases, virtual_alias_maps, 0),
	MAPS(virtual_mailboxes, virtual_mailbox_maps, 0),
	MAPS(local_recipients, local_recipient_maps, 0),
	MAPS(relay_recipients, relay_recipient_maps, 0),
	MAPS(relocated, relocated_maps, 0),
	MAPS(sender_bccs, sender_bcc_maps, 0),
	MAPS(recipient_bccs, recipient_bcc_maps, 0),
	/* A stranger's address must not choose a host or a program. */
	MAPS(transports, transport_maps, TABLE_NO_SUBSTITUTION),
	MAPS(sender_relayhosts, sender_dependent_relayhost_maps,
	    TABLE_NO_SUBSTITUTION),
	MAPS(sender_transports, sender_dependent_default_transport_maps,
	    TABLE_NO_SUBSTITUTION),
};

#define ROWS	(sizeof(rows) / sizeof(*rows))

static struct maps *
maps_at(struct addressing *addressing, size_t i)
{
	return (struct maps *)(void *)((char *)addressing + rows[i].maps);
}

static bool
has_word(const char *text, const char *name)
{
	struct slice	rest = slice_str(text), word;

	while (slice_get_word(&rest, SEPARATORS, &word) == 0)
		if (slice_is_nocase(word, name))
			return true;
	return false;
}

static void
read_masquerade(struct addressing *addressing, const struct conf *conf)
{
	char	*why;

	if (conf->masquerade_domains[0] == '\0')
		return;
	addressing->masquerade = place_parse("masquerade_classes",
	    conf->masquerade_classes);
	addressing->masquerade_exceptions = match_list_new(
	    conf->masquerade_exceptions, MATCH_LIST_STRING, 0, &why);
	if (addressing->masquerade_exceptions == NULL) {
		log_warn("masquerade_exceptions: %s", why);
		mem_free(why);
	}
}

/* Of the service that a content filter gives mail back to. */
static void
read_overrides(struct addressing *addressing, const struct conf *conf)
{
	char	*text = conf_find(conf, "receive_override_options");

	if (text == NULL)
		return;
	addressing->maps_nothing = has_word(text, "no_address_mappings");
	addressing->knows_all = has_word(text,
	    "no_unknown_recipient_checks");
	mem_free(text);
}

void
addressing_init(struct addressing *addressing, const struct conf *conf)
{
	*addressing = (struct addressing){ .conf = conf };
	addressing->classes = classes_new(conf);
	for (size_t i = 0; i < ROWS; i++) {
		const char *const	*text = (const void *)
					    ((const char *)conf +
					    rows[i].text);

		maps_init(maps_at(addressing, i), rows[i].name, *text,
		    rows[i].how);
	}
	addressing->sender_canonical.where = place_parse(
	    "sender_canonical_classes", conf->sender_canonical_classes);
	addressing->recipient_canonical.where = place_parse(
	    "recipient_canonical_classes",
	    conf->recipient_canonical_classes);
	addressing->canonical.where = place_parse("canonical_classes",
	    conf->canonical_classes);
	addressing->extends_canonical = has_word(
	    conf->propagate_unmatched_extensions, "canonical");
	addressing->extends_virtual = has_word(
	    conf->propagate_unmatched_extensions, "virtual");
	addressing->extends_generic = has_word(
	    conf->propagate_unmatched_extensions, "generic");
	read_masquerade(addressing, conf);
	read_overrides(addressing, conf);
}

void
addressing_clear(struct addressing *addressing)
{
	if (addressing->conf == NULL)
		return;
	for (size_t i = 0; i < ROWS; i++)
		maps_clear(maps_at(addressing, i));
	match_list_free(&addressing->masquerade_exceptions);
	classes_free(&addressing->classes);
	addressing->conf = NULL;
}

/* ---- the order of questions ---------------------------------------------- */

/* One address and what is asked of it; the first answer ends it. */
struct search {
	const struct addressing	*addressing;
	const struct maps	*maps;
	struct buf		*value;
	struct slice		 local;
	struct slice		 domain;
	bool			 has_extension;
	struct buf		 user;		/* local without it */
	struct buf		 key;
};

/* left, and right when it is not NULL, with an @ between them. */
static enum table_answer
ask_part(struct search *search, struct slice left, const struct slice *right)
{
	buf_empty(&search->key);
	buf_put_slice(&search->key, left);
	if (right != NULL) {
		buf_put_u8(&search->key, '@');
		buf_put_slice(&search->key, *right);
	}
	return maps_find(search->maps, buf_slice(&search->key), MAPS_PART,
	    search->value);
}

/* The user without its extension, in one form or another. */
static enum table_answer
ask_user(struct search *search, const struct slice *domain, bool *is_without)
{
	enum table_answer	answer = TABLE_NONE;

	if (search->has_extension)
		answer = ask_part(search, buf_slice(&search->user), domain);
	*is_without = answer == TABLE_FOUND;
	return answer;
}

static enum table_answer
ask_parts(struct search *search, bool *is_without)
{
	enum table_answer	answer;

	*is_without = false;
	if (search->domain.len > 0 && (answer = ask_user(search,
	    &search->domain, is_without)) != TABLE_NONE)
		return answer;
	switch (classes_is_local(search->addressing->classes,
	    search->domain)) {
	case MATCH_LIST_TROUBLE:
		return TABLE_TROUBLE;
	case MATCH_LIST_YES:
		if (search->domain.len > 0 && (answer = ask_part(search,
		    search->local, NULL)) != TABLE_NONE)
			return answer;
		if ((answer = ask_user(search, NULL, is_without)) !=
		    TABLE_NONE)
			return answer;
		break;
	case MATCH_LIST_NO:
		break;
	}
	if (search->domain.len == 0)
		return TABLE_NONE;
	return ask_part(search, slice_str(""), &search->domain);
}

enum table_answer
addressing_find(const struct addressing *addressing, const struct maps *maps,
    struct slice address, struct buf *value, struct buf *extension)
{
	struct search		search = {
		.addressing = addressing,
		.maps = maps,
		.value = value,
		.local = address_local(address),
		.domain = address_domain(address),
		.user = BUF_INIT,
		.key = BUF_INIT,
	};
	struct buf		tail = BUF_INIT;
	enum table_answer	answer;
	bool			is_without = false;

	if (maps_is_empty(maps))
		return TABLE_NONE;
	answer = maps_find(maps, address, 0, value);
	if (answer == TABLE_NONE) {
		search.has_extension = extension_split(search.local,
		    addressing->conf->recipient_delimiter, &search.user,
		    &tail);
		answer = ask_parts(&search, &is_without);
	}
	if (is_without && extension != NULL)
		buf_put_slice(extension, buf_slice(&tail));
	buf_clear(&search.user);
	buf_clear(&search.key);
	buf_clear(&tail);
	return answer;
}

bool
addressing_put_bare(const struct addressing *addressing,
    struct slice address, struct buf *into)
{
	struct slice	local = address_local(address);
	struct buf	extension = BUF_INIT;
	bool		has_any;

	has_any = extension_split(local,
	    addressing->conf->recipient_delimiter, into, &extension);
	if (has_any)
		buf_put_slice(into, slice_after(address, local.len));
	buf_clear(&extension);
	return has_any;
}
