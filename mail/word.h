#ifndef MAIL_WORD_H
#define MAIL_WORD_H

/*
 * Words of a list in main.cf.
 */

#include "util/slice.h"

/*
 * The next word: by commas and white space, but what is in braces is one
 * word.  0, or -1 at the end.
 */
int	word_get(struct slice *from, struct slice *word_r);

#endif
