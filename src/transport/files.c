/*
 * files.c
 *
 * Exchanges of files over FTP and SSH; see url.h for their methods.  Decides
 * how each is put to curl and which code of FTP stands for what came of it.
 * Paths are the URL's: relative to the directory of the login, unless they
 * begin with a second slash (ftp) or without /~/ (sftp).
 */
#include "postgres.h"

#include "transport/slot.h"

#define HOME "/~/"

/* A path as the commands of a server name it, from a URL; free() it; NULL when it cannot be. */
static char *
command_path(const FfSlot *slot, const char *url)
{
	CURLU *parts = curl_url();
	char *path = NULL;
	char *named = NULL;

	if (parts != NULL &&
		curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
		curl_url_get(parts, CURLUPART_PATH, &path, CURLU_URLDECODE) == CURLUE_OK &&
		strpbrk(path, "\"\\\r\n") == NULL)
	{
		bool ssh = slot->request.scheme->protocol == FF_PROTOCOL_SSH;
		size_t skip = !ssh ? 1 : strncmp(path, HOME, strlen(HOME)) == 0 ? strlen(HOME) : 0;

		named = strdup(path + skip);
	}
	curl_free(path);
	curl_url_cleanup(parts);
	return named;
}

static bool
add_command(FfSlot *slot, const char *verb, const char *path, const char *second)
{
	bool ssh = slot->request.scheme->protocol == FF_PROTOCOL_SSH;
	char line[2100];
	struct curl_slist *grown;
	int length;

	if (second != NULL)
		length = snprintf(line, sizeof(line), "%s \"%s\" \"%s\"", verb, path, second);
	else
		length = snprintf(line, sizeof(line), ssh ? "%s \"%s\"" : "%s %s", verb, path);
	if (length >= (int) sizeof(line))
		return false;
	grown = curl_slist_append(slot->request.commands, line);
	if (grown != NULL)
		slot->request.commands = grown;
	return grown != NULL;
}

/* Commands alone: no file is carried, so the URL names none. */
static bool
set_commands(FfSlot *slot)
{
	CURLU *parts = curl_url();
	char *root = NULL;
	bool done = parts != NULL &&
				curl_url_set(parts, CURLUPART_URL, slot->request.url, 0) == CURLUE_OK &&
				curl_url_set(parts, CURLUPART_PATH, "/", 0) == CURLUE_OK &&
				curl_url_get(parts, CURLUPART_URL, &root, 0) == CURLUE_OK &&
				curl_easy_setopt(slot->easy, CURLOPT_URL, root) == CURLE_OK &&
				curl_easy_setopt(slot->easy, CURLOPT_NOBODY, 1L) == CURLE_OK &&
				curl_easy_setopt(slot->easy, CURLOPT_QUOTE, slot->request.commands) == CURLE_OK;

	curl_free(root);
	curl_url_cleanup(parts);
	return done;
}

static bool
arm_move(FfSlot *slot)
{
	const char *destination = ff_message_find_header(&slot->transfer->message, "Destination");
	char *from = command_path(slot, slot->transfer->message.url.data);
	char *to = destination ? command_path(slot, destination) : NULL;
	bool done = from != NULL && to != NULL;

	if (done && slot->request.scheme->protocol == FF_PROTOCOL_SSH)
		done = add_command(slot, "rename", from, to);
	else if (done)
		done = add_command(slot, "RNFR", from, NULL) && add_command(slot, "RNTO", to, NULL);
	free(from);
	free(to);
	return done && set_commands(slot);
}

static bool
arm_delete(FfSlot *slot)
{
	bool ssh = slot->request.scheme->protocol == FF_PROTOCOL_SSH;
	char *path = command_path(slot, slot->transfer->message.url.data);
	bool done = path != NULL && add_command(slot, ssh ? "rm" : "DELE", path, NULL);

	free(path);
	return done && set_commands(slot);
}

/* Lists a directory when the URL ends with a slash, reads a file otherwise. */
static bool
arm_read(FfSlot *slot)
{
	return true;
}

static bool
arm_put(FfSlot *slot)
{
	CURL *easy = slot->easy;

	return curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_READFUNCTION, ff_slot_give_body) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_READDATA, slot) == CURLE_OK &&
		   curl_easy_setopt(
			   easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t) slot->request.body_length) == CURLE_OK;
}

static const struct
{
	const char *method;
	bool (*arm)(FfSlot *slot);
} methods[] = {
	{"LIST", arm_read},
	{"GET", arm_read},
	{"PUT", arm_put},
	{"MOVE", arm_move},
	{"DELETE", arm_delete},
};

/* The key of a host is known beforehand; a host that shows another one is not spoken to. */
static bool
set_ssh(FfSlot *slot)
{
	const FfMessage *message = &slot->transfer->message;
	const char *host_key = ff_message_find_header(message, "Host-Key");
	const char *key_file = ff_message_find_header(message, "Key-File");
	CURL *easy = slot->easy;

	return host_key != NULL &&
		   curl_easy_setopt(easy, CURLOPT_SSH_HOST_PUBLIC_KEY_SHA256, host_key) == CURLE_OK &&
		   curl_easy_setopt(easy,
							CURLOPT_SSH_AUTH_TYPES,
							key_file ? (long) CURLSSH_AUTH_PUBLICKEY
									 : (long) (CURLSSH_AUTH_PASSWORD | CURLSSH_AUTH_KEYBOARD)) ==
			   CURLE_OK &&
		   (key_file == NULL ||
			(curl_easy_setopt(easy, CURLOPT_SSH_PRIVATE_KEYFILE, key_file) == CURLE_OK &&
			 (slot->request.password == NULL ||
			  curl_easy_setopt(easy, CURLOPT_KEYPASSWD, slot->request.password) == CURLE_OK)));
}

static bool
set_login(FfSlot *slot)
{
	const FfRequest *request = &slot->request;
	CURL *easy = slot->easy;
	bool encrypted = !request->scheme->plain;

	/* libcurl 7.88 does not find its way on a kept connection to a new data connection of FTP */
	return curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_USERNAME, request->user ? request->user : "") ==
			   CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_PASSWORD, request->password ? request->password : "") ==
			   CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_FTP_FILEMETHOD, (long) CURLFTPMETHOD_NOCWD) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_FTP_SKIP_PASV_IP, 1L) == CURLE_OK &&
		   curl_easy_setopt(easy,
							CURLOPT_USE_SSL,
							encrypted ? (long) CURLUSESSL_ALL : (long) CURLUSESSL_NONE) == CURLE_OK;
}

bool
ff_files_arm(FfSlot *slot)
{
	if (!set_login(slot) || (slot->request.scheme->protocol == FF_PROTOCOL_SSH && !set_ssh(slot)))
		return false;
	for (size_t i = 0; i < lengthof(methods); i++)
		if (strcmp(slot->request.method, methods[i].method) == 0)
			return methods[i].arm(slot);
	return false;
}

/* What curl's words for the failures of SSH are in FTP, which has no code of its own there. */
static int
status_of_words(const char *words)
{
	if (strstr(words, "No such") != NULL)
		return 550;
	return strstr(words, "ermission") != NULL || strstr(words, "exist") != NULL ? 553 : 450;
}

/* Failures that are an answer of the peer; 0 stands for its own code, or its words. */
static const struct
{
	CURLcode code;
	int status;
} answers[] = {
	{CURLE_REMOTE_ACCESS_DENIED, 553},
	{CURLE_REMOTE_FILE_NOT_FOUND, 550},
	{CURLE_REMOTE_DISK_FULL, 452},
	{CURLE_REMOTE_FILE_EXISTS, 553},
	{CURLE_FTP_COULDNT_RETR_FILE, 550},
	{CURLE_QUOTE_ERROR, 0},
	{CURLE_UPLOAD_FAILED, 0},
	{CURLE_SSH, 0},
};

int
ff_files_status(const FfSlot *slot, CURLcode code)
{
	long said = 0;

	if (!slot->sent)
		return 0;
	if (slot->request.scheme->protocol == FF_PROTOCOL_FTP)
		curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &said);
	if (code == CURLE_OK)
		return said >= 200 && said < 400 ? (int) said : 226;
	for (size_t i = 0; i < lengthof(answers); i++)
	{
		if (answers[i].code != code)
			continue;
		if (said >= 400)
			return (int) said;
		return answers[i].status != 0 ? answers[i].status : status_of_words(slot->curl_error);
	}
	return 0;
}
