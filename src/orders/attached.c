/*
 * attached.c
 *
 * What happens when a shop writes to a table of orders that is attached: two
 * triggers note which rows were touched, and at commit a deferred one reads
 * them as they are then, with their lines, and submits them together.
 *
 * The shop's transaction does not fail because of us: an order that cannot be
 * taken is put in front of a person, unless the attachment says otherwise.
 * The shop's tables are read as the role that attached them, never as the
 * owner of this extension.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "orders/attached.h"
#include "orders/intake.h"
#include "orders/touched.h"
#include "pg/attempt.h"
#include "pg/errors.h"
#include "pg/relation.h"
#include "pg/session.h"
#include "pg/spi.h"
#include "tasks/task.h"

/* Orders submitted together; a failure is looked for by halving. */
#define BATCH 1000
#define KIND  "refused_order"

static FfStatement find_attachment =
	FF_STATEMENT("select a.source, a.mapping, a.created_by, c.code"
				 "  from fulfillment.attachments a"
				 "  join fulfillment.channels c on c.merchant_id = $1"
				 "   and c.channel_id = a.channel_id"
				 " where a.merchant_id = $1 and a.attachment_id = $2",
				 INT4OID, INT8OID);

static FfStatement attachment_of_table =
	FF_STATEMENT("select attachment_id, array_remove($3, null) from fulfillment.attachments"
				 " where merchant_id = $1 and source = $2",
				 INT4OID, REGCLASSOID, TEXTARRAYOID);

/* The statements of attachments, kept for the life of the process. */
typedef struct Prepared
{
	int64 attachment_id;
	FfStatement statement;
} Prepared;

static List *prepared = NIL;

typedef struct Attachment
{
	int32 merchant_id;
	int64 attachment_id;
	Oid source;
	char *name; /* of the source, quoted and qualified */
	char *attached_by;
	Oid role; /* the same, whose rights read the shop's tables */
	char *channel;
	FfJson *json;
	bool must_succeed;  /* the commit fails with the order */
	FfMapping *mapping; /* what the statement is made of */
} Attachment;

typedef struct Batch
{
	const Attachment *attachment;
	char **keys;
	int count;
	TimestampTz version;
} Batch;

static FfStatement *
statement_of(const FfMapping *mapping, int64 attachment_id)
{
	static const FfStatement form = FF_STATEMENT(NULL, TEXTARRAYOID, INT8OID, JSONBARRAYOID);
	MemoryContext outer;
	Prepared *entry;
	ListCell *cell;

	foreach (cell, prepared)
	{
		entry = lfirst(cell);
		if (entry->attachment_id == attachment_id &&
			strcmp(entry->statement.sql, mapping->statement) == 0)
			return &entry->statement;
	}
	outer = MemoryContextSwitchTo(TopMemoryContext);
	entry = palloc0(sizeof(Prepared));
	entry->attachment_id = attachment_id;
	entry->statement = form;
	entry->statement.sql = pstrdup(mapping->statement);
	entry->statement.bulk = true; /* tables of others are planned as they are */
	prepared = lappend(prepared, entry);
	MemoryContextSwitchTo(outer);
	return &entry->statement;
}

FfAttachedOrders
ff_attached_read(const FfMapping *mapping, int64 attachment_id, char *const *keys, int count,
				 TimestampTz version)
{
	FfAttachedOrders orders = {NULL};
	FfColumn wanted;
	FfRows rows;

	ff_column_init(&wanted, TEXTOID);
	for (int i = 0; i < count; i++)
		ff_column_add(&wanted, ff_text(keys[i]));
	rows = ff_run(statement_of(mapping, attachment_id),
				  ff_column(&wanted),
				  ff_int8(version),
				  ff_column(&mapping->constants));
	orders.documents = ff_row_json(&rows, 0, 1);
	orders.keys = ff_row_texts(&rows, 0, 2);
	return orders;
}

static char *
subject_of(const Attachment *attachment, const char *key)
{
	return psprintf("%s %s", attachment->name, key);
}

/* In front of a person, or, if the attachment wants that, in the way of the commit. */
static void
refuse(const Attachment *attachment, const char *key, const FfSubmitted *answer)
{
	FfJson *errors = ff_json_parse(answer->errors, strlen(answer->errors), NULL);
	FfJson *first = ff_json_at(errors, 0);
	const char *field = ff_json_text_or(first, "field", "");
	const char *problem = ff_json_text_or(first, "message", "it is wrong");
	FfJsonWriter detail;

	if (attachment->must_succeed)
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("could not take order \"%s\" of table %s",
						answer->number ? answer->number : "",
						attachment->name),
				 errdetail("Row %s, field \"%s\": %s.", key, field, problem),
				 errhint("Correct the row, or its table's mapping.")));
	if (answer->outcome != FF_INTAKE_REFUSED)
		return;
	ff_write_init(&detail);
	ff_write_object(&detail, NULL);
	ff_write_text(&detail, "source", attachment->name);
	ff_write_text(&detail, "key", key);
	ff_write_text(&detail, "number", answer->number);
	ff_write_json(&detail, "errors", errors);
	ff_attention_open_subject(
		attachment->merchant_id,
		KIND,
		subject_of(attachment, key),
		psprintf("row %s of table %s cannot be taken as an order: field \"%s\" %s",
				 key,
				 attachment->name,
				 field,
				 problem),
		"Correct the row: its update is taken as a newer version.",
		ff_write_finish(&detail));
}

static void
submit_batch(void *argument)
{
	const Batch *batch = argument;
	const Attachment *attachment = batch->attachment;
	FfIdentity ours = ff_identity_take(attachment->role);
	FfAttachedOrders orders = ff_attached_read(
		attachment->mapping, attachment->attachment_id, batch->keys, batch->count, batch->version);
	FfSubmitted *answers;
	FfColumn taken;
	int count;

	ff_identity_give_back(ours);
	if (orders.keys.count == 0)
		return;
	answers = ff_orders_submit(attachment->merchant_id,
							   orders.documents,
							   attachment->channel,
							   true,
							   attachment->name,
							   &count);
	Assert(count == orders.keys.count);
	ff_column_init(&taken, TEXTOID);
	for (int i = 0; i < count; i++)
		if (answers[i].outcome == FF_INTAKE_REFUSED || answers[i].outcome == FF_INTAKE_INVALID)
			refuse(attachment, orders.keys.items[i], &answers[i]);
		else
			ff_column_add(&taken, ff_text(subject_of(attachment, orders.keys.items[i])));
	if (taken.count > 0)
		ff_attention_close_subjects(
			attachment->merchant_id, KIND, &taken, "the row was taken later");
}

/* What went wrong is no matter of the documents. */
static void
park(const Batch *batch, const ErrorData *error)
{
	const Attachment *attachment = batch->attachment;

	for (int i = 0; i < batch->count; i++)
		ff_attention_open_subject(attachment->merchant_id,
								  KIND,
								  subject_of(attachment, batch->keys[i]),
								  psprintf("row %s of table %s could not be taken as an order: %s",
										   batch->keys[i],
										   attachment->name,
										   ff_error_sentence(error)),
								  "Mend it, then take the row with fulfillment.submit_rows.",
								  NULL);
}

/*
 * Submits rows without failing for them.  Together if that works; else each
 * half for itself, until what fails stands alone.
 */
static void
submit_patiently(const Batch *batch)
{
	Batch half = *batch;
	ErrorData *error;

	if (ff_attempt(submit_batch, unconstify(Batch *, batch), &error))
		return;
	if (ff_error_is_passing(error))
		ReThrowError(error);
	if (batch->count == 1)
	{
		park(batch, error);
		return;
	}
	half.count = batch->count / 2;
	submit_patiently(&half);
	half.keys = batch->keys + half.count;
	half.count = batch->count - half.count;
	submit_patiently(&half);
}

/* NULL: it was detached meanwhile. */
static Attachment *
find(int32 merchant_id, int64 attachment_id)
{
	FfRows rows = ff_run(&find_attachment, ff_int4(merchant_id), ff_int8(attachment_id));
	Attachment *attachment = palloc0(sizeof(Attachment));
	bool null;

	if (rows.count == 0)
		return NULL;
	attachment->merchant_id = merchant_id;
	attachment->attachment_id = attachment_id;
	attachment->source = DatumGetObjectId(ff_row_datum(&rows, 0, 1, &null));
	attachment->name = ff_relation_name(attachment->source);
	attachment->json = ff_row_json(&rows, 0, 2);
	attachment->attached_by = ff_row_text(&rows, 0, 3);
	attachment->channel = ff_row_text(&rows, 0, 4);
	attachment->must_succeed =
		strcmp(ff_json_text_or(attachment->json, "on_error", "park"), "fail") == 0;
	return attachment;
}

/* What may have become impossible since it was attached. */
static void
prepare(void *argument)
{
	Attachment *attachment = argument;

	attachment->role = ff_role_find(attachment->attached_by);
	if (!OidIsValid(attachment->role))
		ereport(ERROR,
				(errcode(FF_ERR_NOT_READY),
				 errmsg("could not take orders of table %s", attachment->name),
				 errdetail("Role \"%s\", which attached it, does not exist any more.",
						   attachment->attached_by),
				 errhint("Detach the table and attach it again.")));
	attachment->mapping = ff_mapping_compile(attachment->source, attachment->json);
}

/* Submits some rows in the way their attachment wants it. */
static void
submit_batch_its_way(Batch *batch)
{
	if (batch->attachment->must_succeed)
		submit_batch(batch);
	else
		submit_patiently(batch);
}

static void
submit_rows(Attachment *attachment, char **keys, int count)
{
	MemoryContext scratch =
		AllocSetContextCreate(CurrentMemoryContext, "attached orders", ALLOCSET_DEFAULT_SIZES);
	Batch all = {attachment, keys, count, GetCurrentTimestamp()};
	ErrorData *error = NULL;

	if (attachment->must_succeed)
		prepare(attachment);
	else if (!ff_attempt(prepare, attachment, &error))
	{
		if (ff_error_is_passing(error))
			ReThrowError(error);
		park(&all, error);
		return;
	}
	for (int done = 0; done < count; done += BATCH)
	{
		Batch batch = {attachment, keys + done, Min(BATCH, count - done), all.version};
		MemoryContext outer;

		ff_spi_begin();
		outer = MemoryContextSwitchTo(scratch);
		submit_batch_its_way(&batch);
		MemoryContextSwitchTo(outer);
		ff_spi_end();
		MemoryContextReset(scratch);
	}
	MemoryContextDelete(scratch);
}

/* Triggers and what they are told: TG_ARGV of attach.c. */
static TriggerData *
trigger_data(FunctionCallInfo fcinfo, const char *function, int arguments)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || trigger->tg_trigger->tgnargs != arguments)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" is for triggers of attached tables", function),
				 errhint("Use fulfillment.attach_orders.")));
	return trigger;
}

PG_FUNCTION_INFO_V1(fulfillment_note_order);

/* note_order(merchant_id, attachment_id, key column): a row was written. */
Datum
fulfillment_note_order(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_data(fcinfo, "note_order", 3);
	FfTouched *rows = ff_touched(pg_strtoint64(trigger->tg_trigger->tgargs[1]),
								 ff_relation_root(RelationGetRelid(trigger->tg_relation)));
	HeapTuple row =
		TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;

	ff_touched_note(
		rows,
		ff_tuple_text(row, RelationGetDescr(trigger->tg_relation), trigger->tg_trigger->tgargs[2]));
	return PointerGetDatum(NULL);
}

PG_FUNCTION_INFO_V1(fulfillment_take_orders);

/* take_orders(merchant_id, attachment_id), at commit: the first call takes all that was noted. */
Datum
fulfillment_take_orders(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_data(fcinfo, "take_orders", 2);
	int32 merchant_id = pg_strtoint32(trigger->tg_trigger->tgargs[0]);
	int64 attachment_id = pg_strtoint64(trigger->tg_trigger->tgargs[1]);
	Oid table = ff_relation_root(RelationGetRelid(trigger->tg_relation));
	FfTouched *rows = ff_touched(attachment_id, table);
	Attachment *attachment;

	if (rows->noted == NIL)
		return PointerGetDatum(NULL);
	ff_spi_begin();
	attachment = find(merchant_id, attachment_id);
	if (attachment != NULL && attachment->source != table)
		ereport(ERROR,
				(errcode(FF_ERR_FORBIDDEN),
				 errmsg("table %s is not attached", ff_relation_name(table)),
				 errhint("Use fulfillment.attach_orders.")));
	if (attachment != NULL)
	{
		int count;
		char **keys = ff_touched_take(rows, &count);

		submit_rows(attachment, keys, count);
	}
	ff_spi_end();
	return PointerGetDatum(NULL);
}

PG_FUNCTION_INFO_V1(fulfillment_submit_rows);

/* submit_rows(source regclass, keys text[], merchant_id) → rows asked for */
Datum
fulfillment_submit_rows(PG_FUNCTION_ARGS)
{
	Oid source = PG_GETARG_OID(0);
	int32 merchant_id = PG_GETARG_INT32(2);
	Attachment *attachment = NULL;
	FfRows rows;
	FfTexts keys;

	ff_require(FF_LEVEL_OPERATOR, merchant_id);
	ff_spi_begin();
	rows = ff_run(&attachment_of_table,
				  ff_int4(merchant_id),
				  ff_datum(ObjectIdGetDatum(source)),
				  ff_datum(PG_GETARG_DATUM(1)));
	if (rows.count > 0)
		attachment = find(merchant_id, ff_row_int8(&rows, 0, 1));
	if (attachment == NULL)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("table %s is not attached", ff_relation_name(source)),
				 errhint("Attach it with fulfillment.attach_orders first.")));
	keys = ff_row_texts(&rows, 0, 2);
	submit_rows(attachment, keys.items, keys.count);
	ff_spi_end();
	PG_RETURN_INT32(keys.count);
}
