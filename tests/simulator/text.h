/*
 * text.h
 *
 * Small things every peer needs: base64, HMAC, times in the formats the APIs
 * use, forms of text that the schemas demand, countries and their postcodes.
 * Pure functions.
 */
#ifndef SIM_TEXT_H
#define SIM_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The caller frees. */
extern char *sim_base64(const void *data, size_t size);
/* The size, or -1 when the text is not base64 or does not fit. */
extern long sim_base64_decode(const char *text, size_t length, unsigned char *out, size_t room);
/* base64(HMAC-SHA256(key, data)); the caller frees. */
extern char *sim_hmac_base64(const void *key, size_t key_size, const void *data, size_t size);
extern char *sim_hmac_sha1_base64(const void *key, size_t key_size, const void *data, size_t size);
extern bool sim_ed25519_verify(const unsigned char key[32], const unsigned char *signature,
							   const void *data, size_t size);
/* FNV-1a. */
extern uint64_t sim_hash(const void *data, size_t size);
/* One step of splitmix64: the next number of a stream. */
extern uint64_t sim_random_next(uint64_t *state);

/* strftime in UTC, shifted by a zone in minutes. */
extern char *sim_time(double when, int zone_minutes, const char *format, char buffer[40]);
/* ISO 8601 date or date-time with or without fraction and zone; *zoned tells. */
extern bool sim_parse_time(const char *text, double *when, bool *zoned);

/* Forms for SimField.form. */
extern bool sim_is_digits(const char *text);
extern bool sim_is_decimal(const char *text);
extern bool sim_is_date8(const char *text);    /* YYYYMMDD */
extern bool sim_is_time4(const char *text);    /* HHMM */
extern bool sim_is_iso_time(const char *text); /* date or date-time */
extern bool sim_is_country(const char *text);  /* ISO 3166 alpha-2, upper case */
extern bool sim_is_currency(const char *text); /* three upper-case letters */
extern bool sim_is_account6(const char *text); /* six letters or digits */
extern bool sim_is_email(const char *text);
extern bool sim_is_phone(const char *text);
extern bool sim_is_url(const char *text);

/* Characters (not bytes) of UTF-8. */
extern size_t sim_length(const char *text);
/* Is text one of "a|b|c"? */
extern bool sim_is_one_of(const char *text, const char *values, char separator);

/* Does the postcode fit the country?  Countries without a rule accept anything. */
extern bool sim_postcode_fits(const char *country, const char *postcode);
extern bool sim_postcode_needed(const char *country);
extern const char *sim_postcode_pattern(const char *country);

/* The member at "a.b.0.c", or NULL. */
extern json_t *sim_get(const json_t *json, const char *path);
/* Its text; a fallback when it is absent or not a string. */
extern const char *sim_text(const json_t *json, const char *path, const char *fallback);
extern bool sim_is_text(const json_t *json, const char *text);
extern double sim_real(const json_t *json, const char *path, double fallback);

#endif
