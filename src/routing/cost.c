/*
 * cost.c
 *
 * Exact both ways: no floating point, nothing rounded.
 */
#include "postgres.h"

#include "routing/cost.h"

char *
ff_cost_text(FfCost cost)
{
	uint64 amount = cost < 0 ? -(uint64) cost : (uint64) cost;
	char *text = psprintf("%s" UINT64_FORMAT ".%06u",
						  cost < 0 ? "-" : "",
						  amount / FF_COST_UNIT,
						  (unsigned) (amount % FF_COST_UNIT));

	for (char *end = text + strlen(text) - 1; *end == '0' && end[-2] != '.'; end--)
		*end = '\0';
	return text;
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
