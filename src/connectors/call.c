/*
 * call.c
 *
 * The one path from a canonical call through a connector and back; see call.h
 * for the contract.  It decides what a connector gets to see, and that an
 * answer which leaves a repeatable call in doubt is simply asked again.
 */
#include "postgres.h"

#include "access/xact.h"

#include "connectors/call.h"
#include "pg/errors.h"

/* Whether a setting's value can be read as its type says. */
static bool
fits(const FfSetting *setting, const FfJson *value)
{
	char *text = ff_json_text(value, "");
	int64 whole;

	if (strcmp(setting->type, "object") == 0)
		return ff_json_is_object(value) || ff_json_is_array(value);
	if (strcmp(setting->type, "integer") == 0)
		return ff_json_int64(value, "", &whole);
	if (strcmp(setting->type, "number") == 0)
		return ff_json_number(value, "") != NULL;
	if (strcmp(setting->type, "boolean") == 0)
		return ff_json_bool(value, "", true) == ff_json_bool(value, "", false);
	if (strcmp(setting->type, "url") == 0)
	{
		const char *host = text != NULL ? strstr(text, "://") : NULL;

		/* no blanks, no quotes, nothing below the blank, no credentials before the host */
		return host != NULL && host > text && host[3] != '\0' &&
			   strpbrk(text, " \"<>\\^`{}|\t\r\n") == NULL &&
			   memchr(host + 3, '@', strcspn(host + 3, "/?#")) == NULL;
	}
	return text != NULL;
}

/* Absent, null, or empty where emptiness says nothing. */
static bool
unset(const FfSetting *setting, const FfJson *value)
{
	char *text = ff_json_text(value, "");

	return ff_json_is_null(value) || (text != NULL && *text == '\0' &&
									  (setting->required || strcmp(setting->type, "text") != 0));
}

static const FfSetting *
setting_named(const FfConnector *connector, const char *name)
{
	for (const FfSetting *setting = connector->settings; setting->name != NULL; setting++)
		if (strcmp(setting->name, name) == 0)
			return setting;
	return NULL;
}

static void
write_default(FfJsonWriter *writer, const FfSetting *setting)
{
	if (strcmp(setting->type, "text") == 0 || strcmp(setting->type, "url") == 0)
		ff_write_text(writer, setting->name, setting->default_value);
	else
		ff_write_raw(writer, setting->name, setting->default_value);
}

/* The connection's settings with defaults filled in and without secrets. */
static FfJson *
complete_config(const FfConnector *connector, const FfJson *given, bool check)
{
	FfJsonWriter writer;
	void *state = NULL;
	char *key;
	FfJson *value;

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	while (ff_json_each(given, &state, &key, &value))
	{
		const FfSetting *setting = setting_named(connector, key);

		if (setting == NULL || (!setting->secret && !unset(setting, value)))
			ff_write_json(&writer, key, value);
	}
	for (const FfSetting *setting = connector->settings; setting->name != NULL; setting++)
	{
		if (setting->secret)
			continue;
		value = ff_json_is_object(given) ? ff_json_get(given, setting->name) : NULL;
		if (unset(setting, value))
		{
			if (setting->default_value != NULL)
				write_default(&writer, setting);
			else if (setting->required && check)
				ff_connector_fail(
					connector->name,
					psprintf("config.%s", setting->name),
					psprintf("Set it in the connection's config. %s", setting->description));
		}
		else if (check && !fits(setting, value))
			ff_connector_fail(connector->name,
							  psprintf("config.%s", setting->name),
							  psprintf("Its type is %s. %s", setting->type, setting->description));
	}
	ff_write_finish(&writer);
	return ff_json_parse(writer.text.data, writer.text.len, NULL);
}

TimestampTz
ff_connector_now(const FfJson *document)
{
	TimestampTz now;

	return ff_time_parse(ff_json_text(document, "now"), &now)
			   ? now
			   : GetCurrentTransactionStartTimestamp();
}

static FfCall
begin_call(const FfConnector *connector, FfOperation operation, const FfJson *document, bool check)
{
	FfCall call;
	FfJson *state = ff_json_get(document, "state");

	call.connector = connector->name;
	call.operation = operation;
	call.document = document;
	call.config = complete_config(connector, ff_json_get(document, "config"), check);
	call.state = ff_json_is_null(state) ? NULL : state;
	call.now = ff_connector_now(document);
	call.idempotency_key = ff_json_text(document, "idempotency_key");
	call.own = connector->own;
	return call;
}

bool
ff_connector_supports(const FfConnector *connector, FfOperation operation)
{
	return operation < FF_OPERATION_COUNT && connector->operations[operation].request != NULL;
}

bool
ff_connector_able(const FfConnector *connector, FfOperation operation, const FfJson *config)
{
	return ff_connector_supports(connector, operation) &&
		   (connector->able == NULL || connector->able(config, operation));
}

void
ff_connector_request(const FfConnector *connector, FfOperation operation, const FfJson *document,
					 FfMessage *message)
{
	FfCall call = begin_call(connector, operation, document, true);

	Assert(ff_connector_supports(connector, operation));
	ff_message_init(message);
	connector->operations[operation].request(&call, message);
}

/* "client_id, client_secret": the secrets a connection must have. */
static char *
needed_secrets(const FfConnector *connector)
{
	StringInfoData names;

	initStringInfo(&names);
	for (const FfSetting *setting = connector->settings; setting->name != NULL; setting++)
		if (setting->secret && setting->required)
			appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", setting->name);
	return names.len > 0 ? names.data : pstrdup("base_url");
}

/* Where a peer said nothing itself, whoever tests a connection is told what to look at. */
static void
explain_test(const FfConnector *connector, const FfReply *reply, FfOutcome *outcome)
{
	const char *title = connector->title;

	if (outcome->code == NULL ||
		(strncmp(outcome->code, "http_", 5) != 0 && strcmp(outcome->code, "no_answer") != 0) ||
		outcome->message == NULL ||
		(strncmp(outcome->message, "The answer was HTTP", 19) != 0 &&
		 strcmp(outcome->message, "No answer came.") != 0))
		return;
	if (reply->status == 0)
		outcome->message =
			psprintf("No answer came; check base_url, and whether %s can be reached.", title);
	else if (reply->status == 401)
		outcome->message =
			psprintf("%s refuses the credentials; check %s.", title, needed_secrets(connector));
	else if (reply->status == 403)
		outcome->message = psprintf(
			"%s does not permit this; check what the account and its credentials may do.", title);
	else if (reply->status == 404)
		outcome->message = psprintf("Nothing of %s is at this address; check base_url.", title);
	else if (reply->status == 429)
		outcome->message = psprintf("%s asks to be called less often.", title);
	else if (reply->status >= 500)
		outcome->message =
			psprintf("%s is out of order at the moment (HTTP status %d).", title, reply->status);
}

void
ff_connector_outcome(const FfConnector *connector, FfOperation operation, const FfJson *document,
					 const FfReply *reply, FfOutcome *outcome)
{
	const FfConnectorOperation *ability = &connector->operations[operation];
	FfCall call = begin_call(connector, operation, document, false);

	Assert(ff_connector_supports(connector, operation));
	ff_outcome_init(outcome);
	ability->outcome(&call, reply, outcome);

	if (operation == FF_OP_TEST_CONNECTION)
		explain_test(connector, reply, outcome);

	/* doubt about a call that may be repeated is no doubt */
	if (outcome->result == FF_RESULT_UNKNOWN &&
		(ability->repeat == FF_REPEAT_SAFE || ability->repeat == FF_REPEAT_WITH_KEY))
		outcome->result = FF_RESULT_RETRY;
}

void
ff_connector_receive(const FfConnector *connector, const FfJson *document, const FfReply *webhook,
					 FfOutcome *outcome)
{
	FfCall call = begin_call(connector, FF_OPERATION_COUNT, document, false);

	ff_outcome_init(outcome);
	connector->receive.translate(&call, webhook, outcome);
}

const char *
ff_connector_event_id(const FfConnector *connector, const FfReply *webhook)
{
	const FfReceive *receive = &connector->receive;
	FfJson *body = receive->event_id != NULL || receive->event_member != NULL
					   ? ff_json_parse(webhook->body, webhook->length, NULL)
					   : NULL;
	const char *id = NULL;

	if (receive->event_id != NULL)
		id = receive->event_id(webhook, body);
	else if (receive->event_member != NULL)
		id = ff_json_text(body, receive->event_member);
	else if (receive->event_header != NULL)
		id = ff_reply_header(webhook, receive->event_header);
	return id != NULL && *id != '\0' ? id : NULL;
}
