/*
 * twilio.c
 *
 * Twilio's Programmable Messaging: takes texts as forms, lists them, and
 * carries them on: special numbers fail as Twilio's test numbers do, the
 * others arrive when control says so, with a signed callback.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

typedef struct Text
{
	char sid[40];
	char *to;
	char *from;
	char *body;
	char *callback;
	const char *status;
	int error;
	double created;
} Text;

static SimMap texts;
static char account[SIM_TEXT_SIZE];
static char token[SIM_TEXT_SIZE];

static void
refuse_with(SimRequest *request, int status, int code, const char *message)
{
	char more[80];

	snprintf(more, sizeof more, "https://www.twilio.com/docs/errors/%d", code);
	sim_reply(request,
			  status,
			  json_pack("{s:i, s:s, s:s, s:i}",
						"code",
						code,
						"message",
						message,
						"more_info",
						more,
						"status",
						status));
}

static void
refuse(SimRequest *request, const SimFailure *failures, int count)
{
	(void) count;
	refuse_with(request, strcmp(failures->rule, "route") == 0 ? 404 : 400, 20404, failures->detail);
}

static void
fail(SimRequest *request, int status)
{
	refuse_with(request, status, status == 429 ? 20429 : 20500, "Not now");
}

static bool
authorize(SimRequest *request)
{
	char user[200];
	char password[200];

	if (sim_basic_auth(request, user, password) && strcmp(password, "wrong") != 0 &&
		(strncmp(user, "SK", 2) == 0 || strncmp(user, "AC", 2) == 0))
		return true;
	refuse_with(request, 401, 20003, "Authenticate");
	return false;
}

/* The decoded value of a form's field; NULL when it is not there.  The caller frees. */
static char *
field(const SimRequest *request, const char *name)
{
	size_t length = strlen(name);
	const char *part = request->body;

	while (part && *part)
	{
		size_t size = strcspn(part, "&");

		if (size > length && strncmp(part, name, length) == 0 && part[length] == '=')
		{
			char *value = sim_alloc(size + 1);
			size_t filled = 0;

			for (size_t i = length + 1; i < size; i++)
			{
				if (part[i] == '%' && i + 2 < size)
				{
					char hex[3] = {part[i + 1], part[i + 2], '\0'};

					value[filled++] = (char) strtol(hex, NULL, 16);
					i += 2;
				}
				else
					value[filled++] = part[i] == '+' ? ' ' : part[i];
			}
			return value;
		}
		part += size;
		part += *part == '&';
	}
	return NULL;
}

static bool
is_e164(const char *number)
{
	size_t length = strlen(number);

	return *number == '+' && length >= 9 && length <= 16 && sim_is_digits(number + 1);
}

/* Numbers that fail, as their last digits say. */
static const struct
{
	const char *ending;
	int code;
	const char *message;
} bad_numbers[] = {
	{"21211", 21211, "The 'To' number is not a valid phone number."},
	{"21610", 21610, "Attempt to send to unsubscribed recipient"},
	{"21614", 21614, "'To' number is not a valid mobile number"},
	{"21408", 21408, "Permission to send an SMS has not been enabled for the region"},
};

static bool
ends_with(const char *text, const char *ending)
{
	size_t length = strlen(text);
	size_t size = strlen(ending);

	return length >= size && strcmp(text + length - size, ending) == 0;
}

static json_t *
text_json(const Text *text)
{
	char when[40];

	sim_time(text->created, 0, "%a, %d %b %Y %H:%M:%S +0000", when);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:n, s:s}",
					 "sid",
					 text->sid,
					 "account_sid",
					 account,
					 "to",
					 text->to,
					 "from",
					 text->from,
					 "body",
					 text->body,
					 "status",
					 text->status,
					 "direction",
					 "outbound-api",
					 "num_segments",
					 "1",
					 "error_code",
					 text->error ? json_integer(text->error) : json_null(),
					 "error_message",
					 "date_created",
					 when);
}

static void
send(SimRequest *request)
{
	const char *content = sim_header(request, "Content-Type");
	char *to = field(request, "To");
	char *from = field(request, "From");
	char *body = field(request, "Body");
	size_t bad = 0;
	Text *text;

	if (!content || strncmp(content, "application/x-www-form-urlencoded", 33) != 0)
		sim_offence(request, false, "header", "Content-Type", "It is no form.");
	while (bad < sizeof bad_numbers / sizeof *bad_numbers && to &&
		   !ends_with(to, bad_numbers[bad].ending))
		bad++;
	if (!to || !is_e164(to))
		refuse_with(request, 400, 21211, "The 'To' number is not a valid phone number.");
	else if (bad < sizeof bad_numbers / sizeof *bad_numbers)
		refuse_with(request, 400, bad_numbers[bad].code, bad_numbers[bad].message);
	else if (!body || !*body)
		refuse_with(request, 400, 21602, "Message body is required.");
	else if (sim_length(body) > 1600)
		refuse_with(request, 400, 21617, "The message body exceeds the 1600 character limit.");
	else if (!from || (!is_e164(from) && strlen(from) > 11))
		refuse_with(request, 400, 21606, "The 'From' phone number is not valid.");
	else
	{
		text = sim_alloc(sizeof(Text));
		snprintf(text->sid,
				 sizeof text->sid,
				 "SM%016llx%016llx",
				 (unsigned long long) sim_random(),
				 (unsigned long long) sim_random());
		text->to = sim_strdup(to);
		text->from = sim_strdup(from);
		text->body = sim_strdup(body);
		text->callback = field(request, "StatusCallback");
		text->status = "queued";
		text->created = sim_wall();
		sim_map_put(&texts, text->sid, text);
		sim_reply(request, 201, text_json(text));
	}
	free(to);
	free(from);
	free(body);
}

static void
list(SimRequest *request)
{
	const char *to = sim_query(request, "To");
	const char *day = sim_query(request, "DateSent");
	json_t *found = json_array();

	for (size_t i = 0; i < texts.count; i++)
	{
		const Text *text = sim_map_at(&texts, i);
		char date[40];

		sim_time(text->created, 0, "%Y-%m-%d", date);
		if ((!to || strcmp(text->to, to) == 0) && (!day || strcmp(date, day) == 0))
			json_array_append_new(found, text_json(text));
	}
	sim_reply(
		request, 200, json_pack("{s:o, s:n, s:i}", "messages", found, "next_page_uri", "page", 0));
}

static void
get_account(SimRequest *request)
{
	sim_reply(
		request, 200, json_pack("{s:s, s:s}", "sid", request->argument[0], "status", "active"));
}

/* --- control --- */

static void
show(SimRequest *request)
{
	json_t *all = json_array();

	for (size_t i = 0; i < texts.count; i++)
		json_array_append_new(all, text_json(sim_map_at(&texts, i)));
	sim_reply(request, 200, json_pack("{s:o}", "messages", all));
}

static const char *const statuses[] = {"sent", "delivered", "undelivered", "failed"};

/* Moves a text on; the answer is the callback as it is posted: headers and body. */
static void
move(SimRequest *request)
{
	Text *text = sim_map_get(&texts, sim_text(request->json, "sid", ""));
	const char *status = sim_text(request->json, "status", "");
	char code[40] = "";
	char plain[40] = "";
	char *body;
	char *signed_text;
	char *signature;

	for (size_t i = 0; text && i < sizeof statuses / sizeof *statuses; i++)
	{
		if (strcmp(statuses[i], status) == 0)
			text->status = statuses[i];
	}
	if (!text)
	{
		sim_control_error(request, "There is no such message.");
		return;
	}
	text->error = (int) sim_real(request->json, "error", 0);
	if (text->error)
	{
		snprintf(code, sizeof code, "ErrorCode=%d&", text->error);
		snprintf(plain, sizeof plain, "ErrorCode%d", text->error);
	}
	/* in the order of the names, which is the order they are signed in */
	body = sim_format("AccountSid=%s&%sMessageSid=%s&MessageStatus=%s&To=%%2B%s",
					  account,
					  code,
					  text->sid,
					  text->status,
					  text->to + 1);
	signed_text = sim_format("%sAccountSid%s%sMessageSid%sMessageStatus%sTo%s",
							 text->callback ? text->callback : "",
							 account,
							 plain,
							 text->sid,
							 text->status,
							 text->to);
	signature = sim_hmac_sha1_base64(token, strlen(token), signed_text, strlen(signed_text));
	sim_reply(request,
			  200,
			  json_pack("{s:{s:s, s:s}, s:s}",
						"headers",
						"X-Twilio-Signature",
						signature,
						"Content-Type",
						"application/x-www-form-urlencoded",
						"body",
						body));
	free(body);
	free(signed_text);
	free(signature);
}

static void
free_text(void *subject)
{
	Text *text = subject;

	free(text->to);
	free(text->from);
	free(text->body);
	free(text->callback);
	free(text);
}

static void
reset(void)
{
	sim_map_clear(&texts, free_text);
}

static const SimField move_fields[] = {
	{"sid", SIM_STRING, SIM_REQUIRED},
	{"status", SIM_STRING, SIM_REQUIRED, 0, "sent|delivered|undelivered|failed"},
	{"error", SIM_INTEGER, 0},
	{0}};
static SimSchema move_schema = {"News of a message", true, move_fields, NULL};

static const SimRoute routes[] = {
	{"POST", "/2010-04-01/Accounts/{sid}/Messages.json", send, NULL, NULL, SIM_FORM},
	{"GET", "/2010-04-01/Accounts/{sid}/Messages.json", list, NULL, "To DateSent PageSize From", 0},
	{"GET", "/2010-04-01/Accounts/{sid}", get_account, NULL, NULL, 0},
	{0}};

static const SimRoute controls[] = {{"GET", "/messages", show, NULL, NULL, 0},
									{"POST", "/message", move, &move_schema, NULL, 0},
									{0}};

static const SimSetting settings[] = {
	{"account",
	 SIM_SETTING_TEXT,
	 account,
	 "AC00000000000000000000000000000001",
	 "The account in its own answers."},
	{"token", SIM_SETTING_TEXT, token, "00112233445566778899aabbccddeeff", "Signs callbacks."},
	{0}};

const SimPeer sim_peer_twilio = {.name = "twilio",
								 .routes = routes,
								 .controls = controls,
								 .settings = settings,
								 .authorize = authorize,
								 .refuse = refuse,
								 .fail = fail,
								 .reset = reset};
