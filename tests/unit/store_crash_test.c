/*
 * What the store holds after its process was killed, at any moment.
 */

#include "qmgr/store_crash.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qmgr/store.h"
#include "tests/unit/store_fixture.h"

/* Run fn in a child that ends without a goodbye; true when it was killed. */
static bool
in_child(void (*fn)(void), const char *crash_at)
{
	pid_t	pid = fork();
	int	status;

	if (pid == 0) {
		if (crash_at != NULL)
			setenv("TERN_CRASH_AT", crash_at, 1);
		fn();
		raise(SIGKILL);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void
commit_some_spill_others(void)
{
	open_store();
	for (uint64_t id = 1; id <= 200; id++)
		commit(id, 2, 5000, 0, NULL);
	settle();
	for (uint64_t id = 1001; id <= 1020; id++)
		spill(id, 20);
	settle();
	/* The flush of this one takes the spills with it. */
	commit(201, 1, 100, 0, NULL);
	settle();
}

static void
crash_and_sweep(void)
{
	struct got	got = { .count = 0 };
	bool		is_gone = true;
	uint64_t	seen = 0, last;

	empty_folder();
	CU_ASSERT_TRUE(in_child(commit_some_spill_others, NULL));
	open_store();
	for (uint64_t id = next(&got, 0); id != 0; id = next(&got, id)) {
		CU_ASSERT_EQUAL(id, ++seen);
		CU_ASSERT(has_content(&got, id, id == 201 ? 100 : 5000));
	}
	CU_ASSERT_EQUAL(seen, 201);
	for (uint64_t id = 1001; id <= 1020; id++)
		for (uint32_t i = 0; i < 20; i++)
			is_gone = is_gone && read_chunk(&got, id, i).len == 0;
	CU_ASSERT_TRUE(is_gone);
	last = store_last_id(store);
	CU_ASSERT(last >= 1020);
	close_store();
	open_store();
	CU_ASSERT_EQUAL(store_last_id(store), last);
	close_store();
	clear_got(&got);
}

static void
commit_and_remove_last(void)
{
	bool	is_done = false;

	open_store();
	for (uint64_t id = 1; id <= 9; id++)
		commit((uint64_t)1 << (id * 6), 1, 100, 0, NULL);
	store_remove(store, (uint64_t)1 << 54, (uint64_t)1 << 54, on_done,
	    &is_done);
	wait_for(&is_done);
}

static void
ids_are_never_used_again(void)
{
	empty_folder();
	CU_ASSERT_TRUE(in_child(commit_and_remove_last, NULL));
	open_store();
	CU_ASSERT(store_last_id(store) >= (uint64_t)1 << 54);
	close_store();
	open_store();
	CU_ASSERT(store_last_id(store) >= (uint64_t)1 << 54);
	commit(UINT64_MAX - 5, 1, 10, 0, NULL);
	close_store();
	open_store();
	CU_ASSERT_EQUAL(store_last_id(store), UINT64_MAX - 5);
	close_store();
}

static void
walk_all_arrows(void)
{
	struct store_message	changed = { .id = 1, .due_us = 500 };
	bool			is_done = false;

	open_store();
	commit(1, 1, 5000, 0, &is_done);
	wait_for(&is_done);
	for (int step = 0; step < 3; step++) {
		changed.flags = step == 1 ? STORE_HELD : 0;
		changed.due_us = step == 1 ? 0 : 500;
		is_done = false;
		store_reschedule(store, &changed, 0, on_done, &is_done);
		wait_for(&is_done);
	}
	spill(2, 2);
	settle();
	store_abort(store, 2);
	settle();
	is_done = false;
	store_remove(store, 1, 0, on_done, &is_done);
	wait_for(&is_done);
}

static void
dies_at_each_point(void)
{
	static const struct {
		const char	*point;
		bool		 is_there;
		uint64_t	 due_us;
		uint32_t	 flags;
	} cases[] = {
		{ "before-commit", false, 0, 0 },
		{ "after-commit", true, 1, 0 },
		{ "before-commit:2", true, 1, 0 },
		{ "defer", true, 500, 0 },
		{ "hold", true, 0, STORE_HELD },
		{ "before-commit:4", true, 0, STORE_HELD },
		{ "release", true, 500, 0 },
		{ "spill:2", true, 500, 0 },
		{ "abort", true, 500, 0 },
		{ "remove-before", true, 500, 0 },
		{ "remove-after", false, 0, 0 },
	};
	struct got	got = { .count = 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		empty_folder();
		CU_ASSERT_TRUE(in_child(walk_all_arrows, cases[i].point));
		open_store();
		load(&got, 1, 0, 10);
		CU_ASSERT_EQUAL(got.is_found, cases[i].is_there);
		if (got.is_found) {
			CU_ASSERT_EQUAL(got.count, 1);
			CU_ASSERT_EQUAL(got.message.due_us, cases[i].due_us);
			CU_ASSERT_EQUAL(got.message.flags, cases[i].flags);
			CU_ASSERT(has_content(&got, 1, 5000));
		} else
			CU_ASSERT(has_content(&got, 1, 0));
		CU_ASSERT_EQUAL(read_chunk(&got, 2, 0).len, 0);
		CU_ASSERT_EQUAL(scan(&got, NULL, UINT64_MAX, 9),
		    cases[i].due_us != 0);
		close_store();
	}
	clear_got(&got);
}

static void
fill_the_log(void)
{
	open_store();
	for (int round = 0; round < 40; round++) {
		for (uint64_t i = 0; i < 20; i++)
			commit((uint64_t)round * 20 + i + 1, 1, 30000, 0,
			    NULL);
		settle();
	}
}

static void
recovers_from_a_checkpoint(void)
{
	struct got	got = { .count = 0 };
	uint64_t	seen = 0;

	empty_folder();
	settings.checkpoint_size = 1 << 20;
	CU_ASSERT_TRUE(in_child(fill_the_log, "checkpoint:7"));
	open_store();
	for (uint64_t id = next(&got, 0); id != 0; id = next(&got, id))
		CU_ASSERT_EQUAL(id, ++seen);
	CU_ASSERT(seen >= 200);
	CU_ASSERT(has_content(&got, seen, 30000));
	settings.checkpoint_size = 8 << 20;
	close_store();
	clear_got(&got);
}

static size_t	*acknowledged;	/* shared with the child */

static void
on_acknowledged(bool is_new, void *arg)
{
	(void)is_new;
	(void)arg;
	++*acknowledged;
}

static void
write_until_it_fails(void)
{
	struct rlimit		limit = { 9 << 20, 9 << 20 };
	struct store_message	message = { .due_us = 1, .chunk_count = 1,
				    .envid = SLICE_LIT("envid") };

	open_store();
	/* The log's files are smaller than that, the table is not. */
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	log_open_fd("store_test", open("/dev/null", O_WRONLY));
	for (int i = 0; i < 3000; i++) {
		message.id++;
		store_commit(store, &message, NULL, 0, content_of(message.id,
		    30000), 0, on_acknowledged, NULL);
		loop_tick(loop, 0);
	}
	settle();
}

static void
a_full_disk_loses_nothing(void)
{
	struct got	got = { .count = 0 };
	uint64_t	seen = 0;
	int		status;
	pid_t		pid;

	empty_folder();
	acknowledged = mmap(NULL, sizeof(*acknowledged),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if ((pid = fork()) == 0) {
		write_until_it_fails();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	CU_ASSERT(*acknowledged > 0 && *acknowledged < 3000);
	open_store();
	for (uint64_t id = next(&got, 0); id != 0; id = next(&got, id)) {
		CU_ASSERT_EQUAL(id, ++seen);
		CU_ASSERT(has_content(&got, id, 30000));
	}
	CU_ASSERT(seen >= *acknowledged);
	close_store();
	clear_got(&got);
	munmap(acknowledged, sizeof(*acknowledged));
}

static void
make_lazy_then_die(void)
{
	bool	is_done = false;

	open_store();
	commit(1, 1, 100, 0, &is_done);
	wait_for(&is_done);
	store_remove(store, 1, 1, NULL, NULL);
	for (int64_t end_ms = clock_now_ms() + 400; clock_now_ms() < end_ms;)
		loop_tick(loop, 50);
}

static void
lazy_writes_are_flushed(void)
{
	struct got	got = { .count = 0 };

	empty_folder();
	CU_ASSERT_TRUE(in_child(make_lazy_then_die, NULL));
	open_store();
	CU_ASSERT_STRING_EQUAL(load(&got, 1, 0, 9), "");
	close_store();
	clear_got(&got);
}

void	store_crash_test(void);

void
store_crash_test(void)
{
	CU_pSuite	suite = CU_add_suite("store_crash", set_up,
	    empty_folder);

	CU_add_test(suite, "crash and sweep", crash_and_sweep);
	CU_add_test(suite, "ids are never used again",
	    ids_are_never_used_again);
	CU_add_test(suite, "dies at each point", dies_at_each_point);
	CU_add_test(suite, "recovers from a checkpoint",
	    recovers_from_a_checkpoint);
	CU_add_test(suite, "lazy writes are flushed",
	    lazy_writes_are_flushed);
	CU_add_test(suite, "a full disk loses nothing",
	    a_full_disk_loses_nothing);
}
