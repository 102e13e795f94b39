#include "load/sink_dump.h"

#include <CUnit/CUnit.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/log.h"
#include "util/path.h"

static char	folder[] = "/tmp/tern-dump-XXXXXX";

/* Warnings that these tests provoke are no news. */
static int
set_up(void)
{
	log_open_fd("test", open("/dev/null", O_WRONLY));
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
remove_folder(void)
{
	char	command[100];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static int
tear_down(void)
{
	log_open_fd("unit", STDERR_FILENO);
	return remove_folder();
}

static size_t
files(void)
{
	DIR		*dir = opendir(folder);
	struct dirent	*entry;
	size_t		 count = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	while ((entry = readdir(dir)) != NULL)
		count += strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	return count;
}

static bool
holds(uint64_t number, struct slice content)
{
	struct buf	buf = BUF_INIT;
	char		path[100];
	bool		result;

	snprintf(path, sizeof(path), "%s/%llu", folder,
	    (unsigned long long)number);
	result = path_read(path, 1000000, &buf) == 0 &&
	    slice_equal(buf_slice(&buf), content);
	buf_clear(&buf);
	return result;
}

static void
keeps(void)
{
	struct sink_dump	*dump = sink_dump_new(folder,
				    SLICE_LIT("MAIL FROM:<>\nRCPT TO:<a>\n"));

	CU_ASSERT_PTR_NOT_NULL_FATAL(dump);
	sink_dump_add(dump, SLICE_LIT("one\r\n"));
	sink_dump_add(dump, slice_from(NULL, 0));
	sink_dump_add(dump, SLICE_LIT("\0\r\n"));
	/* It has its name only when it is whole. */
	CU_ASSERT_FALSE(holds(7, SLICE_LIT("")));
	sink_dump_keep(&dump, 7);
	CU_ASSERT_PTR_NULL(dump);
	CU_ASSERT(holds(7, SLICE_LIT("MAIL FROM:<>\nRCPT TO:<a>\n\n"
	    "one\r\n\0\r\n")));
	CU_ASSERT_EQUAL(files(), 1);
}

static void
forgets(void)
{
	struct sink_dump	*dump = sink_dump_new(folder, SLICE_LIT("a"));
	size_t			 before = files();

	CU_ASSERT_PTR_NOT_NULL_FATAL(dump);
	sink_dump_free(&dump);
	CU_ASSERT_PTR_NULL(dump);
	sink_dump_free(&dump);
	CU_ASSERT_EQUAL(files(), before - 1);
}

/* Two at a time, and many bytes. */
static void
keeps_apart(void)
{
	static char		 bytes[200000];
	struct sink_dump	*a = sink_dump_new(folder, SLICE_LIT("")), *b;
	struct buf		 want = BUF_INIT;

	b = sink_dump_new(folder, SLICE_LIT("b"));
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 13);
	for (size_t i = 0; i < sizeof(bytes); i += 1000) {
		sink_dump_add(a, slice_from(bytes + i, 1000));
		sink_dump_add(b, SLICE_LIT("b"));
	}
	sink_dump_keep(&b, UINT64_MAX);
	sink_dump_keep(&a, 0);
	buf_put_str(&want, "\n");
	buf_put(&want, bytes, sizeof(bytes));
	CU_ASSERT(holds(0, buf_slice(&want)));
	CU_ASSERT_FALSE(holds(UINT64_MAX, buf_slice(&want)));
	buf_clear(&want);
}

static void
fails(void)
{
	struct sink_dump	*dump;

	CU_ASSERT_PTR_NULL(sink_dump_new("/nonexistent", SLICE_LIT("a")));
	dump = sink_dump_new(folder, SLICE_LIT("a"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(dump);
	/* The folder goes away under it. */
	CU_ASSERT_EQUAL(remove_folder(), 0);
	sink_dump_keep(&dump, 1);
	CU_ASSERT_PTR_NULL(dump);
}

void	sink_dump_test(void);

void
sink_dump_test(void)
{
	CU_pSuite	suite = CU_add_suite("sink_dump", set_up, tear_down);

	CU_add_test(suite, "keeps", keeps);
	CU_add_test(suite, "forgets", forgets);
	CU_add_test(suite, "keeps apart", keeps_apart);
	CU_add_test(suite, "fails", fails);
}
