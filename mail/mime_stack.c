/*
 * Multiparts in each other, and their boundaries.
 */

#include "mail/mime_stack.h"

#include "util/mem.h"

void
mime_stack_clear(struct mime_stack *stack)
{
	mime_stack_pop_to(stack, 0);
	mem_free(stack->levels);
	*stack = (struct mime_stack){ 0 };
}

size_t
mime_stack_size(const struct mime_stack *stack)
{
	size_t	size = stack->cap * sizeof(*stack->levels);

	for (size_t i = 0; i < stack->depth; i++)
		size += stack->levels[i].boundary.cap;
	return size;
}

void
mime_stack_push(struct mime_stack *stack, struct buf *boundary, bool is_digest)
{
	struct mime_level	*level;

	if (stack->depth == stack->cap) {
		stack->cap = stack->cap == 0 ? 4 : stack->cap * 2;
		stack->levels = mem_resize(stack->levels,
		    stack->cap * sizeof(*stack->levels));
	}
	level = &stack->levels[stack->depth++];
	level->boundary = *boundary;
	level->is_digest = is_digest;
	if (boundary->len > stack->longest)
		stack->longest = boundary->len;
	*boundary = (struct buf)BUF_INIT;
}

void
mime_stack_pop_to(struct mime_stack *stack, size_t depth)
{
	while (stack->depth > depth)
		buf_clear(&stack->levels[--stack->depth].boundary);
	stack->longest = 0;
	for (size_t i = 0; i < stack->depth; i++)
		if (stack->levels[i].boundary.len > stack->longest)
			stack->longest = stack->levels[i].boundary.len;
}

/* What is behind a boundary at the end of its line. */
static bool
is_exact(struct slice rest)
{
	if (slice_has_prefix(rest, "--"))
		rest = slice_after(rest, 2);
	while (rest.len > 0 && (rest.data[0] == ' ' || rest.data[0] == '\t'))
		rest = slice_after(rest, 1);
	return rest.len == 0;
}

/*
 * RFC 2046 section 5.1.1: that a line begins with the boundary is enough;
 * but one boundary may begin with another.  So the line that is nothing else
 * goes first, then the longest boundary.
 */
size_t
mime_stack_find(const struct mime_stack *stack, struct slice text)
{
	size_t	found = 0, len = 0;

	for (size_t i = stack->depth; i > 0; i--) {
		struct slice	boundary =
				    buf_slice(&stack->levels[i - 1].boundary);

		if (!slice_equal(slice_first(text, boundary.len), boundary))
			continue;
		if (is_exact(slice_after(text, boundary.len)))
			return i;
		if (boundary.len > len) {
			found = i;
			len = boundary.len;
		}
	}
	return found;
}
