/*
 * file_fetch.c
 *
 * Reads what partners put down for us.  fetch_files takes every file that has
 * come to rest, one after the other in the order of their names, hands its
 * bytes over to be kept and applied, and puts it away; what it has seen it
 * remembers in its cursor, so that a file is left alone until its size has
 * stayed the same for a while.  get_shipment, get_inventory and get_return read
 * the newest file of their kind and put nothing away.
 */
#include "postgres.h"

#include "connectors/file_exchange.h"

#define FILES_AT_ONCE 50

/* The steps, as their state names them. */
#define STEP_PICKUP "pickup" /* which of our files the partner has taken */
#define STEP_LOOK   "look"
#define STEP_GET    "get"
#define STEP_AWAY   "away"

static bool
deletion_confirms(const FfCall *call)
{
	return ff_files_setting_is(call, "ack", "deletion");
}

static const char *
step_of(const FfCall *call)
{
	return ff_json_text_or(call->state, "step", deletion_confirms(call) ? STEP_PICKUP : STEP_LOOK);
}

static bool
is_step(const FfCall *call, const char *step)
{
	return strcmp(step_of(call), step) == 0;
}

/* The file this request is about. */
static char *
current_file(const FfCall *call)
{
	return ff_json_text(ff_json_at(ff_json_get(call->state, "files"), 0), "");
}

void
ff_files_fetch_request(const FfCall *call, FfMessage *message)
{
	char *name = current_file(call);

	if (is_step(call, STEP_PICKUP))
		ff_files_begin(call, message, "LIST", "remote_dir_out", "");
	else if (is_step(call, STEP_GET))
		ff_files_begin(call, message, "GET", "remote_dir_in", name);
	else if (!is_step(call, STEP_AWAY))
		ff_files_begin(call, message, "LIST", "remote_dir_in", "");
	else if (ff_files_setting_is(call, "after_read", "delete"))
		ff_files_begin(call, message, "DELETE", "remote_dir_in", name);
	else
	{
		bool bad = ff_json_bool(call->state, "unreadable", false);

		ff_files_begin(call, message, "MOVE", "remote_dir_in", name);
		ff_files_destination(call,
							 message,
							 bad ? "remote_dir_error" : "remote_dir_archive",
							 ff_json_text_or(call->state, "as", name));
	}
}

/* Our files that the partner has taken away: it has the orders. */
static void
picked_up(const FfCall *call, const FfFileEntry *entries, int count, FfOutcome *outcome)
{
	const FfJson *waiting = ff_json_get(call->document, "waiting");
	bool open = false;

	for (int i = 0; i < ff_json_count(waiting); i++)
	{
		const FfJson *shipment = ff_json_at(waiting, i);
		FfCall about = *call;
		FfJsonWriter writer;
		const char *name;

		ff_write_init(&writer);
		ff_write_object(&writer, NULL);
		ff_write_json(&writer, "shipment", shipment);
		ff_write_finish(&writer);
		about.document = ff_json_parse(writer.text.data, writer.text.len, NULL);
		name = ff_files_name(&about, FF_FILE_ORDER, "new");
		if (ff_files_find(entries, count, name) != NULL)
			continue;
		if (!open)
			ff_write_array(&outcome->body, "shipments");
		open = true;
		ff_write_object(&outcome->body, NULL);
		ff_write_text(&outcome->body, "reference", ff_json_text(shipment, "reference"));
		ff_write_text(&outcome->body, "state", "accepted");
		ff_write_end(&outcome->body);
	}
	if (open)
		ff_write_end(&outcome->body);
}

/* What the cursor holds of a file: since when it has had its size, and whether it was read. */
static const FfJson *
remembered(const FfCall *call, const char *name)
{
	return ff_json_member(ff_json_get(call->document, "cursor.seen"), name);
}

static bool
same_size(const FfJson *memory, const FfFileEntry *entry)
{
	int64 size;

	return ff_json_int64(memory, "size", &size) && size == entry->size;
}

static bool
has_settled(const FfCall *call, const FfJson *memory, const FfFileEntry *entry)
{
	int64 wait = ff_json_int64_or(call->config, "settle_seconds", 30);
	TimestampTz since;

	return wait <= 0 || (same_size(memory, entry) &&
						 ff_time_parse(ff_json_text_or(memory, "since", ""), &since) &&
						 since + wait * USECS_PER_SEC <= call->now);
}

static void
remember(FfJsonWriter *writer, const FfCall *call, const FfFileEntry *entry, bool taken)
{
	const FfJson *memory = remembered(call, entry->name);
	const char *since = same_size(memory, entry) ? ff_json_text(memory, "since") : NULL;

	ff_write_object(writer, entry->name);
	ff_write_int(writer, "size", entry->size);
	ff_write_text(writer, "since", since ? since : ff_time_iso(call->now));
	if (taken)
		ff_write_bool(writer, "read", true);
	ff_write_end(writer);
}

/* Ends a run; the cursor is what the next one begins with. */
static void
finish(const FfCall *call, FfOutcome *outcome, const char *seen, bool anything)
{
	int64 hours = ff_json_int64_or(call->config, "silence_alert_hours", 0);
	const char *last = anything ? ff_time_iso(call->now)
								: ff_json_text_or(call->document, "cursor.last_file_at", NULL);
	TimestampTz time;
	FfJsonWriter writer;

	if (last == NULL)
		last = ff_time_iso(call->now); /* the silence is counted from the first look on */
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_raw(&writer, "seen", seen);
	ff_write_text(&writer, "last_file_at", last);
	outcome->next = ff_write_finish(&writer);
	if (hours > 0 && ff_time_parse(last, &time) && time + hours * USECS_PER_HOUR < call->now)
		ff_write_text(&outcome->body, "silence", psprintf("No file has come since %s.", last));
}

/* The state of a request about the first of some files. */
static char *
state_text(const FfCall *call, const char *step, const FfJson *files, int from, const char *seen)
{
	FfJsonWriter writer;

	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "step", step);
	ff_write_array(&writer, "files");
	for (int i = from; i < ff_json_count(files); i++)
		ff_write_json(&writer, NULL, ff_json_at(files, i));
	ff_write_end(&writer);
	ff_write_raw(&writer, "seen", seen);
	return ff_write_finish(&writer);
}

static char *
seen_text(const FfCall *call)
{
	const FfJson *seen = ff_json_get(call->state, "seen");

	return seen ? ff_json_dump(seen) : pstrdup("{}");
}

/* Chooses what is read in this run. */
static void
looked(const FfCall *call, const FfFileEntry *entries, int count, FfOutcome *outcome)
{
	bool keeps = ff_files_setting_is(call, "after_read", "keep");
	FfJsonWriter seen;
	FfJsonWriter chosen;
	int taken = 0;

	ff_write_init(&seen);
	ff_write_object(&seen, NULL);
	ff_write_init(&chosen);
	ff_write_array(&chosen, NULL);
	for (int i = 0; i < count; i++)
	{
		const FfFileEntry *entry = &entries[i];
		const FfJson *memory = remembered(call, entry->name);
		bool known = keeps && same_size(memory, entry) && ff_json_bool(memory, "read", false);
		bool takes;

		if (ff_files_kind_of(call, entry->name) == FF_FILE_KIND_COUNT)
			continue;
		takes = !known && taken < FILES_AT_ONCE && has_settled(call, memory, entry);
		remember(&seen, call, entry, known || takes);
		if (!takes)
			continue;
		ff_write_text(&chosen, NULL, entry->name);
		taken++;
	}
	ff_write_finish(&seen);
	ff_write_finish(&chosen);
	if (taken == 0)
		finish(call, outcome, seen.text.data, false);
	else
		ff_outcome_continue(outcome,
							state_text(call,
									   STEP_GET,
									   ff_json_parse(chosen.text.data, chosen.text.len, NULL),
									   0,
									   seen.text.data));
}

/* On to the next file, or to the end. */
static void
go_on(const FfCall *call, FfOutcome *outcome)
{
	const FfJson *files = ff_json_get(call->state, "files");

	if (ff_json_count(files) > 1)
		ff_outcome_continue(outcome, state_text(call, STEP_GET, files, 1, seen_text(call)));
	else
	{
		ff_outcome_ok(outcome);
		finish(call, outcome, seen_text(call), true);
	}
}

static void
write_file(FfJsonWriter *writer, const char *name, const FfReply *reply, const char *problem)
{
	ff_write_array(writer, "files");
	ff_write_object(writer, NULL);
	ff_write_text(writer, "name", name);
	ff_write_text(writer, "content_base64", ff_base64(reply->body, reply->length));
	ff_write_text(writer, "problem", problem);
	ff_write_end(writer);
	ff_write_end(writer);
}

static void
got(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	char *name = current_file(call);
	bool empty = reply->length == 0;
	const char *problem = NULL;
	char *next;

	if (empty && ff_files_setting_is(call, "empty_file", "error"))
		problem = "The file is empty.";
	else if (!empty)
	{
		FfFileRecords records;

		ff_files_read(call, ff_files_kind_of(call, name), reply->body, reply->length, &records);
		problem = records.problem;
	}
	if (!empty || problem != NULL)
		write_file(&outcome->body, name, reply, problem);
	if (ff_files_setting_is(call, "after_read", "keep"))
	{
		go_on(call, outcome);
		return;
	}
	next = state_text(call, STEP_AWAY, ff_json_get(call->state, "files"), 0, seen_text(call));
	if (problem != NULL)
		next = psprintf("{\"unreadable\": true, %s", next + 1);
	ff_outcome_continue(outcome, next);
}

/*
 * A file that could not be put away is only read again, which does nothing the
 * second time.  One of the same name in the archive makes it take another.
 */
static void
put_away(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	bool second = ff_json_get(call->state, "as") != NULL;
	FfOutcome answer;

	ff_outcome_init(&answer);
	if (!ff_files_reply(call, reply, &answer) && answer.result == FF_RESULT_REFUSED && !second)
	{
		char *again =
			state_text(call, STEP_AWAY, ff_json_get(call->state, "files"), 0, seen_text(call));
		char *stamp = ff_time_format(call->now, "%Y%m%d%H%M%S");

		ff_outcome_continue(
			outcome,
			psprintf("{\"as\": \"%s.%s\", \"unreadable\": %s, %s",
					 stamp,
					 current_file(call),
					 ff_json_bool(call->state, "unreadable", false) ? "true" : "false",
					 again + 1));
		return;
	}
	if (answer.result != FF_RESULT_OK)
		ff_write_text(&outcome->body,
					  "warning",
					  psprintf("File %s could not be put away: %s",
							   current_file(call),
							   answer.message ? answer.message : ""));
	go_on(call, outcome);
}

static void
no_directory(FfOutcome *outcome, const char *setting)
{
	if (outcome->result == FF_RESULT_ABSENT)
		ff_outcome_set(outcome,
					   FF_RESULT_UNAUTHORIZED,
					   NULL,
					   psprintf("The server has no directory %s, or does not show it.", setting),
					   psprintf("config.%s", setting));
}

void
ff_files_fetch_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	bool pickup = is_step(call, STEP_PICKUP);
	FfFileEntry *entries;
	int count;

	if (is_step(call, STEP_AWAY))
	{
		put_away(call, reply, outcome);
		return;
	}
	if (!ff_files_reply(call, reply, outcome))
	{
		if (!is_step(call, STEP_GET))
			no_directory(outcome, pickup ? "remote_dir_out" : "remote_dir_in");
		else if (outcome->result == FF_RESULT_ABSENT || outcome->result == FF_RESULT_REFUSED)
			go_on(call, outcome); /* it vanished: somebody else has it */
		return;
	}
	if (is_step(call, STEP_GET))
	{
		got(call, reply, outcome);
		return;
	}
	if (!ff_files_listing(reply->body, reply->length, &entries, &count))
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "The answer is no list of files.");
	else if (pickup)
	{
		picked_up(call, entries, count, outcome);
		if (ff_json_bool(call->config, "one_way", false))
			finish(call, outcome, "{}", true);
		else
			ff_outcome_continue(outcome, "{\"step\": \"" STEP_LOOK "\"}");
	}
	else
		looked(call, entries, count, outcome);
}

static FfFileKind
kind_wanted(const FfCall *call)
{
	return call->operation == FF_OP_GET_INVENTORY ? FF_FILE_STOCK
		   : call->operation == FF_OP_GET_RETURN  ? FF_FILE_RECEIPT
												  : FF_FILE_STATUS;
}

void
ff_files_get_request(const FfCall *call, FfMessage *message)
{
	const char *name = ff_json_text_or(call->state, "name", NULL);

	if (name != NULL)
		ff_files_begin(call, message, "GET", "remote_dir_in", name);
	else
		ff_files_begin(call, message, "LIST", "remote_dir_in", "");
}

/* The last by name is the newest. */
void
ff_files_get_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	FfFileEntry *entries;
	int count;

	if (!ff_files_reply(call, reply, outcome))
		return;
	if (ff_json_text_or(call->state, "name", NULL) != NULL ||
		!ff_files_listing(reply->body, reply->length, &entries, &count))
	{
		ff_files_report(call, kind_wanted(call), reply->body, reply->length, outcome);
		return;
	}
	for (int i = count - 1; i >= 0; i--)
	{
		if (ff_files_kind_of(call, entries[i].name) != kind_wanted(call))
			continue;
		ff_outcome_continue(outcome, psprintf("{\"name\": \"%s\"}", entries[i].name));
		return;
	}
	ff_outcome_set(outcome, FF_RESULT_ABSENT, "no_file", "There is no such file.", NULL);
}
