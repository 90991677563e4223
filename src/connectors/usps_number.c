/*
 * usps_number.c
 *
 * The numbers a label is known by: its tracking number, of which a scanner
 * also reads the destination, and the key it was asked for with, a UUID that
 * must never be used for another label of the account.  Also on which of the
 * two sides of USPS, at home or abroad, a label lives.
 */
#include "postgres.h"

#include <ctype.h>

#include "common/md5.h"
#include "connectors/usps.h"

#define DESTINATION "420" /* stands before the ZIP code of a scanned number */
#define ZIP_SHORT   8     /* with five digits behind it */
#define ZIP_LONG    12    /* with nine */
#define S10_LENGTH  13
#define UUID_LENGTH 36

/* Whether a domestic number could begin here: 91 to 95 and so many digits. */
static bool
is_domestic_number(const char *digits)
{
	size_t length = strlen(digits);

	return digits[0] == '9' && digits[1] >= '1' && digits[1] <= '5' &&
		   (length == 20 || length == 22 || length == 26);
}

char *
ff_usps_number(const char *text)
{
	char *number = text ? palloc(strlen(text) + 1) : NULL;
	char *end = number;

	if (number == NULL)
		return NULL;
	for (; *text != '\0'; text++)
		if (isalnum((unsigned char) *text))
			*end++ = (char) toupper((unsigned char) *text);
	*end = '\0';
	if (*number == '\0')
		return NULL;
	if (strncmp(number, DESTINATION, strlen(DESTINATION)) != 0 ||
		strspn(number, "0123456789") != strlen(number))
		return number;
	if (strlen(number) > ZIP_LONG && is_domestic_number(number + ZIP_LONG))
		return number + ZIP_LONG;
	if (strlen(number) > ZIP_SHORT && is_domestic_number(number + ZIP_SHORT))
		return number + ZIP_SHORT;
	return number;
}

char *
ff_usps_known_number(const FfCall *call, int index)
{
	return ff_usps_number(ff_carrier_tracking_number(call, index));
}

/* Two letters, nine digits and a country, as the posts of the world agreed. */
static bool
is_international_number(const char *number)
{
	return number != NULL && strlen(number) == S10_LENGTH && isalpha((unsigned char) number[0]) &&
		   isalpha((unsigned char) number[1]) && strspn(number + 2, "0123456789") == 9;
}

bool
ff_usps_is_abroad(const FfCall *call, const char *number)
{
	const FfJson *receiver = ff_carrier_role(call, FF_SHIP_TO);

	if (ff_carrier_country(receiver) != NULL)
		return !ff_usps_is_domestic(receiver);
	return is_international_number(number);
}

const char *
ff_usps_labels(bool abroad)
{
	return abroad ? "/international-labels/v3/international-label" : "/labels/v3/label";
}

static bool
is_uuid(const char *text)
{
	if (text == NULL || strlen(text) != UUID_LENGTH)
		return false;
	for (int i = 0; i < UUID_LENGTH; i++)
	{
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !isxdigit((unsigned char) text[i]))
			return false;
	}
	return true;
}

/* A UUID made of a text, the same for the same text. */
static char *
uuid_of(const char *text)
{
	const char *error;
	char hash[33];

	if (!pg_md5_hash(text, strlen(text), hash, &error))
		elog(ERROR, "could not compute a label's key: %s", error);
	/* version 3, variant of RFC 4122 */
	hash[12] = '3';
	hash[16] = "89ab"[hash[16] & 3];
	return psprintf("%.8s-%.4s-%.4s-%.4s-%.12s", hash, hash + 8, hash + 12, hash + 16, hash + 20);
}

bool
ff_usps_has_label_key(const FfCall *call)
{
	return ff_json_text(ff_carrier_subject(call), "idempotency_key") != NULL ||
		   is_uuid(call->idempotency_key);
}

/*
 * A shipment's own key comes first: a call about a label made before has a key
 * of its own.  Keys are told apart by our reference, since an account may
 * serve several databases, and by the package.
 */
char *
ff_usps_label_key(const FfCall *call, int index)
{
	const FfJson *subject = ff_carrier_subject(call);
	const char *key = ff_json_text_or(subject, "idempotency_key", call->idempotency_key);
	const char *reference = ff_carrier_reference(subject, USPS_REFERENCE);

	if (index == 0 && is_uuid(key))
		return pstrdup(key);
	if (key == NULL && reference == NULL)
		return NULL;
	return uuid_of(psprintf("%s|%s|%d", key ? key : "", reference ? reference : "", index));
}
