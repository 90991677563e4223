/*
 * decimal.c
 *
 * Exact arithmetic on decimal text, by PostgreSQL's numeric; see decimal.h.
 * It knows no document and rounds only where a share is asked for.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

#include "connectors/decimal.h"

static Datum
from_text(const char *text)
{
	return DirectFunctionCall3(numeric_in,
							   CStringGetDatum(text ? text : "0"),
							   ObjectIdGetDatum(InvalidOid),
							   Int32GetDatum(-1));
}

static char *
to_text(Datum number)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, number));
}

char *
ff_decimal_add(const char *a, const char *b)
{
	return to_text(DirectFunctionCall2(numeric_add, from_text(a), from_text(b)));
}

char *
ff_decimal_subtract(const char *a, const char *b)
{
	return to_text(DirectFunctionCall2(numeric_sub, from_text(a), from_text(b)));
}

char *
ff_decimal_multiply(const char *a, const char *b)
{
	return to_text(DirectFunctionCall2(numeric_mul, from_text(a), from_text(b)));
}

char *
ff_decimal_divide(const char *a, const char *b, int decimals)
{
	Datum quotient;

	if (ff_decimal_compare(b, NULL) == 0)
		return NULL;
	quotient = DirectFunctionCall2(numeric_div, from_text(a), from_text(b));
	return to_text(DirectFunctionCall2(numeric_round, quotient, Int32GetDatum(decimals)));
}

char *
ff_decimal_absolute(const char *number)
{
	return to_text(DirectFunctionCall1(numeric_abs, from_text(number)));
}

int
ff_decimal_compare(const char *a, const char *b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, from_text(a), from_text(b)));
}

bool
ff_decimal_positive(const char *number)
{
	return ff_decimal_compare(number, "0") > 0;
}

char *
ff_decimal_trim(const char *number)
{
	char *text = to_text(from_text(number));
	char *end = text + strlen(text);

	if (strchr(text, '.') == NULL)
		return text;
	while (end[-1] == '0')
		*--end = '\0';
	if (end[-1] == '.')
		end[-1] = '\0';
	return text;
}

char *
ff_decimal_money(const char *number)
{
	Datum amount = from_text(number);
	int scale = DatumGetInt32(DirectFunctionCall1(numeric_min_scale, amount));

	return to_text(DirectFunctionCall2(numeric_round, amount, Int32GetDatum(Max(scale, 2))));
}

char *
ff_decimal_share(const char *total, int count, int index, int decimals)
{
	Datum parts = DirectFunctionCall1(int4_numeric, Int32GetDatum(count));
	Datum exact = DirectFunctionCall2(numeric_div, from_text(total), parts);
	Datum part = DirectFunctionCall2(numeric_trunc, exact, Int32GetDatum(decimals));
	Datum others;

	if (index > 0)
		return to_text(part);

	/* the first takes what cannot be divided */
	others = DirectFunctionCall2(
		numeric_mul, part, DirectFunctionCall1(int4_numeric, Int32GetDatum(count - 1)));
	return to_text(DirectFunctionCall2(numeric_sub, from_text(total), others));
}
