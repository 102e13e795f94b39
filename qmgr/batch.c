/*
 * Batches of operations and their memory.
 */

#include "qmgr/batch.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#include "util/log.h"
#include "util/mem.h"

#define BLOCK_SIZE	(256 * 1024)
#define KEEP_BLOCKS	16	/* most that an empty batch keeps */

struct batch_block {
	struct batch_block	*next;
	size_t			 used;
	size_t			 cap;
	alignas(max_align_t) unsigned char	 data[];
};

struct batch *
batch_new(void)
{
	return mem_new(sizeof(struct batch));
}

static void
free_blocks(struct batch_block *block)
{
	struct batch_block	*next;

	for (; block != NULL; block = next) {
		next = block->next;
		mem_free(block);
	}
}

void
batch_free(struct batch **batch)
{
	if (*batch == NULL)
		return;
	free_blocks((*batch)->blocks);
	free_blocks((*batch)->spare);
	mem_free(*batch);
	*batch = NULL;
}

void
batch_empty(struct batch *batch)
{
	struct batch_block	*block, *spare = NULL;
	size_t			 kept = 0;

	/* Used ones first: the next batch finds them in the CPU's cache. */
	for (int list = 0; list < 2; list++) {
		block = list == 0 ? batch->blocks : batch->spare;
		while (block != NULL) {
			struct batch_block	*next = block->next;

			if (block->cap == BLOCK_SIZE && kept < KEEP_BLOCKS) {
				block->next = spare;
				spare = block;
				kept++;
			} else
				mem_free(block);
			block = next;
		}
	}
	*batch = (struct batch){ .spare = spare };
}

static struct batch_block *
add_block(struct batch *batch, size_t size)
{
	struct batch_block	*block = batch->spare;

	if (size <= BLOCK_SIZE && block != NULL)
		batch->spare = block->next;
	else {
		size = size < BLOCK_SIZE ? BLOCK_SIZE : size;
		block = mem_resize(NULL, sizeof(*block) + size);
		block->cap = size;
	}
	block->used = 0;
	block->next = batch->blocks;
	batch->blocks = block;
	return block;
}

void *
batch_alloc(struct batch *batch, size_t size)
{
	struct batch_block	*block = batch->blocks;
	unsigned char		*p;

	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (block == NULL || block->cap - block->used < size)
		block = add_block(batch, size);
	p = block->data + block->used;
	block->used += size;
	return p;
}

struct slice
batch_copy(struct batch *batch, struct slice bytes)
{
	unsigned char	*p;

	if (bytes.len == 0)
		return slice_from("", 0);
	p = batch_alloc(batch, bytes.len);
	memcpy(p, bytes.data, bytes.len);
	return slice_from(p, bytes.len);
}

struct batch_op *
batch_add(struct batch *batch, enum batch_kind kind)
{
	struct batch_op	*op = batch_alloc(batch, sizeof(*op));

	*op = (struct batch_op){ .kind = kind };
	if (batch->last == NULL)
		batch->first = op;
	else
		batch->last->next = op;
	batch->last = op;
	batch->count++;
	return op;
}

void
batch_warn(struct batch *batch, const char *format, ...)
{
	struct batch_warning	*warning;
	char			 text[512];
	va_list			 args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	warning = batch_alloc(batch, sizeof(*warning));
	warning->next = NULL;
	warning->text = batch_alloc(batch, strlen(text) + 1);
	memcpy(warning->text, text, strlen(text) + 1);
	if (batch->last_warning == NULL)
		batch->warnings = warning;
	else
		batch->last_warning->next = warning;
	batch->last_warning = warning;
}

void
batch_write_warnings(const struct batch *batch)
{
	const struct batch_warning	*warning;

	for (warning = batch->warnings; warning != NULL;
	    warning = warning->next)
		log_warn("%s", warning->text);
}
