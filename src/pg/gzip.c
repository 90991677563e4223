/*
 * gzip.c
 *
 * Decompression by zlib; see gzip.h.
 */
#include "postgres.h"

#include <zlib.h>

#include "pg/gzip.h"

#define GZIP_WINDOW (MAX_WBITS + 16) /* a gzip header, and no other */

char *
ff_gunzip(const char *bytes, size_t length, size_t most)
{
	z_stream stream = {0};
	char *text;
	int result;

	if (length < 18 || (unsigned char) bytes[0] != 0x1f || (unsigned char) bytes[1] != 0x8b ||
		inflateInit2(&stream, GZIP_WINDOW) != Z_OK)
		return NULL;
	text = palloc(most + 1);
	stream.next_in = (Bytef *) unconstify(char *, bytes);
	stream.avail_in = (uInt) length;
	stream.next_out = (Bytef *) text;
	stream.avail_out = (uInt) most;
	result = inflate(&stream, Z_FINISH);
	inflateEnd(&stream);
	if (result != Z_STREAM_END)
	{
		pfree(text);
		return NULL;
	}
	text[stream.total_out] = '\0';
	return text;
}
