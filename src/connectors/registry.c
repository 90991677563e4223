/*
 * registry.c
 *
 * The array of all connectors, from the one list, and the errors that name
 * one of them.  A connector appears here by its line in list.h and by nothing
 * else; what it can do is read from its struct.
 */
#include "postgres.h"

#include "connectors/connector.h"
#include "pg/errors.h"

static const FfConnector *const connectors[] = {
#define CONNECTOR(name) &ff_connector_##name,
#include "connectors/list.h"
#undef CONNECTOR
	NULL};

int
ff_connector_count(void)
{
	return lengthof(connectors) - 1;
}

const FfConnector *
ff_connector_at(int index)
{
	return index >= 0 && index < ff_connector_count() ? connectors[index] : NULL;
}

const FfConnector *
ff_connector_find(const char *name)
{
	for (int i = 0; i < ff_connector_count(); i++)
		if (strcmp(connectors[i]->name, name) == 0)
			return connectors[i];
	return NULL;
}

void
ff_connector_fail(const char *connector, const char *field, const char *hint)
{
	bool setting = strncmp(field, "config.", 7) == 0;

	ereport(ERROR,
			(errcode(setting ? FF_ERR_CONNECTION : FF_ERR_INVALID_DOCUMENT),
			 errmsg("could not build a request for connector \"%s\"", connector),
			 setting ? errdetail("Setting \"%s\" of the connection is missing or wrong.", field + 7)
					 : errdetail("Field \"%s\" of the call is missing or wrong.", field),
			 hint != NULL ? errhint("%s", hint) : 0));
}

char *
ff_connector_need(const char *connector, const FfCall *call, const char *path, const char *hint)
{
	char *text = ff_json_text(call->document, path);

	if (text == NULL || *text == '\0')
		ff_connector_fail(connector, path, hint);
	return text;
}
