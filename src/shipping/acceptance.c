/*
 * acceptance.c
 *
 * What a provider hands over when it takes a shipment: reference, cost,
 * packages, documents, progress.  Everything may come again and more
 * completely: what is known is kept, what is new is added.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "pg/spi.h"
#include "shipping/parts.h"

/* Where the provider said nothing what is known stays. */
static FfStatement store_references = FF_STATEMENT(
	"update fulfillment.shipments s set"
	"       provider_reference = coalesce(u.reference, s.provider_reference),"
	"       cost = coalesce(u.cost::numeric, s.cost), currency = coalesce(u.currency, s.currency),"
	"       estimated_delivery_at = coalesce(u.estimate::timestamptz, s.estimated_delivery_at),"
	"       confirmed_at = coalesce(s.confirmed_at, case when u.confirmed then now() end),"
	"       error_code = null, error_message = null"
	"  from unnest($2, $3, $4, $5, $6, $7, $8)"
	"    as u(shipment_id, said, reference, cost, currency, estimate, confirmed)"
	" where u.said and s.merchant_id = $1 and s.shipment_id = u.shipment_id",
	INT4OID, INT8ARRAYOID, BOOLARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
	BOOLARRAYOID);

/* The same document is stored once. */
static FfStatement store_documents = FF_STATEMENT(
	"insert into fulfillment.documents (merchant_id, shipment_id, package_number, kind, format,"
	"       content, url, sha256)"
	" select $1, d.shipment_id, d.package, d.kind, d.format, d.content, d.url, d.sha256"
	"   from unnest($2, $3, $4, $5, $6, $7, $8) as d(shipment_id, package, kind, format, content,"
	"        url, sha256)"
	"  where not exists (select 1 from fulfillment.documents o where o.merchant_id = $1"
	"           and o.shipment_id = d.shipment_id and o.kind = d.kind and o.voided_at is null"
	"           and o.sha256 is not distinct from d.sha256"
	"           and o.url is not distinct from d.url)",
	INT4OID, INT8ARRAYOID, INT4ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, BYTEAARRAYOID, TEXTARRAYOID,
	BYTEAARRAYOID);

static FfStatement void_documents =
	FF_STATEMENT("update fulfillment.documents set voided_at = $3"
				 " where merchant_id = $1 and shipment_id = $2 and voided_at is null",
				 INT4OID, INT8OID, TIMESTAMPTZOID);

static FfStatement store_progress = FF_STATEMENT(
	"update fulfillment.shipments set progress = $3 where merchant_id = $1 and shipment_id = $2",
	INT4OID, INT8OID, TEXTOID);

FfArgument
ff_positive(const FfJson *json, const char *path)
{
	int64 value;

	if (ff_json_int64(json, path, &value) && value > 0 && value <= PG_INT32_MAX)
		return ff_int4((int32) value);
	return ff_null();
}

/* Documents to be written, of any number of shipments. */
typedef struct Papers
{
	FfColumn shipment_id;
	FfColumn package;
	FfColumn kind;
	FfColumn format;
	FfColumn content;
	FfColumn url;
	FfColumn sha256;
} Papers;

static bool
same_bytes(const FfColumn *column, int one, int other)
{
	if (column->nulls[one] || column->nulls[other])
		return column->nulls[one] == column->nulls[other];
	return DatumGetBool(DirectFunctionCall2(byteaeq, column->values[one], column->values[other]));
}

/* Whether the last paper stands there already: texts and bytes compare alike. */
static bool
is_repeated(const Papers *papers)
{
	int last = papers->kind.count - 1;

	for (int i = last - 1; i >= 0; i--)
	{
		if (papers->shipment_id.values[i] != papers->shipment_id.values[last])
			return false;
		if (same_bytes(&papers->kind, i, last) && same_bytes(&papers->url, i, last) &&
			same_bytes(&papers->sha256, i, last))
			return true;
	}
	return false;
}

static void
add_paper(Papers *papers, const FfShipment *shipment, const FfJson *document)
{
	char *base64 = ff_json_text(document, "content_base64");
	const char *url = ff_json_text_or(document, "url", NULL);
	FfArgument content = ff_null();
	FfArgument sha256 = ff_null();

	if (base64 == NULL && url == NULL)
		return;
	if (base64 != NULL)
	{
		content = ff_datum(DirectFunctionCall2(
			binary_decode, CStringGetTextDatum(base64), CStringGetTextDatum("base64")));
		sha256 = ff_datum(DirectFunctionCall1(sha256_bytea, content.value));
	}
	ff_column_add(&papers->shipment_id, ff_int8(shipment->shipment_id));
	ff_column_add(&papers->package, ff_positive(document, "package"));
	ff_column_add(&papers->kind, ff_text(ff_json_text_or(document, "kind", "label")));
	ff_column_add(&papers->format, ff_text(ff_json_text_or(document, "format", "pdf")));
	ff_column_add(&papers->content, content);
	ff_column_add(&papers->url, ff_text(url));
	ff_column_add(&papers->sha256, sha256);
	if (!is_repeated(papers))
		return;
	papers->shipment_id.count--;
	papers->package.count--;
	papers->kind.count--;
	papers->format.count--;
	papers->content.count--;
	papers->url.count--;
	papers->sha256.count--;
}

static void
store_papers(FfShipment **shipments, const FfShipmentReport **reports, int count)
{
	Papers papers;

	ff_column_init(&papers.shipment_id, INT8OID);
	ff_column_init(&papers.package, INT4OID);
	ff_column_init(&papers.kind, TEXTOID);
	ff_column_init(&papers.format, TEXTOID);
	ff_column_init(&papers.content, BYTEAOID);
	ff_column_init(&papers.url, TEXTOID);
	ff_column_init(&papers.sha256, BYTEAOID);
	for (int i = 0; i < count; i++)
	{
		const FfJson *documents = ff_json_get(reports[i]->outcome, "documents");

		for (int j = 0; j < ff_json_count(documents); j++)
			add_paper(&papers, shipments[i], ff_json_at(documents, j));
	}
	if (papers.kind.count > 0)
		ff_run(&store_documents,
			   ff_int4(shipments[0]->merchant_id),
			   ff_column(&papers.shipment_id),
			   ff_column(&papers.package),
			   ff_column(&papers.kind),
			   ff_column(&papers.format),
			   ff_column(&papers.content),
			   ff_column(&papers.url),
			   ff_column(&papers.sha256));
}

/* Some answers only say that it was handed over; whether the provider has it comes later. */
static bool
is_confirmed(const FfJson *said)
{
	static const char *const handed_over[] = {"submitted", "pending", "cancel_requested"};
	const char *state = ff_json_text_or(said, "state", "");

	for (int i = 0; i < (int) lengthof(handed_over); i++)
		if (strcmp(state, handed_over[i]) == 0)
			return false;
	return said != NULL;
}

void
ff_said_columns(FfColumn *columns, FfShipment **shipments, const FfShipmentReport **reports,
				int count)
{
	static const Oid types[FF_SAID_COLUMNS] = {
		INT8OID, BOOLOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID};

	for (int i = 0; i < FF_SAID_COLUMNS; i++)
		ff_column_init(&columns[i], types[i]);
	for (int i = 0; i < count; i++)
	{
		const FfJson *said = reports == NULL ? NULL : reports[i]->outcome;
		const char *currency = ff_json_text_or(said, "cost.currency", NULL);

		if (currency != NULL && strlen(currency) != 3)
			currency = NULL;
		ff_column_add(&columns[0], ff_int8(shipments[i]->shipment_id));
		ff_column_add(&columns[1], ff_bool(said != NULL));
		ff_column_add(&columns[2], ff_text(ff_json_text_or(said, "provider_reference", NULL)));
		ff_column_add(&columns[3], ff_text(ff_json_number(said, "cost.amount")));
		ff_column_add(&columns[4], ff_text(currency));
		ff_column_add(&columns[5], ff_text(ff_json_text_or(said, "estimated_delivery_at", NULL)));
		ff_column_add(&columns[6], ff_bool(is_confirmed(said)));
		if (shipments[i]->provider_reference == NULL)
			shipments[i]->provider_reference = ff_json_text(said, "provider_reference");
	}
}

/* The rest of what was said: packages and documents. */
static void
store_contents(FfShipment **shipments, const FfShipmentReport **reports, int count)
{
	const FfJson **said = palloc(sizeof(FfJson *) * count);
	const FfJson **reported = palloc(sizeof(FfJson *) * count);

	for (int i = 0; i < count; i++)
	{
		said[i] = ff_json_get(reports[i]->outcome, "packages");
		reported[i] = reports[i]->packages;
	}
	ff_store_packages(shipments, said, count, false);
	store_papers(shipments, reports, count);
	ff_store_packages(shipments, reported, count, false);
}

static void
write_references(FfShipment **shipments, const FfShipmentReport **reports, int count)
{
	FfColumn columns[FF_SAID_COLUMNS];

	ff_said_columns(columns, shipments, reports, count);
	ff_run(&store_references,
		   ff_int4(shipments[0]->merchant_id),
		   ff_column(&columns[0]),
		   ff_column(&columns[1]),
		   ff_column(&columns[2]),
		   ff_column(&columns[3]),
		   ff_column(&columns[4]),
		   ff_column(&columns[5]),
		   ff_column(&columns[6]));
}

void
ff_store_words(FfShipment **shipments, const FfShipmentReport **reports, int count)
{
	write_references(shipments, reports, count);
	store_contents(shipments, reports, count);
}

/* With another state the references have been written (shipment.c). */
void
ff_store_acceptance(void **subjects, const void **payloads, int count)
{
	FfShipment **shipments = (FfShipment **) subjects;
	const FfShipmentReport **reports = (const FfShipmentReport **) payloads;

	if (shipments[0]->from == shipments[0]->state)
		write_references(shipments, reports, count);
	store_contents(shipments, reports, count);
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
