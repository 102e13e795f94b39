/*
 * Random bytes.
 */

#include "net/sasl_rand.h"

#include <sasl/sasl.h>
#include <sasl/saslutil.h>
#include <stdlib.h>

__attribute__((visibility("default"))) void
sasl_rand(sasl_rand_t *pool, char *bytes, unsigned len)
{
	(void)pool;
	arc4random_buf(bytes, len);
}

/* The library's does nothing without a pool. */
int
sasl_rand_check(void)
{
	char	bytes[16] = "";
	int	sum = 0;

	sasl_rand(NULL, bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		sum |= bytes[i];
	return sum == 0 ? -1 : 0;
}
