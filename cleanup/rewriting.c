/*
 * Rewriting, with questions to lookup.
 */

#include "cleanup/rewriting.h"

#include "cleanup/cleaner.h"
#include "conf/conf.h"
#include "mail/ipc.h"
#include "mail/letterhead.h"
#include "mail/place.h"
#include "mail/standard.h"
#include "mail/wording.h"
#include "util/mem.h"

struct rewriting {
	struct cleaner		*cleaner;
	rewriting_fn		 fn;
	void			*arg;
	char			*sender;	/* in standard form, then new */
	const char		*origin;	/* of headers; NULL: as ours */
	bool			 has_headers;	/* they are rewritten */
	bool			 is_asking;	/* the header is read */
	struct letterhead	 head;
	struct wording		*wording;	/* what lookup is asked */
	struct buf		 content;	/* what has come since */
};

/* ---- rules --------------------------------------------------------------- */

/* The places of those classes, where there are tables for them. */
static unsigned
read_places(const char *tables, const char *name, const char *classes)
{
	return tables[0] == '\0' ? 0 : place_parse(name, classes) &
	    ~(unsigned)PLACE_ENVELOPE_RECIPIENT;
}

unsigned
rewriting_places(const struct conf *conf)
{
	return read_places(conf->canonical_maps, "canonical_classes",
	    conf->canonical_classes) |
	    read_places(conf->masquerade_domains, "masquerade_classes",
	    conf->masquerade_classes) |
	    (read_places(conf->sender_canonical_maps,
	    "sender_canonical_classes", conf->sender_canonical_classes) &
	    PLACE_SENDER) |
	    (read_places(conf->recipient_canonical_maps,
	    "recipient_canonical_classes",
	    conf->recipient_canonical_classes) & PLACE_HEADER_RECIPIENT);
}

/* ---- its end ------------------------------------------------------------- */

struct rewriting *
rewriting_new(struct cleaner *cleaner,
    const struct rewriting_settings *settings)
{
	const char		*domain;
	struct rewriting	*rewriting;
	struct buf		 sender = BUF_INIT;
	bool			 is_ours = settings->is_ours;

	domain = cleaner->conf->remote_header_rewrite_domain;
	if (!is_ours && domain[0] == '\0' &&
	    !(cleaner->mapped & PLACE_ENVELOPE_SENDER))
		return NULL;
	rewriting = mem_new(sizeof(*rewriting));
	rewriting->cleaner = cleaner;
	rewriting->fn = settings->fn;
	rewriting->arg = settings->arg;
	rewriting->has_headers = is_ours || domain[0] != '\0';
	rewriting->origin = is_ours ? NULL : domain;
	standard_put(cleaner->conf, NULL, slice_str(settings->sender),
	    &sender);
	rewriting->sender = mem_strdup(buf_cstr(&sender));
	buf_clear(&sender);
	return rewriting;
}

void
rewriting_free(struct rewriting **rewritingp)
{
	struct rewriting	*rewriting = *rewritingp;

	if (rewriting == NULL)
		return;
	*rewritingp = NULL;
	wording_free(&rewriting->wording);
	letterhead_clear(&rewriting->head);
	buf_clear(&rewriting->content);
	mem_free(rewriting->sender);
	mem_free(rewriting);
}

size_t
rewriting_kept(const struct rewriting *rewriting)
{
	return rewriting->is_asking ?
	    rewriting->head.text.len + rewriting->content.len : 0;
}

/* The header as it is now goes in front of what came behind it. */
static void
finish(struct rewriting *rewriting)
{
	struct buf	whole = BUF_INIT;

	letterhead_format(&rewriting->head, &whole);
	buf_put_slice(&whole, buf_slice(&rewriting->content));
	buf_clear(&rewriting->content);
	rewriting->content = whole;
	rewriting->fn(rewriting->arg, rewriting->sender,
	    buf_slice(&rewriting->content));
}

/* ---- questions ----------------------------------------------------------- */

static bool
is_mapped(const struct rewriting *rewriting, unsigned place)
{
	return (rewriting->cleaner->mapped & place) != 0;
}

static void
set(char **text, const char *to)
{
	mem_free(*text);
	*text = mem_strdup(to);
}

/* Answers come in the order of ask_all's questions. */
static void
on_answers(void *arg, bool ok)
{
	struct rewriting	*rewriting = arg;
	struct letterhead	*head = &rewriting->head;
	size_t			 n = 0;

	if (!ok) {
		rewriting->fn(rewriting->arg, NULL, slice_str(""));
		return;
	}
	if (rewriting->sender[0] != '\0' &&
	    is_mapped(rewriting, PLACE_ENVELOPE_SENDER))
		set(&rewriting->sender, wording_get(rewriting->wording, n++));
	for (size_t i = 0; i < head->count; i++)
		if (is_mapped(rewriting, head->items[i].place))
			set(&head->items[i].wanted,
			    wording_get(rewriting->wording, n++));
	finish(rewriting);
}

static void
ask_all(struct rewriting *rewriting)
{
	const struct letterhead	*head = &rewriting->head;

	rewriting->wording = wording_new(rewriting->cleaner->lookup,
	    on_answers, rewriting);
	if (rewriting->sender[0] != '\0' &&
	    is_mapped(rewriting, PLACE_ENVELOPE_SENDER))
		wording_add(rewriting->wording, PLACE_ENVELOPE_SENDER,
		    rewriting->sender);
	for (size_t i = 0; i < head->count; i++)
		if (is_mapped(rewriting, head->items[i].place))
			wording_add(rewriting->wording, head->items[i].place,
			    head->items[i].wanted);
	if (wording_count(rewriting->wording) == 0)
		finish(rewriting);
	else
		wording_start(rewriting->wording);
}

/* ---- content ------------------------------------------------------------- */

/* All of the header is there: each address in standard form. */
static void
begin(struct rewriting *rewriting)
{
	struct letterhead	*head = &rewriting->head;

	rewriting->is_asking = true;
	if (rewriting->has_headers)
		letterhead_read(head);
	for (size_t i = 0; i < head->count; i++) {
		struct buf	standard = BUF_INIT;

		standard_put(rewriting->cleaner->conf, rewriting->origin,
		    slice_str(head->items[i].address), &standard);
		head->items[i].wanted = mem_strdup(buf_cstr(&standard));
		buf_clear(&standard);
	}
	ask_all(rewriting);
}

void
rewriting_put(struct rewriting *rewriting, struct slice bytes)
{
	if (rewriting->is_asking) {
		buf_put_slice(&rewriting->content, bytes);
		return;
	}
	if (letterhead_put(&rewriting->head, bytes) ||
	    !rewriting->has_headers)
		begin(rewriting);
}

void
rewriting_end(struct rewriting *rewriting)
{
	if (!rewriting->is_asking)
		begin(rewriting);
}
