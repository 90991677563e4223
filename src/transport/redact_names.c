/*
 * redact_names.c
 *
 * Which names of headers, parameters and members stand for secrets: two
 * tables of words and nothing else.  Names are compared without case and
 * punctuation, so access_token, accessToken and X-Access-Token are one.
 */
#include "postgres.h"

#include "port/pg_bitutils.h"

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

StaticAssertDecl(lengthof(secret_words) <= 32, "a set of words is a set of bits");

/* The secret words that begin with a byte, as bits; most bytes of most names begin none. */
static uint32
beginning_with(unsigned char byte)
{
	static uint32 beginning[256];
	static bool known = false;

	if (!known)
		for (int i = 0; i < (int) lengthof(secret_words); i++)
			beginning[(unsigned char) secret_words[i].word[0]] |= (uint32) 1 << i;
	known = true;
	return beginning[byte];
}

static bool
is_secret(const char *name, FfRedactPlace place)
{
	for (const char *at = name; *at != '\0'; at++)
		for (uint32 words = beginning_with((unsigned char) *at); words != 0; words &= words - 1)
		{
			const Word *word = &secret_words[pg_rightmost_one_pos32(words)];

			if ((word->places & place) != 0 &&
				(word->whole ? at == name && strcmp(name, word->word) == 0
							 : strncmp(at, word->word, strlen(word->word)) == 0))
				return true;
		}
	return false;
}

static bool
is_harmless(const char *name, FfRedactPlace place)
{
	for (size_t i = 0; i < lengthof(harmless_words); i++)
		if ((harmless_words[i].places & place) != 0 && strstr(name, harmless_words[i].word) != NULL)
			return true;
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
	return is_secret(plain, place) && !is_harmless(plain, place);
}
