/*
 * redact_names.c
 *
 * Which names of headers, parameters and members stand for secrets: two
 * tables of words and nothing else.  Names are compared without case and
 * punctuation, so access_token, accessToken and X-Access-Token are one.
 */
#include "postgres.h"

#include "transport/redact.h"

#define LONGEST_NAME 64

#define HEADER    FF_REDACT_HEADER
#define PARAMETER FF_REDACT_PARAMETER
#define MEMBER    FF_REDACT_MEMBER
#define ANYWHERE  (HEADER | PARAMETER | MEMBER)

typedef struct Word
{
	const char *word;
	bool whole; /* the name is the word; otherwise it contains it */
	int places;
} Word;

static const Word secret_words[] = {
	{"password", false, ANYWHERE},
	{"passwd", false, ANYWHERE},
	{"passphrase", false, ANYWHERE},
	{"secret", false, ANYWHERE},
	{"token", false, ANYWHERE},
	{"authorization", false, HEADER},
	{"authorization", true, PARAMETER | MEMBER},
	{"apikey", false, ANYWHERE},
	{"accesskey", false, ANYWHERE},
	{"authkey", false, ANYWHERE},
	{"licensekey", false, ANYWHERE},
	{"privatekey", false, ANYWHERE},
	{"signingkey", false, ANYWHERE},
	{"wskey", false, ANYWHERE},
	{"credential", false, ANYWHERE},
	{"sessionid", false, ANYWHERE},
	{"cookie", false, HEADER},
	{"signature", false, HEADER | PARAMETER},
	{"hmac", false, HEADER | PARAMETER},
	{"auth", true, ANYWHERE},
	{"jwt", true, ANYWHERE},
	{"key", true, PARAMETER},
	{"pass", true, ANYWHERE},
	{"pwd", true, ANYWHERE},
	{"sig", true, PARAMETER},
	{"cardnumber", true, ANYWHERE},
	{"cvc", true, ANYWHERE},
	{"cvv", true, ANYWHERE},
};

/* Words that would be caught above and tell nothing: paging, resolved addresses, rate limits. */
static const Word harmless_words[] = {
	{"tokentype", false, ANYWHERE},
	{"tokencount", false, ANYWHERE},
	{"nexttoken", false, ANYWHERE},
	{"pagetoken", false, ANYWHERE},
	{"linestoken", false, ANYWHERE},
	{"leveltoken", false, ANYWHERE},
};

static bool
contains(const Word *words, size_t count, const char *name, FfRedactPlace place)
{
	for (size_t i = 0; i < count; i++)
	{
		if ((words[i].places & place) != 0 &&
			(words[i].whole ? strcmp(name, words[i].word) == 0
							: strstr(name, words[i].word) != NULL))
			return true;
	}
	return false;
}

bool
ff_redact_is_secret_name(const char *name, size_t length, FfRedactPlace place)
{
	char plain[LONGEST_NAME + 1];
	size_t size = 0;

	for (size_t i = 0; i < length && size < LONGEST_NAME; i++)
	{
		unsigned char byte = (unsigned char) name[i];

		if ((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z'))
			plain[size++] = (char) byte;
		else if (byte >= 'A' && byte <= 'Z')
			plain[size++] = (char) (byte - 'A' + 'a');
	}
	plain[size] = '\0';
	return contains(secret_words, lengthof(secret_words), plain, place) &&
		   !contains(harmless_words, lengthof(harmless_words), plain, place);
}
