/*
 * notify.c
 *
 * Facts for those who listen: written once per content, with one send_message
 * task per fact and listening connection.  Decides who listens to what (the
 * connection's list of event types, exact or as a prefix ending in "*", empty
 * for all; to customers only what has a template) and what counts as told already; refuses to know
 * how a message looks or travels.
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "notifications/notify.h"
#include "pg/spi.h"
#include "tasks/task.h"

/* all, those by e-mail, those by SMS */
static FfStatement messenger_connectors =
	FF_STATEMENT("select array_agg(name), array_agg(name) filter (where 'email' = any (roles)),"
				 "  array_agg(name) filter (where 'sms' = any (roles))"
				 " from fulfillment.connector_list() where $1 = any (roles)",
				 TEXTOID);
/* A connection to customers hears only what there is a text for. */
static FfStatement listening_connections = FF_STATEMENT(
	"select c.connection_id, c.events, m.medium, (select array_agg(distinct t.type)"
	"   from fulfillment.templates t where t.merchant_id = $1 and t.medium = m.medium)"
	" from fulfillment.connections c cross join lateral (select case"
	"   when c.connector = any ($3) then 'email' when c.connector = any ($4) then 'sms' end"
	"   as medium) m"
	" where c.merchant_id = $1 and c.connector = any ($2)",
	INT4OID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID);
static FfStatement insert_facts =
	FF_STATEMENT("insert into fulfillment.notifications (merchant_id, type, order_id, shipment_id,"
				 "  package_id, occurred_at, content_hash, data)"
				 " select $1, u.type, u.order_id, u.shipment_id, u.package_id,"
				 "  coalesce(u.at, now()), md5(u.data::text), u.data"
				 " from unnest($2, $3, $4, $5, $6, $7)"
				 "  as u (type, order_id, shipment_id, package_id, at, data)"
				 " on conflict do nothing"
				 " returning event_id, type, order_id",
				 INT4OID, TEXTARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID,
				 TIMESTAMPTZARRAYOID, JSONBARRAYOID);

/*
 * Which connectors carry messages is a constant of the library, so it is asked
 * once per process: all, those by e-mail, those by SMS.
 */
static const Datum *
connectors_of_messengers(void)
{
	static Datum kept[3] = {0};

	if (kept[0] == (Datum) 0)
	{
		FfRows rows = ff_run(&messenger_connectors, ff_text("messenger"));
		Datum lists[3];
		MemoryContext outer;

		for (int i = 0; i < (int) lengthof(kept); i++)
		{
			bool null;

			lists[i] = ff_row_datum(&rows, 0, i + 1, &null);
			if (null)
				lists[i] = PointerGetDatum(construct_empty_array(TEXTOID));
		}
		outer = MemoryContextSwitchTo(TopMemoryContext);
		for (int i = (int) lengthof(kept) - 1; i >= 0; i--)
			kept[i] = PointerGetDatum(DatumGetArrayTypePCopy(lists[i]));
		MemoryContextSwitchTo(outer);
	}
	return kept;
}

static FfRows
listeners_of(int32 merchant_id)
{
	const Datum *connectors = connectors_of_messengers();

	return ff_run(&listening_connections,
				  ff_int4(merchant_id),
				  ff_datum(connectors[0]),
				  ff_datum(connectors[1]),
				  ff_datum(connectors[2]));
}

static bool
matches(const char *pattern, const char *type)
{
	size_t length = strlen(pattern);

	if (length > 0 && pattern[length - 1] == '*')
		return strncmp(pattern, type, length - 1) == 0;
	return strcmp(pattern, type) == 0;
}

/* Whether one of the texts of an array does, or (by pattern) matches; nothing: the answer for none.
 */
static bool
is_among(const FfRows *connections, uint64 row, int column, const char *type, bool none)
{
	bool null;
	Datum list = ff_row_datum(connections, row, column, &null);
	Datum *patterns;
	int count;

	if (null)
		return none;
	deconstruct_array(
		DatumGetArrayTypeP(list), TEXTOID, -1, false, TYPALIGN_INT, &patterns, NULL, &count);
	for (int i = 0; i < count; i++)
		if (matches(TextDatumGetCString(patterns[i]), type))
			return true;
	return count == 0 && none;
}

static bool
hears(const FfRows *connections, uint64 row, const char *type)
{
	return is_among(connections, row, 2, type, true) &&
		   (ff_row_null(connections, row, 3) || is_among(connections, row, 4, type, false));
}

static bool
is_heard(const FfRows *connections, const char *type)
{
	for (uint64 c = 0; c < connections->count; c++)
		if (hears(connections, c, type))
			return true;
	return false;
}

/* Those that somebody hears. */
static FfRows
write_facts(const FfRows *connections, const FfFact *facts, int count)
{
	FfColumn type, order_id, shipment_id, package_id, at, data;

	ff_column_init(&type, TEXTOID);
	ff_column_init(&order_id, INT8OID);
	ff_column_init(&shipment_id, INT8OID);
	ff_column_init(&package_id, INT8OID);
	ff_column_init(&at, TIMESTAMPTZOID);
	ff_column_init(&data, JSONBOID);
	for (int i = 0; i < count; i++)
	{
		Assert(facts[i].merchant_id == facts[0].merchant_id);
		if (!is_heard(connections, facts[i].type))
			continue;
		ff_column_add(&type, ff_text(facts[i].type));
		ff_column_add(&order_id, ff_id(facts[i].order_id));
		ff_column_add(&shipment_id, ff_id(facts[i].shipment_id));
		ff_column_add(&package_id, ff_id(facts[i].package_id));
		ff_column_add(&at, ff_time_or_null(facts[i].at));
		ff_column_add(&data, ff_json_from_text(facts[i].data));
	}
	if (type.count == 0)
		return (FfRows){0};
	return ff_run(&insert_facts,
				  ff_int4(facts[0].merchant_id),
				  ff_column(&type),
				  ff_column(&order_id),
				  ff_column(&shipment_id),
				  ff_column(&package_id),
				  ff_column(&at),
				  ff_column(&data));
}

static void
write_tasks(int32 merchant_id, const FfRows *connections, const FfRows *written)
{
	FfTask *tasks = palloc0(sizeof(FfTask) * (connections->count * written->count));
	int count = 0;

	for (uint64 f = 0; f < written->count; f++)
	{
		char *type = ff_row_text(written, f, 2);
		int64 event_id = ff_row_int8(written, f, 1);

		for (uint64 c = 0; c < connections->count; c++)
		{
			FfTask *task = &tasks[count];

			if (!hears(connections, c, type))
				continue;
			task->merchant_id = merchant_id;
			task->connection_id = ff_row_int8(connections, c, 1);
			task->operation = FF_OP_SEND_MESSAGE;
			task->subject_kind = "event";
			task->subject_id = event_id;
			task->order_id = ff_row_int8(written, f, 3);
			count++;
		}
	}
	ff_tasks_add(tasks, count);
}

void
ff_notify(const FfFact *facts, int count)
{
	FfRows connections;

	if (count == 0)
		return;
	ff_spi_begin();
	connections = listeners_of(facts[0].merchant_id);
	if (connections.count > 0)
	{
		FfRows written = write_facts(&connections, facts, count);

		if (written.count > 0)
			write_tasks(facts[0].merchant_id, &connections, &written);
	}
	ff_spi_end();
}

bool
ff_is_heard(int32 merchant_id, const char *type)
{
	FfRows connections;
	bool heard;

	ff_spi_begin();
	connections = listeners_of(merchant_id);
	heard = is_heard(&connections, type);
	ff_spi_end();
	return heard;
}
