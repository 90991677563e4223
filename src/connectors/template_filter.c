/*
 * template_filter.c
 *
 * What a place of a template can do with a value before it is written; see
 * template.h.  Each filter gets a text and its argument ("" for none) and gives
 * another text; some look something up as the template itself does.
 */
#include "postgres.h"

#include <ctype.h>

#include "mb/pg_wchar.h"
#include "utils/formatting.h"

#include "catalog/pg_collation.h"

#include "connectors/carrier.h"
#include "connectors/connector.h"
#include "connectors/decimal.h"
#include "connectors/template.h"
#include "model/time.h"

#define LONGEST_TEXT 100000

static char *
to_upper(char *text, const char *argument)
{
	return str_toupper(text, strlen(text), C_COLLATION_OID);
}

static char *
to_lower(char *text, const char *argument)
{
	return str_tolower(text, strlen(text), C_COLLATION_OID);
}

static char *
at_most(char *text, const char *argument)
{
	int limit = atoi(argument);
	char *c = text;

	for (; *c != '\0' && limit > 0; limit--)
		c += Min(pg_utf_mblen((unsigned char *) c), (int) strlen(c));
	return pnstrdup(text, c - text);
}

static char *
only_digits(char *text, const char *argument)
{
	char *kept = pstrdup(text);
	char *end = kept;

	for (const char *c = text; *c != '\0'; c++)
		if (isdigit((unsigned char) *c))
			*end++ = *c;
	*end = '\0';
	return kept;
}

static char *
in_ascii(char *text, const char *argument)
{
	return ff_ascii(text);
}

static char *
as_time(const char *text, const char *format)
{
	TimestampTz time;

	return ff_time_parse(text, &time) ? ff_time_format(time, format) : pstrdup(text);
}

static char *
as_date(char *text, const char *argument)
{
	return as_time(text, "%Y-%m-%d");
}

static char *
as_iso(char *text, const char *argument)
{
	return as_time(text, "%Y-%m-%dT%H:%M:%SZ");
}

static char *
as_datetime(char *text, const char *argument)
{
	return as_time(text, "%Y-%m-%d %H:%M:%S");
}

static char *
with_comma(char *text, const char *argument)
{
	char *changed = pstrdup(text);
	char *dot = strchr(changed, '.');

	if (dot != NULL)
		*dot = ',';
	return changed;
}

static char *
or_default(char *text, const char *argument)
{
	return *text == '\0' ? pstrdup(argument) : text;
}

static char *
padded(char *text, int width, bool left, char fill)
{
	StringInfoData line;
	int missing = Min(width, 10000) - pg_mbstrlen(text);

	initStringInfo(&line);
	if (!left)
		appendStringInfoString(&line, text);
	for (; missing > 0; missing--)
		appendStringInfoChar(&line, fill);
	if (left)
		appendStringInfoString(&line, text);
	return line.data;
}

static char *
pad(char *text, const char *argument)
{
	return padded(at_most(text, argument), atoi(argument), false, ' ');
}

static char *
zeros(char *text, const char *argument)
{
	return padded(text, atoi(argument), true, '0');
}

static char *
money(char *text, const char *argument)
{
	return *text == '\0' ? text : ff_decimal_money(text);
}

static char *
plain(char *text, const char *argument)
{
	return ff_plain_text(text, *argument != '\0' ? atoi(argument) : LONGEST_TEXT);
}

/* A name of one word is a family name. */
static char *
given_name(char *text, const char *argument)
{
	char *first = NULL;
	char *last = NULL;

	(void) ff_carrier_split_name(text, LONGEST_TEXT, &first, &last);
	return first != NULL && last != NULL ? first : pstrdup("");
}

static char *
family_name(char *text, const char *argument)
{
	char *first = NULL;
	char *last = NULL;

	(void) ff_carrier_split_name(text, LONGEST_TEXT, &first, &last);
	return last != NULL ? last : text;
}

static char *
number(char *text, const char *argument)
{
	JsonbValue value = {.type = jbvString};
	char *found;

	value.val.string.val = text;
	value.val.string.len = (int) strlen(text);
	found = ff_json_number(&value, "");
	return found != NULL ? found : pstrdup("");
}

static char *
boolean(char *text, const char *argument)
{
	JsonbValue value = {.type = jbvString};

	value.val.string.val = text;
	value.val.string.len = (int) strlen(text);
	return pstrdup(ff_json_bool(&value, "", false) ? "true" : "false");
}

static char *
as_text(char *text, const char *argument)
{
	return text;
}

/* The filters that look something up. */

static char *
or_else(const FfTemplateScope *scope, char *text, const char *path)
{
	char *other = *text == '\0' ? ff_json_text(ff_template_look_up(scope, path), "") : NULL;

	return other != NULL ? other : text;
}

/* What an object has under a name, as it is written or in small letters; NULL: nothing. */
static char *
under_name(const FfJson *map, char *name)
{
	const FfJson *found = ff_json_member(map, name);

	return ff_json_text(found != NULL ? found : ff_json_member(map, to_lower(name, "")), "");
}

static char *
in_map(const FfTemplateScope *scope, char *text, const char *path)
{
	const FfJson *map = ff_template_look_up(scope, path);
	char *found = under_name(map, text);

	if (found == NULL && *text != '\0')
		found = ff_json_text(ff_json_member(map, "*"), "");
	return found != NULL ? found : pstrdup("");
}

static char *
swapped(const FfTemplateScope *scope, char *text, const char *path)
{
	char *found = under_name(ff_template_look_up(scope, path), text);

	return found != NULL ? found : text;
}

static char *
unmapped(const FfTemplateScope *scope, char *text, const char *path)
{
	return under_name(ff_template_look_up(scope, path), text) == NULL ? text : pstrdup("");
}

static const struct
{
	const char *name;
	char *(*apply)(char *text, const char *argument);
	char *(*look_up)(const FfTemplateScope *scope, char *text, const char *argument);
} filters[] = {
	{"upper", to_upper},
	{"lower", to_lower},
	{"max", at_most},
	{"digits", only_digits},
	{"ascii", in_ascii},
	{"date", as_date},
	{"time", as_iso},
	{"datetime", as_datetime},
	{"comma", with_comma},
	{"default", or_default},
	{"pad", pad},
	{"zeros", zeros},
	{"money", money},
	{"plain", plain},
	{"given", given_name},
	{"family", family_name},
	{"number", number},
	{"boolean", boolean},
	{"text", as_text},
	{"or", NULL, or_else},
	{"map", NULL, in_map},
	{"swap", NULL, swapped},
	{"unmapped", NULL, unmapped},
};

char *
ff_template_filter(const FfTemplateScope *scope, char *filter, char *text, char **problem)
{
	char *argument = strchr(filter, ':');

	if (argument != NULL)
		*argument++ = '\0';
	else
		argument = pstrdup("");
	for (int i = 0; i < (int) lengthof(filters); i++)
	{
		if (strcmp(filters[i].name, filter) != 0)
			continue;
		return filters[i].apply != NULL ? filters[i].apply(text, argument)
										: filters[i].look_up(scope, text, argument);
	}
	*problem = psprintf("There is no filter \"%s\".", filter);
	return NULL;
}

/* The sum over a list of the products of members "quantity*unit_price"; "" when one is missing. */
char *
ff_template_sum(const FfJson *list, const char *members)
{
	char *sum = pstrdup("0");

	for (int i = 0; i < ff_json_count(list); i++)
	{
		char *rest = pstrdup(members);
		char *product = pstrdup("1");
		char *member;

		while ((member = strsep(&rest, "*")) != NULL)
		{
			char *factor = ff_json_number(ff_json_at(list, i), member);

			if (factor == NULL)
				return pstrdup("");
			product = ff_decimal_multiply(product, factor);
		}
		sum = ff_decimal_add(sum, product);
	}
	return ff_json_count(list) > 0 ? sum : pstrdup("");
}
