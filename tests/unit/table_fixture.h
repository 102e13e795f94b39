#ifndef TESTS_UNIT_TABLE_FIXTURE_H
#define TESTS_UNIT_TABLE_FIXTURE_H

/*
 * Files for tables, and questions with answers that are one text.
 */

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mail/table.h"
#include "util/mem.h"
#include "util/path.h"

/* A new folder; the caller removes and frees it (table_fixture_remove). */
static inline char *
table_fixture_folder(void)
{
	char	path[] = "/tmp/tern-table-XXXXXX";

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(path));
	return mem_strdup(path);
}

static inline void
table_fixture_remove(char *folder)
{
	char	*command = mem_printf("rm -rf '%s'", folder);

	CU_ASSERT_EQUAL(system(command), 0);
	mem_free(command);
	mem_free(folder);
}

static inline void
table_fixture_write(const char *file, const char *text)
{
	FILE	*f = fopen(file, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

static inline struct table *
table_fixture_new(const char *spec, unsigned how)
{
	char		*why = NULL;
	struct table	*table = table_new(spec, how, &why);

	if (table == NULL)
		printf("\n%s\n", why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(table);
	return table;
}

/* "=value", "none", "trouble: why"; in text, which is returned. */
static inline const char *
table_fixture_ask(struct table *table, const char *key, struct buf *text)
{
	struct buf		value = BUF_INIT;
	enum table_answer	answer;

	answer = table_find(table, slice_str(key), &value);
	buf_empty(text);
	buf_put_str(text, answer == TABLE_FOUND ? "=" :
	    answer == TABLE_NONE ? "none" : "trouble: ");
	buf_put_slice(text, buf_slice(&value));
	buf_clear(&value);
	return buf_cstr(text);
}

#define TABLE_ASK(table, key, want) do {				\
	struct buf	answer_ = BUF_INIT;				\
									\
	CU_ASSERT_STRING_EQUAL(table_fixture_ask((table), (key),	\
	    &answer_), (want));						\
	if (strcmp(buf_cstr(&answer_), (want)) != 0)			\
		printf("\n%s: %s: %s, not %s\n", table_spec(table),	\
		    (key), buf_cstr(&answer_), (want));			\
	buf_clear(&answer_);						\
} while (0)

#endif
