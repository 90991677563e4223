/*
 * unknown.c
 *
 * Codes that nobody understands; see unknown.h.
 */
#include "postgres.h"

#include "connectors/unknown.h"

#define CODE_CHARS        60
#define DESCRIPTION_CHARS 200

void
ff_write_unknown(FfJsonWriter *writer, const char *code, const char *description)
{
	if (code == NULL || *code == '\0')
		return;
	ff_write_object(writer, "unknown");
	ff_write_text(writer, "code", ff_plain_text(code, CODE_CHARS));
	if (description != NULL && *description != '\0')
		ff_write_text(writer, "description", ff_plain_text(description, DESCRIPTION_CHARS));
	ff_write_end(writer);
}
