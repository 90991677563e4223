/*
 * functions.c
 *
 * The connectors as SQL sees them: connector_request and connector_outcome,
 * which are pure and need no row, no secret and no network, and
 * connector_list, from which the view fulfillment.connectors is made.
 * Credentials that an auth scheme will add are shown masked.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "connectors/call.h"
#include "pg/errors.h"

#define RECEIVE "receive"

PG_FUNCTION_INFO_V1(fulfillment_connector_request);
PG_FUNCTION_INFO_V1(fulfillment_connector_outcome);
PG_FUNCTION_INFO_V1(fulfillment_connector_list);

static const FfConnector *
find_connector(FunctionCallInfo fcinfo, int argument)
{
	char *name =
		PG_ARGISNULL(argument) ? pstrdup("") : text_to_cstring(PG_GETARG_TEXT_PP(argument));
	const FfConnector *connector = ff_connector_find(name);

	if (connector == NULL)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("connector \"%s\" does not exist", name),
				 errhint("The view fulfillment.connectors shows the connectors there are.")));
	return connector;
}

/* "create_shipment, cancel_shipment": what a connector can do. */
static char *
abilities(const FfConnector *connector)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < FF_OPERATION_COUNT; i++)
		if (ff_connector_supports(connector, i))
			appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "", ff_operation_name(i));
	if (connector->receive.translate != NULL)
		appendStringInfo(&text, "%s" RECEIVE, text.len > 0 ? ", " : "");
	return text.data;
}

/* FF_OPERATION_COUNT stands for a webhook that came in. */
static FfOperation
find_operation(FunctionCallInfo fcinfo, int argument, const FfConnector *connector, bool incoming)
{
	char *name =
		PG_ARGISNULL(argument) ? pstrdup("") : text_to_cstring(PG_GETARG_TEXT_PP(argument));
	FfOperation operation = ff_operation_from_name(name);

	if (incoming && strcmp(name, RECEIVE) == 0 && connector->receive.translate != NULL)
		return FF_OPERATION_COUNT;
	if (!ff_connector_supports(connector, operation))
		ereport(
			ERROR,
			(errcode(FF_ERR_NOT_SUPPORTED),
			 errmsg("connector \"%s\" does not support operation \"%s\"", connector->name, name),
			 errhint("It supports %s.", abilities(connector))));
	return operation;
}

/* The call's document; it must be an object. */
static FfJson *
find_document(FunctionCallInfo fcinfo, int argument, const FfConnector *connector)
{
	FfJson *document =
		PG_ARGISNULL(argument) ? NULL : ff_json_from_datum(PG_GETARG_DATUM(argument));
	FfJson *config = ff_json_get(document, "config");

	if (!ff_json_is_object(document))
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("could not read the call for connector \"%s\"", connector->name),
				 errdetail("The call is not a JSON object."),
				 errhint("Give an object with \"config\" and the members of the operation.")));
	if (!ff_json_is_null(config) && !ff_json_is_object(config))
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("could not read the call for connector \"%s\"", connector->name),
				 errdetail("Field \"config\" is not a JSON object."),
				 errhint("Give the connection's settings as one object.")));
	return document;
}

/* What each auth scheme will add, without the secret. */
static void
write_masked_auth(FfJsonWriter *writer, const FfAuth *auth, int64 now)
{
	const char *header = auth->header ? auth->header : "Authorization";

	if (auth->grant != NULL)
		ff_write_text(writer, auth->grant->header, "***");
	switch (auth->kind)
	{
		case FF_AUTH_NONE:
			break;
		case FF_AUTH_BASIC:
			ff_write_text(writer, "Authorization", "Basic ***");
			break;
		case FF_AUTH_BEARER:
			ff_write_text(writer, "Authorization", "Bearer ***");
			break;
		case FF_AUTH_HEADER:
			ff_write_text(writer, header, "***");
			break;
		case FF_AUTH_OAUTH2_CLIENT:
			ff_write_text(writer,
						  header,
						  auth->header ? "***"
									   : psprintf("%s ***", auth->word ? auth->word : "Bearer"));
			break;
		case FF_AUTH_STANDARD_WEBHOOKS:
			ff_write_text(writer, "webhook-timestamp", psprintf(INT64_FORMAT, now));
			ff_write_text(writer, "webhook-signature", "v1,***");
			break;
		case FF_AUTH_QUERY:
		case FF_AUTH_OAUTH1:
			break; /* see masked_url */
	}
}

/* The URL, with what an auth scheme will put into its query, without the secret. */
static char *
masked_url(const FfMessage *message, const FfAuth *auth, int64 now)
{
	const char *url = message->url.data;
	const char *mark = strchr(url, '?') == NULL ? "?" : "&";

	if (auth->kind == FF_AUTH_QUERY)
		return psprintf("%s%s%s=***&%s=***", url, mark, auth->user, auth->password);
	if (auth->kind == FF_AUTH_OAUTH1)
		return psprintf("%s%soauth_consumer_key=***&oauth_nonce=***&oauth_signature_method=HMAC-"
						"SHA256&oauth_timestamp=" INT64_FORMAT "&oauth_signature=***",
						url,
						mark,
						now);
	return pstrdup(url);
}

static Datum
headers_of(const FfConnector *connector, const FfJson *document, const FfMessage *message)
{
	FfJsonWriter writer;
	pg_time_t now = timestamptz_to_time_t(ff_connector_now(document));

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	write_masked_auth(&writer, message->auth ? message->auth : &connector->auth, (int64) now);
	for (int i = 0; i < message->header_count; i++)
		ff_write_text(&writer, message->headers[i].name, message->headers[i].value);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(ff_write_finish(&writer)));
}

/*
 * connector_request(connector, operation, call, OUT method, OUT url, OUT headers, OUT body)
 */
Datum
fulfillment_connector_request(PG_FUNCTION_ARGS)
{
	const FfConnector *connector = find_connector(fcinfo, 0);
	FfOperation operation = find_operation(fcinfo, 1, connector, false);
	FfJson *document = find_document(fcinfo, 2, connector);
	FfMessage message;
	TupleDesc shape;
	Datum values[4];
	bool nulls[4] = {false};

	if (get_call_result_type(fcinfo, NULL, &shape) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	ff_connector_request(connector, operation, document, &message);
	values[0] = CStringGetTextDatum(message.method);
	values[1] =
		CStringGetTextDatum(masked_url(&message,
									   message.auth ? message.auth : &connector->auth,
									   (int64) timestamptz_to_time_t(ff_connector_now(document))));
	values[2] = headers_of(connector, document, &message);
	nulls[3] = message.body == NULL;
	if (!nulls[3])
		values[3] =
			PointerGetDatum(cstring_to_text_with_len(message.body, (int) message.body_length));
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), values, nulls));
}

static void
add_header(FfReply *reply, const char *name, const FfJson *value)
{
	int count = ff_json_count(value);

	/* a header that was sent several times may be given as a list */
	for (int i = 0; i < count && reply->header_count < FF_MAX_HEADERS; i++)
	{
		char *text = ff_json_text(ff_json_at(value, i), "");

		if (text == NULL)
			continue;
		reply->headers[reply->header_count].name = name;
		reply->headers[reply->header_count].value = text;
		reply->header_count++;
	}
}

/* Headers as {"Name": "value"} or [{"name": …, "value": …}, …]. */
static void
read_headers(FfReply *reply, const FfJson *headers)
{
	void *state = NULL;
	char *key;
	FfJson *value;

	while (ff_json_each(headers, &state, &key, &value))
		add_header(reply, key, value);
	for (int i = 0; ff_json_is_array(headers) && i < ff_json_count(headers); i++)
	{
		FfJson *header = ff_json_at(headers, i);
		char *name = ff_json_text(header, "name");

		if (name != NULL)
			add_header(reply, name, ff_json_get(header, "value"));
	}
}

/*
 * connector_outcome(connector, operation, call, status, headers, body)
 */
Datum
fulfillment_connector_outcome(PG_FUNCTION_ARGS)
{
	const FfConnector *connector = find_connector(fcinfo, 0);
	FfOperation operation = find_operation(fcinfo, 1, connector, true);
	FfJson *document = find_document(fcinfo, 2, connector);
	FfReply *reply = palloc0(sizeof(FfReply));
	FfOutcome outcome;

	reply->status = PG_ARGISNULL(3) ? 0 : PG_GETARG_INT32(3);
	if (!PG_ARGISNULL(4))
		read_headers(reply, ff_json_from_datum(PG_GETARG_DATUM(4)));
	reply->body = PG_ARGISNULL(5) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(5));
	reply->length = strlen(reply->body);
	if (operation == FF_OPERATION_COUNT)
		ff_connector_receive(connector, document, reply, &outcome);
	else
		ff_connector_outcome(connector, operation, document, reply, &outcome);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(ff_outcome_finish(&outcome)));
}

PG_FUNCTION_INFO_V1(fulfillment_connector_can);

/* connector_can(connector, operation, config): false, too, for what does not exist. */
Datum
fulfillment_connector_can(PG_FUNCTION_ARGS)
{
	const FfConnector *connector = ff_connector_find(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	FfOperation operation = ff_operation_from_name(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	FfJson *config = ff_json_from_datum(PG_GETARG_DATUM(2));

	PG_RETURN_BOOL(connector != NULL && ff_connector_able(connector, operation, config));
}

/* Words separated by a separator, as text[]. */
static Datum
words_datum(const char *words, const char *separator)
{
	Datum *values = palloc(sizeof(Datum) * (strlen(words) + 1));
	char *rest = pstrdup(words);
	int count = 0;

	for (char *word = strtok_r(rest, separator, &rest); word != NULL;
		 word = strtok_r(NULL, separator, &rest))
		values[count++] = CStringGetTextDatum(word);
	return PointerGetDatum(construct_array(values, count, TEXTOID, -1, false, TYPALIGN_INT));
}

static Datum
settings_datum(const FfConnector *connector)
{
	FfJsonWriter writer;

	ff_write_init(&writer);
	ff_write_array(&writer, NULL);
	for (const FfSetting *setting = connector->settings; setting->name != NULL; setting++)
	{
		ff_write_object(&writer, NULL);
		ff_write_text(&writer, "name", setting->name);
		ff_write_text(&writer, "type", setting->type);
		ff_write_bool(&writer, "required", setting->required);
		ff_write_bool(&writer, "secret", setting->secret);
		ff_write_text(&writer, "default", setting->default_value);
		ff_write_text(&writer, "description", setting->description);
		ff_write_end(&writer);
	}
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(ff_write_finish(&writer)));
}

/* Default limits; a limit that the connector does not set is the engine's and is left out. */
static Datum
limits_datum(const FfConnector *connector)
{
	FfJsonWriter writer;

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	if (connector->rate_per_second >= 1)
		ff_write_int(&writer, "rate_per_second", (int64) connector->rate_per_second);
	else if (connector->rate_per_second > 0)
		ff_write_int(&writer, "rate_per_hour", (int64) rint(connector->rate_per_second * 3600));
	if (connector->burst > 0)
		ff_write_int(&writer, "burst", connector->burst);
	if (connector->max_concurrency > 0)
		ff_write_int(&writer, "max_concurrency", connector->max_concurrency);
	if (connector->timeout_ms > 0)
		ff_write_int(&writer, "timeout_ms", connector->timeout_ms);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(ff_write_finish(&writer)));
}

/*
 * connector_list() returns (name, title, roles, operations, settings, limits, credentials)
 */
Datum
fulfillment_connector_list(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rows = (ReturnSetInfo *) fcinfo->resultinfo;

	const FfConnector **connectors;
	int count;

	InitMaterializedSRF(fcinfo, 0);
	connectors = ff_connector_all(&count);
	for (int i = 0; i < count; i++)
	{
		const FfConnector *connector = connectors[i];
		Datum values[7];
		bool nulls[7] = {false};

		values[0] = CStringGetTextDatum(connector->name);
		values[1] = CStringGetTextDatum(connector->title);
		values[2] = words_datum(connector->roles, " ");
		values[3] = words_datum(abilities(connector), ", ");
		values[4] = settings_datum(connector);
		values[5] = limits_datum(connector);
		nulls[6] = connector->credentials == NULL;
		if (!nulls[6])
			values[6] = CStringGetTextDatum(connector->credentials);
		tuplestore_putvalues(rows->setResult, rows->setDesc, values, nulls);
	}
	return (Datum) 0;
}
