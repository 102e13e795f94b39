#include "mail/table_list.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/mem.h"

static char	file[] = "/tmp/tern-list-XXXXXX";

static int
setup(void)
{
	int	fd = mkstemp(file);

	return fd < 0 || close(fd) < 0;
}

static int
teardown(void)
{
	return unlink(file);
}

static bool
says(const struct table_list_held *held, const char *key, const char *wanted)
{
	struct buf		value = BUF_INIT;
	enum table_answer	answer;
	bool			ok;

	answer = table_list_find(held, slice_str(key), &value);
	ok = wanted == NULL ? answer == TABLE_NONE :
	    answer == TABLE_FOUND && slice_is(buf_slice(&value), wanted);
	buf_clear(&value);
	return ok;
}

static void
first_come(void)
{
	char			*why;
	struct table_list	*list = table_list_new(
	    "inline:{ a=1, b=2 }, inline:{ b=3, c=4 } static:x", 0, &why);
	struct table_list_held	*held;

	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	CU_ASSERT_FALSE(table_list_is_empty(list));
	held = table_list_hold(list);
	CU_ASSERT(says(held, "a", "1"));
	CU_ASSERT(says(held, "b", "2"));
	CU_ASSERT(says(held, "c", "4"));
	CU_ASSERT(says(held, "d", "x"));
	table_list_release(&held);
	table_list_free(&list);
}

static void
nothing(void)
{
	char			*why;
	struct table_list	*list = table_list_new(" ,\t", 0, &why);
	struct table_list_held	*held;

	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	CU_ASSERT(table_list_is_empty(list));
	held = table_list_hold(list);
	CU_ASSERT(says(held, "a", NULL));
	table_list_release(&held);
	table_list_free(&list);
}

static void
wrong(void)
{
	static const char *const texts[] = { "inline:{ a=1", "nonsense",
	    "static:x nonsense:y", "static:x, internal:y" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		char	*why = NULL;

		CU_ASSERT_PTR_NULL(table_list_new(texts[i], TABLE_QUICK,
		    &why));
		CU_ASSERT_PTR_NOT_NULL(why);
		mem_free(why);
	}
}

static void
write_file(const char *text)
{
	FILE	*to = fopen(file, "w");

	if (to == NULL || fputs(text, to) < 0 || fclose(to) != 0)
		abort();
}

/* Who holds it has it as it was; who comes later, as it is. */
static void
changes(void)
{
	char			*why, *spec = mem_printf("texthash:%s", file);
	struct table_list	*list = table_list_new(spec, TABLE_QUICK,
				    &why);
	struct table_list_held	*old, *new;

	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	write_file("a old\n");
	old = table_list_hold(list);
	CU_ASSERT(says(old, "a", "old"));
	write_file("a newer\n");
	new = table_list_hold(list);
	CU_ASSERT(says(old, "a", "old"));
	CU_ASSERT(says(new, "a", "newer"));
	table_list_release(&old);
	CU_ASSERT(says(new, "a", "newer"));
	table_list_release(&new);
	table_list_free(&list);
	mem_free(spec);
}

void	table_list_test(void);

void
table_list_test(void)
{
	CU_pSuite	suite = CU_add_suite("table_list", setup, teardown);

	CU_add_test(suite, "first come", first_come);
	CU_add_test(suite, "nothing", nothing);
	CU_add_test(suite, "wrong", wrong);
	CU_add_test(suite, "changes", changes);
}
