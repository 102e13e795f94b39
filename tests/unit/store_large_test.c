/*
 * Content that stands in files.
 */

#include "qmgr/store_large.h"

#include <CUnit/CUnit.h>
#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/store_fixture.h"

static bool
has_file(uint64_t id)
{
	char	*path = mem_printf("%s/large/%016llx", folder,
		    (unsigned long long)id);
	bool	 is_there = access(path, F_OK) == 0;

	mem_free(path);
	return is_there;
}

static void
make_file(const char *name)
{
	char	*path = mem_printf("%s/large/%s", folder, name);

	close(open(path, O_CREAT | O_WRONLY, 0600));
	mem_free(path);
}

static void
file_lives_with_message(void)
{
	struct got	got = { .count = 0 };
	bool		is_done = false;
	uint32_t	spilled;

	fresh_store();
	/* As many chunks as the table takes: no file. */
	spilled = spill(1, STORE_LARGE_FIRST);
	commit(1, 1, 0, spilled, NULL);
	/* One more, spilled; and one that comes with the commit. */
	spilled = spill(2, STORE_LARGE_FIRST + 1);
	commit(2, 1, 0, spilled, NULL);
	spilled = spill(3, STORE_LARGE_FIRST);
	commit(3, 1, 500, spilled, NULL);
	settle();
	CU_ASSERT_FALSE(has_file(1));
	CU_ASSERT_TRUE(has_file(2));
	CU_ASSERT_TRUE(has_file(3));
	close_store();
	open_store();
	CU_ASSERT(slice_equal(read_chunk(&got, 2, STORE_LARGE_FIRST),
	    slice_from(body + STORE_LARGE_FIRST, STORE_CHUNK_SIZE)));
	CU_ASSERT_EQUAL(read_chunk(&got, 2, STORE_LARGE_FIRST + 1).len, 0);
	CU_ASSERT(slice_equal(read_chunk(&got, 3, STORE_LARGE_FIRST),
	    content_of(3, 500)));
	/* It may go when the removal is on the disk, and not before. */
	store_remove(store, 2, 2, NULL, NULL);
	CU_ASSERT_EQUAL(read_chunk(&got, 2, 0).len, 0);
	CU_ASSERT_TRUE(has_file(2));
	store_remove(store, 3, 3, on_done, &is_done);
	wait_for(&is_done);
	CU_ASSERT_FALSE(has_file(2));
	CU_ASSERT_FALSE(has_file(3));
	close_store();
	clear_got(&got);
}

static void
orphans_are_swept(void)
{
	fresh_store();
	spill(5, STORE_LARGE_FIRST + 1);
	commit(5, 1, 0, STORE_LARGE_FIRST + 1, NULL);
	close_store();
	make_file("0000000000000006");
	make_file("notes");
	open_store();
	CU_ASSERT_TRUE(has_file(5));
	CU_ASSERT_FALSE(has_file(6));
	close_store();
}

/* As a chunk that is not in the table: the rest of the queue goes on. */
static void
lost_file_reads_empty(void)
{
	struct got	 got = { .count = 0 };
	char		*path = mem_printf("%s/large/%016x", folder, 7);

	fresh_store();
	spill(7, STORE_LARGE_FIRST + 1);
	commit(7, 1, 0, STORE_LARGE_FIRST + 1, NULL);
	settle();
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(read_chunk(&got, 7, STORE_LARGE_FIRST).len, 0);
	CU_ASSERT_EQUAL(read_chunk(&got, 7, 0).len, STORE_CHUNK_SIZE);
	store_remove(store, 7, 7, NULL, NULL);
	close_store();
	mem_free(path);
	clear_got(&got);
}

void	store_large_test(void);

void
store_large_test(void)
{
	CU_pSuite	suite = CU_add_suite("large content", set_up,
			    empty_folder);

	CU_add_test(suite, "a file lives with its message",
	    file_lives_with_message);
	CU_add_test(suite, "orphans are swept", orphans_are_swept);
	CU_add_test(suite, "a lost file reads empty", lost_file_reads_empty);
}
