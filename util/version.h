#ifndef UTIL_VERSION_H
#define UTIL_VERSION_H

/* Of the whole suite, as its banner and its log say it. */
#define VERSION	"0.1"

#endif
