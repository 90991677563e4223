/*
 * gzip.h
 *
 * Files that were compressed before they were sent.
 */
#ifndef FF_PG_GZIP_H
#define FF_PG_GZIP_H

#include "postgres.h"

/* The text that was compressed, ending with NUL; NULL when it is not gzip, is damaged, or would be
 * longer than most bytes. */
extern char *ff_gunzip(const char *bytes, size_t length, size_t most);

#endif
