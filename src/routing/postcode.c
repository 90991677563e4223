/*
 * postcode.c
 *
 * Postcodes as keys of ranges.
 */
#include "postgres.h"

#include "model/country.h"
#include "routing/postcode.h"

char *
ff_postcode_key_or_null(const char *postcode)
{
	return postcode == NULL || *postcode == '\0' ? NULL : ff_postcode_key(postcode);
}

char *
ff_row_postcode(const FfRows *rows, uint64 row, int column)
{
	return ff_postcode_key_or_null(ff_row_text(rows, row, column));
}

bool
ff_postcode_key_between(const char *key, const char *from, const char *to)
{
	if (from == NULL && to == NULL)
		return true;
	if (key == NULL)
		return false;
	return (from == NULL || strcmp(key, from) >= 0) &&
		   (to == NULL || strncmp(key, to, strlen(to)) <= 0);
}
