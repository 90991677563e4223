/*
 * decimal.h
 *
 * Exact arithmetic on decimal text, for amounts and quantities on their way
 * through a connector: what ff_json_number answered goes in, text comes out,
 * and no amount passes through a double.  Arguments must be decimal numbers;
 * NULL, an amount that is not there, counts as zero.
 */
#ifndef FF_CONNECTORS_DECIMAL_H
#define FF_CONNECTORS_DECIMAL_H

#include "postgres.h"

extern char *ff_decimal_add(const char *a, const char *b);
extern char *ff_decimal_subtract(const char *a, const char *b);
extern char *ff_decimal_multiply(const char *a, const char *b);
/* Rounded to that many decimals, half away from zero; NULL when b is zero. */
extern char *ff_decimal_divide(const char *a, const char *b, int decimals);
extern char *ff_decimal_absolute(const char *number);
extern bool ff_decimal_positive(const char *number);
/* Less than, equal to or greater than zero, as a is to b. */
extern int ff_decimal_compare(const char *a, const char *b);
/* Without zeros at the end of its fraction: "2.50" is "2.5", "7.0" is "7". */
extern char *ff_decimal_trim(const char *number);
/* Trimmed, but as money is written: with two decimals at least. */
extern char *ff_decimal_money(const char *number);
/* The part of one of count, when all parts have that many decimals and add up to total. */
extern char *ff_decimal_share(const char *total, int count, int index, int decimals);

#endif
