/*
 * Reading large content.
 */

#include "qmgr/store_reader.h"

#include <utlist.h>

#include "mail/worker.h"
#include "util/mem.h"

struct store_reader {
	struct worker			*worker;
	const struct store_large	*large;
	struct chunk			*chunks;	/* list: asked for */
};

struct chunk {
	struct store_reader	*reader;
	struct chunk		*next, *prev;
	uint64_t		 id;
	uint32_t		 number;
	store_chunk_fn		 fn;
	void			*arg;
	size_t			 len;
	unsigned char		 bytes[STORE_CHUNK_SIZE];
};

struct store_reader *
store_reader_new(struct loop *loop, const struct store_large *large)
{
	struct store_reader	*reader = mem_new(sizeof(*reader));

	reader->worker = worker_new(loop, 1);
	reader->large = large;
	return reader;
}

static void
run(void *arg)
{
	struct chunk	*chunk = arg;

	chunk->len = store_large_read(chunk->reader->large, chunk->id,
	    chunk->number, chunk->bytes);
}

static void
done(void *arg)
{
	struct chunk	*chunk = arg;

	DL_DELETE(chunk->reader->chunks, chunk);
	chunk->fn(slice_from(chunk->bytes, chunk->len), chunk->arg);
	mem_free(chunk);
}

void
store_reader_get(struct store_reader *reader, uint64_t id, uint32_t number,
    store_chunk_fn fn, void *arg)
{
	struct chunk	*chunk = mem_new(sizeof(*chunk));

	chunk->reader = reader;
	chunk->id = id;
	chunk->number = number;
	chunk->fn = fn;
	chunk->arg = arg;
	DL_APPEND(reader->chunks, chunk);
	worker_give(reader->worker, run, done, chunk);
}

void
store_reader_free(struct store_reader **readerp)
{
	struct store_reader	*reader = *readerp;

	if (reader == NULL)
		return;
	*readerp = NULL;
	worker_free(&reader->worker);
	while (reader->chunks != NULL) {
		reader->chunks->len = 0;
		done(reader->chunks);
	}
	mem_free(reader);
}
