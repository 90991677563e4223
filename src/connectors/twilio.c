/*
 * twilio.c
 *
 * SMS by Twilio's Programmable Messaging (2010-04-01): texts out, their state
 * and "STOP" in.  The API has no key for repeats, so a message whose answer
 * was lost is looked for in the list of the day before it is sent again.
 *
 * What a code means for us is one table: whether it may work later, whether
 * the number is to be left alone, or whether the account must be mended.
 */
#include "postgres.h"

#include "connectors/connector.h"
#include "connectors/phone.h"

#define NAME    "twilio"
#define LONGEST 1600 /* characters of a text */
#define DAY_S   86400
#define QUEUE_S 600

static const FfSetting settings[] = {
	{"base_url", "url", false, false, "https://api.twilio.com", "Host of the API."},
	{"account_sid", "text", true, false, NULL, "Account, AC… and 32 digits."},
	{"from",
	 "text",
	 false,
	 false,
	 NULL,
	 "Sender: a number in E.164, a short code, or up to 11 letters and digits; without it, the "
	 "messaging service chooses."},
	{"messaging_service",
	 "text",
	 false,
	 false,
	 NULL,
	 "Messaging service, MG…, instead of a sender."},
	{"status_callback",
	 "url",
	 false,
	 false,
	 NULL,
	 "Public address that hands Twilio's news to receive_webhook, written exactly as Twilio is to "
	 "call it."},
	{"validity_s",
	 "integer",
	 false,
	 false,
	 "14400",
	 "Seconds after which a text that was not delivered is not worth sending any more."},
	{"user", "text", true, true, NULL, "API key SID, SK…, or the account SID."},
	{"password", "text", true, true, NULL, "Secret of the API key, or the Auth Token."},
	{"auth_token", "text", false, true, NULL, "Primary Auth Token, which signs what comes in."},
	{"webhook_url",
	 "text",
	 false,
	 true,
	 NULL,
	 "The address of status_callback once more, which is signed with what comes in."},
	{NULL}};

typedef enum Meaning
{
	LATER,    /* it may work another time */
	SLOW,     /* … after ten minutes at the earliest */
	TOMORROW, /* … not today */
	ADDRESS,  /* the number is not to be written to any more */
	MESSAGE,  /* this message will never work for this number */
	OURS      /* the account or the connection must be mended */
} Meaning;

static const struct
{
	int code;
	Meaning meaning;
} meanings[] = {
	{20404, OURS},    {20429, LATER},   {20500, LATER},    {20503, LATER},   {21211, ADDRESS},
	{21212, OURS},    {21214, MESSAGE}, {21217, ADDRESS},  {21266, MESSAGE}, {21408, OURS},
	{21602, OURS},    {21606, OURS},    {21608, OURS},     {21610, ADDRESS}, {21611, SLOW},
	{21612, MESSAGE}, {21614, ADDRESS}, {21617, OURS},     {21659, OURS},    {21660, OURS},
	{30001, SLOW},    {30002, OURS},    {30003, MESSAGE},  {30004, ADDRESS}, {30005, ADDRESS},
	{30006, ADDRESS}, {30007, OURS},    {30008, MESSAGE},  {30032, OURS},    {30034, OURS},
	{30036, MESSAGE}, {63017, SLOW},    {63038, TOMORROW},
};

/* Twilio's states; the end of a message is not undone by what comes later. */
static const struct
{
	const char *status;
	const char *state;
} states[] = {
	{"accepted", "sending"},
	{"scheduled", "sending"},
	{"queued", "sending"},
	{"sending", "sending"},
	{"sent", "accepted"},
	{"delivered", "delivered"},
	{"partially_delivered", "delivered"},
	{"read", "delivered"},
	{"undelivered", "failed"},
	{"failed", "failed"},
	{"canceled", "failed"},
};

static const char *
state_of(const char *status)
{
	for (int i = 0; i < (int) lengthof(states); i++)
		if (status != NULL && strcmp(states[i].status, status) == 0)
			return states[i].state;
	return NULL;
}

static Meaning
meaning_of(int64 code, Meaning otherwise)
{
	for (int i = 0; i < (int) lengthof(meanings); i++)
		if (meanings[i].code == code)
			return meanings[i].meaning;
	return otherwise;
}

static void
begin(const FfCall *call, FfMessage *message, const char *method, const char *rest)
{
	char *base = ff_json_text(call->config, "base_url");

	if (!ff_url_is_safe(base))
		ff_connector_fail(NAME, "config.base_url", "Give an address that begins with https://.");
	ff_message_begin(message, method, base, "/2010-04-01/Accounts/");
	ff_message_segment(message, ff_json_text(call->config, "account_sid"));
	ff_message_path(message, rest);
	ff_message_header(message, "Accept", "application/json");
}

static void
add_field(StringInfo form, const char *name, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	appendStringInfo(form, "%s%s=", form->len > 0 ? "&" : "", name);
	ff_percent_encode(form, value);
}

/* The number in E.164, or NULL when what the order has is none. */
static char *
recipient(const FfCall *call)
{
	return ff_phone_e164(ff_connector_need(NAME, call, "message.to", "Give a phone number."),
						 ff_json_text(call->document, "message.country"));
}

static char *
text_of(const FfCall *call)
{
	return ff_plain_text(
		ff_connector_need(NAME, call, "message.text", "Give the text of the message."), LONGEST);
}

static bool
looks(const FfCall *call)
{
	return strcmp(ff_json_text_or(call->state, "step", ""), "look") == 0;
}

static void
look_request(const FfCall *call, FfMessage *message)
{
	TimestampTz since;

	if (!ff_time_parse(ff_json_text(call->state, "since"), &since))
		since = call->now;
	begin(call, message, "GET", "/Messages.json");
	ff_message_query(message, "To", recipient(call));
	ff_message_query(message, "DateSent", ff_time_format(since, "%Y-%m-%d"));
	ff_message_query(message, "PageSize", "100");
}

static void
send_request(const FfCall *call, FfMessage *message)
{
	char *from = ff_json_text(call->config, "from");
	char *service = ff_json_text(call->config, "messaging_service");
	char *to = recipient(call);
	StringInfoData form;

	if (to == NULL)
		ff_connector_fail(NAME,
						  "message.to",
						  "Give a phone number in E.164, or a national one with its country.");
	if (looks(call))
	{
		look_request(call, message);
		return;
	}
	if ((from == NULL || *from == '\0') && (service == NULL || *service == '\0'))
		ff_connector_fail(NAME, "config.from", "Set it, or messaging_service.");
	begin(call, message, "POST", "/Messages.json");
	initStringInfo(&form);
	add_field(&form, "To", to);
	add_field(&form, "From", from);
	add_field(&form, "MessagingServiceSid", service);
	add_field(&form, "Body", text_of(call));
	add_field(&form, "StatusCallback", ff_json_text(call->config, "status_callback"));
	add_field(&form, "ValidityPeriod", ff_json_text(call->config, "validity_s"));
	ff_message_body(message, "application/x-www-form-urlencoded", form.data, form.len);
}

static void
test_request(const FfCall *call, FfMessage *message)
{
	begin(call, message, "GET", ".json");
}

static void
write_message(FfJsonWriter *writer, const char *sid, const char *state, Meaning meaning)
{
	ff_write_object(writer, "message");
	ff_write_text(writer, "provider_reference", sid);
	ff_write_text(writer, "state", state);
	if (meaning == ADDRESS)
		ff_write_bool(writer, "suppress", true);
	if (meaning == MESSAGE)
		ff_write_bool(writer, "recipient", true);
	ff_write_end(writer);
}

/* Twilio's code decides, whatever the status says; true for 2xx. */
static bool
read_reply(const FfCall *call, const FfReply *reply, FfRepeat repeat, FfOutcome *outcome)
{
	FfJson *json;
	int64 code;

	if (ff_outcome_http(call, reply, repeat, outcome))
		return true;
	json = ff_outcome_json(reply, outcome);
	if (ff_json_text(json, "message") != NULL)
		outcome->message = ff_json_text(json, "message");
	if (!ff_json_int64(json, "code", &code))
		return false;
	outcome->code = psprintf(INT64_FORMAT, code);
	if (outcome->result != FF_RESULT_REFUSED && outcome->result != FF_RESULT_RETRY)
		return false;
	switch (meaning_of(code, outcome->result == FF_RESULT_RETRY ? LATER : OURS))
	{
		case TOMORROW:
			outcome->retry_after_s = DAY_S;
			outcome->result = FF_RESULT_RETRY;
			break;
		case SLOW:
			outcome->retry_after_s = QUEUE_S;
			outcome->result = FF_RESULT_RETRY;
			break;
		case LATER:
			outcome->result = FF_RESULT_RETRY;
			break;
		default:
			outcome->result = FF_RESULT_REFUSED;
			write_message(&outcome->body, NULL, "failed", meaning_of(code, OURS));
	}
	return false;
}

static void
take_message(const FfJson *json, FfOutcome *outcome)
{
	const char *state = state_of(ff_json_text(json, "status"));
	int64 code = ff_json_int64_or(json, "error_code", 0);

	write_message(&outcome->body,
				  ff_json_text(json, "sid"),
				  state != NULL ? state : "sending",
				  code != 0 ? meaning_of(code, MESSAGE) : LATER);
}

/* Whether a message was made (RFC 2822) before ours can have been, clocks being what they are. */
static bool
is_older(const FfCall *call, const char *made)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char month[4];
	char clock[9];
	const char *place;
	int day;
	int year;
	TimestampTz since;
	TimestampTz time;

	if (made == NULL || sscanf(made, "%*3s, %2d %3s %4d %8s", &day, month, &year, clock) != 4 ||
		(place = strstr(months, month)) == NULL ||
		!ff_time_parse(ff_json_text(call->state, "since"), &since) ||
		!ff_time_parse(
			psprintf("%04d-%02d-%02dT%sZ", year, (int) (place - months) / 3 + 1, day, clock),
			&time))
		return false;
	return time < since - 60 * USECS_PER_SEC;
}

/* The same text to the same number, not made before we sent ours. */
static void
look_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *list;
	FfJson *json;

	if (!read_reply(call, reply, FF_REPEAT_SAFE, outcome))
		return;
	json = ff_outcome_json(reply, outcome);
	if (json == NULL)
		return;
	list = ff_json_get(json, "messages");
	for (int i = 0; i < ff_json_count(list); i++)
	{
		FfJson *found = ff_json_at(list, i);

		if (strcmp(ff_json_text_or(found, "body", ""), text_of(call)) == 0 &&
			strncmp(ff_json_text_or(found, "direction", "outbound"), "outbound", 8) == 0 &&
			!is_older(call, ff_json_text(found, "date_created")))
		{
			take_message(found, outcome);
			return;
		}
	}
	ff_outcome_continue(outcome, "{\"step\": \"send\"}");
}

static void
send_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfJson *json;

	if (looks(call))
	{
		look_outcome(call, reply, outcome);
		return;
	}
	if (!read_reply(call, reply, FF_REPEAT_AFTER_FIND, outcome))
		return;
	json = ff_outcome_json(reply, outcome);
	if (json != NULL)
		take_message(json, outcome);
}

static void
test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	if (!read_reply(call, reply, FF_REPEAT_SAFE, outcome))
		return;
	if (strcmp(ff_json_text_or(ff_outcome_json(reply, outcome), "status", "active"), "active") != 0)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "account_not_active",
					   "The account is suspended or closed.",
					   NULL);
}

/* A form's field, decoded; NULL when it is not there. */
static char *
field_of(const FfReply *webhook, const char *name)
{
	size_t length = strlen(name);

	for (const char *part = webhook->body; part != NULL && *part != '\0';)
	{
		const char *end = part + strcspn(part, "&");

		if ((size_t) (end - part) > length && strncmp(part, name, length) == 0 &&
			part[length] == '=')
			return ff_form_decode(part + length + 1, end - part - length - 1);
		part = *end == '&' ? end + 1 : NULL;
	}
	return NULL;
}

static const char *
event_id(const FfReply *webhook, const FfJson *body)
{
	char *sid = field_of(webhook, "MessageSid");
	char *status = field_of(webhook, "MessageStatus");

	return sid != NULL ? psprintf("%s:%s", sid, status != NULL ? status : "in") : NULL;
}

/* Somebody wrote to us: STOP and START are for us, the rest for people. */
static void
receive_text(const FfReply *webhook, FfOutcome *outcome)
{
	const char *type = field_of(webhook, "OptOutType");
	const char *text = field_of(webhook, "Body");
	bool stop = pg_strcasecmp(type != NULL ? type : text != NULL ? text : "", "STOP") == 0;
	bool start = pg_strcasecmp(type != NULL ? type : text != NULL ? text : "", "START") == 0;

	if (!stop && !start)
	{
		ff_write_text(&outcome->body, "ignored", "message");
		return;
	}
	ff_write_object(&outcome->body, "message");
	ff_write_text(&outcome->body, "recipient", field_of(webhook, "From"));
	ff_write_text(&outcome->body, "medium", "sms");
	ff_write_bool(&outcome->body, stop ? "suppress" : "lift", true);
	ff_write_text(&outcome->body, "code", stop ? "STOP" : "START");
	ff_write_text(&outcome->body, "message", "The recipient asked for it.");
	ff_write_end(&outcome->body);
}

static void
receive(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const char *status = field_of(reply, "MessageStatus");
	const char *code = field_of(reply, "ErrorCode");
	Meaning meaning = code != NULL ? meaning_of(atoi(code), MESSAGE) : LATER;

	if (status == NULL)
	{
		receive_text(reply, outcome);
		return;
	}
	if (state_of(status) == NULL)
	{
		ff_write_text(&outcome->body, "ignored", status);
		return;
	}
	ff_write_object(&outcome->body, "message");
	ff_write_text(&outcome->body, "provider_reference", field_of(reply, "MessageSid"));
	ff_write_text(&outcome->body, "state", state_of(status));
	ff_write_text(&outcome->body, "code", code);
	if (meaning == ADDRESS)
		ff_write_bool(&outcome->body, "suppress", true);
	ff_write_end(&outcome->body);
}

const FfConnector ff_connector_twilio = {
	.name = NAME,
	.title = "Twilio",
	.roles = "messenger sms",
	.credentials =
		"In the Twilio console copy the account SID and make an API key; the primary Auth Token "
		"verifies what comes in. Numbers, alphanumeric senders and countries are enabled there.",
	.auth = {.kind = FF_AUTH_BASIC, .user = "user", .password = "password"},
	.settings = settings,
	.rate_per_second = 10,
	.max_concurrency = 10,
	.timeout_ms = 30000,
	.operations = {[FF_OP_SEND_MESSAGE] = {send_request, send_outcome, FF_REPEAT_AFTER_FIND},
				   [FF_OP_TEST_CONNECTION] = {test_request, test_outcome, FF_REPEAT_SAFE}},
	.receive = {.verify = {FF_VERIFY_FORM_SHA1, "X-Twilio-Signature", "auth_token", "webhook_url"},
				.event_id = event_id,
				.translate = receive},
};
