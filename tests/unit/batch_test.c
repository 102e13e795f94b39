#include "qmgr/batch.h"

#include <CUnit/CUnit.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/log.h"
#include "util/mem.h"

#define BLOCKS	2000

/* Aligned, apart, and as large as asked, below and above any block. */
static void
hands_out_memory(void)
{
	static const size_t	sizes[] = { 0, 1, 15, 16, 17, 100, 5000,
				    262143, 262144, 262145, 1000000 };
	struct batch		*batch = batch_new();
	unsigned char		*p[BLOCKS];
	size_t			 size[BLOCKS];

	srandom(9);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < BLOCKS; i++) {
			size[i] = sizes[i < 11 ? i : (size_t)random() % 7];
			p[i] = batch_alloc(batch, size[i]);
			if ((uintptr_t)p[i] % alignof(max_align_t) != 0)
				CU_FAIL("not aligned");
			memset(p[i], (int)(i % 251), size[i]);
		}
		for (size_t i = 0; i < BLOCKS; i++)
			for (size_t k = 0; k < size[i]; k += 1 + size[i] / 9)
				if (p[i][k] != i % 251)
					CU_FAIL("shared");
		batch_empty(batch);
	}
	CU_PASS("aligned and apart");
	batch_free(&batch);
	CU_ASSERT_PTR_NULL(batch);
	batch_free(&batch);
}

static void
copies(void)
{
	struct batch	*batch = batch_new();
	char		 text[] = "ab\0c";
	struct slice	 copy = batch_copy(batch, slice_from(text, 4));

	text[0] = 'x';
	CU_ASSERT(slice_equal(copy, SLICE_LIT("ab\0c")));
	CU_ASSERT_EQUAL(batch_copy(batch, slice_from(NULL, 0)).len, 0);
	batch_free(&batch);
}

static void
keeps_the_order(void)
{
	struct batch	*batch = batch_new();
	uint64_t	 id = 0;

	for (int round = 0; round < 2; round++) {
		for (uint64_t i = 0; i < 1000; i++) {
			struct batch_op	*op = batch_add(batch, BATCH_LOAD);

			CU_ASSERT_EQUAL(op->kind, BATCH_LOAD);
			CU_ASSERT_EQUAL(op->id, 0);
			CU_ASSERT_PTR_NULL(op->found);
			CU_ASSERT_PTR_NULL(op->next);
			memset(op, 0xff, sizeof(*op));
			*op = (struct batch_op){ .kind = BATCH_LOAD, .id = i };
		}
		CU_ASSERT_EQUAL(batch->count, 1000);
		id = 0;
		for (struct batch_op *op = batch->first; op != NULL;
		    op = op->next)
			CU_ASSERT_EQUAL(op->id, id++);
		CU_ASSERT_EQUAL(id, 1000);
		/* Nothing of it stays. */
		batch->is_urgent = batch->has_write = true;
		batch->failure = "x";
		batch->cost = 7;
		batch_empty(batch);
		CU_ASSERT_PTR_NULL(batch->first);
		CU_ASSERT_EQUAL(batch->count, 0);
		CU_ASSERT_EQUAL(batch->cost, 0);
		CU_ASSERT_PTR_NULL(batch->failure);
		CU_ASSERT_FALSE(batch->is_urgent || batch->has_write);
	}
	batch_free(&batch);
}

static void
warns_later(void)
{
	struct batch	*batch = batch_new();
	char		 text[4096], long_text[2000];
	int		 ends[2];
	ssize_t		 n;

	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	memset(long_text, 'x', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	log_open_fd("t", ends[1]);
	batch_warn(batch, "one %d", 1);
	batch_warn(batch, "two");
	batch_warn(batch, "three %s", long_text);
	batch_write_warnings(batch);
	batch_empty(batch);
	batch_write_warnings(batch);
	log_open_fd("unit", STDERR_FILENO);
	close(ends[1]);
	n = read(ends[0], text, sizeof(text) - 1);
	close(ends[0]);
	CU_ASSERT_FATAL(n > 0);
	text[n] = '\0';
	CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(text, ": warning: one 1\n"));
	CU_ASSERT(strstr(text, ": warning: two\n") > strstr(text, "one"));
	CU_ASSERT(strstr(text, ": warning: three xxx") > strstr(text, "two"));
	CU_ASSERT_PTR_EQUAL(strstr(text, "one"), strstr(text, "one 1"));
	batch_free(&batch);
}

void	batch_test(void);

void
batch_test(void)
{
	CU_pSuite	suite = CU_add_suite("batch", NULL, NULL);

	CU_add_test(suite, "hands out memory", hands_out_memory);
	CU_add_test(suite, "copies", copies);
	CU_add_test(suite, "keeps the order", keeps_the_order);
	CU_add_test(suite, "warns later", warns_later);
}
