/*
 * lists.h
 *
 * Array cells of rows as plain C arrays, in the current context.  NULL cells
 * and empty arrays differ: the first has items NULL.
 */
#ifndef FF_ROUTING_LISTS_H
#define FF_ROUTING_LISTS_H

#include "postgres.h"

#include "pg/spi.h"

typedef struct FfTexts
{
	int count;
	char **items; /* NULL: the cell was NULL */
} FfTexts;

typedef struct FfNumbers
{
	int count;
	int64 *items; /* NULL: the cell was NULL */
} FfNumbers;

extern FfTexts ff_row_texts(const FfRows *rows, uint64 row, int column);
/* int[], bigint[] and date[] (days as DateADT counts them) */
extern FfNumbers ff_row_numbers(const FfRows *rows, uint64 row, int column);

/* The same of an array that comes from elsewhere. */
extern FfNumbers ff_numbers_of(Datum array);

/* True also when the list was NULL, which stands for "every". */
extern bool ff_texts_allow(const FfTexts *texts, const char *text);
extern bool ff_numbers_have(const FfNumbers *numbers, int64 number);

#endif
