/*
 * lists.c
 *
 * Arrays out of rows.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"

#include "routing/lists.h"

/* NULL elements are left out. */
static int
elements_of(ArrayType *array, Datum **values, Oid *type)
{
	bool *nulls;
	int16 length;
	bool by_value;
	char alignment;
	int count;
	int kept = 0;

	*type = ARR_ELEMTYPE(array);
	get_typlenbyvalalign(*type, &length, &by_value, &alignment);
	deconstruct_array(array, *type, length, by_value, alignment, values, &nulls, &count);
	if (*values == NULL)
		*values = palloc(sizeof(Datum));
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			(*values)[kept++] = (*values)[i];
	return kept;
}

static int
elements(const FfRows *rows, uint64 row, int column, Datum **values, Oid *type)
{
	bool null;
	Datum cell = ff_row_datum(rows, row, column, &null);

	*values = NULL;
	return null ? 0 : elements_of(DatumGetArrayTypeP(cell), values, type);
}

FfTexts
ff_row_texts(const FfRows *rows, uint64 row, int column)
{
	FfTexts texts = {0};
	Datum *values;
	Oid type;

	texts.count = elements(rows, row, column, &values, &type);
	if (values == NULL)
		return texts;
	texts.items = palloc(sizeof(char *) * (texts.count + 1));
	for (int i = 0; i < texts.count; i++)
		texts.items[i] = TextDatumGetCString(values[i]);
	return texts;
}

FfNumbers
ff_row_numbers(const FfRows *rows, uint64 row, int column)
{
	bool null;
	Datum cell = ff_row_datum(rows, row, column, &null);

	return null ? (FfNumbers){0} : ff_numbers_of(cell);
}

FfNumbers
ff_numbers_of(Datum array)
{
	FfNumbers numbers;
	Datum *values;
	Oid type;

	numbers.count = elements_of(DatumGetArrayTypeP(array), &values, &type);
	numbers.items = palloc(sizeof(int64) * (numbers.count + 1));
	for (int i = 0; i < numbers.count; i++)
		numbers.items[i] = type == INT8OID   ? DatumGetInt64(values[i])
						   : type == DATEOID ? DatumGetDateADT(values[i])
											 : DatumGetInt32(values[i]);
	return numbers;
}

bool
ff_texts_allow(const FfTexts *texts, const char *text)
{
	if (texts->items == NULL)
		return true;
	if (text == NULL)
		return false;
	for (int i = 0; i < texts->count; i++)
		if (strcmp(texts->items[i], text) == 0)
			return true;
	return false;
}

bool
ff_numbers_have(const FfNumbers *numbers, int64 number)
{
	for (int i = 0; i < numbers->count; i++)
		if (numbers->items[i] == number)
			return true;
	return false;
}
