#ifndef NET_SASL_RAND_H
#define NET_SASL_RAND_H

/*
 * The random bytes of libcyrus-sasl: salts, nonces (RFC 5802 section 5.1).
 * Its own generator has 48 bits, and begins with the time of day in a
 * chroot, where no /dev/urandom is.  A program that links this file has its
 * sasl_rand in place of the library's.
 */

/* 0: it is so; -1: the library would use its own. */
int	sasl_rand_check(void);

#endif
