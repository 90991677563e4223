/*
 * smtp.c
 *
 * E-mail to customers by SMTP submission: one recipient per message, plain
 * text with or without HTML, and files.  SMTP knows no key for repetitions;
 * every repetition carries the same Message-ID, by which mailboxes may know it.
 */
#include "postgres.h"

#include <ctype.h>

#include "connectors/mime.h"
#include "connectors/smtp.h"

static const FfSetting settings[] = {
	{"host", "text", true, false, NULL, "Name of the mail server."},
	{"port", "integer", false, false, NULL, "Its port, when it is not the usual one."},
	{"security",
	 "text",
	 false,
	 false,
	 "starttls",
	 "Encryption: starttls (port 587), tls from the first byte (465) or none (25)."},
	{"allow_plaintext",
	 "boolean",
	 false,
	 false,
	 "false",
	 "Allows security none, which sends password and mail unencrypted; for a relay of one's own."},
	{"hello_name",
	 "text",
	 false,
	 false,
	 NULL,
	 "Name we greet with; without it the domain of the sender."},
	{"from", "text", true, false, NULL, "Address of the sender."},
	{"from_name", "text", false, false, NULL, "Name of the sender."},
	{"reply_to", "text", false, false, NULL, "Address for answers, when it is another one."},
	{"bounce_address",
	 "text",
	 false,
	 false,
	 NULL,
	 "Where bounces go, when not to the sender; {id} becomes the message's id: "
	 "bounce+{id}@bounces.shop.example."},
	{"in_doubt",
	 "text",
	 false,
	 false,
	 "retry",
	 "What happens when nobody knows whether the server took a message: retry sends it once more "
	 "after 15 minutes, hold leaves it."},
	{"token_url",
	 "url",
	 false,
	 false,
	 NULL,
	 "Where access tokens come from (OAuth 2.0 client credentials), for servers that take no "
	 "passwords."},
	{"scope",
	 "text",
	 false,
	 false,
	 "https://outlook.office365.com/.default",
	 "Scope of the access token."},
	{"user", "text", false, true, NULL, "User or mailbox; without it we do not log in."},
	{"password", "text", false, true, NULL, "Password."},
	{"client_id", "text", false, true, NULL, "OAuth 2.0 client, instead of a password."},
	{"client_secret", "text", false, true, NULL, "Its secret."},
	{NULL}};

static const struct
{
	const char *security;
	const char *scheme;
} schemes[] = {{"starttls", "submission"}, {"tls", "smtps"}, {"none", "smtp"}};

/* A setting that is an address; the fallback, or a mistake, when it is not set. */
static char *
address_setting(const FfCall *call, const char *name, char *fallback)
{
	char *value = ff_json_text(call->config, name);

	if (value == NULL || *value == '\0')
		value = fallback;
	if (value == NULL || !ff_mime_is_address(value))
		ff_connector_fail(FF_SMTP,
						  psprintf("config.%s", name),
						  "Give one e-mail address, without a name: shop@shop.example.");
	return value;
}

static void
begin(const FfCall *call, FfMessage *message, const char *method)
{
	char *from = address_setting(call, "from", NULL);
	const char *security = ff_json_text_or(call->config, "security", "starttls");
	const char *host = ff_json_text_or(call->config, "host", "");
	char *hello = ff_json_text(call->config, "hello_name");
	const char *scheme = NULL;
	int64 port;

	for (int i = 0; i < (int) lengthof(schemes); i++)
		if (strcmp(security, schemes[i].security) == 0)
			scheme = schemes[i].scheme;
	if (scheme == NULL)
		ff_connector_fail(FF_SMTP, "config.security", "Set it to starttls, tls or none.");
	if (*host == '\0' || strpbrk(host, "/@ \t\r\n?#\\") != NULL)
		ff_connector_fail(FF_SMTP, "config.host", "Give the name of the server alone.");
	resetStringInfo(&message->url);
	message->method = method;
	appendStringInfo(&message->url, "%s://%s", scheme, host);
	if (ff_json_int64(call->config, "port", &port))
		appendStringInfo(&message->url, ":" INT64_FORMAT, port);
	ff_message_path(message, "/");
	ff_message_segment(message, hello != NULL && *hello != '\0' ? hello : strrchr(from, '@') + 1);
	message->plain_allowed = ff_json_bool(call->config, "allow_plaintext", false);
}

/* The message's id, which Message-ID and the address for bounces are made of. */
static char *
message_id(const FfCall *call)
{
	char *id = ff_connector_need(FF_SMTP, call, "message.id", "Give the id of the message.");

	for (const char *c = id; *c != '\0'; c++)
		if (!isalnum((unsigned char) *c) && strchr("_-", *c) == NULL)
			ff_connector_fail(
				FF_SMTP, "message.id", "Give an id of letters, digits and underscores.");
	return id;
}

static char *
bounce_address(const FfCall *call, char *from, const char *id)
{
	char *pattern = ff_json_text(call->config, "bounce_address");
	char *place = pattern != NULL ? strstr(pattern, "{id}") : NULL;

	if (place == NULL)
		return address_setting(call, "bounce_address", from);
	pattern = psprintf("%.*s%s%s", (int) (place - pattern), pattern, id, place + strlen("{id}"));
	if (!ff_mime_is_address(pattern))
		ff_connector_fail(FF_SMTP,
						  "config.bounce_address",
						  "Give one e-mail address in which {id} may stand once.");
	return pattern;
}

/* RFC 5322: "Sun, 08 Mar 2026 20:00:00 +0000" */
static char *
mail_date(TimestampTz now)
{
	static const char *const days[] = {"Sat", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri"};
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64 day = now / USECS_PER_DAY - (now % USECS_PER_DAY < 0 ? 1 : 0); /* since 2000-01-01 */
	int month = atoi(ff_time_format(now, "%m")) - 1;

	return psprintf("%s, %s %.3s %s +0000",
					days[(day % 7 + 7) % 7],
					ff_time_format(now, "%d"),
					months + 3 * month,
					ff_time_format(now, "%Y %H:%M:%S"));
}

static const struct
{
	const char *format;
	const char *type;
} file_types[] = {{"pdf", "application/pdf"}, {"png", "image/png"}, {"gif", "image/gif"}};

static void
write_file(StringInfo mail, const FfJson *file)
{
	const char *format = ff_json_text_or(file, "format", "");
	const char *type = "application/octet-stream";

	for (int i = 0; i < (int) lengthof(file_types); i++)
		if (strcmp(format, file_types[i].format) == 0)
			type = file_types[i].type;
	ff_mime_file_part(mail,
					  type,
					  ff_json_text_or(file, "name", "file"),
					  ff_json_text_or(file, "content_base64", ""));
}

/* The text, beside its HTML when there is one.  What is encoded never looks like a boundary. */
static void
write_texts(StringInfo mail, const FfCall *call, const char *id)
{
	char *text = ff_connector_need(FF_SMTP, call, "message.text", "Give the text of the message.");
	char *html = ff_json_text(call->document, "message.html");

	if (html == NULL || *html == '\0')
	{
		ff_mime_text_part(mail, "text/plain", text);
		return;
	}
	appendStringInfo(
		mail, "Content-Type: multipart/alternative;\r\n boundary=\"=_a_%s\"\r\n\r\n", id);
	appendStringInfo(mail, "--=_a_%s\r\n", id);
	ff_mime_text_part(mail, "text/plain", text);
	appendStringInfo(mail, "--=_a_%s\r\n", id);
	ff_mime_text_part(mail, "text/html", html);
	appendStringInfo(mail, "--=_a_%s--\r\n", id);
}

static void
write_body(StringInfo mail, const FfCall *call, const char *id)
{
	const FfJson *files = ff_json_get(call->document, "message.attachments");
	int count = ff_smtp_goes_small(call) ? 0 : ff_json_count(files);

	appendStringInfoString(mail, "MIME-Version: 1.0\r\n");
	if (count == 0)
	{
		write_texts(mail, call, id);
		return;
	}
	appendStringInfo(mail, "Content-Type: multipart/mixed;\r\n boundary=\"=_m_%s\"\r\n\r\n", id);
	appendStringInfo(mail, "--=_m_%s\r\n", id);
	write_texts(mail, call, id);
	for (int i = 0; i < count; i++)
	{
		appendStringInfo(mail, "--=_m_%s\r\n", id);
		write_file(mail, ff_json_at(files, i));
	}
	appendStringInfo(mail, "--=_m_%s--\r\n", id);
}

static void
send_request(const FfCall *call, FfMessage *message)
{
	char *from = address_setting(call, "from", NULL);
	char *reply_to = address_setting(call, "reply_to", from);
	char *id = message_id(call);
	char *to = ff_connector_need(FF_SMTP, call, "message.to", "Give an e-mail address.");
	StringInfoData mail;

	if (!ff_mime_is_address(to))
		ff_connector_fail(FF_SMTP, "message.to", "Give one e-mail address: ann@example.net.");
	begin(call, message, "SEND");
	ff_message_header(message, "Mail-From", bounce_address(call, from, id));
	ff_message_header(message, "Rcpt-To", to);
	initStringInfo(&mail);
	appendStringInfo(&mail, "Date: %s\r\n", mail_date(call->now));
	ff_mime_party_header(&mail, "From", ff_json_text(call->config, "from_name"), from);
	if (reply_to != from)
		ff_mime_party_header(&mail, "Reply-To", NULL, reply_to);
	ff_mime_party_header(&mail, "To", ff_json_text(call->document, "message.name"), to);
	ff_mime_text_header(
		&mail,
		"Subject",
		ff_connector_need(FF_SMTP, call, "message.subject", "Give the template a subject."));
	appendStringInfo(&mail, "Message-ID: <%s%s>\r\n", id, strrchr(from, '@'));
	appendStringInfo(&mail, "X-Fulfillment-Message: %s\r\n", id);
	appendStringInfoString(&mail, "Auto-Submitted: auto-generated\r\n");
	write_body(&mail, call, id);
	message->body = mail.data;
	message->body_length = mail.len;
}

static void
test_request(const FfCall *call, FfMessage *message)
{
	begin(call, message, "NOOP");
}

static const FfAuth no_login = {.kind = FF_AUTH_NONE};
static const FfAuth by_token = {.kind = FF_AUTH_OAUTH2_CLIENT,
								.user = "client_id",
								.password = "client_secret",
								.token_url = "token_url",
								.scope = "scope",
								.mailbox = "user",
								.needs = "client_secret",
								.otherwise = &no_login};

const FfConnector ff_connector_smtp = {
	.name = FF_SMTP,
	.title = "E-mail (SMTP)",
	.schemes = "submission smtps smtp",
	.roles = "messenger email",
	.credentials =
		"The mail provider tells server, user and password; Gmail wants an app password, Microsoft "
		"365 an application that may SMTP.SendAsApp instead. SPF, DKIM and DMARC of the sender's "
		"domain are set in its DNS.",
	.auth = {.kind = FF_AUTH_BASIC,
			 .user = "user",
			 .password = "password",
			 .needs = "password",
			 .otherwise = &by_token},
	.settings = settings,
	.rate_per_second = 0.5,
	.burst = 10,
	.max_concurrency = 2,
	.timeout_ms = 600000,
	.operations = {[FF_OP_SEND_MESSAGE] = {send_request, ff_smtp_send_outcome, FF_REPEAT_NEVER},
				   [FF_OP_TEST_CONNECTION] = {test_request, ff_smtp_test_outcome, FF_REPEAT_SAFE}},
};
