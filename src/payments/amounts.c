/*
 * amounts.c
 *
 * What is captured for a shipment, and what an order lets go; see payments.h.
 *
 * An order is worth the sum of its lines, its freight (attribute "freight")
 * and what the authorization has beyond or below that, a discount or cents of
 * rounding.  Freight is captured with the first goods.  A discount is spread
 * over the goods by value; each capture brings the sum of all to the rounded
 * share of what has left, so the last one takes the rest, to the cent.
 */
#include "postgres.h"

#include "model/currency.h"
#include "payments/payments.h"
#include "pg/spi.h"
#include "tasks/task.h"

/*
 * $4: decimals of the currencies.  "sent" is the value of what left and is to be
 * paid, of all shipments; what left after it was cancelled is not.  The rest
 * between the authorization and lines with freight is spread when it is a
 * discount or no more than rounding, half a smallest unit for each unit ordered.
 */
static FfStatement set_captures = FF_STATEMENT(
	"update fulfillment.shipments s"
	"   set capture_amount = case when n.units > 0"
	"         then trim_scale(greatest(t.amount - b.amount, 0)) else 0 end"
	"  from unnest($2, $3, $4) as u(order_id, shipment_id, decimals)"
	" cross join lateral ("
	"  select sum(coalesce(l.unit_price, 0) * l.quantity) as value, sum(l.quantity) as units"
	"    from fulfillment.order_lines l where l.merchant_id = $1 and l.order_id = u.order_id) o"
	" cross join lateral ("
	"  select coalesce(sum(coalesce(l.unit_price, 0) * i.shipped), 0) as value,"
	"         coalesce(sum(i.shipped) filter (where i.shipment_id = u.shipment_id), 0) as units"
	"    from fulfillment.shipment_lines i"
	"    join fulfillment.shipments x on x.merchant_id = $1 and x.shipment_id = i.shipment_id"
	"     and not x.shipped_after_cancel"
	"    join fulfillment.order_lines l on l.merchant_id = $1 and l.order_id = u.order_id"
	"     and l.line = i.line"
	"   where i.merchant_id = $1 and i.order_id = u.order_id) n"
	" cross join lateral ("
	"  select coalesce(sum(x.capture_amount), 0) as amount from fulfillment.shipments x"
	"   where x.merchant_id = $1 and x.order_id = u.order_id and x.shipment_id <> u.shipment_id) b"
	" cross join lateral ("
	"  select f.freight, coalesce((r.payment ->> 'amount')::numeric, o.value + f.freight) as amount"
	"    from fulfillment.orders r cross join lateral ("
	"      select greatest(coalesce((jsonb_path_query_first(r.attributes,"
	"               '$.freight.double()', '{}', true) #>> '{}')::numeric, 0), 0) as freight) f"
	"   where r.merchant_id = $1 and r.order_id = u.order_id) w"
	" cross join lateral ("
	"  select case when n.value > 0 or n.units > 0 then round(least(w.amount,"
	"           n.value + w.freight + case"
	"             when o.value > 0 and w.amount - o.value - w.freight"
	"                  <= o.units * 0.5 * power(10::numeric, -u.decimals)"
	"             then (w.amount - o.value - w.freight) * n.value / o.value else 0 end), u.decimals)"
	"         else 0 end as amount) t"
	" where s.merchant_id = $1 and s.shipment_id = u.shipment_id",
	INT4OID, INT8ARRAYOID, INT8ARRAYOID, INT4ARRAYOID);

static FfStatement currencies_of = FF_STATEMENT(
	"select o.currency from unnest($2) with ordinality as u(order_id, position)"
	"  left join fulfillment.orders o on o.merchant_id = $1 and o.order_id = u.order_id"
	" order by u.position",
	INT4OID, INT8ARRAYOID);

/* Nothing for an order that was not authorized at a gateway of ours, nor twice for a shipment. */
static FfStatement add_captures = FF_STATEMENT(
	"insert into fulfillment.payments (merchant_id, order_id, kind, reference, amount, currency,"
	"       connection_id, shipment_id)"
	" select $1, o.order_id, 'capture', s.reference, s.capture_amount, o.currency,"
	"        v.connection_id, s.shipment_id"
	"   from unnest($2, $3) as u(order_id, shipment_id)"
	"   join fulfillment.shipments s on s.merchant_id = $1 and s.shipment_id = u.shipment_id"
	"   join fulfillment.orders o on o.merchant_id = $1 and o.order_id = u.order_id"
	"    and o.payment ->> 'state' = 'authorized'"
	"   join fulfillment.connections v on v.merchant_id = $1 and v.code = o.payment ->> 'gateway'"
	"  where s.capture_amount > 0"
	" on conflict do nothing"
	" returning payment_id, connection_id, amount, order_id",
	INT4OID, INT8ARRAYOID, INT8ARRAYOID);

/* $4: void or refund.  What the channel had taken is refunded, an authorization is let go. */
static FfStatement add_end = FF_STATEMENT(
	"insert into fulfillment.payments (merchant_id, order_id, kind, reference, amount, currency,"
	"       connection_id)"
	" select $1, $2, $4, m.reference_prefix || '-' || $2 || '-' || $4, $3::numeric, o.currency,"
	"        v.connection_id"
	"   from fulfillment.orders o"
	"   join fulfillment.merchants m on m.merchant_id = $1"
	"   join fulfillment.connections v on v.merchant_id = $1 and v.code = o.payment ->> 'gateway'"
	"  where o.merchant_id = $1 and o.order_id = $2"
	"    and not exists (select 1 from fulfillment.payments p where p.merchant_id = $1"
	"           and p.order_id = $2 and p.kind = $4 and p.return_id is null"
	"           and p.state <> 'cancelled')"
	" returning payment_id, connection_id, amount, order_id",
	INT4OID, INT8OID, TEXTOID, TEXTOID);

static FfStatement add_refunds = FF_STATEMENT(
	"with captures as ("
	"  select c.payment_id, c.connection_id, c.currency, c.amount - coalesce("
	"           (select sum(r.amount) from fulfillment.payments r where r.merchant_id = $1"
	"               and r.order_id = $2 and r.kind = 'refund' and r.capture_id = c.payment_id"
	"               and r.state in ('pending', 'done')), 0) as free,"
	"         c.shipment_id is distinct from $4 as later"
	"    from fulfillment.payments c"
	"   where c.merchant_id = $1 and c.order_id = $2 and c.kind = 'capture' and c.state = 'done'"
	"  union all"
	"  select null, v.connection_id, o.currency, $5::numeric, false"
	"    from fulfillment.orders o"
	"    join fulfillment.connections v on v.merchant_id = $1 and v.code = o.payment ->> 'gateway'"
	"   where o.merchant_id = $1 and o.order_id = $2 and o.payment ->> 'state' = 'captured'),"
	" shares as ("
	"  select c.*, least(c.free, $5::numeric - coalesce(sum(c.free) over ("
	"           order by c.later, c.payment_id rows between unbounded preceding and 1 preceding),"
	"           0)) as share"
	"    from captures c where c.free > 0)"
	" insert into fulfillment.payments (merchant_id, order_id, kind, reference, amount, currency,"
	"       connection_id, return_id, capture_id, shipment_id)"
	" select $1, $2, 'refund', m.reference_prefix || '-R' || $3 || '-' || n.last"
	"          + row_number() over (order by s.later, s.payment_id),"
	"        s.share, s.currency, s.connection_id, $3, s.payment_id, $4"
	"   from shares s cross join fulfillment.merchants m cross join lateral ("
	"        select count(*) as last from fulfillment.payments p where p.merchant_id = $1"
	"           and p.order_id = $2 and p.return_id = $3) n"
	"  where s.share > 0 and m.merchant_id = $1"
	" returning payment_id, connection_id, amount, order_id",
	INT4OID, INT8OID, INT8OID, INT8OID, TEXTOID);

/* state of the payment, authorized, captured, refunded, captures that are not through, units
 * that were cancelled, whether the order is over and the gateway ours */
static FfStatement sums = FF_STATEMENT(
	"select o.payment ->> 'state', coalesce((o.payment ->> 'amount')::numeric, 0),"
	"       coalesce(p.captured, 0), coalesce(p.refunded, 0), p.waiting,"
	"       (select coalesce(sum(l.cancelled), 0) from fulfillment.order_lines l"
	"         where l.merchant_id = $1 and l.order_id = $2),"
	"       o.state in ('closed', 'cancelled') and exists (select 1 from fulfillment.connections v"
	"         where v.merchant_id = $1 and v.code = o.payment ->> 'gateway'),"
	"       greatest(coalesce((o.payment ->> 'amount')::numeric, 0) - coalesce(p.captured, 0), 0),"
	"       greatest(case when o.payment ->> 'state' = 'captured'"
	"                     then coalesce((o.payment ->> 'amount')::numeric, 0)"
	"                     else coalesce(p.through, 0) end - coalesce(p.refunded, 0), 0),"
	"       o.number, o.currency"
	"  from fulfillment.orders o cross join lateral ("
	"       select sum(x.amount) filter (where x.kind = 'capture' and x.state <> 'cancelled')"
	"                as captured,"
	"              sum(x.amount) filter (where x.kind = 'capture' and x.state = 'done') as through,"
	"              sum(x.amount) filter (where x.kind = 'refund' and x.state in ('pending', 'done'))"
	"                as refunded,"
	"              count(*) filter (where x.kind = 'capture' and x.state in ('pending', 'refused'))"
	"                as waiting"
	"         from fulfillment.payments x where x.merchant_id = $1 and x.order_id = $2) p"
	" where o.merchant_id = $1 and o.order_id = $2",
	INT4OID, INT8OID);

typedef struct Sums
{
	char *state; /* of the payment, as the channel told it; "" when it did not */
	int64 captures_waiting;
	int64 units_cancelled;
	bool over;       /* … and its gateway is one of ours */
	char *remaining; /* authorized and not captured */
	char *refundable;
	char *number;
	char *currency;
} Sums;

static Sums
read_sums(int32 merchant_id, int64 order_id)
{
	FfRows rows = ff_run(&sums, ff_int4(merchant_id), ff_int8(order_id));
	char *state = ff_row_text(&rows, 0, 1);

	return (Sums){.state = state != NULL ? state : "",
				  .captures_waiting = ff_row_int8(&rows, 0, 5),
				  .units_cancelled = ff_row_int8(&rows, 0, 6),
				  .over = ff_row_bool(&rows, 0, 7),
				  .remaining = ff_row_text(&rows, 0, 8),
				  .refundable = ff_row_text(&rows, 0, 9),
				  .number = ff_row_text(&rows, 0, 10),
				  .currency = ff_row_text(&rows, 0, 11)};
}

static bool
is_zero(const char *amount)
{
	return strspn(amount, "0.") == strlen(amount);
}

/* A call for each row that was just written: (payment_id, connection_id, amount, order_id). */
static int
enqueue(int32 merchant_id, FfOperation operation, const FfRows *rows)
{
	FfTask *tasks = palloc0(sizeof(FfTask) * Max(rows->count, 1));

	for (uint64 i = 0; i < rows->count; i++)
		tasks[i] = (FfTask){.merchant_id = merchant_id,
							.connection_id = ff_row_int8(rows, i, 2),
							.operation = operation,
							.subject_kind = "order",
							.subject_id = ff_row_int8(rows, i, 4),
							.order_id = ff_row_int8(rows, i, 4),
							.idempotency_key = psprintf("%s:%lld",
														ff_operation_name(operation),
														(long long) ff_row_int8(rows, i, 1)),
							.payload = psprintf("{\"payment_id\": %lld, \"amount\": %s}",
												(long long) ff_row_int8(rows, i, 1),
												ff_row_text(rows, i, 3))};
	ff_tasks_add(tasks, (int) rows->count);
	return (int) rows->count;
}

static void
draw_amounts(int32 merchant_id, FfArgument orders, FfArgument shipments)
{
	FfRows rows = ff_run(&currencies_of, ff_int4(merchant_id), orders);
	FfColumn decimals;

	ff_column_init(&decimals, INT4OID);
	for (uint64 i = 0; i < rows.count; i++)
		ff_column_add(&decimals, ff_int4(ff_currency_decimals(ff_row_text(&rows, i, 1))));
	ff_run(&set_captures, ff_int4(merchant_id), orders, shipments, ff_column(&decimals));
}

void
ff_payment_capture(int32 merchant_id, const int64 *order_ids, const int64 *shipment_ids, int count)
{
	FfArgument orders = ff_ids(order_ids, count);
	FfArgument shipments = ff_ids(shipment_ids, count);
	FfRows rows;

	draw_amounts(merchant_id, orders, shipments);
	rows = ff_run(&add_captures, ff_int4(merchant_id), orders, shipments);
	enqueue(merchant_id, FF_OP_CAPTURE, &rows);
}

/* One step beside captures and returns: what is left is let go, or given back. */
static void
end_with(int32 merchant_id, int64 order_id, FfOperation operation, const char *amount)
{
	FfRows rows;

	if (is_zero(amount))
		return;
	rows = ff_run(&add_end,
				  ff_int4(merchant_id),
				  ff_int8(order_id),
				  ff_text(amount),
				  ff_text(ff_operation_name(operation)));
	enqueue(merchant_id, operation, &rows);
}

void
ff_payment_release(int32 merchant_id, int64 order_id)
{
	Sums sums = read_sums(merchant_id, order_id);

	if (!sums.over || strcmp(sums.state, "authorized") != 0 || sums.captures_waiting > 0 ||
		is_zero(sums.remaining))
		return;
	if (sums.units_cancelled > 0)
		end_with(merchant_id, order_id, FF_OP_VOID, sums.remaining);
	else
		ff_attention_open(merchant_id,
						  "uncaptured",
						  order_id,
						  0,
						  0,
						  psprintf("order %s was authorized for %s %s more than was captured",
								   sums.number,
								   sums.remaining,
								   sums.currency != NULL ? sums.currency : ""),
						  "If it is freight, the channel should tell it as attribute \"freight\"; "
						  "capture the rest at the gateway, or let it expire.");
}

void
ff_payment_undo(int32 merchant_id, int64 order_id)
{
	Sums sums = read_sums(merchant_id, order_id);

	if (strcmp(sums.state, "authorized") == 0)
		end_with(merchant_id, order_id, FF_OP_VOID, sums.remaining);
	else if (strcmp(sums.state, "captured") == 0)
		end_with(merchant_id, order_id, FF_OP_REFUND, sums.refundable);
}

char *
ff_payment_refundable(int32 merchant_id, int64 order_id)
{
	return read_sums(merchant_id, order_id).refundable;
}

int
ff_payment_refund(int32 merchant_id, int64 order_id, int64 return_id, int64 shipment_id,
				  const char *amount)
{
	FfRows rows = ff_run(&add_refunds,
						 ff_int4(merchant_id),
						 ff_int8(order_id),
						 ff_int8(return_id),
						 ff_id(shipment_id),
						 ff_text(amount));

	return enqueue(merchant_id, FF_OP_REFUND, &rows);
}
