/*
 * A queue with an eventfd.
 */

#include "net/post.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utlist.h>

#include "util/log.h"
#include "util/mem.h"

struct letter {
	loop_fn		 fn;
	void		*arg;
	struct letter	*next, *prev;
};

struct post {
	struct loop_watch	*watch;
	int			 fd;
	pthread_mutex_t		 mutex;
	struct letter		*letters;	/* under the mutex */
};

static struct letter *
take_all(struct post *post)
{
	struct letter	*letters;

	pthread_mutex_lock(&post->mutex);
	letters = post->letters;
	post->letters = NULL;
	pthread_mutex_unlock(&post->mutex);
	return letters;
}

static void
on_wake(int fd, unsigned what, void *arg)
{
	struct letter	*letters, *letter;
	uint64_t	 count;

	(void)what;
	/* First: what comes from now on wakes us again. */
	(void)!read(fd, &count, sizeof(count));
	letters = take_all(arg);
	while ((letter = letters) != NULL) {
		loop_fn	 fn = letter->fn;
		void	*letter_arg = letter->arg;

		DL_DELETE(letters, letter);
		mem_free(letter);
		fn(letter_arg);
	}
}

struct post *
post_new(struct loop *loop)
{
	struct post	*post = mem_new(sizeof(*post));

	post->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (post->fd < 0)
		log_fatal("eventfd: %s", strerror(errno));
	pthread_mutex_init(&post->mutex, NULL);
	post->watch = loop_watch_new(loop, post->fd, LOOP_READ, on_wake, post);
	return post;
}

void
post_free(struct post **postp)
{
	struct post	*post = *postp;
	struct letter	*letter, *next;

	if (post == NULL)
		return;
	*postp = NULL;
	DL_FOREACH_SAFE(post->letters, letter, next)
		mem_free(letter);
	loop_watch_free(&post->watch);
	close(post->fd);
	pthread_mutex_destroy(&post->mutex);
	mem_free(post);
}

void
post_send(struct post *post, loop_fn fn, void *arg)
{
	struct letter	*letter = mem_new(sizeof(*letter));
	uint64_t	 one = 1;
	bool		 was_empty;

	letter->fn = fn;
	letter->arg = arg;
	pthread_mutex_lock(&post->mutex);
	was_empty = post->letters == NULL;
	DL_APPEND(post->letters, letter);
	pthread_mutex_unlock(&post->mutex);
	if (was_empty)
		(void)!write(post->fd, &one, sizeof(one));
}
