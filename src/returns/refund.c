/*
 * refund.c
 *
 * What goes back to the customer for what came back, and who pays it: the
 * gateway that captured it, else the channel that took the money, else a
 * person.  Of a discounted order the goods are worth their share of what was
 * paid.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "model/currency.h"
#include "payments/payments.h"
#include "returns/parts.h"
#include "tasks/task.h"

/* A surplus is not paid, nor what the order does not have, nor goods that were exchanged. */
static FfStatement compute_refund = FF_STATEMENT(
	"update fulfillment.returns r set refund_due = trim_scale(greatest(case when r.kind = 'exchange' then 0"
	"         else round(g.value * case when w.value > 0"
	"              then least(1, greatest((coalesce((o.payment ->> 'amount')::numeric, w.value)"
	"                                      - w.freight) / w.value, 0)) else 1 end, $3) end - r.fee, 0))"
	"  from fulfillment.orders o"
	" cross join lateral (select coalesce(sum(least(n.received, n.quantity) * l.unit_price), 0)"
	"         as value"
	"         from fulfillment.return_lines n"
	"         join fulfillment.order_lines l on l.merchant_id = $1 and l.order_id = o.order_id"
	"          and l.line = n.line and l.item_id = n.item_id"
	"        where n.merchant_id = $1 and n.return_id = $2) g"
	" cross join lateral (select coalesce(sum(l.unit_price * l.quantity), 0) as value,"
	"         greatest(coalesce((jsonb_path_query_first(o.attributes, '$.freight.double()', '{}',"
	"           true) #>> '{}')::numeric, 0), 0) as freight"
	"         from fulfillment.order_lines l where l.merchant_id = $1"
	"          and l.order_id = o.order_id) w"
	" where r.merchant_id = $1 and r.return_id = $2 and o.merchant_id = $1"
	"   and o.order_id = r.order_id",
	INT4OID, INT8OID, INT4OID);

/* Who pays, currency, and what the channel or a person may still pay. */
static FfStatement who_pays = FF_STATEMENT(
	"select case when exists (select 1 from fulfillment.connections v where v.merchant_id = $1"
	"                            and v.code = o.payment ->> 'gateway') then 'gateway'"
	"            when exists (select 1 from fulfillment.connections v"
	"                   join fulfillment.connector_list() k on k.name = v.connector"
	"                    and 'push_return' = any (k.operations)"
	"                  where v.merchant_id = $1 and v.connection_id = c.connection_id)"
	"            then 'channel'"
	"            when o.payment ->> 'state' = 'captured' then 'hand' else 'nobody' end,"
	"       o.currency,"
	"       greatest(coalesce((o.payment ->> 'amount')::numeric, (select sum(l.unit_price"
	"           * (l.shipped + l.over_shipped)) from fulfillment.order_lines l"
	"           where l.merchant_id = $1 and l.order_id = o.order_id), 0)"
	"         - (select coalesce(sum(r.refund_asked), 0) from fulfillment.returns r"
	"             where r.merchant_id = $1 and r.order_id = o.order_id), 0)"
	"  from fulfillment.orders o"
	"  join fulfillment.channels c on c.merchant_id = $1 and c.channel_id = o.channel_id"
	" where o.merchant_id = $1 and o.order_id = $2",
	INT4OID, INT8OID);

/* $3: what may be paid at most; $4: what a person says is to be paid, or null */
static FfStatement open_amount =
	FF_STATEMENT("select least(coalesce($4::numeric, refund_due - refund_asked), $3::numeric)"
				 "  from fulfillment.returns where merchant_id = $1 and return_id = $2"
				 "   and coalesce($4::numeric, refund_due - refund_asked) > 0",
				 INT4OID, INT8OID, TEXTOID, TEXTOID);

static FfStatement ask =
	FF_STATEMENT("update fulfillment.returns set refund_asked = refund_asked + $3::numeric,"
				 "       refund_due = greatest(refund_due, refund_asked + $3::numeric)"
				 " where merchant_id = $1 and return_id = $2",
				 INT4OID, INT8OID, TEXTOID);

/*
 * $3: paid beside gateways, or null; $4: it was.  What was refused is not asked
 * for any more.
 */
static FfStatement end_refund = FF_STATEMENT(
	"update fulfillment.returns r"
	"   set refunded = case when $3 is null then p.done"
	"                       else r.refunded + case when $4 then $3::numeric else 0 end end,"
	"       refund_asked = case when $3 is null then p.done"
	"                           else r.refund_asked - case when $4 then 0 else $3::numeric end end"
	"  from (select coalesce(sum(x.amount), 0) as done from fulfillment.payments x"
	"         where x.merchant_id = $1 and x.return_id = $2 and x.kind = 'refund'"
	"           and x.state = 'done') p"
	" where r.merchant_id = $1 and r.return_id = $2",
	INT4OID, INT8OID, TEXTOID, BOOLOID);

static FfStatement recount_refunded = FF_STATEMENT(
	"update fulfillment.order_lines l"
	"   set refunded = least(l.quantity + l.over_shipped, (select coalesce(sum("
	"           least(n.received, n.quantity)), 0)::int"
	"         from fulfillment.returns r"
	"         join fulfillment.return_lines n on n.merchant_id = $1 and n.return_id = r.return_id"
	"        where r.merchant_id = $1 and r.order_id = $2 and r.refunded > 0"
	"          and n.line = l.line and n.item_id = l.item_id))"
	" where l.merchant_id = $1 and l.order_id = $2",
	INT4OID, INT8OID);

typedef enum Payer
{
	PAYER_NOBODY, /* the money is none of our business */
	PAYER_GATEWAY,
	PAYER_CHANNEL,
	PAYER_HAND
} Payer;

typedef struct Route
{
	Payer payer;
	const char *currency;
	char *limit; /* what may be paid at most, decimal text */
} Route;

static Route
route_of(const FfReturn *subject)
{
	static const char *const names[] = {[PAYER_NOBODY] = "nobody",
										[PAYER_GATEWAY] = "gateway",
										[PAYER_CHANNEL] = "channel",
										[PAYER_HAND] = "hand"};
	FfRows rows = ff_run(&who_pays, ff_int4(subject->merchant_id), ff_int8(subject->order_id));
	Route route = {.payer = PAYER_NOBODY, .limit = "0"};

	if (rows.count == 0)
		return route;
	for (int i = 0; i < (int) lengthof(names); i++)
		if (strcmp(names[i], ff_row_text(&rows, 0, 1)) == 0)
			route.payer = (Payer) i;
	route.currency = ff_row_text(&rows, 0, 2);
	if (route.payer == PAYER_GATEWAY)
		route.limit = ff_payment_refundable(subject->merchant_id, subject->order_id);
	else if (route.payer != PAYER_NOBODY)
		route.limit = ff_row_text(&rows, 0, 3);
	return route;
}

bool
ff_is_zero(const char *amount)
{
	return strspn(amount, "0.") == strlen(amount);
}

char *
ff_return_open_amount(const FfReturn *subject, const FfReturnRequest *request)
{
	Route route = route_of(subject);
	FfRows rows = ff_run(&open_amount,
						 ff_int4(subject->merchant_id),
						 ff_int8(subject->return_id),
						 ff_text(route.limit),
						 ff_text(request->amount));

	return rows.count == 0 || ff_row_null(&rows, 0, 1) ? "0" : ff_row_text(&rows, 0, 1);
}

/* What nobody asked to send back is paid when a person says so. */
bool
ff_refund_needs_word(const FfReturn *subject)
{
	FfReturnRequest request = {0};

	return (subject->late ||
			(strcmp(subject->kind, "rma") != 0 && strcmp(subject->kind, "exchange") != 0)) &&
		   !ff_is_zero(ff_return_open_amount(subject, &request));
}

void
ff_compute_refund(void *argument, const void *payload)
{
	FfReturn *subject = argument;

	ff_run(&compute_refund,
		   ff_int4(subject->merchant_id),
		   ff_int8(subject->return_id),
		   ff_int4(ff_currency_decimals(route_of(subject).currency)));
}

void
ff_enqueue_refund(void *argument, const void *payload)
{
	FfReturn *subject = argument;
	Route route = route_of(subject);
	char *amount = ff_return_open_amount(subject, payload);

	if (route.payer == PAYER_GATEWAY)
		ff_payment_refund(subject->merchant_id,
						  subject->order_id,
						  subject->return_id,
						  subject->shipment_id,
						  amount);
	else if (route.payer == PAYER_CHANNEL)
		ff_push_return(subject, amount, true);
	else
		ff_attention_open(subject->merchant_id,
						  "refund_by_hand",
						  subject->order_id,
						  subject->shipment_id,
						  0,
						  psprintf("return %s: %s %s are to be paid back by hand",
								   subject->number,
								   amount,
								   route.currency != NULL ? route.currency : ""),
						  psprintf("When it is paid: SELECT fulfillment.close_return(%lld)",
								   (long long) subject->return_id));
	ff_run(&ask, ff_int4(subject->merchant_id), ff_int8(subject->return_id), ff_text(amount));
}

void
ff_refund_ended(FfReturn *subject, bool paid, const char *amount)
{
	ff_run(&end_refund,
		   ff_int4(subject->merchant_id),
		   ff_int8(subject->return_id),
		   ff_text(amount),
		   ff_bool(paid));
	if (subject->order_id != 0)
		ff_run(&recount_refunded, ff_int4(subject->merchant_id), ff_int8(subject->order_id));
	if (paid)
		ff_attention_close(subject->merchant_id,
						   "refund_by_hand",
						   subject->order_id,
						   subject->shipment_id,
						   "it was paid");
}

/* Who pays refused, or nobody asked for these goods to come back. */
void
ff_refund_attention(void *argument, const void *payload)
{
	FfReturn *subject = argument;
	bool failed = subject->event == FF_RETURN_EVENT_REFUND_FAILED;

	ff_attention_open(subject->merchant_id,
					  failed ? "refund_refused" : "refund_decision",
					  subject->order_id,
					  subject->shipment_id,
					  0,
					  psprintf(failed ? "the refund of return %s was refused"
									  : "the goods of return %s are back; nobody has decided "
										"whether they are paid",
							   subject->number),
					  psprintf("SELECT fulfillment.close_return(%lld) pays what is due, with "
							   "refund => 0 nothing.",
							   (long long) subject->return_id));
}

void
ff_refund_decided(const FfReturn *subject)
{
	static const char *const questions[] = {"refund_decision", "refund_refused", "return_late"};

	for (int i = 0; i < (int) lengthof(questions) && subject->order_id != 0; i++)
		ff_attention_close(subject->merchant_id,
						   questions[i],
						   subject->order_id,
						   subject->shipment_id,
						   "a person decided");
}
