/*
 * cost.c
 *
 * Exact both ways: no floating point, nothing rounded.
 */
#include "postgres.h"

#include "routing/cost.h"

/* Digits of at most 64 bits, before what stands at end. */
static char *
put_digits(char *end, uint64 amount, int least)
{
	for (; amount > 0 || least > 0; amount /= 10, least--)
		*--end = (char) ('0' + amount % 10);
	return end;
}

/* Written often: a decision holds some fifty. */
char *
ff_cost_text(FfCost cost)
{
	char digits[32];
	uint64 amount = cost < 0 ? -(uint64) cost : (uint64) cost;
	char *end = digits + sizeof(digits);
	char *start = put_digits(end, amount % FF_COST_UNIT, 6);

	while (end > start + 2 && end[-1] == '0')
		end--;
	*--start = '.';
	start = put_digits(start, amount / FF_COST_UNIT, 1);
	if (cost < 0)
		*--start = '-';
	return pnstrdup(start, end - start);
}

FfCost
ff_cost_from_text(const char *decimal)
{
	FfCost cost = 0;
	int decimals = -1; /* behind the point; -1: before it */

	for (; *decimal != '\0' && decimals < 6; decimal++)
	{
		if (*decimal == '.')
		{
			decimals = 0;
			continue;
		}
		cost = cost * 10 + (*decimal - '0');
		decimals += decimals >= 0;
	}
	for (decimals = Max(decimals, 0); decimals < 6; decimals++)
		cost *= 10;
	return cost;
}
