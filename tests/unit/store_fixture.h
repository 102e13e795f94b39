#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

/*
 * A store in a folder of its own, and calls that wait for its answers:
 * what the tests of the store share.  Each test file has its own copy.
 */

#include "qmgr/store.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "net/loop.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mem.h"

/* What one reading call gave, in words. */
struct got {
	bool		 is_done;
	bool		 is_found;
	uint64_t	 id;
	struct store_message	 message;	/* without its slices */
	size_t		 count;
	size_t		 listed;
	bool		 has_rest;
	struct buf	 text;
	struct buf	 chunk;
	struct store_due due[64];
};

static char			 folder[64];
static struct loop		*loop;
static struct store		*store;
static struct store_settings	 settings;
static size_t			 done_count;
static unsigned char		 body[100000];

/*
 * In memory, where there is room for it: these tests kill processes, not
 * machines, so what a flush costs is nothing to them.
 */
static inline const char *
temporary_folder(void)
{
	struct statvfs	fs;

	if (statvfs("/dev/shm", &fs) == 0 &&
	    (uint64_t)fs.f_bavail * fs.f_frsize > (uint64_t)512 << 20)
		return "/dev/shm";
	return "/tmp";
}

static inline int
set_up(void)
{
	snprintf(folder, sizeof(folder), "%s/tern-store-XXXXXX",
	    temporary_folder());
	if (mkdtemp(folder) == NULL)
		return -1;
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (unsigned char)(i * 31 + i / 256);
	settings = (struct store_settings){
		.folder = folder,
		.cache_size = 4 << 20,
		.log_file_size = 8 << 20,
		.checkpoint_size = 8 << 20,
		.lazy_ms = 20,
		.lock_wait_ms = 3000,
	};
	return 0;
}

/* 0, as CUnit wants it of a suite's end. */
static inline int
empty_folder(void)
{
	char	command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static inline void
open_store(void)
{
	char	*why = NULL;

	loop = loop_new();
	store = store_open(loop, &settings, &why);
	if (store == NULL)
		log_fatal("%s", why);
	done_count = 0;
}

static inline void
close_store(void)
{
	store_close(&store);
	loop_free(&loop);
}

static inline void
fresh_store(void)
{
	empty_folder();
	open_store();
}

static inline void
wait_for(const bool *flag)
{
	int64_t	end_ms = clock_now_ms() + 30000;

	while (!*flag && clock_now_ms() < end_ms)
		loop_tick(loop, 100);
	CU_ASSERT_TRUE(*flag);
}

static inline void
settle(void)
{
	while (store_pending(store) > 0)
		loop_tick(loop, 100);
}

static inline void
on_done(void *arg)
{
	if (arg != NULL)
		*(bool *)arg = true;
	done_count++;
}

static inline struct slice
content_of(uint64_t id, size_t size)
{
	return slice_from(body + id % 1000, size);
}

static size_t			 twin_count;

static inline void
on_committed(bool is_new, void *arg)
{
	twin_count += !is_new;
	on_done(arg);
}

/* Message id, due at id, with that many recipients. */
static inline void
commit(uint64_t id, size_t count, size_t size, uint32_t spilled,
    bool *is_done)
{
	struct store_message	 message = {
		.id = id, .arrival_us = id + 1, .due_us = id,
		.size = size, .recipient_count = (uint32_t)count,
		.chunk_count = spilled + (uint32_t)((size +
		    STORE_CHUNK_SIZE - 1) / STORE_CHUNK_SIZE),
		.sender = SLICE_LIT("sender"), .facts = SLICE_LIT("facts"),
		.envid = SLICE_LIT("envid"),
	};
	struct store_recipient	*list = mem_new_array(count, sizeof(*list));
	char			 name[24];

	for (size_t i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "r%zu", i);
		list[i].number = (uint32_t)i;
		list[i].address = slice_str(mem_strdup(name));
		list[i].notify = (uint32_t)i % 4 * 4;
		list[i].orcpt = list[i].notify == 0 ? slice_from(NULL, 0) :
		    SLICE_LIT("rfc822;x");
	}
	store_commit(store, &message, list, count, content_of(id, size),
	    spilled, on_committed, is_done);
	for (size_t i = 0; i < count; i++)
		mem_free((void *)(uintptr_t)list[i].address.data);
	mem_free(list);
}

static inline void
put_words(struct buf *text, const struct store_recipient *r)
{
	/* As commit has given them, whatever became of the recipient. */
	CU_ASSERT_EQUAL(r->notify, r->number % 4 * 4);
	CU_ASSERT(slice_is(r->orcpt, r->notify == 0 ? "" : "rfc822;x"));
	buf_printf(text, " %u:%d:%.*s:%.*s", r->number, (int)r->status,
	    SLICE_ARG(r->address), SLICE_ARG(r->reply));
}

static inline void
on_loaded(const struct store_message *message,
    const struct store_recipient *recipients, size_t count, void *arg)
{
	struct got	*got = arg;

	got->is_done = true;
	buf_empty(&got->text);
	if ((got->is_found = message != NULL)) {
		got->message = *message;
		got->id = message->id;
		got->count = count;
		CU_ASSERT(slice_is(message->envid, "envid"));
		buf_printf(&got->text, "%.*s %.*s %.*s",
		    SLICE_ARG(message->sender), SLICE_ARG(message->reason),
		    SLICE_ARG(message->facts));
		for (size_t i = 0; i < count && i < 10; i++)
			put_words(&got->text, &recipients[i]);
	}
}

/* The message in words, "" when there is none. */
static inline const char *
load(struct got *got, uint64_t id, uint32_t first, size_t count)
{
	got->is_done = false;
	store_load(store, id, first, count, on_loaded, got);
	wait_for(&got->is_done);
	return buf_cstr(&got->text);
}

static inline void
on_chunk(struct slice bytes, void *arg)
{
	struct got	*got = arg;

	got->is_done = true;
	buf_empty(&got->chunk);
	buf_put_slice(&got->chunk, bytes);
}

static inline struct slice
read_chunk(struct got *got, uint64_t id, uint32_t number)
{
	got->is_done = false;
	store_read(store, id, number, on_chunk, got);
	wait_for(&got->is_done);
	return buf_slice(&got->chunk);
}

static inline void
on_due(const struct store_due *due, size_t count, void *arg)
{
	struct got	*got = arg;

	got->is_done = true;
	got->count = count;
	CU_ASSERT(count <= 64);
	for (size_t i = 0; i < count; i++)
		got->due[i] = due[i];
}

static inline size_t
scan(struct got *got, const struct store_due *after, uint64_t until_us,
    size_t count)
{
	got->is_done = false;
	store_scan(store, after, until_us, count, on_due, got);
	wait_for(&got->is_done);
	return got->count;
}

static inline void
on_page(const struct store_listed *list, size_t count, bool has_rest,
    void *arg)
{
	struct got	*got = arg;

	got->has_rest = has_rest;
	got->listed = count;
	if (count == 0)
		on_loaded(NULL, NULL, 0, arg);
	for (size_t i = 0; i < count; i++)
		on_loaded(&list[i].message, list[i].recipients,
		    list[i].count, arg);
}

/* How many of at most count messages; got has the last of them. */
static inline size_t
list_page(struct got *got, uint64_t after, size_t count)
{
	got->is_done = false;
	got->id = 0;
	store_list(store, after, count, on_page, got);
	wait_for(&got->is_done);
	return got->listed;
}

static inline uint64_t
next(struct got *got, uint64_t after)
{
	return list_page(got, after, 1) == 1 ? got->id : 0;
}

static inline void
clear_got(struct got *got)
{
	buf_clear(&got->text);
	buf_clear(&got->chunk);
}

/* All content of a message is as content_of says, and nothing behind. */
static inline bool
has_content(struct got *got, uint64_t id, size_t size)
{
	struct slice	all = content_of(id, size);
	uint32_t	number = 0;

	for (; all.len != 0; number++) {
		struct slice	chunk = slice_first(all, STORE_CHUNK_SIZE);

		if (!slice_equal(read_chunk(got, id, number), chunk))
			return false;
		all = slice_after(all, chunk.len);
	}
	return read_chunk(got, id, number).len == 0;
}

/* Spill that many whole chunks; returns how many. */
static inline uint32_t
spill(uint64_t id, uint32_t chunks)
{
	for (uint32_t i = 0; i < chunks; i++) {
		store_spill(store, id, i, slice_from(body + i % 1000,
		    STORE_CHUNK_SIZE));
		if (i % 16 == 0)
			loop_tick(loop, 0);
	}
	return chunks;
}

#endif
