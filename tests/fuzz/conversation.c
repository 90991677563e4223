/*
 * conversation.c
 *
 * Inputs that are replies and webhooks.  The calls they belong to are those of
 * the fixtures, for an outcome function may rely on its own call; the headers
 * take the way of those that libcurl delivers.
 */
#include "postgres.h"

#include <curl/curl.h>

#include "common/hashfn.h"
#include "storage/fd.h"
#include "utils/memutils.h"

#include "transport/slot.h"

#include "target.h"

#define LONGEST_CALL 65536

typedef struct FixedCall
{
	const char *name;
	const FfConnector *connector;
	FfOperation operation;
	FfJson *document;
} FixedCall;

/* Calls whose answers are read, and calls of webhooks. */
typedef struct FixedCalls
{
	FixedCall items[1024];
	int count;
} FixedCalls;

static FixedCalls replies;
static FixedCalls webhooks;

static void
read_call(char *line)
{
	char *rest = line;
	char *name = strtok_r(rest, "\t", &rest);
	char *connector = strtok_r(NULL, "\t", &rest);
	char *operation = strtok_r(NULL, "\t", &rest);
	bool webhook = strcmp(operation, "receive") == 0;
	FixedCalls *calls = webhook ? &webhooks : &replies;
	FixedCall *call = &calls->items[calls->count];

	call->name = pstrdup(name);
	call->connector = ff_connector_find(connector);
	call->operation = webhook ? FF_OPERATION_COUNT : ff_operation_from_name(operation);
	call->document = ff_json_parse(rest, strlen(rest), NULL);
	if (call->connector == NULL || call->document == NULL ||
		++calls->count == lengthof(calls->items))
		elog(ERROR, "could not take call \"%s\"", name);
}

void
ff_fuzz_read_calls(const char *path)
{
	FILE *file = AllocateFile(path, PG_BINARY_R);
	MemoryContext before = MemoryContextSwitchTo(TopMemoryContext);
	char *line = palloc(LONGEST_CALL);

	if (file == NULL)
		elog(ERROR, "could not read \"%s\": %m", path);
	while (fgets(line, LONGEST_CALL, file))
		read_call(line);
	FreeFile(file);
	MemoryContextSwitchTo(before);
}

static const FixedCall *
call_named(const FixedCalls *calls, const char *name, size_t length)
{
	if (calls->count == 0)
		elog(ERROR, "no calls were read");
	for (int i = 0; i < calls->count; i++)
		if (strlen(calls->items[i].name) == length &&
			memcmp(calls->items[i].name, name, length) == 0)
			return &calls->items[i];
	return &calls->items[hash_bytes((const unsigned char *) name, (int) length) % calls->count];
}

/* Takes a line, without its end, from the front of what is left. */
static const char *
take_line(const char **data, size_t *left, size_t *length)
{
	const char *line = *data;
	const char *end = memchr(line, '\n', *left);

	*length = end ? (size_t) (end - line) : *left;
	*data += *length + (end != NULL);
	*left -= *length + (end != NULL);
	return line;
}

static FfCapped
capped(const char *data, size_t length)
{
	FfCapped copy = {.data = palloc(length + 1), .length = length, .room = length, .limit = length};

	memcpy(copy.data, data, length);
	copy.data[length] = '\0';
	return copy;
}

void
ff_fuzz_conversation(const char *data, size_t length, bool webhook, FfConversation *conversation)
{
	static CURL *easy;
	FfSlot *slot = palloc0(sizeof(FfSlot));
	size_t name_length;
	size_t line_length;
	const char *name = take_line(&data, &length, &name_length);
	const FixedCall *call = call_named(webhook ? &webhooks : &replies, name, name_length);
	const char *line = take_line(&data, &length, &line_length);
	int status = atoi(pnstrdup(line, Min(line_length, 5)));
	const char *head = data;

	do
		take_line(&data, &length, &line_length);
	while (line_length > 0 && length > 0);
	if (easy == NULL)
		easy = curl_easy_init();
	slot->easy = easy;
	slot->sent = true;
	slot->head = capped(head, data - head);
	slot->body = capped(data, length);
	MUST(ff_slot_reply(slot, &conversation->reply));
	conversation->reply.status = status;
	conversation->connector = call->connector;
	conversation->operation = call->operation;
	conversation->call = call->document;
}
