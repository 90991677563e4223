/*
 * country.h
 *
 * ISO 3166-1: which countries there are, what an address in each needs, and
 * what their postcodes look like.  Shapes serve to refuse typing errors and to
 * write one postcode in one way; this is no directory of postcodes that exist.
 */
#ifndef FF_MODEL_COUNTRY_H
#define FF_MODEL_COUNTRY_H

#include "postgres.h"

#define FF_NEEDS_POSTCODE 0x01
#define FF_NEEDS_CITY     0x02

typedef struct FfCountry
{
	const char *code; /* alpha-2, upper case */
	const char *alpha3;
	int needs;             /* set of FF_NEEDS_*: what no carrier delivers without */
	const char *postcodes; /* shapes separated by '|'; NULL: anything is taken */
} FfCountry;

/* By alpha-2, upper case; NULL when there is none. */
extern const FfCountry *ff_country_find(const char *code);
/* Also lower case and alpha-3; NULL when it is no country. */
extern const FfCountry *ff_country_read(const char *text);
/* The code people mean when they write this wrong one ("UK": "GB"); NULL when unsure. */
extern const char *ff_country_suggestion(const char *text);

/*
 * The postcode in the one way it is written in its country ("sw1a1aa" in GB:
 * "SW1A 1AA", "D-10115" in DE: "10115"); NULL when it has no shape of that
 * country.  Where the country is NULL or has no shapes: upper case.  palloc'd.
 */
extern char *ff_postcode_format(const FfCountry *country, const char *postcode);

/* Only letters and digits, upper case: what ranges are compared by.  palloc'd. */
extern char *ff_postcode_key(const char *postcode);
/*
 * Whether a postcode lies between two bounds, both included; each bound is
 * compared with as many characters as it has itself, so "94105-1234" lies in
 * 94100 to 94105 and "SW1A 1AA" in SW1 to SW2.  A NULL bound is open.
 */
extern bool ff_postcode_between(const char *postcode, const char *from, const char *to);

#endif
