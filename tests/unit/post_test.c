/*
 * Letters of threads to a loop.
 */

#include "net/post.h"

#include <CUnit/CUnit.h>
#include <pthread.h>
#include <stdint.h>

#define THREADS	4
#define LETTERS	5000

static struct post	*post;
static uintptr_t	 last[THREADS];		/* letter of each */
static size_t		 count, disorder;
static pthread_t	 loop_thread;

/* The letter's number and its thread in one. */
static void
on_letter(void *arg)
{
	uintptr_t	n = (uintptr_t)arg;

	count++;
	if (!pthread_equal(pthread_self(), loop_thread) ||
	    n / THREADS != last[n % THREADS] + 1)
		disorder++;
	last[n % THREADS] = n / THREADS;
}

static void *
send(void *arg)
{
	for (uintptr_t i = 1; i <= LETTERS; i++)
		post_send(post, on_letter,
		    (void *)(i * THREADS + (uintptr_t)arg));
	return NULL;
}

static void
many_threads(void)
{
	struct loop	*loop = loop_new();
	pthread_t	 threads[THREADS];

	loop_thread = pthread_self();
	count = disorder = 0;
	post = post_new(loop);
	for (uintptr_t i = 0; i < THREADS; i++) {
		last[i] = 0;
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, send,
		    (void *)i), 0);
	}
	for (int i = 0; i < 100000 && count < THREADS * LETTERS; i++)
		loop_tick(loop, 1000);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT_EQUAL(count, THREADS * LETTERS);
	CU_ASSERT_EQUAL(disorder, 0);
	post_free(&post);
	CU_ASSERT_PTR_NULL(post);
	loop_free(&loop);
}

/* Who goes away is not called any more. */
static void
unread(void)
{
	struct loop	*loop = loop_new();

	count = 0;
	post = post_new(loop);
	post_send(post, on_letter, NULL);
	post_free(&post);
	post_free(&post);
	loop_tick(loop, 1);
	CU_ASSERT_EQUAL(count, 0);
	loop_free(&loop);
}

/* A letter sent from a letter comes, too. */
static void
on_answer(void *arg)
{
	if (++count < 3)
		post_send(post, on_answer, arg);
}

static void
answered(void)
{
	struct loop	*loop = loop_new();

	count = 0;
	post = post_new(loop);
	post_send(post, on_answer, NULL);
	for (int i = 0; i < 100 && count < 3; i++)
		loop_tick(loop, 1000);
	CU_ASSERT_EQUAL(count, 3);
	post_free(&post);
	loop_free(&loop);
}

void	post_test(void);

void
post_test(void)
{
	CU_pSuite	suite = CU_add_suite("post", NULL, NULL);

	CU_add_test(suite, "many threads", many_threads);
	CU_add_test(suite, "unread", unread);
	CU_add_test(suite, "answered", answered);
}
