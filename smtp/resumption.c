/*
 * Sessions to resume.
 */

#include "smtp/resumption.h"

#include <uthash.h>

#include "net/tls.h"
#include "util/mem.h"

#define SESSION_LIMIT	2000	/* some KB each */

struct entry {
	void			*key;
	struct tls_session	*session;
	int64_t			 until_ms;
	UT_hash_handle		 hh;
};

struct resumption {
	struct entry	*entries;	/* hash, the oldest first */
};

struct resumption *
resumption_new(void)
{
	return mem_new(sizeof(struct resumption));
}

static void
drop(struct resumption *resumption, struct entry *entry)
{
	HASH_DEL(resumption->entries, entry);
	tls_session_free(&entry->session);
	mem_free(entry->key);
	mem_free(entry);
}

void
resumption_free(struct resumption **resumptionp)
{
	struct resumption	*resumption = *resumptionp;

	if (resumption == NULL)
		return;
	*resumptionp = NULL;
	while (resumption->entries != NULL)
		drop(resumption, resumption->entries);
	mem_free(resumption);
}

static struct entry *
find(const struct resumption *resumption, struct slice key)
{
	struct entry	*entry;

	HASH_FIND(hh, resumption->entries, key.data, (unsigned)key.len, entry);
	return entry;
}

void
resumption_drop(struct resumption *resumption, struct slice key)
{
	struct entry	*entry = find(resumption, key);

	if (entry != NULL)
		drop(resumption, entry);
}

struct tls_session *
resumption_find(struct resumption *resumption, struct slice key,
    int64_t now_ms)
{
	struct entry	*entry = find(resumption, key);

	if (entry == NULL)
		return NULL;
	if (now_ms < entry->until_ms)
		return entry->session;
	drop(resumption, entry);
	return NULL;
}

void
resumption_put(struct resumption *resumption, struct slice key,
    struct tls_session *session, int64_t until_ms)
{
	struct entry	*entry = find(resumption, key);

	/* Put anew it stands behind all others again. */
	if (entry != NULL)
		drop(resumption, entry);
	else if (HASH_COUNT(resumption->entries) >= SESSION_LIMIT)
		drop(resumption, resumption->entries);
	entry = mem_new(sizeof(*entry));
	entry->key = mem_copy(key.data, key.len);
	entry->session = session;
	entry->until_ms = until_ms;
	HASH_ADD_KEYPTR(hh, resumption->entries, entry->key, (unsigned)key.len,
	    entry);
}
