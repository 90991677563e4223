/*
 * packages.c
 *
 * The packages of shipments, as providers and people report them: everything
 * may come again and more completely; what is known is kept, what is new is
 * added.  Any number of shipments at once.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "pg/spi.h"
#include "shipping/parts.h"

/*
 * A package is polled from the moment it has a number; with another number it
 * is another story, told from the beginning.  What changes nothing writes
 * nothing.
 */
static FfStatement store_packages = FF_STATEMENT(
	"insert into fulfillment.packages as p (merchant_id, shipment_id, number, tracking_number,"
	"       carrier, tracking_url, weight_g, contents, poll_at)"
	" select $1, u.shipment_id, u.number, u.tracking_number, u.carrier, u.tracking_url, u.weight_g,"
	"        coalesce(u.contents, '[]'), case when u.tracking_number <> '' then $9 end"
	"   from unnest($2, $3, $4, $5, $6, $7, $8) as u(shipment_id, number, tracking_number,"
	"        carrier, tracking_url, weight_g, contents)"
	" on conflict (merchant_id, shipment_id, number) do update"
	"   set tracking_number = coalesce(excluded.tracking_number, p.tracking_number),"
	"       carrier = coalesce(excluded.carrier, p.carrier),"
	"       tracking_url = case when excluded.tracking_number <> p.tracking_number"
	"                      then excluded.tracking_url"
	"                      else coalesce(excluded.tracking_url, p.tracking_url) end,"
	"       weight_g = coalesce(excluded.weight_g, p.weight_g),"
	"       contents = case when excluded.contents = '[]' then p.contents"
	"                       else excluded.contents end,"
	"       status = case when excluded.tracking_number <> p.tracking_number then null"
	"                     else p.status end,"
	"       status_at = case when excluded.tracking_number <> p.tracking_number then null"
	"                        else p.status_at end,"
	"       poll_at = case when p.tracking_number is distinct from excluded.tracking_number"
	"                      then excluded.poll_at else p.poll_at end"
	" where (coalesce(excluded.tracking_number, p.tracking_number),"
	"        coalesce(excluded.carrier, p.carrier),"
	"        coalesce(excluded.tracking_url, p.tracking_url),"
	"        coalesce(excluded.weight_g, p.weight_g), coalesce(nullif(excluded.contents, '[]'),"
	"        p.contents)) is distinct from"
	"       (p.tracking_number, p.carrier, p.tracking_url, p.weight_g, p.contents)",
	INT4OID, INT8ARRAYOID, INT4ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT4ARRAYOID,
	JSONBARRAYOID, TIMESTAMPTZOID);

/* The parcels stay, empty of what the label said; history keeps it. */
static FfStatement strip_packages = FF_STATEMENT(
	"with stripped as ("
	"  update fulfillment.packages p set tracking_number = null, tracking_url = null,"
	"         status = null, status_at = null, poll_at = null, contents = '[]'"
	"    from fulfillment.packages b"
	"   where p.merchant_id = $1 and p.shipment_id = $2 and b.merchant_id = $1"
	"     and b.package_id = p.package_id"
	"  returning p.number, b.tracking_number, b.carrier)"
	" select jsonb_build_object('packages', jsonb_agg(jsonb_build_object('number', number,"
	"          'tracking_number', tracking_number, 'carrier', carrier) order by number))::text"
	"   from stripped having count(*) > 0",
	INT4OID, INT8OID);

static FfStatement read_packages =
	FF_STATEMENT("select shipment_id, number, coalesce(tracking_number, '')"
				 "  from fulfillment.packages where merchant_id = $1 and shipment_id = any ($2)"
				 " order by shipment_id, number",
				 INT4OID, INT8ARRAYOID);

/* What is to be written, of any number of shipments. */
typedef struct Writing
{
	FfColumn shipment_id;
	FfColumn number;
	FfColumn tracking_number;
	FfColumn carrier;
	FfColumn tracking_url;
	FfColumn weight_g;
	FfColumn contents;
} Writing;

/* The packages of one shipment that are known already, and the number of the next one. */
typedef struct Known
{
	const FfRows *rows;
	uint64 first;
	uint64 count;
	int32 next;
} Known;

/* The lines of the shipment as contents of its only package. */
static char *
whole_contents(const FfShipment *shipment)
{
	FfJsonWriter writer;

	ff_write_init(&writer);
	ff_write_array(&writer, NULL);
	for (int i = 0; i < shipment->line_count; i++)
	{
		ff_write_object(&writer, NULL);
		ff_write_int(&writer, "line", shipment->lines[i].line);
		ff_write_int(
			&writer, "quantity", shipment->lines[i].quantity - shipment->lines[i].short_quantity);
		ff_write_end(&writer);
	}
	return ff_write_finish(&writer);
}

/*
 * Which of the shipment's packages is meant: the one with its tracking number;
 * else, by its place in the list, one that has no tracking number yet, or any
 * when a list of before is corrected; else a new one.
 */
static int32
number_of(const FfJson *package, int place, Known *known, bool corrected)
{
	const char *tracking = ff_json_text_or(package, "tracking_number", "");
	int64 own = ff_json_int64_or(package, "number", 0);
	uint64 end = known->first + known->count;

	if (own > 0 && own <= 100000)
		return (int32) own;
	for (uint64 i = known->first; i < end && *tracking != '\0'; i++)
		if (strcmp(ff_row_text(known->rows, i, 3), tracking) == 0)
			return ff_row_int4(known->rows, i, 2);
	if ((uint64) place < known->count &&
		(corrected || *ff_row_text(known->rows, known->first + place, 3) == '\0'))
		return ff_row_int4(known->rows, known->first + place, 2);
	return known->next++;
}

static Known
known_of(const FfShipment *shipment, const FfRows *rows)
{
	Known known = {.rows = rows, .next = 1};

	for (uint64 i = 0; i < rows->count; i++)
	{
		if (ff_row_int8(rows, i, 1) != shipment->shipment_id)
			continue;
		if (known.count++ == 0)
			known.first = i;
		known.next = ff_row_int4(rows, i, 2) + 1;
	}
	return known;
}

static void
begin_writing(Writing *writing)
{
	ff_column_init(&writing->shipment_id, INT8OID);
	ff_column_init(&writing->number, INT4OID);
	ff_column_init(&writing->tracking_number, TEXTOID);
	ff_column_init(&writing->carrier, TEXTOID);
	ff_column_init(&writing->tracking_url, TEXTOID);
	ff_column_init(&writing->weight_g, INT4OID);
	ff_column_init(&writing->contents, JSONBOID);
}

/* Answers whether anything changed, and begins anew. */
static bool
write_down(int32 merchant_id, Writing *writing)
{
	FfRows written = {0};

	if (writing->number.count > 0)
		written = ff_run(&store_packages,
						 ff_int4(merchant_id),
						 ff_column(&writing->shipment_id),
						 ff_column(&writing->number),
						 ff_column(&writing->tracking_number),
						 ff_column(&writing->carrier),
						 ff_column(&writing->tracking_url),
						 ff_column(&writing->weight_g),
						 ff_column(&writing->contents),
						 ff_time(GetCurrentTransactionStartTimestamp()));
	begin_writing(writing);
	return written.count > 0;
}

/* A report may name a package twice; one statement may not. */
static bool
names_it(const Writing *writing, const FfShipment *shipment, int32 number)
{
	for (int i = writing->number.count - 1; i >= 0; i--)
	{
		if (DatumGetInt64(writing->shipment_id.values[i]) != shipment->shipment_id)
			return false;
		if (DatumGetInt32(writing->number.values[i]) == number)
			return true;
	}
	return false;
}

static bool
add_packages(Writing *writing, FfShipment *shipment, const FfJson *packages, Known *known,
			 bool corrected)
{
	int count = ff_json_count(packages);
	bool changed = false;

	for (int i = 0; i < count; i++)
	{
		FfJson *package = ff_json_at(packages, i);
		FfJson *lines = ff_json_get(package, "lines");
		FfArgument contents = ff_json(ff_json_count(lines) > 0 ? lines : NULL);
		int32 number = number_of(package, i, known, corrected);

		if (contents.null && count == 1)
			contents = ff_json_from_text(whole_contents(shipment));
		if (names_it(writing, shipment, number))
			changed |= write_down(shipment->merchant_id, writing);
		ff_column_add(&writing->shipment_id, ff_int8(shipment->shipment_id));
		ff_column_add(&writing->number, ff_int4(number));
		ff_column_add(&writing->tracking_number,
					  ff_text(ff_json_text_or(package, "tracking_number", NULL)));
		ff_column_add(&writing->carrier, ff_text(ff_json_text_or(package, "carrier", NULL)));
		ff_column_add(&writing->tracking_url,
					  ff_text(ff_json_text_or(package, "tracking_url", NULL)));
		ff_column_add(&writing->weight_g, ff_positive(package, "weight_g"));
		ff_column_add(&writing->contents, contents);
	}
	return changed;
}

bool
ff_store_packages(FfShipment **shipments, const FfJson *const *packages, int count, bool corrected)
{
	int64 *ids = palloc(sizeof(int64) * count);
	int id_count = 0;
	bool changed = false;
	Writing writing;
	FfRows rows;

	for (int i = 0; i < count; i++)
		if (ff_json_count(packages[i]) > 0)
			ids[id_count++] = shipments[i]->shipment_id;
	if (id_count == 0)
		return false;
	rows = ff_run(&read_packages, ff_int4(shipments[0]->merchant_id), ff_ids(ids, id_count));
	begin_writing(&writing);
	for (int i = 0; i < count; i++)
	{
		Known known = known_of(shipments[i], &rows);

		changed |= add_packages(&writing, shipments[i], packages[i], &known, corrected);
	}
	return write_down(shipments[0]->merchant_id, &writing) || changed;
}

void
ff_shipment_correct(FfShipment *shipment, const FfShipmentReport *report)
{
	FfJsonWriter after;

	if (!ff_store_packages(&shipment, &report->packages, 1, true))
		return;
	ff_write_init(&after);
	ff_write_object(&after, NULL);
	ff_write_json(&after, "packages", report->packages);
	ff_shipment_note(shipment, "correct", report->cause, NULL, ff_write_finish(&after));
	shipment->event = FF_SHIPMENT_EVENT_SHIP;
	ff_update_channel((void **) &shipment, (const void **) &report, 1);
	ff_notify_shipment((void **) &shipment, (const void **) &report, 1);
}

void
ff_strip_packages(FfShipment *shipment, const char *cause)
{
	FfRows rows =
		ff_run(&strip_packages, ff_int4(shipment->merchant_id), ff_int8(shipment->shipment_id));

	if (rows.count > 0)
		ff_shipment_note(shipment, "strip_packages", cause, ff_row_text(&rows, 0, 1), NULL);
}
