/*
 * acceptance.c
 *
 * What a provider hands over when it takes a shipment, and what a person
 * reports: reference, cost, packages, documents, progress.  Everything may come
 * again and more completely: what is known is kept, what is new is added.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "pg/spi.h"
#include "shipping/parts.h"

static FfStatement store_reference = FF_STATEMENT(
	"update fulfillment.shipments set provider_reference = coalesce($3, provider_reference),"
	"       cost = coalesce($4::numeric, cost), currency = coalesce($5, currency),"
	"       estimated_delivery_at = coalesce($6::timestamptz, estimated_delivery_at),"
	"       error_code = null, error_message = null"
	" where merchant_id = $1 and shipment_id = $2",
	INT4OID, INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID);

/*
 * A package is polled from the moment it has a number; with another number it
 * is another story, told from the beginning.  What changes nothing writes
 * nothing.
 */
static FfStatement store_package = FF_STATEMENT(
	"insert into fulfillment.packages as p (merchant_id, shipment_id, number, tracking_number,"
	"       carrier, tracking_url, weight_g, contents, poll_at)"
	" values ($1, $2, $3, $4, $5, $6, $7, coalesce($8, '[]'), case when $4 <> '' then $9 end)"
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
	INT4OID, INT8OID, INT4OID, TEXTOID, TEXTOID, TEXTOID, INT4OID, JSONBOID, TIMESTAMPTZOID);

/* The same document is stored once. */
static FfStatement store_document = FF_STATEMENT(
	"insert into fulfillment.documents (merchant_id, shipment_id, package_number, kind, format,"
	"       content, url, sha256)"
	" select $1, $2, $3, $4, $5, d.content, $7, sha256(d.content)"
	"   from (select decode(translate($6, E'\\r\\n\\t ', ''), 'base64') as content) d"
	"  where not exists (select 1 from fulfillment.documents o where o.merchant_id = $1"
	"           and o.shipment_id = $2 and o.kind = $4 and o.voided_at is null"
	"           and o.sha256 is not distinct from sha256(d.content)"
	"           and o.url is not distinct from $7)",
	INT4OID, INT8OID, INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID);

static FfStatement void_documents =
	FF_STATEMENT("update fulfillment.documents set voided_at = $3"
				 " where merchant_id = $1 and shipment_id = $2 and voided_at is null",
				 INT4OID, INT8OID, TIMESTAMPTZOID);

static FfStatement store_progress = FF_STATEMENT(
	"update fulfillment.shipments set progress = $3 where merchant_id = $1 and shipment_id = $2",
	INT4OID, INT8OID, TEXTOID);

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
	FF_STATEMENT("select number, coalesce(tracking_number, '') from fulfillment.packages"
				 " where merchant_id = $1 and shipment_id = $2 order by number",
				 INT4OID, INT8OID);

static FfArgument
int4_or_null(const FfJson *json, const char *path)
{
	int64 value;

	if (ff_json_int64(json, path, &value) && value > 0 && value <= PG_INT32_MAX)
		return ff_int4((int32) value);
	return ff_null();
}

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
number_of(const FfJson *package, int place, const FfRows *known, bool corrected, int32 *next)
{
	const char *tracking = ff_json_text_or(package, "tracking_number", "");
	int64 own = ff_json_int64_or(package, "number", 0);

	if (own > 0 && own <= 100000)
		return (int32) own;
	for (uint64 i = 0; i < known->count && *tracking != '\0'; i++)
		if (strcmp(ff_row_text(known, i, 2), tracking) == 0)
			return ff_row_int4(known, i, 1);
	if ((uint64) place < known->count && (corrected || *ff_row_text(known, place, 2) == '\0'))
		return ff_row_int4(known, place, 1);
	return (*next)++;
}

bool
ff_store_packages(FfShipment *shipment, const FfJson *packages, bool corrected)
{
	int count = ff_json_count(packages);
	bool changed = false;
	int32 next = 1;
	FfRows known;

	if (count == 0)
		return false;
	known = ff_run(&read_packages, ff_int4(shipment->merchant_id), ff_int8(shipment->shipment_id));
	if (known.count > 0)
		next += ff_row_int4(&known, known.count - 1, 1);
	for (int i = 0; i < count; i++)
	{
		FfJson *package = ff_json_at(packages, i);
		FfJson *lines = ff_json_get(package, "lines");
		FfArgument contents = ff_json(ff_json_count(lines) > 0 ? lines : NULL);
		FfRows written;

		if (contents.null && count == 1)
			contents = ff_json_from_text(whole_contents(shipment));
		written = ff_run(&store_package,
						 ff_int4(shipment->merchant_id),
						 ff_int8(shipment->shipment_id),
						 ff_int4(number_of(package, i, &known, corrected, &next)),
						 ff_text(ff_json_text_or(package, "tracking_number", NULL)),
						 ff_text(ff_json_text_or(package, "carrier", NULL)),
						 ff_text(ff_json_text_or(package, "tracking_url", NULL)),
						 int4_or_null(package, "weight_g"),
						 contents,
						 ff_time(GetCurrentTransactionStartTimestamp()));
		changed |= written.count > 0;
	}
	return changed;
}

static void
store_documents(FfShipment *shipment, const FfJson *documents)
{
	for (int i = 0; i < ff_json_count(documents); i++)
	{
		FfJson *document = ff_json_at(documents, i);
		const char *content = ff_json_text_or(document, "content_base64", NULL);
		const char *url = ff_json_text_or(document, "url", NULL);

		if (content == NULL && url == NULL)
			continue;
		ff_run(&store_document,
			   ff_int4(shipment->merchant_id),
			   ff_int8(shipment->shipment_id),
			   int4_or_null(document, "package"),
			   ff_text(ff_json_text_or(document, "kind", "label")),
			   ff_text(ff_json_text_or(document, "format", "pdf")),
			   ff_text(content),
			   ff_text(url));
	}
}

void
ff_store_acceptance(void *subject, const void *payload)
{
	FfShipment *shipment = subject;
	const FfShipmentReport *report = payload;
	const FfJson *said = report->outcome;

	if (said != NULL)
	{
		const char *currency = ff_json_text_or(said, "cost.currency", NULL);

		if (currency != NULL && strlen(currency) != 3)
			currency = NULL;
		ff_run(&store_reference,
			   ff_int4(shipment->merchant_id),
			   ff_int8(shipment->shipment_id),
			   ff_text(ff_json_text_or(said, "provider_reference", NULL)),
			   ff_text(ff_json_number(said, "cost.amount")),
			   ff_text(currency),
			   ff_text(ff_json_text_or(said, "estimated_delivery_at", NULL)));
		if (shipment->provider_reference == NULL)
			shipment->provider_reference = ff_json_text(said, "provider_reference");
		ff_store_packages(shipment, ff_json_get(said, "packages"), false);
		store_documents(shipment, ff_json_get(said, "documents"));
	}
	ff_store_packages(shipment, report->packages, false);
}

void
ff_shipment_correct(FfShipment *shipment, const FfShipmentReport *report)
{
	FfJsonWriter after;

	if (!ff_store_packages(shipment, report->packages, true))
		return;
	ff_write_init(&after);
	ff_write_object(&after, NULL);
	ff_write_json(&after, "packages", report->packages);
	ff_shipment_note(shipment, "correct", report->cause, NULL, ff_write_finish(&after));
	shipment->event = FF_SHIPMENT_EVENT_SHIP;
	ff_update_channel(shipment, report);
	ff_notify_shipment(shipment, report);
}

void
ff_strip_packages(FfShipment *shipment, const char *cause)
{
	FfRows rows =
		ff_run(&strip_packages, ff_int4(shipment->merchant_id), ff_int8(shipment->shipment_id));

	if (rows.count > 0)
		ff_shipment_note(shipment, "strip_packages", cause, ff_row_text(&rows, 0, 1), NULL);
}

void
ff_store_progress(void *subject, const void *payload)
{
	FfShipment *shipment = subject;
	const char *progress = ff_reported_progress(payload);

	if (progress == NULL)
		return;
	shipment->progress = pstrdup(progress);
	ff_run(&store_progress,
		   ff_int4(shipment->merchant_id),
		   ff_int8(shipment->shipment_id),
		   ff_text(progress));
}

void
ff_void_documents(void *subject, const void *payload)
{
	FfShipment *shipment = subject;

	ff_run(&void_documents,
		   ff_int4(shipment->merchant_id),
		   ff_int8(shipment->shipment_id),
		   ff_time(GetCurrentTransactionStartTimestamp()));
}
