/*
 * rates_store.c
 *
 * Questions to carriers and their answers, written.  Nobody waits for another
 * session here: two that have the same question at the same moment both ask it,
 * and the later answer replaces the earlier one.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"

#include "pg/spi.h"
#include "routing/rates.h"
#include "tasks/task.h"

/* A request whose task is lost can be made again after an hour. */
static FfStatement write_requests = FF_STATEMENT(
	"insert into fulfillment.rate_requests as r (merchant_id, order_id, provider_id, location_id,"
	"       country, area, residential, weight_g, volume_mm3, contents, asked_at, ask_again_at)"
	" select distinct on (u.country, u.area, u.provider_id, u.location_id, u.residential,"
	"        u.weight_g, u.volume_mm3)"
	"        $1, u.order_id, u.provider_id, u.location_id, u.country, u.area, u.residential,"
	"        u.weight_g, u.volume_mm3, u.contents, $2, $2 + interval '1 hour'"
	"   from unnest($3, $4, $5, $6, $7, $8, $9, $10, $11)"
	"     as u (order_id, provider_id, location_id, country, area, residential, weight_g,"
	"           volume_mm3, contents)"
	"  where not exists (select from fulfillment.rate_requests t where t.merchant_id = $1"
	"          and t.country = u.country and t.area = u.area and t.provider_id = u.provider_id"
	"          and t.location_id = u.location_id and t.residential = u.residential"
	"          and t.weight_g = u.weight_g and t.volume_mm3 = u.volume_mm3"
	"          and t.ask_again_at > $2)"
	" returning r.rate_request_id, r.order_id,"
	"        (select p.connection_id from fulfillment.providers p"
	"          where p.merchant_id = $1 and p.provider_id = r.provider_id)",
	INT4OID, TIMESTAMPTZOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
	BOOLARRAYOID, INT8ARRAYOID, INT8ARRAYOID, JSONBARRAYOID);

static FfStatement end_request = FF_STATEMENT(
	"update fulfillment.rate_requests set problem = $3, answered_at = coalesce($4, answered_at),"
	"       ask_again_at = $5"
	" where merchant_id = $1 and rate_request_id = $2",
	INT4OID, INT8OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID);

/* What was asked of the same before, with its answer; one that is being answered is left. */
static FfStatement forget_older = FF_STATEMENT(
	"delete from fulfillment.rate_requests where merchant_id = $1 and rate_request_id in ("
	" select t.rate_request_id from fulfillment.rate_requests r, fulfillment.rate_requests t"
	"  where r.merchant_id = $1 and r.rate_request_id = $2 and t.merchant_id = $1"
	"    and t.country = r.country and t.area = r.area and t.provider_id = r.provider_id"
	"    and t.location_id = r.location_id and t.residential = r.residential"
	"    and t.weight_g = r.weight_g and t.volume_mm3 = r.volume_mm3"
	"    and t.rate_request_id < r.rate_request_id"
	"  for update of t skip locked)",
	INT4OID, INT8OID);

/* Of several prices of a service the lowest; what is no price is left out. */
static FfStatement write_quotes = FF_STATEMENT(
	"insert into fulfillment.rate_quotes (merchant_id, rate_request_id, service, name, amount,"
	"       currency, transit_days, arrives)"
	" select distinct on (e ->> 'service') $1, r.rate_request_id, e ->> 'service', e ->> 'name',"
	"        (e ->> 'amount')::numeric, e ->> 'currency', (e ->> 'transit_days')::numeric::int,"
	"        e ->> 'estimated_delivery_at'"
	"   from fulfillment.rate_requests r, jsonb_array_elements($3) e"
	"  where r.merchant_id = $1 and r.rate_request_id = $2 and e ->> 'service' is not null"
	"    and (e ->> 'amount')::numeric >= 0 and e ->> 'currency' ~ '^[A-Z]{3}$'"
	"    and coalesce((e ->> 'transit_days')::numeric, 0) between 0 and 1000"
	"  order by e ->> 'service', (e ->> 'amount')::numeric"
	" on conflict do nothing",
	INT4OID, INT8OID, JSONBOID);

/*
 * Orders to that destination that wait for prices, when nothing is left to wait
 * for.  One that is locked is being decided, with the answer or without.
 */
static FfStatement wake_orders = FF_STATEMENT(
	"update fulfillment.orders set next_routing_at = $3"
	" where merchant_id = $1 and order_id in (select o.order_id"
	"   from fulfillment.rate_requests r, fulfillment.orders o,"
	"        upper(regexp_replace(coalesce(o.ship_to ->> 'postcode', ''), '[^[:alnum:]]', '', 'g'))"
	"          as postcode"
	"  where r.merchant_id = $1 and r.rate_request_id = $2 and o.merchant_id = $1"
	"    and o.next_routing_at > $3 and o.routing_reason = 'rates'"
	"    and o.ship_to ->> 'country' = r.country and starts_with(postcode, r.area)"
	"    and not exists (select from fulfillment.rate_requests t where t.merchant_id = $1"
	"          and t.country = r.country and starts_with(postcode, t.area)"
	"          and t.ask_again_at > $3 and t.problem is null"
	"          and t.asked_at > coalesce(t.answered_at, '-infinity'))"
	"  for update of o skip locked)"
	" returning order_id",
	INT4OID, INT8OID, TIMESTAMPTZOID);

int
ff_rates_ask(int32 merchant_id, const FfRateQuestions *questions, TimestampTz now)
{
	static const Oid types[] = {
		INT8OID, INT8OID, INT8OID, TEXTOID, TEXTOID, BOOLOID, INT8OID, INT8OID, JSONBOID};
	FfColumn c[lengthof(types)];
	FfTask *tasks;
	FfRows rows;

	if (questions->count == 0)
		return 0;
	for (size_t i = 0; i < lengthof(types); i++)
		ff_column_init(&c[i], types[i]);
	for (int i = 0; i < questions->count; i++)
	{
		const FfRateQuestion *question = &questions->questions[i];

		ff_column_add(&c[0], ff_int8(question->order_id));
		ff_column_add(&c[1], ff_int8(question->provider_id));
		ff_column_add(&c[2], ff_int8(question->location_id));
		ff_column_add(&c[3], ff_text(question->country));
		ff_column_add(&c[4], ff_text(question->area));
		ff_column_add(&c[5], ff_bool(question->residential));
		ff_column_add(&c[6], ff_int8(question->weight_g));
		ff_column_add(&c[7], ff_int8(question->volume_mm3));
		ff_column_add(&c[8], ff_json_from_text(question->contents));
	}
	rows = ff_run(&write_requests,
				  ff_int4(merchant_id),
				  ff_time(now),
				  ff_column(&c[0]),
				  ff_column(&c[1]),
				  ff_column(&c[2]),
				  ff_column(&c[3]),
				  ff_column(&c[4]),
				  ff_column(&c[5]),
				  ff_column(&c[6]),
				  ff_column(&c[7]),
				  ff_column(&c[8]));
	tasks = palloc0(sizeof(FfTask) * (rows.count + 1));
	for (uint64 row = 0; row < rows.count; row++)
		tasks[row] = (FfTask){.merchant_id = merchant_id,
							  .connection_id = ff_row_int8(&rows, row, 3),
							  .operation = FF_OP_QUOTE_RATES,
							  .subject_kind = "order",
							  .subject_id = ff_row_int8(&rows, row, 2),
							  .order_id = ff_row_int8(&rows, row, 2),
							  .payload = psprintf("{\"rate_request_id\": " INT64_FORMAT "}",
												  ff_row_int8(&rows, row, 1))};
	ff_tasks_add(tasks, (int) rows.count);
	return (int) rows.count;
}

/* Locks who waited for a request and may go now. */
static int64 *
wake(int32 merchant_id, int64 request_id, TimestampTz now, int *count)
{
	FfRows rows = ff_run(&wake_orders, ff_int4(merchant_id), ff_int8(request_id), ff_time(now));
	int64 *orders = palloc(sizeof(int64) * (rows.count + 1));

	for (uint64 row = 0; row < rows.count; row++)
		orders[row] = ff_row_int8(&rows, row, 1);
	*count = (int) rows.count;
	return orders;
}

int64 *
ff_rates_answer(int32 merchant_id, int64 request_id, const FfJson *rates, const char *problem,
				TimestampTz now, int *count)
{
	ff_run(&end_request,
		   ff_int4(merchant_id),
		   ff_int8(request_id),
		   ff_text(problem),
		   ff_time(now),
		   ff_time(now));
	ff_run(&forget_older, ff_int4(merchant_id), ff_int8(request_id));
	if (rates != NULL)
		ff_run(&write_quotes, ff_int4(merchant_id), ff_int8(request_id), ff_json(rates));
	return wake(merchant_id, request_id, now, count);
}

int64 *
ff_rates_fail(int32 merchant_id, int64 request_id, const char *problem, TimestampTz now, int *count)
{
	ff_run(&end_request,
		   ff_int4(merchant_id),
		   ff_int8(request_id),
		   ff_text(problem),
		   ff_null(),
		   ff_time(now + 5 * USECS_PER_MINUTE));
	return wake(merchant_id, request_id, now, count);
}
