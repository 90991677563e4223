/*
 * file_exchange.c
 *
 * Partners without an API: orders go out as files in a directory, reports come
 * in as files from another, over FTP, SSH or a shared mount.  This file holds
 * the connector's struct, its settings, how files are addressed and what a
 * server's codes mean; file_exchange.h lists the others.
 *
 * A file is published in three steps, so that nobody reads half of one: it is
 * written under another name, its size is looked at, and it is renamed.  What
 * was lost on the way is looked up by its name before it is written again.
 */
#include "postgres.h"

#include <ctype.h>

#include "connectors/file_exchange.h"

#define LONGEST_NAME 100
#define TIMEOUT_MS   120000
#define GRACE_S      5

static const FfSetting settings[] = {
	{"scheme",
	 "text",
	 false,
	 false,
	 "sftp",
	 "Protocol: sftp, ftps (explicit TLS), ftps_implicit, ftp or file (a directory of this server)."},
	{"host", "text", false, false, NULL, "Name of the server; none for scheme file."},
	{"port", "integer", false, false, NULL, "Port of the server, when it is not the usual one."},
	{"allow_plaintext",
	 "boolean",
	 false,
	 false,
	 "false",
	 "Allows scheme ftp, which sends password and files unencrypted."},
	{"host_key_sha256",
	 "text",
	 false,
	 false,
	 NULL,
	 "SHA-256 fingerprint of an SSH server's key, in base64; another server is refused."},
	{"key_file",
	 "text",
	 false,
	 false,
	 NULL,
	 "File of the database server that holds our private SSH key; without it a password is used."},
	{"root_dir", "text", false, false, NULL, "Directory that the others stand in."},
	{"remote_dir_out", "text", false, false, "out", "Directory we write to."},
	{"remote_dir_done",
	 "text",
	 false,
	 false,
	 NULL,
	 "Directory where the partner puts our files when it has read them, if it keeps them."},
	{"remote_dir_in", "text", false, false, "in", "Directory we read from."},
	{"remote_dir_archive", "text", false, false, "archive", "Where files go that were read."},
	{"remote_dir_error", "text", false, false, "error", "Where files go that cannot be read."},
	{"format",
	 "text",
	 false,
	 false,
	 "xml",
	 "Format of the files we write: xml, csv, json or fixed; files we read tell theirs."},
	{"layouts",
	 "object",
	 false,
	 false,
	 NULL,
	 "Layouts by kind (order, return, item, status, ack, stock, receipt) where they are not our "
	 "own; docs/file-exchange.md describes them."},
	{"patterns",
	 "object",
	 false,
	 false,
	 "{\"status\": \"status_*\", \"ack\": \"ack_*\", \"stock\": \"stock_*\", \"receipt\": "
	 "\"receipt_*\"}",
	 "Names of the files that come in, by kind; * and ? stand for anything."},
	{"file_name",
	 "text",
	 false,
	 false,
	 NULL,
	 "Template of the name of order files; order_{{reference}} and the format's ending without "
	 "it."},
	{"reference_format",
	 "text",
	 false,
	 false,
	 "shipment.reference",
	 "Which value, through which filters, is the order's number: shipment.reference|digits."},
	{"encoding",
	 "text",
	 false,
	 false,
	 "utf-8",
	 "One of utf-8, utf-8-bom, iso-8859-1, windows-1252, utf-16le, utf-16be; files in UTF-8 or UTF-16 "
	 "with a byte order mark are read whatever it says."},
	{"encoding_fallback",
	 "boolean",
	 false,
	 false,
	 "false",
	 "Reads a file that is not UTF-8 as windows-1252 instead of refusing it."},
	{"delimiter", "text", false, false, ";", "Between columns: ; or , or | or tab."},
	{"quote", "text", false, false, "\"", "Around values that need it; none: nothing is quoted."},
	{"header", "boolean", false, false, "true", "The first row names the columns."},
	{"newline", "text", false, false, "crlf", "End of a row: crlf or lf."},
	{"decimal_mark", "text", false, false, ".", "Decimal mark of quantities, a dot or a comma."},
	{"time_zone_minutes",
	 "integer",
	 false,
	 false,
	 "0",
	 "Minutes that the partner's clock is ahead of UTC, for times without a zone."},
	{"atomic",
	 "text",
	 false,
	 false,
	 "rename",
	 "How a file is published: rename, marker (an empty NAME.done follows it) or none."},
	{"removes_files",
	 "boolean",
	 false,
	 false,
	 "false",
	 "The partner removes files it has read, so a missing file proves nothing."},
	{"dedupe_by",
	 "text",
	 false,
	 false,
	 NULL,
	 "Set to order_number where the partner takes an order once, however often its file comes."},
	{"after_read",
	 "text",
	 false,
	 false,
	 "archive",
	 "What we do with files read: archive, delete, keep."},
	{"settle_seconds",
	 "integer",
	 false,
	 false,
	 "30",
	 "How long a file must have had its size before it is read."},
	{"empty_file", "text", false, false, "ignore", "An empty file is ignored, or an error."},
	{"max_file_bytes", "integer", false, false, "52428800", "Largest file that is read."},
	{"silence_alert_hours",
	 "integer",
	 false,
	 false,
	 NULL,
	 "Hours without any new file after which a person is told."},
	{"one_way", "boolean", false, false, "false", "The partner never reports anything."},
	{"ack",
	 "text",
	 false,
	 false,
	 "none",
	 "How the partner confirms an order: none, file (ack_…), or deletion of our file."},
	{"ack_within_minutes",
	 "integer",
	 false,
	 false,
	 "240",
	 "Minutes without a confirmation after which a person is told."},
	{"pickup_alert_minutes",
	 "integer",
	 false,
	 false,
	 NULL,
	 "The same where deletion confirms; ack_within_minutes without it."},
	{"supports_change", "boolean", false, false, "false", "The partner reads changed orders."},
	{"supports_cancel", "boolean", false, false, "false", "The partner reads cancellations."},
	{"status_map",
	 "object",
	 false,
	 false,
	 NULL,
	 "What the partner's words mean, such as {\"Klar\": \"shipped\"}."},
	{"stock_mode",
	 "text",
	 false,
	 false,
	 "full",
	 "Stock files hold everything (full) or changes (delta)."},
	{"missing_is_zero",
	 "boolean",
	 false,
	 false,
	 "false",
	 "What a full stock file does not name is not there."},
	{"min_rows_percent",
	 "integer",
	 false,
	 false,
	 "50",
	 "A full stock file with fewer rows than this part of the last one is refused."},
	{"user", "text", false, true, NULL, "Name of the login."},
	{"password", "text", false, true, NULL, "Password of the login, or of the SSH key."},
	{NULL},
};

/* Our names of the schemes and those of URLs. */
static const struct
{
	const char *name;
	const char *url;
} schemes[] = {
	{"sftp", "sftp"},
	{"ftps", "ftpes"},
	{"ftps_implicit", "ftps"},
	{"ftp", "ftp"},
	{"file", "file"},
};

bool
ff_files_setting_is(const FfCall *call, const char *setting, const char *value)
{
	return pg_strcasecmp(ff_json_text_or(call->config, setting, ""), value) == 0;
}

static const char *
url_scheme(const FfCall *call)
{
	for (int i = 0; i < (int) lengthof(schemes); i++)
		if (ff_files_setting_is(call, "scheme", schemes[i].name))
			return schemes[i].url;
	ff_connector_fail(
		FILE_EXCHANGE, "config.scheme", "Set it to sftp, ftps, ftps_implicit, ftp or file.");
}

/* The directories of a path, each as one segment; what climbs is refused. */
static void
append_directories(FfMessage *message, const char *path, const char *setting)
{
	char *rest = pstrdup(path);

	for (char *part = strsep(&rest, "/"); part != NULL; part = strsep(&rest, "/"))
	{
		if (*part == '\0')
			continue;
		if (strcmp(part, ".") == 0 || strcmp(part, "..") == 0 || strpbrk(part, "\\\"\r\n") != NULL)
			ff_connector_fail(FILE_EXCHANGE,
							  psprintf("config.%s", setting),
							  "Name the directory without \"..\", quotes and backslashes.");
		ff_message_path(message, "/");
		ff_message_segment(message, part);
	}
}

/* The address of a directory's file; the same rules for every scheme. */
static void
address(const FfCall *call, FfMessage *message, const char *setting, const char *name)
{
	const char *scheme = url_scheme(call);
	const char *root = ff_json_text_or(call->config, "root_dir", "");
	const char *directory = ff_json_text_or(call->config, setting, "");
	const char *host = ff_json_text_or(call->config, "host", "");
	bool local = strcmp(scheme, "file") == 0;
	bool absolute = *root == '/' || (*root == '\0' && *directory == '/');
	int64 port;

	if (!local && (*host == '\0' || strpbrk(host, "/@ \t\r\n?#\\") != NULL))
		ff_connector_fail(FILE_EXCHANGE, "config.host", "Give the name of the server alone.");
	if (local && !absolute)
		ff_connector_fail(FILE_EXCHANGE,
						  psprintf("config.%s", setting),
						  "Give root_dir, or the whole path of the directory.");
	resetStringInfo(&message->url);
	appendStringInfo(&message->url, "%s://%s", scheme, local ? "" : host);
	if (!local && ff_json_int64(call->config, "port", &port))
		appendStringInfo(&message->url, ":" INT64_FORMAT, port);
	if (strcmp(scheme, "sftp") == 0 && !absolute)
		ff_message_path(message, "/~");
	else if (!local && strcmp(scheme, "sftp") != 0 && absolute)
		ff_message_path(message, "/");
	append_directories(message, root, "root_dir");
	append_directories(message, directory, setting);
	ff_message_path(message, "/");
	if (*name != '\0')
		ff_message_segment(message, name);
}

void
ff_files_begin(const FfCall *call, FfMessage *message, const char *method, const char *setting,
			   const char *name)
{
	bool ssh = ff_files_setting_is(call, "scheme", "sftp");

	message->method = method;
	address(call, message, setting, name);
	message->plain_allowed = ff_json_bool(call->config, "allow_plaintext", false);
	message->max_answer =
		(int) Min(Max(ff_json_int64_or(call->config, "max_file_bytes", 0), 1024), PG_INT32_MAX / 4);
	if (!ssh)
		return;
	if (ff_json_text_or(call->config, "host_key_sha256", NULL) == NULL)
		ff_connector_fail(FILE_EXCHANGE,
						  "config.host_key_sha256",
						  "Set it to the fingerprint that the partner told; ssh-keyscan HOST | "
						  "ssh-keygen -lf - shows the server's.");
	ff_message_header(message, "Host-Key", ff_json_text(call->config, "host_key_sha256"));
	ff_message_header(message, "Key-File", ff_json_text_or(call->config, "key_file", NULL));
}

void
ff_files_destination(const FfCall *call, FfMessage *message, const char *setting, const char *name)
{
	FfMessage target;

	ff_message_init(&target);
	address(call, &target, setting, name);
	ff_message_header(message, "Destination", target.url.data);
}

bool
ff_files_name_is_safe(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > LONGEST_NAME || *name == '.')
		return false;
	for (const char *c = name; *c != '\0'; c++)
		if (!isalnum((unsigned char) *c) && strchr("._-", *c) == NULL)
			return false;
	return true;
}

/* What codes mean; those of FTP, and below 10 those of SFTP.  What is not here follows its hundred.
 */
static const struct
{
	int status;
	FfResult result;
	const char *message;
} codes[] = {
	{2, FF_RESULT_ABSENT, "The server has no such file or directory."},
	{3, FF_RESULT_REFUSED, "The server does not permit it."},
	{4, FF_RESULT_RETRY, "The server could not do it."},
	{6, FF_RESULT_RETRY, "There is no connection to the server."},
	{7, FF_RESULT_RETRY, "The connection to the server was lost."},
	{421, FF_RESULT_RETRY, "The server is closing."},
	{425, FF_RESULT_RETRY, "The data connection could not be opened."},
	{426, FF_RESULT_RETRY, "The data connection was lost."},
	{430, FF_RESULT_UNAUTHORIZED, "The server refused the login."},
	{450, FF_RESULT_RETRY, "The file is busy."},
	{451, FF_RESULT_RETRY, "The server had an error."},
	{452, FF_RESULT_RETRY, "The server's disk is full."},
	{530, FF_RESULT_UNAUTHORIZED, "The server refused the login."},
	{532, FF_RESULT_UNAUTHORIZED, "The server wants an account to store files."},
	{504, FF_RESULT_UNAUTHORIZED, "The server does not know this kind of protection."},
	{533, FF_RESULT_UNAUTHORIZED, "The server wants another protection of the connection."},
	{534, FF_RESULT_UNAUTHORIZED, "The server refuses encryption, or wants it."},
	{535, FF_RESULT_UNAUTHORIZED, "The server refused the protection of the connection."},
	{550, FF_RESULT_ABSENT, "The server has no such file or directory."},
	{552, FF_RESULT_UNAUTHORIZED, "There is no room left for us on the server."},
	{553, FF_RESULT_REFUSED, "The server does not permit the name."},
};

/* Nothing is half done by a file that was not published: whatever failed may be done again. */
bool
ff_files_reply(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	int status = reply->status;
	FfResult result = status >= 400 && status < 500 ? FF_RESULT_RETRY : FF_RESULT_REFUSED;
	const char *message = psprintf("The server answered %d.", status);

	if (status >= 200 && status < 300)
		return true;
	if (status == 0)
	{
		result = FF_RESULT_UNKNOWN;
		message = "No answer came.";
	}
	for (int i = 0; i < (int) lengthof(codes); i++)
		if (codes[i].status == status)
		{
			result = codes[i].result;
			message = codes[i].message;
		}
	ff_outcome_set(
		outcome, result, status == 0 ? "no_answer" : psprintf("ftp_%d", status), message, NULL);
	return false;
}

/* Both directories must be there: the one we write to, then the one we read. */
static void
test_request(const FfCall *call, FfMessage *message)
{
	bool second = ff_json_text(call->state, "step") != NULL;

	ff_files_begin(call, message, "LIST", second ? "remote_dir_in" : "remote_dir_out", "");
}

static void
test_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	bool second = ff_json_text(call->state, "step") != NULL;
	const char *directory = second ? "remote_dir_in" : "remote_dir_out";

	if (ff_files_reply(call, reply, outcome))
	{
		if (!second && !ff_json_bool(call->config, "one_way", false))
			ff_outcome_continue(outcome, "{\"step\": \"in\"}");
	}
	else if (outcome->result == FF_RESULT_ABSENT)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   NULL,
					   psprintf("The server has no directory \"%s\", or does not show it.",
								ff_json_text_or(call->config, directory, "")),
					   psprintf("config.%s", directory));
}

/* What the partner reads and writes; the rest is for a person to tell it. */
static bool
able(const FfJson *config, FfOperation operation)
{
	bool one_way = ff_json_bool(config, "one_way", false);
	bool deletion = pg_strcasecmp(ff_json_text_or(config, "ack", ""), "deletion") == 0;

	switch (operation)
	{
		case FF_OP_UPDATE_SHIPMENT:
			return ff_json_bool(config, "supports_change", false);
		case FF_OP_CANCEL_SHIPMENT:
			return ff_json_bool(config, "supports_cancel", false);
		case FF_OP_FETCH_FILES:
			return !one_way || deletion;
		default:
			return true;
	}
}

const FfConnector ff_connector_file_exchange = {
	.name = FILE_EXCHANGE,
	.title = "File exchange",
	.roles = "fulfillment_center",
	.credentials =
		"The partner gives the login and names the directories; for SFTP ask also for the "
		"fingerprint of its host key, and send it your public key when a key is used.",
	.schemes = "sftp ftpes ftps ftp file",
	.auth = {.kind = FF_AUTH_BASIC, .user = "user", .password = "password"},
	.settings = settings,
	.max_concurrency = 1,
	.timeout_ms = TIMEOUT_MS,
	.find_is_authoritative = true,
	.find_grace_s = GRACE_S,
	.able = able,
	.operations =
		{
			[FF_OP_CREATE_SHIPMENT] = {ff_files_send_request,
									   ff_files_send_outcome,
									   FF_REPEAT_AFTER_FIND},
			[FF_OP_FIND_SHIPMENT] = {ff_files_find_request, ff_files_find_outcome, FF_REPEAT_SAFE},
			[FF_OP_GET_SHIPMENT] = {ff_files_get_request, ff_files_get_outcome, FF_REPEAT_SAFE},
			[FF_OP_UPDATE_SHIPMENT] = {ff_files_send_request,
									   ff_files_send_outcome,
									   FF_REPEAT_SAFE},
			[FF_OP_CANCEL_SHIPMENT] = {ff_files_send_request,
									   ff_files_send_outcome,
									   FF_REPEAT_SAFE},
			[FF_OP_ANNOUNCE_RETURN] = {ff_files_send_request,
									   ff_files_send_outcome,
									   FF_REPEAT_SAFE},
			[FF_OP_GET_RETURN] = {ff_files_get_request, ff_files_get_outcome, FF_REPEAT_SAFE},
			[FF_OP_GET_INVENTORY] = {ff_files_get_request, ff_files_get_outcome, FF_REPEAT_SAFE},
			[FF_OP_PUT_ITEMS] = {ff_files_send_request, ff_files_send_outcome, FF_REPEAT_SAFE},
			[FF_OP_FETCH_FILES] = {ff_files_fetch_request, ff_files_fetch_outcome, FF_REPEAT_SAFE},
			[FF_OP_TEST_CONNECTION] = {test_request, test_outcome, FF_REPEAT_SAFE},
		},
	.receive = {.verify = {FF_VERIFY_NONE}, .translate = ff_files_receive},
};
