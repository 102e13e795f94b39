#ifndef UTIL_VERSION_H
#define UTIL_VERSION_H

/* What tern and the log call this version. */

#define VERSION	"0.1"

#endif
