/*
 * apply_stock.c
 *
 * What a location reported of its stock, and what a channel took of ours.
 * Reports are compared with the ledger by reconcile_stock; they overwrite nothing.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "pg/session.h"
#include "pg/spi.h"
#include "workers/verbs.h"

static FfStatement take_rows = FF_STATEMENT("select fulfillment.take_inventory($2, $3, $4, $1)",
											INT4OID, INT8OID, JSONBOID, TIMESTAMPTZOID);

static FfStatement end_report = FF_STATEMENT(
	"select fulfillment.end_inventory($2, $3::timestamptz, $1)", INT4OID, INT8OID, TEXTOID);

static FfStatement keep_cursor = FF_STATEMENT(
	"update fulfillment.locations set inventory_cursor = coalesce($3, inventory_cursor),"
	"  inventory_at = $4::timestamptz,"
	"  inventory_complete_at = case when $5 then $4::timestamptz else inventory_complete_at end"
	" where merchant_id = $1 and location_id = $2",
	INT4OID, INT8OID, JSONBOID, TEXTOID, BOOLOID);

/*
 * Only what the channel says it took, and the figure that was sent; every row
 * that was sent was tried.  What it showed in its answer is kept, too.
 */
static FfStatement keep_published = FF_STATEMENT(
	"with taken as ("
	" update fulfillment.listings g set tried_at = $5,"
	"   published = case when t.accepted then t.quantity else g.published end,"
	"   wanted = case when t.accepted then t.quantity else g.wanted end,"
	"   published_at = case when t.accepted then $5 else g.published_at end,"
	"   read_back = coalesce(t.shown, g.read_back),"
	"   read_back_at = case when t.shown is not null then $5 else g.read_back_at end,"
	"   mismatches = g.mismatches + (t.accepted and t.shown is not null"
	"    and t.shown <> t.quantity)::int"
	"  from (select s.value ->> 'sku' as sku, (s.value ->> 'quantity')::int as quantity,"
	"     not coalesce(r.value ->> 'accepted' = 'false', false) as accepted,"
	"     (r.value ->> 'quantity')::numeric::int as shown"
	"    from jsonb_array_elements($3) as s (value)"
	"    left join jsonb_array_elements($4) as r (value)"
	"     on r.value ->> 'sku' = s.value ->> 'sku') t"
	"  where g.merchant_id = $1 and g.channel_id = $2 and g.channel_sku = t.sku"
	" returning g.listing_id, g.channel_sku, t.accepted, t.quantity, t.shown)"
	" insert into fulfillment.history (merchant_id, subject_kind, subject_id, event, actor, cause,"
	"   before, after)"
	"  select $1, 'listing', k.listing_id, 'read_back', $6, $7,"
	"    jsonb_build_object('sku', k.channel_sku, 'told', k.quantity),"
	"    jsonb_build_object('shown', k.shown)"
	"   from taken k where k.accepted and k.shown is not null and k.shown <> k.quantity",
	INT4OID, INT8OID, JSONBOID, JSONBOID, TIMESTAMPTZOID, TEXTOID, TEXTOID);

#define LISTINGS_PER_CALL 100 /* as the call document has them at most */

static FfArgument
array_of(const FfJson *document, const char *path)
{
	FfJson *array = ff_json_get(document, path);

	return ff_json_is_array(array) ? ff_json(array) : ff_json_from_text("[]");
}

void
ff_apply_inventory_page(FfSettling *settling)
{
	const FfClaimedTask *task = &settling->errand->task;

	ff_run(&take_rows,
		   ff_int4(task->merchant_id),
		   ff_int8(task->subject_id),
		   array_of(settling->outcome, "inventory"),
		   ff_time(settling->errand->started_at));
}

/* The last page: what a complete report did not name is not there. */
void
ff_apply_inventory(FfSettling *settling)
{
	const FfErrand *errand = settling->errand;
	const FfClaimedTask *task = &errand->task;
	const char *began_at = ff_json_text_or(errand->document, "began_at", NULL);
	bool complete = ff_json_bool(errand->document, "complete", false);

	ff_apply_inventory_page(settling);
	if (began_at == NULL)
		return;
	if (complete)
		ff_run(
			&end_report, ff_int4(task->merchant_id), ff_int8(task->subject_id), ff_text(began_at));
	ff_run(&keep_cursor,
		   ff_int4(task->merchant_id),
		   ff_int8(task->subject_id),
		   ff_json(ff_json_get(settling->outcome, "next")),
		   ff_text(began_at),
		   ff_bool(complete));
}

/* The first refusal in the answer, or NULL. */
static const FfJson *
refused_listing(const FfSettling *settling)
{
	FfJson *answers = ff_json_get(settling->outcome, "inventory");

	for (int i = 0; i < ff_json_count(answers); i++)
		if (!ff_json_bool(ff_json_at(answers, i), "accepted", true))
			return ff_json_at(answers, i);
	return NULL;
}

static int
refused_count(const FfSettling *settling)
{
	FfJson *answers = ff_json_get(settling->outcome, "inventory");
	int count = 0;

	for (int i = 0; i < ff_json_count(answers); i++)
		count += !ff_json_bool(ff_json_at(answers, i), "accepted", true);
	return count;
}

void
ff_apply_levels_taken(FfSettling *settling)
{
	const FfErrand *errand = settling->errand;
	const FfJson *refused = refused_listing(settling);
	int sent = ff_json_count(ff_json_get(errand->document, "inventory"));

	ff_run(&keep_published,
		   ff_int4(errand->task.merchant_id),
		   ff_int8(errand->task.subject_id),
		   array_of(errand->document, "inventory"),
		   array_of(settling->outcome, "inventory"),
		   ff_time(settling->now),
		   ff_text(ff_actor()),
		   ff_text(settling->cause));
	if (refused != NULL)
		ff_settling_tell(settling,
						 "listing_refused",
						 psprintf("%s: the channel refuses the stock of \"%s\": %s",
								  settling->cause,
								  ff_json_text_or(refused, "sku", ""),
								  ff_json_text_or(refused, "error", "no reason given")),
						 "Correct the listing in table listings.");
	if (sent == LISTINGS_PER_CALL && refused_count(settling) < sent)
		ff_settling_anew(settling, settling->now);
}
