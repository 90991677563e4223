/*
 * registry.c
 *
 * The array of all connectors, from the one list, and the errors that name
 * one of them.  A connector appears here by its line in list.h and by nothing
 * else; what it can do is read from its struct.  Those that users registered
 * come from elsewhere, and never in the place of one of the list.
 */
#include "postgres.h"

#include "connectors/connector.h"
#include "pg/errors.h"

static const FfConnector *const connectors[] = {
#define CONNECTOR(name) &ff_connector_##name,
#include "connectors/list.h"
#undef CONNECTOR
	NULL};

static const FfConnectorSource *registered = NULL;

void
ff_connector_source_set(const FfConnectorSource *source)
{
	registered = source;
}

const FfConnector *
ff_connector_built_in(const char *name)
{
	for (int i = 0; connectors[i] != NULL; i++)
		if (strcmp(connectors[i]->name, name) == 0)
			return connectors[i];
	return NULL;
}

const FfConnector *
ff_connector_find(const char *name)
{
	const FfConnector *found = ff_connector_built_in(name);

	return found == NULL && registered != NULL ? registered->find(name) : found;
}

const FfConnector **
ff_connector_all(int *count)
{
	int built_in = lengthof(connectors) - 1;
	int more_count = 0;
	const FfConnector **more = registered != NULL ? registered->all(&more_count) : NULL;
	const FfConnector **all = palloc(sizeof(FfConnector *) * (built_in + more_count));

	memcpy(all, connectors, sizeof(FfConnector *) * built_in);
	if (more_count > 0)
		memcpy(all + built_in, more, sizeof(FfConnector *) * more_count);
	*count = built_in + more_count;
	return all;
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
