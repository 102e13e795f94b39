#include "qmgr/store.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qmgr/record.h"
#include "qmgr/store_db.h"
#include "tests/unit/store_fixture.h"

static void
life_of_a_message(void)
{
	struct got		got = { .count = 0 };
	struct store_message	changed = { .id = 100, .due_us = 900,
	    .attempts = 3, .reason = SLICE_LIT("later") };
	struct store_recipient	update = { .number = 2,
	    .status = STORE_FAILED,
	    .reply = SLICE_LIT("no") };
	uint32_t		off[] = { 0, 1 };
	bool			is_done = false;

	fresh_store();
	commit(100, 4, 10000, 0, &is_done);
	CU_ASSERT_FALSE(is_done);
	wait_for(&is_done);
	CU_ASSERT_STRING_EQUAL(load(&got, 100, 0, 10),
	    "sender  facts 0:0:r0: 1:0:r1: 2:0:r2: 3:0:r3:");
	CU_ASSERT_EQUAL(got.message.size, 10000);
	CU_ASSERT_EQUAL(got.message.arrival_us, 101);
	CU_ASSERT(has_content(&got, 100, 10000));
	CU_ASSERT_STRING_EQUAL(load(&got, 100, 1, 2),
	    "sender  facts 1:0:r1: 2:0:r2:");
	CU_ASSERT_EQUAL(scan(&got, NULL, 99, 9), 0);
	CU_ASSERT_EQUAL(scan(&got, NULL, 100, 9), 1);
	store_cross_off(store, 100, off, 2);
	store_update(store, 100, &update, 1);
	store_reschedule(store, &changed, 100, NULL, NULL);
	CU_ASSERT_STRING_EQUAL(load(&got, 100, 0, 10),
	    "sender later facts 2:1:r2:no 3:0:r3:");
	CU_ASSERT_EQUAL(got.message.attempts, 3);
	CU_ASSERT_EQUAL(got.message.due_us, 900);
	CU_ASSERT(has_content(&got, 100, 10000));
	CU_ASSERT_EQUAL(scan(&got, NULL, 899, 9), 0);
	CU_ASSERT_EQUAL(scan(&got, NULL, UINT64_MAX, 9), 1);
	CU_ASSERT_EQUAL(got.due[0].due_us, 900);
	changed.due_us = 0;
	changed.flags = STORE_HELD;
	is_done = false;
	store_reschedule(store, &changed, 900, on_done, &is_done);
	wait_for(&is_done);
	CU_ASSERT_EQUAL(scan(&got, NULL, UINT64_MAX, 9), 0);
	is_done = false;
	store_remove(store, 100, 0, on_done, &is_done);
	wait_for(&is_done);
	CU_ASSERT_STRING_EQUAL(load(&got, 100, 0, 10), "");
	CU_ASSERT(has_content(&got, 100, 0));
	/* Late words about it change nothing. */
	store_cross_off(store, 100, off, 2);
	store_update(store, 100, &update, 1);
	changed.due_us = 5;
	store_reschedule(store, &changed, 0, NULL, NULL);
	CU_ASSERT_STRING_EQUAL(load(&got, 100, 0, 10), "");
	CU_ASSERT_EQUAL(scan(&got, NULL, UINT64_MAX, 9), 0);
	close_store();
	clear_got(&got);
}

static void
many_recipients(void)
{
	struct got		got = { .count = 0 };
	struct store_recipient	update = { .number = 4999,
	    .status = STORE_FAILED,
	    .reply = SLICE_LIT("no") };
	uint32_t		off[4990];
	bool			is_done = false;

	fresh_store();
	commit(7, 5000, 100, 0, &is_done);
	wait_for(&is_done);
	load(&got, 7, 0, SIZE_MAX);
	CU_ASSERT_EQUAL(got.count, 5000);
	CU_ASSERT_STRING_EQUAL(load(&got, 7, 4998, 5),
	    "sender  facts 4998:0:r4998: 4999:0:r4999:");
	for (uint32_t i = 0; i < 4990; i++)
		off[i] = i;
	store_cross_off(store, 7, off, 4990);
	store_update(store, 7, &update, 1);
	CU_ASSERT_STRING_EQUAL(load(&got, 7, 0, 1),
	    "sender  facts 4990:0:r4990:");
	CU_ASSERT_STRING_EQUAL(load(&got, 7, 4999, 1),
	    "sender  facts 4999:1:r4999:no");
	store_remove(store, 7, 7, NULL, NULL);
	CU_ASSERT_STRING_EQUAL(load(&got, 7, 0, 1), "");
	close_store();
	clear_got(&got);
}

static void
big_message(void)
{
	struct got	got = { .count = 0 };
	uint32_t	chunks = 320;
	bool		is_done = false, is_same = true;

	fresh_store();
	spill(50, chunks);
	commit(50, 1, 70000, chunks, &is_done);
	wait_for(&is_done);
	for (uint32_t i = 0; i < chunks; i++)
		is_same = is_same && slice_equal(read_chunk(&got, 50, i),
		    slice_from(body + i % 1000, STORE_CHUNK_SIZE));
	CU_ASSERT_TRUE(is_same);
	CU_ASSERT(slice_equal(read_chunk(&got, 50, chunks + 2),
	    slice_after(content_of(50, 70000), (size_t)2 *
	    STORE_CHUNK_SIZE)));
	close_store();
	open_store();
	CU_ASSERT_EQUAL(read_chunk(&got, 50, 3).len, STORE_CHUNK_SIZE);
	store_remove(store, 50, 50, NULL, NULL);
	settle();
	for (uint32_t i = 0; i < chunks + 4; i++)
		is_same = is_same && read_chunk(&got, 50, i).len == 0;
	CU_ASSERT_TRUE(is_same);
	close_store();
	clear_got(&got);
}

static void
aborted_message(void)
{
	struct got	got = { .count = 0 };
	bool		is_gone = true;

	fresh_store();
	spill(60, 300);
	settle();
	CU_ASSERT_EQUAL(read_chunk(&got, 60, 299).len, STORE_CHUNK_SIZE);
	store_abort(store, 60);
	store_abort(store, 61);
	settle();
	for (uint32_t i = 0; i < 300; i++)
		is_gone = is_gone && read_chunk(&got, 60, i).len == 0;
	CU_ASSERT_TRUE(is_gone);
	close_store();
	clear_got(&got);
}

static void
thousands(void)
{
	struct got		got = { .count = 0 };
	struct store_due	after;
	size_t			count = 3000, seen = 0;
	bool			is_ordered = true;

	fresh_store();
	for (uint64_t id = 1; id <= count; id++) {
		commit(id * 10, 1 + id % 3, id * 7 % 40000, 0, NULL);
		if (id % 50 == 0)
			loop_tick(loop, 0);
	}
	settle();
	CU_ASSERT_EQUAL(done_count, count);
	CU_ASSERT_EQUAL(store_last_id(store), count * 10);
	close_store();
	open_store();
	CU_ASSERT_EQUAL(store_last_id(store), count * 10);
	for (uint64_t id = next(&got, 0); id != 0; id = next(&got, id)) {
		is_ordered = is_ordered && id == ++seen * 10 &&
		    got.message.size == seen * 7 % 40000 &&
		    got.count == 1 + seen % 3;
	}
	CU_ASSERT_TRUE(is_ordered);
	CU_ASSERT_EQUAL(seen, count);
	seen = scan(&got, NULL, UINT64_MAX, 64);
	while (got.count > 0) {
		after = got.due[got.count - 1];
		is_ordered = is_ordered && after.due_us == seen * 10 &&
		    after.id == seen * 10;
		seen += scan(&got, &after, UINT64_MAX, 64);
	}
	CU_ASSERT_TRUE(is_ordered);
	CU_ASSERT_EQUAL(seen, count);
	for (uint64_t id = 1; id <= count; id += 97)
		CU_ASSERT(has_content(&got, id * 10, id * 7 % 40000));
	for (uint64_t id = 1; id <= count; id++)
		store_remove(store, id * 10, id * 10, NULL, NULL);
	CU_ASSERT_EQUAL(next(&got, 0), 0);
	CU_ASSERT_EQUAL(scan(&got, NULL, UINT64_MAX, 64), 0);
	close_store();
	open_store();
	CU_ASSERT_EQUAL(store_last_id(store), count * 10);
	close_store();
	clear_got(&got);
}

/* An id that is in use costs neither message nor content of its owner. */
static void
taken_id(void)
{
	struct got	got = { .count = 0 };
	bool		is_done = false;

	fresh_store();
	twin_count = 0;
	commit(70, 2, 90000, 0, &is_done);
	wait_for(&is_done);
	CU_ASSERT_EQUAL(twin_count, 0);

	is_done = false;
	store_spill(store, 70, 0, slice_from(body, 1000));
	store_spill(store, 70, 1, slice_from(body, 1000));
	commit(70, 1, 500, 2, &is_done);
	wait_for(&is_done);
	CU_ASSERT_EQUAL(twin_count, 1);
	store_spill(store, 70, 0, slice_from(body, 1000));
	store_abort(store, 70);
	settle();
	close_store();
	open_store();
	CU_ASSERT_STRING_EQUAL(load(&got, 70, 0, 10),
	    "sender  facts 0:0:r0: 1:0:r1:");
	CU_ASSERT(has_content(&got, 70, 90000));
	close_store();
	clear_got(&got);
}

static struct buf	order;

static void
note_done(void *arg)
{
	buf_put_str(&order, arg);
}

static void
note_load(const struct store_message *message,
    const struct store_recipient *recipients, size_t count, void *arg)
{
	(void)recipients;
	(void)count;
	buf_put_str(&order, arg);
	buf_put_str(&order, message == NULL ? "-" : "+");
}

static void
note_commit(bool is_new, void *arg)
{
	CU_ASSERT_TRUE(is_new);
	note_done(arg);
}

static void
callbacks_keep_order(void)
{
	struct store_message	message = { .id = 1, .due_us = 1,
	    .chunk_count = 1 };

	fresh_store();
	for (int i = 0; i < 3; i++) {
		store_load(store, 1, 0, 1, note_load, "a");
		store_commit(store, &message, NULL, 0, SLICE_LIT("x"), 0,
		    note_commit, "b");
		store_load(store, 1, 0, 1, note_load, "c");
		store_remove(store, 1, 1, note_done, "d");
	}
	settle();
	CU_ASSERT_STRING_EQUAL(buf_cstr(&order), "a-bc+da-bc+da-bc+d");
	buf_empty(&order);
	store_commit(store, &message, NULL, 0, SLICE_LIT("x"), 0, note_commit,
	    "e");
	store_load(store, 1, 0, 1, note_load, "f");
	/* Closing runs what is left. */
	close_store();
	CU_ASSERT_STRING_EQUAL(buf_cstr(&order), "ef+");
	buf_clear(&order);
}

static void
config_file_is_refused(void)
{
	char	 path[128];
	char	*why = NULL;
	int	 fd;

	empty_folder();
	open_store();
	close_store();
	snprintf(path, sizeof(path), "%s/DB_CONFIG", folder);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	close(fd);
	loop = loop_new();
	CU_ASSERT_PTR_NULL(store_open(loop, &settings, &why));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "DB_CONFIG"));
	mem_free(why);
	loop_free(&loop);
}

/*
 * Another process has the queue open, until it hears from us and a while
 * has gone; then it says when it let go.
 */
static void
hold_for_a_while(int fd)
{
	int64_t	now_ms;
	char	c = 0;

	open_store();
	(void)!write(fd, &c, 1);
	(void)!read(fd, &c, 1);
	usleep(100 * 1000);
	now_ms = clock_now_ms();
	(void)!write(fd, &now_ms, sizeof(now_ms));
	_exit(0);
}

static void
second_waits(void)
{
	char	*why = NULL;
	int64_t	 left_ms = INT64_MAX, opened_ms;
	int	 ends[2];
	char	 c = 0;

	empty_folder();
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC,
	    0, ends), 0);
	if (fork() == 0)
		hold_for_a_while(ends[1]);
	close(ends[1]);
	CU_ASSERT_EQUAL(read(ends[0], &c, 1), 1);
	loop = loop_new();
	settings.lock_wait_ms = 100;
	CU_ASSERT_PTR_NULL(store_open(loop, &settings, &why));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "another qmgr"));
	mem_free(why);
	loop_free(&loop);
	settings.lock_wait_ms = 10000;
	CU_ASSERT_EQUAL(write(ends[0], &c, 1), 1);
	open_store();
	opened_ms = clock_now_ms();
	CU_ASSERT_EQUAL(read(ends[0], &left_ms, sizeof(left_ms)),
	    (ssize_t)sizeof(left_ms));
	CU_ASSERT(opened_ms >= left_ms);
	close_store();
	close(ends[0]);
	settings.lock_wait_ms = 3000;
	CU_ASSERT(wait(NULL) > 0);
}

/* Write noise where records should be. */
static void
damage(void)
{
	struct store_db	*db;
	char		*why = NULL;

	db = store_db_open(&settings, &why);
	if (db == NULL)
		log_fatal("%s", why);
	store_db_begin(db);
	store_db_put(db, STORE_DB_MESSAGE, record_key_id(2),
	    SLICE_LIT("\1\3damaged"));
	store_db_put(db, STORE_DB_MESSAGE, record_key_part(2, 3),
	    SLICE_LIT("\1\3damaged"));
	store_db_put(db, STORE_DB_RECIPIENT, record_key_part(3, 7),
	    SLICE_LIT(""));
	store_db_put(db, STORE_DB_CONTENT, record_key_part(4, 0),
	    SLICE_LIT("\1\0\0\0\2x"));
	store_db_put(db, STORE_DB_DUE, record_key_part(2, 7), SLICE_LIT(""));
	store_db_put(db, STORE_DB_META, record_key_arriving(5),
	    SLICE_LIT(""));
	store_db_commit(db, true);
	CU_ASSERT_PTR_NULL(store_db_error(db));
	store_db_close(&db);
}

static void
list_in_pages(void)
{
	struct got	got = { .count = 0 };
	size_t		pages = 0, count = 0;

	fresh_store();
	CU_ASSERT_EQUAL(list_page(&got, 0, 10), 0);
	CU_ASSERT_FALSE(got.has_rest);
	for (uint64_t id = 1; id <= 25; id++)
		commit(id, id == 13 ? 2000 : 2, 100, 0, NULL);
	CU_ASSERT_EQUAL(list_page(&got, 0, 10), 10);
	CU_ASSERT_TRUE(got.has_rest);
	CU_ASSERT_EQUAL(got.id, 10);
	/* The page ends where recipients are left. */
	CU_ASSERT_EQUAL(list_page(&got, 10, 10), 3);
	CU_ASSERT_TRUE(got.has_rest);
	CU_ASSERT_EQUAL(got.count, STORE_LIST_RECIPIENTS);
	CU_ASSERT_EQUAL(list_page(&got, 13, 100), 12);
	CU_ASSERT_FALSE(got.has_rest);
	CU_ASSERT_STRING_EQUAL(buf_cstr(&got.text),
	    "sender  facts 0:0:r0: 1:0:r1:");
	CU_ASSERT_EQUAL(list_page(&got, UINT64_MAX, 10), 0);
	/* Large ones make short pages. */
	for (uint64_t id = 101; id <= 200; id++)
		commit(id, 1, 30000, 0, NULL);
	for (uint64_t id = 100; id != 200; id = got.id, pages++)
		count += list_page(&got, id, 1000);
	CU_ASSERT_EQUAL(count, 100);
	CU_ASSERT(pages > 2 && pages < 10);
	close_store();
	clear_got(&got);
}

static void
damaged_records_are_absent(void)
{
	struct store_message	changed = { .id = 2, .due_us = 9 };
	struct got		got = { .count = 0 };
	int			quiet = open("/dev/null", O_WRONLY);

	fresh_store();
	for (uint64_t id = 1; id <= 5; id++)
		commit(id, id == 3 ? 300 : 1, 1000, 0, NULL);
	close_store();
	damage();
	log_open_fd("store_test", quiet);
	open_store();
	CU_ASSERT_STRING_EQUAL(load(&got, 2, 0, 9), "");
	CU_ASSERT_EQUAL(next(&got, 0), 1);
	CU_ASSERT_EQUAL(next(&got, 1), 3);
	load(&got, 3, 0, SIZE_MAX);
	CU_ASSERT_EQUAL(got.count, 299);
	CU_ASSERT_EQUAL(read_chunk(&got, 4, 0).len, 0);
	CU_ASSERT(has_content(&got, 5, 1000));
	CU_ASSERT_EQUAL(scan(&got, NULL, UINT64_MAX, 9), 5);
	/* It leaves the index as soon as it is to be scheduled again. */
	store_reschedule(store, &changed, 2, NULL, NULL);
	CU_ASSERT_EQUAL(scan(&got, NULL, UINT64_MAX, 9), 4);
	store_remove(store, 2, 2, NULL, NULL);
	close_store();
	open_store();
	CU_ASSERT_EQUAL(next(&got, 1), 3);
	close_store();
	log_open_fd("store_test", STDERR_FILENO);
	close(quiet);
	clear_got(&got);
}

void	store_test(void);

void
store_test(void)
{
	CU_pSuite	suite = CU_add_suite("store", set_up, empty_folder);

	CU_add_test(suite, "life of a message", life_of_a_message);
	CU_add_test(suite, "many recipients", many_recipients);
	CU_add_test(suite, "big message", big_message);
	CU_add_test(suite, "aborted message", aborted_message);
	CU_add_test(suite, "taken id", taken_id);
	CU_add_test(suite, "thousands", thousands);
	CU_add_test(suite, "callbacks keep order", callbacks_keep_order);
	CU_add_test(suite, "DB_CONFIG is refused", config_file_is_refused);
	CU_add_test(suite, "a second qmgr waits", second_waits);
	CU_add_test(suite, "list in pages", list_in_pages);
	CU_add_test(suite, "damaged records are absent",
	    damaged_records_are_absent);
}
