/*
 * apply_stock.c
 *
 * What a location reported of its stock, and what a channel took of ours.
 * Reported levels are kept beside our own and never overwrite them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "pg/spi.h"
#include "workers/verbs.h"

/* A row without a location is about the one that was asked for; rows of others are theirs. */
static FfStatement keep_reported = FF_STATEMENT(
	"insert into fulfillment.stock_levels as v (merchant_id, location_id, item_id,"
	"  reported_on_hand, reported_as_of)"
	" select $1, l.location_id, i.item_id, max((r.value ->> 'on_hand')::numeric)::int,"
	"   max(coalesce((r.value ->> 'as_of')::timestamptz, $4))"
	"  from jsonb_array_elements($3) as r (value)"
	"  join fulfillment.items i on i.merchant_id = $1 and i.sku = r.value ->> 'sku'"
	"  join fulfillment.locations a on a.merchant_id = $1 and a.location_id = $2"
	"  join fulfillment.locations l on l.merchant_id = $1 and (l.location_id = $2"
	"   and (r.value ->> 'location' is null or r.value ->> 'location' = coalesce(l.provider_code,"
	"    r.value ->> 'location')) or l.provider_id = a.provider_id"
	"   and l.provider_code = r.value ->> 'location')"
	"  where r.value ->> 'on_hand' is not null"
	"  group by l.location_id, i.item_id order by l.location_id, i.item_id"
	" on conflict (merchant_id, location_id, item_id) do update"
	"  set reported_on_hand = excluded.reported_on_hand, reported_as_of = excluded.reported_as_of"
	"  where v.reported_as_of is null or v.reported_as_of <= excluded.reported_as_of",
	INT4OID, INT8OID, JSONBOID, TIMESTAMPTZOID);

/* Only what the channel says it took, and the figure that was sent. */
static FfStatement keep_published = FF_STATEMENT(
	"update fulfillment.listings g set published = (s.value ->> 'quantity')::int,"
	"  published_at = $5"
	" from jsonb_array_elements($3) as s (value)"
	" where g.merchant_id = $1 and g.channel_id = $2 and g.channel_sku = s.value ->> 'sku'"
	"  and not exists (select 1 from jsonb_array_elements($4) as r (value)"
	"   where r.value ->> 'sku' = s.value ->> 'sku' and r.value ->> 'accepted' = 'false')",
	INT4OID, INT8OID, JSONBOID, JSONBOID, TIMESTAMPTZOID);

#define LISTINGS_PER_CALL 100 /* as the call document has them at most */

static FfArgument
array_of(const FfJson *document, const char *path)
{
	FfJson *array = ff_json_get(document, path);

	return ff_json_is_array(array) ? ff_json(array) : ff_json_from_text("[]");
}

void
ff_apply_inventory(FfSettling *settling)
{
	const FfClaimedTask *task = &settling->errand->task;

	ff_run(&keep_reported,
		   ff_int4(task->merchant_id),
		   ff_int8(task->subject_id),
		   array_of(settling->outcome, "inventory"),
		   ff_time(settling->errand->started_at));
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
		   ff_time(settling->now));
	if (refused != NULL)
		ff_settling_tell(settling,
						 "listing_refused",
						 psprintf("%s: the channel refuses the stock of \"%s\": %s",
								  settling->cause,
								  ff_json_text_or(refused, "sku", ""),
								  ff_json_text_or(refused, "error", "no reason given")),
						 "Correct the listing in table listings.");
	else if (sent == LISTINGS_PER_CALL)
		ff_settling_anew(settling, settling->now);
}
