/*
 * file_send.c
 *
 * How a file is published, and how one is looked for whose publication was
 * lost.  Each begins anew without harm: until its last request a file has a
 * name that nobody reads, and what stands under its own name is never
 * overwritten by something else.
 *
 *   atomic=rename   PUT NAME.part, LIST (is it whole? is NAME free?), MOVE
 *   atomic=marker   LIST (is NAME free?), PUT NAME, LIST (is it whole?), PUT NAME.done
 *   atomic=none     LIST, PUT NAME, LIST
 */
#include "postgres.h"

#include "connectors/file_exchange.h"

#define PART       ".part"
#define DONE       ".done"
#define MOST_NAMES 20

typedef enum Step
{
	STEP_WRITE,
	STEP_LOOK,  /* whether the name is free, where it is written at once */
	STEP_CHECK, /* whether it is whole, and a name free for it */
	STEP_PUBLISH
} Step;

static const char *const step_names[] = {
	[STEP_WRITE] = "write",
	[STEP_LOOK] = "look",
	[STEP_CHECK] = "check",
	[STEP_PUBLISH] = "publish",
};

static const struct
{
	FfOperation operation;
	FfFileKind kind;
	const char *action;
	const char *needs; /* setting that must be on */
} sendings[] = {
	{FF_OP_CREATE_SHIPMENT, FF_FILE_ORDER, "new", NULL},
	{FF_OP_FIND_SHIPMENT, FF_FILE_ORDER, "new", NULL},
	{FF_OP_UPDATE_SHIPMENT, FF_FILE_ORDER, "change", "supports_change"},
	{FF_OP_CANCEL_SHIPMENT, FF_FILE_ORDER, "cancel", "supports_cancel"},
	{FF_OP_ANNOUNCE_RETURN, FF_FILE_RETURN, "new", NULL},
	{FF_OP_PUT_ITEMS, FF_FILE_ITEM, "new", NULL},
};

static int
sending_of(const FfCall *call)
{
	for (int i = 0; i < (int) lengthof(sendings); i++)
		if (sendings[i].operation == call->operation)
			return i;
	elog(ERROR, "operation %d sends no file", (int) call->operation);
}

static bool
renames(const FfCall *call)
{
	return ff_files_setting_is(call, "atomic", "rename");
}

static Step
step_of(const FfCall *call)
{
	const char *said = ff_json_text_or(call->state, "step", "");

	for (int i = 0; i < (int) lengthof(step_names); i++)
		if (strcmp(step_names[i], said) == 0)
			return (Step) i;
	return renames(call) ? STEP_WRITE : STEP_LOOK;
}

/* The file's name; settled by the first request of a call. */
static const char *
file_name(const FfCall *call)
{
	const char *settled = ff_json_text_or(call->state, "name", NULL);
	int sending = sending_of(call);

	return settled ? settled
				   : ff_files_name(call, sendings[sending].kind, sendings[sending].action);
}

static char *
content(const FfCall *call, size_t *length)
{
	int sending = sending_of(call);

	return ff_files_write(call, sendings[sending].kind, sendings[sending].action, length);
}

static char *
state_text(Step step, const char *name, const char *as)
{
	FfJsonWriter writer;

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "step", step_names[step]);
	ff_write_text(&writer, "name", name);
	ff_write_text(&writer, "as", as);
	return ff_write_finish(&writer);
}

static void
put(const FfCall *call, FfMessage *message, const char *name)
{
	size_t length;
	char *body = content(call, &length);

	ff_files_begin(call, message, "PUT", "remote_dir_out", name);
	message->body = body;
	message->body_length = length;
}

static void
check_ability(const FfCall *call)
{
	const char *setting = sendings[sending_of(call)].needs;

	if (setting != NULL && !ff_json_bool(call->config, setting, false))
		ff_connector_fail(FILE_EXCHANGE,
						  psprintf("config.%s", setting),
						  "The partner does not read such files; a person has to tell it.");
	if (sendings[sending_of(call)].kind == FF_FILE_RETURN)
		ff_connector_need(FILE_EXCHANGE, call, "return.number", "Give the number of the return.");
	if (sendings[sending_of(call)].kind == FF_FILE_ORDER)
		ff_connector_need(
			FILE_EXCHANGE, call, "shipment.reference", "Give the reference of the shipment.");
}

void
ff_files_send_request(const FfCall *call, FfMessage *message)
{
	const char *name;

	check_ability(call);
	name = file_name(call);
	switch (step_of(call))
	{
		case STEP_WRITE:
			put(call, message, renames(call) ? psprintf("%s" PART, name) : name);
			break;
		case STEP_LOOK:
		case STEP_CHECK:
			ff_files_begin(call, message, "LIST", "remote_dir_out", "");
			break;
		case STEP_PUBLISH:
			if (renames(call))
			{
				ff_files_begin(call, message, "MOVE", "remote_dir_out", psprintf("%s" PART, name));
				ff_files_destination(
					call, message, "remote_dir_out", ff_json_text_or(call->state, "as", name));
				break;
			}
			ff_files_begin(call, message, "PUT", "remote_dir_out", psprintf("%s" DONE, name));
			message->body = "";
			break;
	}
}

/* NAME, NAME-2, NAME-3 …, before the ending. */
static char *
numbered(const char *name, int number)
{
	const char *dot = strrchr(name, '.');

	if (number == 1)
		return pstrdup(name);
	if (dot == NULL)
		return psprintf("%s-%d", name, number);
	return psprintf("%s-%d%s", pnstrdup(name, dot - name), number, dot);
}

/*
 * Where a file of this size stands or may stand under one of its names: there
 * is one of that size already (true), else *free is the first unused name.
 */
static bool
find_name(const FfFileEntry *entries, int count, const char *name, int64 size, char **found)
{
	char *unused = NULL;

	for (int number = 1; number <= MOST_NAMES; number++)
	{
		char *candidate = numbered(name, number);
		const FfFileEntry *entry = ff_files_find(entries, count, candidate);

		if (entry != NULL && entry->size == size)
		{
			*found = candidate;
			return true;
		}
		if (entry == NULL)
		{
			unused = candidate;
			break;
		}
	}
	*found = unused;
	return false;
}

/* What the canonical outcome says when the file is in its place. */
static void
sent(const FfCall *call, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	const FfJson *items = ff_json_get(call->document, "items");

	ff_outcome_ok(outcome);
	if (call->operation == FF_OP_PUT_ITEMS)
	{
		ff_write_array(writer, "items");
		for (int i = 0; i < ff_json_count(items); i++)
		{
			ff_write_object(writer, NULL);
			ff_write_text(writer, "sku", ff_json_text(ff_json_at(items, i), "sku"));
			ff_write_bool(writer, "accepted", true);
			ff_write_end(writer);
		}
		ff_write_end(writer);
		return;
	}
	if (call->operation == FF_OP_ANNOUNCE_RETURN)
	{
		ff_write_object(writer, "return");
		ff_write_text(writer, "provider_reference", ff_json_text(call->document, "return.number"));
		ff_write_text(writer, "state", "expected");
		ff_write_end(writer);
		return;
	}
	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", ff_files_reference(call));
	if (call->operation == FF_OP_CANCEL_SHIPMENT)
		ff_write_text(writer, "state", "cancel_requested");
	else
		ff_write_text(writer, "state", "submitted");
	ff_write_end(writer);
}

/* The directory is missing, or refuses us: nothing works until somebody mends it. */
static void
no_directory(FfOutcome *outcome)
{
	if (outcome->result == FF_RESULT_ABSENT)
		ff_outcome_set(
			outcome,
			FF_RESULT_UNAUTHORIZED,
			NULL,
			"The server has no directory remote_dir_out, or does not let us write to it.",
			"config.remote_dir_out");
	else if (outcome->result == FF_RESULT_REFUSED)
		outcome->result = FF_RESULT_UNAUTHORIZED; /* it is not this file that it refuses */
}

/* Where the name is written at once, it must be free, or hold just this already. */
static void
looked(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfFileEntry *entries;
	size_t length;
	char *name;
	int count;

	(void) content(call, &length);
	if (!ff_files_listing(reply->body, reply->length, &entries, &count))
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "The answer is no list of files.");
	else if (find_name(entries, count, file_name(call), (int64) length, &name))
		sent(call, outcome);
	else if (name == NULL)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "name_taken",
					   "Other files of this name stand in the directory.",
					   NULL);
	else
		ff_outcome_continue(outcome, state_text(STEP_WRITE, name, NULL));
}

static void
checked(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const char *name = file_name(call);
	const char *written = renames(call) ? psprintf("%s" PART, name) : name;
	const FfFileEntry *entry;
	FfFileEntry *entries;
	size_t length;
	char *as;
	int count;

	(void) content(call, &length);
	if (!ff_files_listing(reply->body, reply->length, &entries, &count))
	{
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "The answer is no list of files.");
		return;
	}
	entry = ff_files_find(entries, count, written);
	if (renames(call) && find_name(entries, count, name, (int64) length, &as))
		sent(call, outcome); /* by an earlier attempt */
	else if (entry == NULL || (entry->size >= 0 && entry->size != (int64) length))
	{
		ff_outcome_set(outcome,
					   FF_RESULT_RETRY,
					   "half_written",
					   "The file did not arrive whole; it is written again.",
					   NULL);
		outcome->next = "{}";
	}
	else if (!renames(call) && ff_files_setting_is(call, "atomic", "none"))
		sent(call, outcome);
	else if (renames(call) && as == NULL)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "name_taken",
					   "Other files of this name stand in the directory.",
					   NULL);
	else
		ff_outcome_continue(outcome, state_text(STEP_PUBLISH, name, renames(call) ? as : NULL));
}

static void
published(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	if (ff_files_reply(call, reply, outcome))
		sent(call, outcome);
	else if (outcome->result == FF_RESULT_ABSENT)
		/* what was to be renamed is gone: it may have been, by a request whose answer was lost */
		ff_outcome_set(outcome,
					   FF_RESULT_UNKNOWN,
					   NULL,
					   "The file that was to be renamed is not there any more.",
					   NULL);
	else if (outcome->result == FF_RESULT_REFUSED)
	{
		/* somebody took the name meanwhile; another look finds another one */
		outcome->result = FF_RESULT_RETRY;
		outcome->next = state_text(STEP_CHECK, file_name(call), NULL);
	}
}

void
ff_files_send_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	Step step = step_of(call);

	if (step == STEP_PUBLISH)
	{
		published(call, reply, outcome);
		return;
	}
	if (!ff_files_reply(call, reply, outcome))
	{
		no_directory(outcome);
		return;
	}
	if (step == STEP_WRITE)
		ff_outcome_continue(outcome, state_text(STEP_CHECK, file_name(call), NULL));
	else if (step == STEP_LOOK)
		looked(call, reply, outcome);
	else
		checked(call, reply, outcome);
}

/*
 * A look-up: the directory of our files, and then the one where the partner
 * puts what it has read, when there is one.
 */
static bool
second_look(const FfCall *call)
{
	return strcmp(ff_json_text_or(call->state, "step", ""), "done") == 0;
}

void
ff_files_find_request(const FfCall *call, FfMessage *message)
{
	ff_connector_need(
		FILE_EXCHANGE, call, "shipment.reference", "Give the reference of the shipment.");
	ff_files_begin(
		call, message, "LIST", second_look(call) ? "remote_dir_done" : "remote_dir_out", "");
}

/* Whether a file that is not there was certainly never published. */
static bool
absence_is_proof(const FfCall *call, bool part_is_there)
{
	return part_is_there || !ff_json_bool(call->config, "removes_files", false) ||
		   ff_files_setting_is(call, "dedupe_by", "order_number");
}

void
ff_files_find_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	bool has_second = ff_json_text_or(call->config, "remote_dir_done", NULL) != NULL;
	const char *name = ff_files_name(call, FF_FILE_ORDER, "new");
	bool part;
	FfFileEntry *entries;
	size_t length;
	char *as;
	int count;

	if (!ff_files_reply(call, reply, outcome))
	{
		no_directory(outcome);
		return;
	}
	if (!ff_files_listing(reply->body, reply->length, &entries, &count))
	{
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "The answer is no list of files.");
		return;
	}
	(void) content(call, &length);
	part = ff_json_bool(call->state, "part", false) ||
		   ff_files_find(entries, count, psprintf("%s" PART, name)) != NULL;
	if (find_name(entries, count, name, (int64) length, &as))
		sent(call, outcome);
	else if (has_second && !second_look(call))
		ff_outcome_continue(outcome,
							part ? "{\"step\": \"done\", \"part\": true}" : "{\"step\": \"done\"}");
	else if (absence_is_proof(call, part))
		ff_outcome_set(
			outcome, FF_RESULT_ABSENT, "no_file", "There is no file of the order.", NULL);
	else
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "no_proof",
					   "There is no file of the order, but the partner removes files it has read.",
					   NULL);
}
