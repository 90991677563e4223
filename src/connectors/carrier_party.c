/*
 * carrier_party.c
 *
 * People and places in a carrier's limits: phones of digits, postcodes of
 * letters and digits, codes of regions, streets broken into lines, and no
 * control character anywhere.  The limits are the caller's; which members an
 * API has for them is the connector's business.
 */
#include "postgres.h"

#include <ctype.h>

#include "mb/pg_wchar.h"

#include "connectors/carrier.h"

#define REGION_LONGEST 40
#define PHONE_LONGEST  60
#define STREET_LINES   12
#define STREET_LONGEST 200
#define EXTENSION      4

static const char eu[] = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO "
						 "SE SI SK";

char *
ff_carrier_text(const FfJson *json, const char *path, int max)
{
	char *raw = ff_json_text(json, path);
	char *text = raw ? ff_plain_text(raw, max) : NULL;

	return text && *text != '\0' ? text : NULL;
}

char *
ff_carrier_upper(char *text)
{
	for (char *c = text; c && *c != '\0'; c++)
		*c = pg_toupper((unsigned char) *c);
	return text;
}

bool
ff_carrier_among(const char *word, const char *list)
{
	size_t length = strlen(word);

	for (const char *at = list; length > 0 && (at = strstr(at, word)) != NULL; at++)
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

const char *
ff_carrier_country(const FfJson *address)
{
	char *country = ff_carrier_upper(ff_carrier_text(address, "country", 2));
	char *region = ff_carrier_upper(ff_carrier_text(address, "region", REGION_LONGEST));

	if (country && region && strcmp(country, "US") == 0 &&
		ff_carrier_among(region, "PR VI GU AS MP"))
		return region;
	return country;
}

bool
ff_carrier_in_eu(const char *country)
{
	return ff_carrier_among(country, eu);
}

bool
ff_carrier_inside_eu(const char *from, const char *to)
{
	return ff_carrier_in_eu(from) && ff_carrier_in_eu(to);
}

bool
ff_carrier_pounds(const char *country)
{
	return ff_carrier_among(country, "US PR VI");
}

char *
ff_carrier_postcode(const FfJson *address, int max)
{
	char *postcode = ff_carrier_upper(ff_carrier_text(address, "postcode", REGION_LONGEST));
	int length = 0;

	if (postcode == NULL)
		return NULL;
	for (const char *c = postcode; *c != '\0' && length < max; c++)
		if (isalnum((unsigned char) *c))
			postcode[length++] = *c;
	postcode[length] = '\0';
	return length > 0 ? postcode : NULL;
}

/* Longer names are no codes, and carriers refuse them; "US-TX" is TX. */
char *
ff_carrier_region(const FfJson *address, int max)
{
	const char *country = ff_carrier_country(address);
	char *region = ff_carrier_upper(ff_carrier_text(address, "region", REGION_LONGEST));

	if (region != NULL && country != NULL && strcmp(country, "VN") != 0 &&
		strncmp(region, country, 2) == 0 && region[2] == '-')
		region += 3;
	return region != NULL && *region != '\0' && (int) strlen(region) <= max ? region : NULL;
}

char *
ff_carrier_phone(const FfJson *address, int max, char **extension)
{
	char *text = ff_carrier_text(address, "phone", PHONE_LONGEST);
	const char *country = ff_carrier_country(address);
	StringInfoData digits;
	StringInfoData extra;
	bool behind = false;
	char *number;

	*extension = NULL;
	if (text == NULL)
		return NULL;
	initStringInfo(&digits);
	initStringInfo(&extra);
	for (const char *c = text; *c != '\0'; c++)
	{
		if (strchr("xX#", *c) != NULL && digits.len > 0)
			behind = true;
		else if (isdigit((unsigned char) *c))
			appendStringInfoChar(behind ? &extra : &digits, *c);
	}
	number = digits.data;
	if (strncmp(number, "00", 2) == 0)
		number += 2;
	if (country && ff_carrier_among(country, "US PR CA VI") && strlen(number) == 11 &&
		*number == '1')
		number++;
	if ((int) strlen(number) > max)
		number[max] = '\0';
	if (extra.len > 0 && extra.len <= EXTENSION)
		*extension = extra.data;
	return *number != '\0' ? number : NULL;
}

char *
ff_carrier_email(const FfJson *address, int max)
{
	char *email = ff_carrier_text(address, "email", max + 1);

	return email && (int) strlen(email) <= max ? email : NULL;
}

/* Bytes of the longest beginning that fits a line, ending between words when it can. */
static size_t
line_length(const char *text, int width)
{
	size_t at = 0;
	size_t blank = 0;

	for (int chars = 0; text[at] != '\0' && chars < width; chars++)
	{
		if (text[at] == ' ')
			blank = at;
		at += pg_utf_mblen((const unsigned char *) text + at);
	}
	return text[at] == '\0' || text[at] == ' ' || blank == 0 ? at : blank;
}

int
ff_carrier_wrap(const char *text, int width, char **lines, int max)
{
	int count = 0;

	while (*text != '\0' && count < max)
	{
		size_t length = line_length(text, width);

		lines[count++] = pnstrdup(text, length);
		text += length;
		while (*text == ' ')
			text++;
	}
	return count;
}

int
ff_carrier_street(const FfJson *address, int width, char **lines, int max)
{
	static const char *const members[] = {"street1", "street2", "street3"};
	char *apart[STREET_LINES];
	char *joined = NULL;
	int count = 0;

	for (int i = 0; i < (int) lengthof(members); i++)
	{
		char *street = ff_carrier_text(address, members[i], STREET_LONGEST);

		if (street == NULL)
			continue;
		count += ff_carrier_wrap(street, width, apart + count, STREET_LINES - count);
		joined = joined ? psprintf("%s, %s", joined, street) : street;
	}
	if (count > max)
		return ff_carrier_wrap(joined, width, lines, max);
	memcpy(lines, apart, count * sizeof(char *));
	return count;
}

bool
ff_carrier_split_name(const char *name, int max, char **first, char **last)
{
	const char *blank = name ? strrchr(name, ' ') : NULL;

	if (blank == NULL || blank == name)
		return false;
	*first = ff_plain_text(pnstrdup(name, blank - name), max);
	*last = ff_plain_text(blank + 1, max);
	return **first != '\0' && **last != '\0';
}

const char *
ff_carrier_corrected(const FfJson *ours, const char *city, const char *region, const char *postcode)
{
	const struct
	{
		const char *member;
		const char *theirs;
	} members[] = {{"postcode", postcode}, {"region", region}, {"city", city}};

	for (int i = 0; i < (int) lengthof(members); i++)
	{
		const char *theirs = members[i].theirs ? members[i].theirs : "";

		if (pg_strncasecmp(ff_json_text_or(ours, members[i].member, ""), theirs, strlen(theirs)) !=
			0)
			return members[i].member;
	}
	return "street1";
}
