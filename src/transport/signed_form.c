/*
 * signed_form.c
 *
 * The text that a peer signs when it signs a form: see signature.h.  Forms are
 * decoded, for it is the decoded values that are signed.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "transport/message.h"
#include "transport/signature.h"

typedef struct Parameter
{
	char *name;
	char *value;
} Parameter;

static int
by_name(const void *a, const void *b)
{
	const Parameter *left = a;
	const Parameter *right = b;
	int order = strcmp(left->name, right->name);

	return order != 0 ? order : strcmp(left->value, right->value);
}

char *
ff_signed_form(const char *url, const char *body, size_t length)
{
	const char *end = body + length;
	Parameter *parameters;
	int count = 0;
	StringInfoData text;

	parameters = palloc(sizeof(Parameter) * (length / 2 + 1));
	while (body < end)
	{
		const char *stop = memchr(body, '&', end - body);
		const char *equals;

		stop = stop != NULL ? stop : end;
		equals = memchr(body, '=', stop - body);
		equals = equals != NULL ? equals : stop;
		if (stop > body)
		{
			parameters[count].name = ff_form_decode(body, equals - body);
			parameters[count++].value =
				equals < stop ? ff_form_decode(equals + 1, stop - equals - 1) : pstrdup("");
		}
		body = stop + 1;
	}
	qsort(parameters, count, sizeof(Parameter), by_name);
	initStringInfo(&text);
	appendStringInfoString(&text, url);
	for (int i = 0; i < count; i++)
		appendStringInfo(&text, "%s%s", parameters[i].name, parameters[i].value);
	return text.data;
}
