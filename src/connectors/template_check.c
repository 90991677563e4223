/*
 * template_check.c
 *
 * Reads a template without values, when it is written down and not when the
 * first call needs it; see template.h.
 */
#include "postgres.h"

#include "connectors/template.h"

static bool
check_filters(const char *place, char **problem)
{
	FfTemplateScope nothing = {.depth = 0};
	char *rest = pstrdup(place);
	char *filter;

	(void) strsep(&rest, "|");
	if (rest != NULL && strcmp(rest, "json") == 0)
		return true;
	if (rest != NULL && strncmp(rest, "sum:", 4) == 0)
		(void) strsep(&rest, "|");
	while ((filter = strsep(&rest, "|")) != NULL)
		if (ff_template_filter(&nothing, filter, pstrdup(""), problem) == NULL)
			return false;
	return true;
}

bool
ff_template_check(const char *text, char **problem)
{
	char *open[FF_TEMPLATE_DEPTH];
	int depth = 0;

	for (const char *tag = strstr(text, "{{"); tag != NULL; tag = strstr(text, "{{"))
	{
		const char *close = strstr(tag, "}}");
		char *place;

		if (close == NULL)
		{
			*problem = pstrdup("A \"{{\" has no \"}}\".");
			return false;
		}
		place = pnstrdup(tag + 2, close - tag - 2);
		text = close + 2;
		if (*place == '#' || *place == '^')
		{
			if (depth + 1 >= FF_TEMPLATE_DEPTH)
			{
				*problem = pstrdup("Its sections are nested too deeply.");
				return false;
			}
			open[depth++] = place + 1;
		}
		else if (*place == '/')
		{
			if (depth == 0 || strcmp(open[depth - 1], place + 1) != 0)
			{
				*problem = psprintf("Section \"%s\" was not begun.", place + 1);
				return false;
			}
			depth--;
		}
		else if (strncmp(place, "secret:", 7) != 0 && !check_filters(place, problem))
			return false;
	}
	if (depth > 0)
	{
		*problem = psprintf("Section \"%s\" does not end.", open[depth - 1]);
		return false;
	}
	return true;
}
