/*
 * currency.h
 *
 * ISO 4217: which currencies there are, and how many decimals their amounts
 * have.  Metals, units of account and codes for testing are no currencies to
 * pay in.
 */
#ifndef FF_MODEL_CURRENCY_H
#define FF_MODEL_CURRENCY_H

#include "postgres.h"

/* In upper or lower case. */
extern bool ff_currency_exists(const char *currency);
/* 2 but for a few, also for NULL and unknown codes. */
extern int ff_currency_decimals(const char *currency);

#endif
