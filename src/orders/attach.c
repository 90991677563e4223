/*
 * attach.c
 *
 * Puts the triggers of attached.c on a shop's table of orders, and takes them
 * away.  Everything is checked before: the mapping, by reading no row with it,
 * and the rights of who attaches, by doing all of it as that role.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "orders/attached.h"
#include "orders/mapping.h"
#include "pg/errors.h"
#include "pg/relation.h"
#include "pg/session.h"
#include "pg/spi.h"

static FfStatement find_channel =
	FF_STATEMENT("select channel_id from fulfillment.channels where merchant_id = $1 and code = $2",
				 INT4OID, TEXTOID);

static FfStatement insert_attachment = FF_STATEMENT(
	"insert into fulfillment.attachments (merchant_id, source, lines_source, channel_id,"
	"  mapping, created_by) values ($1, $2, $3, $4, $5, $6)"
	" on conflict (merchant_id, source) do nothing returning attachment_id",
	INT4OID, REGCLASSOID, REGCLASSOID, INT8OID, JSONBOID, TEXTOID);

static FfStatement delete_attachment =
	FF_STATEMENT("delete from fulfillment.attachments where merchant_id = $1 and source = $2"
				 " returning attachment_id",
				 INT4OID, REGCLASSOID);

/* A statement that is run once. */
static void
run_once(const char *sql)
{
	FfStatement statement = {.sql = sql};

	ff_run_arguments(&statement, NULL, 0);
}

static char *
trigger_name(int64 attachment_id, const char *what)
{
	return psprintf("fulfillment_%lld_%s", (long long) attachment_id, what);
}

/* Whether one of the columns that documents are made of has changed. */
static char *
any_column_changed(Oid source, const FfMapping *mapping)
{
	StringInfoData before;
	StringInfoData after;
	ListCell *cell;

	initStringInfo(&before);
	initStringInfo(&after);
	foreach (cell, mapping->columns)
	{
		const char *name = strVal(lfirst(cell));
		const char *cast = ff_type_has_equality(ff_column_type(source, name)) ? "" : "::text";
		const char *separator = before.len > 0 ? ", " : "";

		appendStringInfo(&before, "%sold.%s%s", separator, quote_identifier(name), cast);
		appendStringInfo(&after, "%snew.%s%s", separator, quote_identifier(name), cast);
	}
	return psprintf("row(%s) is distinct from row(%s)", before.data, after.data);
}

/* create [constraint] trigger NAME after EVENTS on TABLE TIMING … CALL */
typedef struct TriggerSpec
{
	const char *what;
	const char *kind;
	const char *events;
	const char *timing;
} TriggerSpec;

static const TriggerSpec on_insert = {"insert", "trigger", "insert", ""};
static const TriggerSpec on_update = {"update", "trigger", "update", ""};
static const TriggerSpec on_commit = {
	"commit", "constraint trigger", "insert or update", "deferrable initially deferred"};

static void
make_trigger(const TriggerSpec *spec, const FfMapping *mapping, int64 attachment_id,
			 const char *condition, const char *call)
{
	run_once(psprintf("create %s %s after %s on %s %s for each row %s"
					  " execute function fulfillment.%s",
					  spec->kind,
					  trigger_name(attachment_id, spec->what),
					  spec->events,
					  mapping->source,
					  spec->timing,
					  condition,
					  call));
}

/*
 * Two triggers note at once which rows were touched; the third, at commit,
 * takes all of them with its first call.
 */
static void
make_triggers(Oid source, const FfMapping *mapping, int32 merchant_id, int64 attachment_id)
{
	char *note = psprintf("note_order(%d, %lld, %s)",
						  merchant_id,
						  (long long) attachment_id,
						  quote_literal_cstr(mapping->key));
	char *take = psprintf("take_orders(%d, %lld)", merchant_id, (long long) attachment_id);
	char *changed = psprintf("when (%s)", any_column_changed(source, mapping));

	make_trigger(&on_insert, mapping, attachment_id, "", note);
	make_trigger(&on_update, mapping, attachment_id, changed, note);
	make_trigger(&on_commit, mapping, attachment_id, "", take);
}

static int64
channel_of(int32 merchant_id, const char *code)
{
	FfRows rows = ff_run(&find_channel, ff_int4(merchant_id), ff_text(code));

	if (rows.count == 0)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("unknown channel \"%s\"", code),
				 errdetail("Merchant %d has no such channel.", merchant_id),
				 errhint("Add it to fulfillment.channels first.")));
	return ff_row_int8(&rows, 0, 1);
}

static void
require_table(Oid source)
{
	char *name = ff_relation_name(source);

	if (name == NULL || !ff_relation_is_table(source))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table that orders can be taken from",
						name ? name : psprintf("%u", source)),
				 errhint("Name a table, or the partitioned table instead of a partition of it.")));
}

PG_FUNCTION_INFO_V1(fulfillment_attach_orders);

/* attach_orders(source regclass, channel text, mapping jsonb, merchant_id) → attachment_id */
Datum
fulfillment_attach_orders(PG_FUNCTION_ARGS)
{
	Oid source = PG_GETARG_OID(0);
	char *channel = text_to_cstring(PG_GETARG_TEXT_PP(1));
	FfJson *json = ff_json_from_datum(PG_GETARG_DATUM(2));
	int32 merchant_id = PG_GETARG_INT32(3);
	char *role = ff_role_name(ff_caller());
	FfIdentity ours;
	FfMapping *mapping;
	FfRows rows;
	int64 channel_id;
	int64 attachment_id;

	ff_require(FF_LEVEL_ADMIN, merchant_id);
	require_table(source);
	ff_spi_begin();
	channel_id = channel_of(merchant_id, channel);
	mapping = ff_mapping_compile(source, json);
	rows = ff_run(&insert_attachment,
				  ff_int4(merchant_id),
				  ff_datum(ObjectIdGetDatum(source)),
				  OidIsValid(mapping->lines_relation)
					  ? ff_datum(ObjectIdGetDatum(mapping->lines_relation))
					  : ff_null(),
				  ff_int8(channel_id),
				  ff_json(json),
				  ff_text(role));
	if (rows.count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("table %s is attached already", mapping->source),
				 errhint("Detach it with fulfillment.detach_orders first.")));
	attachment_id = ff_row_int8(&rows, 0, 1);
	ours = ff_identity_take(ff_caller());
	ff_attached_read(mapping, attachment_id, NULL, 0, 0);
	make_triggers(source, mapping, merchant_id, attachment_id);
	ff_identity_give_back(ours);
	ff_spi_end();
	PG_RETURN_INT64(attachment_id);
}

static void
drop_triggers(Oid source, int64 attachment_id)
{
	const TriggerSpec *const specs[] = {&on_insert, &on_update, &on_commit};

	for (int i = 0; i < (int) lengthof(specs); i++)
		run_once(psprintf("drop trigger if exists %s on %s",
						  trigger_name(attachment_id, specs[i]->what),
						  ff_relation_name(source)));
}

PG_FUNCTION_INFO_V1(fulfillment_detach_orders);

/* detach_orders(source regclass, merchant_id) */
Datum
fulfillment_detach_orders(PG_FUNCTION_ARGS)
{
	Oid source = PG_GETARG_OID(0);
	int32 merchant_id = PG_GETARG_INT32(1);
	char *name = ff_relation_name(source);
	FfRows rows;

	ff_require(FF_LEVEL_ADMIN, merchant_id);
	ff_spi_begin();
	rows = ff_run(&delete_attachment, ff_int4(merchant_id), ff_datum(ObjectIdGetDatum(source)));
	if (rows.count == 0)
		ereport(ERROR,
				(errcode(FF_ERR_UNKNOWN_OBJECT),
				 errmsg("table %s is not attached", name ? name : psprintf("%u", source)),
				 errhint("Table fulfillment.attachments holds what is.")));
	if (name != NULL)
	{
		FfIdentity ours = ff_identity_take(ff_caller());

		drop_triggers(source, ff_row_int8(&rows, 0, 1));
		ff_identity_give_back(ours);
	}
	ff_spi_end();
	PG_RETURN_VOID();
}
