/*
 * tracking_number.c
 *
 * Whose tracking number is this, and is it typed right?  A number is compared
 * with every form of tracking_formats.h.  What is digits only fits several
 * carriers by chance, so a carrier is named only when the best evidence leaves
 * no other, or when the caller says which carriers come into question.  A wrong
 * check digit warns and never refuses: carriers give out numbers outside of
 * these rules.
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "model/country.h"

PG_FUNCTION_INFO_V1(fulfillment_parse_tracking_number);

#define MAX_CHARACTERS 64

typedef int (*FfCheckRule)(const char *serial, int length);

typedef struct FfTrackingFormat
{
	const char *name;
	const char *carrier; /* NULL: the number says it in another way, or not at all */
	const char *form;
	FfCheckRule check; /* the check character that belongs to a serial; NULL: there is none */
	int from;
	int to;
	int length;
	const char *link;
} FfTrackingFormat;

/* --- check digits --- */

/* A digit's value; letters count on from A = 2 and begin again after nine. */
static int
value_of(char c)
{
	return isdigit((unsigned char) c) ? c - '0' : (c - 3) % 10;
}

static int
weighted(const char *serial, int length, const int *weights, int count)
{
	int sum = 0;

	for (int i = 0; i < length; i++)
		sum += value_of(serial[i]) * weights[i % count];
	return sum;
}

static int
ten_minus(int sum)
{
	return '0' + (10 - sum % 10) % 10;
}

#define WEIGHTED(rule, result, ...)                                     \
	static int rule(const char *serial, int length)                     \
	{                                                                   \
		static const int weights[] = {__VA_ARGS__};                     \
		int sum = weighted(serial, length, weights, lengthof(weights)); \
                                                                        \
		return result;                                                  \
	}

WEIGHTED(MOD10_12, ten_minus(sum), 1, 2)
WEIGHTED(MOD10_13, ten_minus(sum), 1, 3)
WEIGHTED(MOD10_31, ten_minus(sum), 3, 1)
/* As if the service's two digits stood in front. */
WEIGHTED(MOD10_31_AS_91, ten_minus(9 * 3 + 1 + sum), 3, 1)
WEIGHTED(FOUR_NINE, ten_minus(sum), 4, 9)
WEIGHTED(WEIGHTS_317, '0' + sum % 11 % 10, 3, 1, 7)
WEIGHTED(WEIGHTS_173, '0' + sum % 11 % 10, 1, 7, 3)
WEIGHTED(S10, '0' + (sum % 11 == 0 ? 5 : sum % 11 == 1 ? 0 : 11 - sum % 11), 8, 6, 4, 2, 3, 5, 9, 7)

static int
LUHN(const char *serial, int length)
{
	int sum = 0;

	for (int i = 0; i < length; i++)
	{
		int value = value_of(serial[i]) << ((length - 1 - i) % 2 == 0);

		sum += value > 9 ? value - 9 : value;
	}
	return ten_minus(sum);
}

static int
MOD7(const char *serial, int length)
{
	int rest = 0;

	for (int i = 0; i < length; i++)
		rest = (rest * 10 + value_of(serial[i])) % 7;
	return '0' + rest;
}

/* ISO 7064, mod 37,36. */
static int
MOD37_36(const char *serial, int length)
{
	int rest = 36;

	for (int i = 0; i < length; i++)
	{
		rest += isdigit((unsigned char) serial[i]) ? serial[i] - '0' : serial[i] - 'A' + 10;
		rest = (rest > 36 ? rest - 36 : rest) * 2;
		rest = rest >= 37 ? rest - 37 : rest;
	}
	return "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(37 - rest) % 36];
}

/* --- forms --- */

#define NOTHING    NULL
#define LINK_NONE  NULL
#define LINK_UPS   "https://www.ups.com/track?tracknum="
#define LINK_FEDEX "https://www.fedex.com/fedextrack/?trknbr="
#define LINK_USPS  "https://tools.usps.com/go/TrackConfirmAction?tLabels="
#define LINK_DHL   "https://www.dhl.com/global-en/home/tracking.html?submit=1&tracking-id="
#define LINK_DHL_EXPRESS \
	"https://www.dhl.com/global-en/home/tracking/tracking-express.html?submit=1&tracking-id="

#define LINK_DHL_DE "https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode="

#define LINK_POSTNORD "https://tracking.postnord.com/se/?id="
#define LINK_YURTICI  "https://www.yurticikargo.com/tr/online-servisler/gonderi-sorgula?code="
#define LINK_ARAS     "https://kargotakip.araskargo.com.tr/mainpage.aspx?code="

static const FfTrackingFormat formats[] = {
#define FORMAT(name, carrier, form, check, from, to, length, link) \
	{name, carrier, form, check, from, to, length, LINK_##link},
#include "model/tracking_formats.h"
#undef FORMAT
};

/* Whose a number of the postal union is, by the country that ends it. */
static const struct
{
	const char *country;
	const char *carrier;
	const char *link;
} posts[] = {{"CA", "canada_post", NULL},
			 {"DE", "dhl", LINK_DHL_DE},
			 {"DK", "postnord", LINK_POSTNORD},
			 {"FI", "posti", NULL},
			 {"GB", "royal_mail", NULL},
			 {"NO", "posten", NULL},
			 {"SE", "postnord", LINK_POSTNORD},
			 {"US", "usps", LINK_USPS}};

static bool
is_kind(char kind, char c)
{
	bool digit = c >= '0' && c <= '9';
	bool letter = c >= 'A' && c <= 'Z';

	return kind == 'd' ? digit : kind == 'a' ? letter : digit || letter;
}

/* One word of a form at the front of a text: how many characters it takes, or -1. */
static int
match_word(const char *word, int size, const char *text)
{
	int least;
	int most;
	int taken = 0;

	if (!islower((unsigned char) *word))
	{
		for (const char *at = word; at < word + size;)
		{
			int length = (int) strcspn(at, "| ");

			if (strncmp(at, text, length) == 0)
				return length;
			at += length + 1;
		}
		return -1;
	}
	if (sscanf(word + 1, "%d-%d", &least, &most) < 2)
		most = least;
	while (taken < most && is_kind(*word, text[taken]))
		taken++;
	return taken < least ? -1 : taken;
}

static bool
matches(const char *form, const char *text)
{
	while (*form)
	{
		int size = (int) strcspn(form, " ");
		int taken = match_word(form, size, text);

		if (taken < 0)
			return false;
		text += taken;
		form += size + (form[size] == ' ');
	}
	return *text == '\0';
}

/* Whether a form has more than digits and single ones of them. */
static bool
is_particular(const char *form)
{
	for (const char *word = form; *word; word += strcspn(word, " ") + strspn(word, " "))
		if (*word == 'a' || isupper((unsigned char) *word) ||
			(isdigit((unsigned char) *word) && isdigit((unsigned char) word[1])))
			return true;
	return false;
}

/* --- one number --- */

typedef struct FfTrackingGuess
{
	const FfTrackingFormat *format;
	const char *carrier;
	const char *link;
	const char *number;
	bool right;   /* the check digit, or there is none */
	int strength; /* of the evidence: what is particular, and what was checked */
} FfTrackingGuess;

static bool
guess(const FfTrackingFormat *format, const char *text, FfTrackingGuess *made)
{
	int length = (int) strlen(text);
	int to = format->to < 0 ? length + format->to : format->to;

	if (!matches(format->form, text))
		return false;
	made->format = format;
	made->carrier = format->carrier;
	made->link = format->link;
	made->number = text;
	made->right =
		format->check == NULL || format->check(text + format->from, to - format->from) == text[to];
	if (format->length > 0)
		made->number = pnstrdup(text + to + 1 - format->length, format->length);
	if (format->check == S10)
	{
		const char *country = text + length - 2;

		made->right = made->right && ff_country_find(country) != NULL;
		for (int i = 0; i < (int) lengthof(posts); i++)
			if (strcmp(posts[i].country, country) == 0)
			{
				made->carrier = posts[i].carrier;
				made->link = posts[i].link;
			}
	}
	made->strength = is_particular(format->form) ? 2 : 0;
	if (made->right && (format->check != NULL || made->strength > 0))
		made->strength += format->check != NULL ? 4 : 1;
	return true;
}

static bool
is_wanted(const FfTrackingGuess *guess, ArrayType *carriers)
{
	Datum *names;
	int count;

	if (carriers == NULL)
		return true;
	deconstruct_array(carriers, TEXTOID, -1, false, TYPALIGN_INT, &names, NULL, &count);
	for (int i = 0; guess->carrier != NULL && i < count; i++)
		if (strcmp(TextDatumGetCString(names[i]), guess->carrier) == 0)
			return true;
	return false;
}

/* Upper case, without what people put between the groups. */
static char *
normalised(const char *text)
{
	char *clean = palloc(strlen(text) + 1);
	int length = 0;

	for (; *text; text++)
		if (!isspace((unsigned char) *text) && strchr("-.", *text) == NULL)
			clean[length++] = pg_ascii_toupper((unsigned char) *text);
	clean[length] = '\0';
	return clean;
}

/* A parcel's barcode may carry its destination in front: 420 and five or nine digits. */
static int
routing_length(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (strncmp(text, "420", 3) != 0 || text[digits] != '\0')
		return 0;
	for (int length = 8; length <= 12; length += 4)
	{
		size_t rest = digits > (size_t) length ? digits - length : 0;

		if ((rest == 22 || rest == 26 || rest == 30) && text[length] == '9' &&
			MOD10_31(text + length, (int) rest - 1) == text[digits - 1])
			return length;
	}
	return 0;
}

/* Every carrier that the guesses with this evidence name, each once. */
static int
carriers_of(const FfTrackingGuess *guesses, int count, int strength, Datum *carriers)
{
	int found = 0;

	for (int i = 0; i < count; i++)
	{
		bool known = guesses[i].carrier == NULL || guesses[i].strength < strength;

		for (int k = 0; k < found && !known; k++)
			known = strcmp(TextDatumGetCString(carriers[k]), guesses[i].carrier) == 0;
		if (!known)
			carriers[found++] = CStringGetTextDatum(guesses[i].carrier);
	}
	return found;
}

/*
 * parse_tracking_number(number, carriers, OUT carrier, OUT valid, OUT number,
 * OUT format, OUT checked, OUT tracking_url, OUT candidates)
 */
Datum
fulfillment_parse_tracking_number(PG_FUNCTION_ARGS)
{
	char *given = PG_ARGISNULL(0) ? NULL : normalised(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	ArrayType *wanted = PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1);
	FfTrackingGuess guesses[lengthof(formats)];
	const FfTrackingGuess *best = NULL;
	int count = 0;
	TupleDesc shape;
	Datum values[7];
	bool nulls[7];
	Datum carriers[lengthof(formats)];
	int found;

	if (get_call_result_type(fcinfo, NULL, &shape) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	memset(nulls, true, sizeof nulls);
	if (given == NULL || *given == '\0')
		return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), values, nulls));
	given += routing_length(given);
	for (int i = 0; i < (int) lengthof(formats) && strlen(given) <= MAX_CHARACTERS; i++)
		if (guess(&formats[i], given, &guesses[count]) && is_wanted(&guesses[count], wanted))
			count++;
	for (int i = 0; i < count; i++)
		if (best == NULL || guesses[i].strength > best->strength)
			best = &guesses[i];
	found = carriers_of(guesses, count, best ? best->strength : 0, carriers);

	values[1] = BoolGetDatum(best != NULL && best->right);
	values[2] = CStringGetTextDatum(best && found == 1 ? best->number : given);
	nulls[1] = nulls[2] = false;
	if (best != NULL && found <= 1)
	{
		nulls[0] = best->carrier == NULL;
		values[0] = nulls[0] ? (Datum) 0 : CStringGetTextDatum(best->carrier);
		values[3] = CStringGetTextDatum(best->format->name);
		values[4] = BoolGetDatum(best->format->check != NULL);
		nulls[3] = nulls[4] = false;
		nulls[5] = best->link == NULL;
		values[5] =
			nulls[5] ? (Datum) 0 : CStringGetTextDatum(psprintf("%s%s", best->link, best->number));
	}
	found = carriers_of(guesses, count, 0, carriers);
	nulls[6] = false;
	values[6] = PointerGetDatum(construct_array(carriers, found, TEXTOID, -1, false, TYPALIGN_INT));
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), values, nulls));
}
