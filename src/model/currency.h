/*
 * currency.h
 *
 * ISO 4217: which currencies there are, and how many decimals their money has.
 */
#ifndef FF_MODEL_CURRENCY_H
#define FF_MODEL_CURRENCY_H

#include "postgres.h"

typedef struct FfCurrency
{
	const char *code;
	int decimals;
} FfCurrency;

/* By code, in either case; NULL when there is none. */
extern const FfCurrency *ff_currency_find(const char *code);

#endif
