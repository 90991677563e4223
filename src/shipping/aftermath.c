/*
 * aftermath.c
 *
 * What follows from a shipment's events for people and for the order's other
 * shipments: facts told, attention raised, locations excluded.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"

#include "notifications/notify.h"
#include "pg/spi.h"
#include "shipping/parts.h"

/* The data of a shipment's facts, as docs/webhooks.md describes it. */
static FfStatement describe = FF_STATEMENT(
	"select u.position, jsonb_build_object('shipment_id', s.shipment_id, 'reference', s.reference,"
	"         'order_number', o.number, 'channel', c.code, 'channel_order_id', o.channel_order_id,"
	"         'location', l.code, 'state', s.state, 'shipped_at', s.shipped_at,"
	"         'delivered_at', s.delivered_at,"
	"         'lines', (select jsonb_agg(jsonb_build_object('line', n.line, 'sku', i.sku,"
	"              'channel_line_id', ol.channel_line_id, 'quantity', n.shipped + n.over_shipped)"
	"              || case when ol.kit_line is null then '{}' else jsonb_build_object("
	"                 'kit', ol.kit_sku, 'kit_line', ol.kit_line, 'per_kit', ol.lot) end"
	"               order by n.line)"
	"             from fulfillment.shipment_lines n"
	"             join fulfillment.items i on i.merchant_id = $1 and i.item_id = n.item_id"
	"             join fulfillment.order_lines ol on ol.merchant_id = $1"
	"              and ol.order_id = n.order_id and ol.line = n.line"
	"            where n.merchant_id = $1 and n.shipment_id = s.shipment_id),"
	"         'packages', (select jsonb_agg(jsonb_build_object('number', p.number,"
	"              'carrier', p.carrier, 'tracking_number', p.tracking_number,"
	"              'tracking_url', p.tracking_url, 'status', p.status) order by p.number)"
	"             from fulfillment.packages p"
	"            where p.merchant_id = $1 and p.shipment_id = s.shipment_id))::text"
	"  from unnest($2) with ordinality as u(shipment_id, position)"
	"  join fulfillment.shipments s on s.merchant_id = $1 and s.shipment_id = u.shipment_id"
	"  join fulfillment.orders o on o.merchant_id = $1 and o.order_id = s.order_id"
	"  join fulfillment.channels c on c.merchant_id = $1 and c.channel_id = o.channel_id"
	"  join fulfillment.locations l on l.merchant_id = $1 and l.location_id = s.location_id"
	" order by u.position",
	INT4OID, INT8ARRAYOID);

static FfStatement exclude_location =
	FF_STATEMENT("update fulfillment.orders set excluded_locations = excluded_locations || $3"
				 " where merchant_id = $1 and order_id = $2 and $3 <> all (excluded_locations)",
				 INT4OID, INT8OID, INT8OID);

static FfStatement route_again = FF_STATEMENT("update fulfillment.orders set next_routing_at = $3"
											  " where merchant_id = $1 and order_id = $2",
											  INT4OID, INT8OID, TIMESTAMPTZOID);

static FfStatement keep_error =
	FF_STATEMENT("update fulfillment.shipments set error_code = $3, error_message = $4"
				 " where merchant_id = $1 and shipment_id = $2",
				 INT4OID, INT8OID, TEXTOID, TEXTOID);

static FfStatement hold_for_address = FF_STATEMENT(
	"insert into fulfillment.holds (merchant_id, order_id, reason, placed_at, placed_by)"
	" select $1, $2, 'address', $3, 'worker' where not exists ("
	"   select 1 from fulfillment.holds where merchant_id = $1 and order_id = $2"
	"      and reason = 'address' and released_at is null)",
	INT4OID, INT8OID, TIMESTAMPTZOID);

static FfStatement flag_after_cancel =
	FF_STATEMENT("update fulfillment.shipments set shipped_after_cancel = true"
				 " where merchant_id = $1 and shipment_id = $2",
				 INT4OID, INT8OID);

static FfStatement sent_again = FF_STATEMENT(
	"select 1 from fulfillment.shipments o, fulfillment.shipments s"
	" where s.merchant_id = $1 and s.shipment_id = $2 and o.merchant_id = $1"
	"   and o.order_id = s.order_id and o.created_at > s.shipped_at and o.state <> 'cancelled'",
	INT4OID, INT8OID);

/* What a person is told after an event, and what to do about it. */
typedef struct Alert
{
	FfShipmentEvent event;
	const char *kind;
	const char *message; /* %s: our reference */
	const char *hint;
} Alert;

static const Alert alerts[] = {
	{FF_SHIPMENT_EVENT_SHIP,
	 "shipped_after_cancel",
	 "%s left although it was cancelled or refused",
	 "Ask the carrier to intercept it, or wait for the return if one is expected."},
	{FF_SHIPMENT_EVENT_OVER_SHIP,
	 "shipped_after_cancel",
	 "%s left although it was cancelled or refused",
	 "Ask the carrier to intercept it, or wait for the return if one is expected."},
	{FF_SHIPMENT_EVENT_HOLD_OK,
	 "held_by_provider",
	 "the provider holds %s for a reason of its own",
	 "Ask the provider what it waits for."},
	{FF_SHIPMENT_EVENT_CANCEL_OK,
	 "cancelled_by_provider",
	 "the provider cancelled %s by itself",
	 "Ask the provider why; its goods are assigned elsewhere."},
	{FF_SHIPMENT_EVENT_RETURN_TO_SENDER,
	 "return_to_sender",
	 "the carrier brings back %s",
	 "Decide whether to send it again or to refund it."},
	{FF_SHIPMENT_EVENT_ACCEPT,
	 "unexpected_report",
	 "the provider seems to have %s, which is cancelled or refused here",
	 "Ask the provider to cancel it."},
};

void
ff_alert(void *subject, const void *payload)
{
	FfShipment *shipment = subject;
	const Alert *alert = &alerts[lengthof(alerts) - 1];

	for (int i = 0; i < (int) lengthof(alerts); i++)
		if (alerts[i].event == shipment->event)
			alert = &alerts[i];
	ff_attention_open(shipment->merchant_id,
					  alert->kind,
					  shipment->order_id,
					  shipment->shipment_id,
					  0,
					  psprintf(alert->message, shipment->reference),
					  alert->hint);
}

static void
tell(FfShipment *shipment, const char *kind, const char *message, const char *hint)
{
	ff_attention_open(shipment->merchant_id,
					  kind,
					  shipment->order_id,
					  shipment->shipment_id,
					  0,
					  psprintf(message, shipment->reference),
					  hint);
}

void
ff_raise_attention(void *subject, const void *payload)
{
	tell(subject,
		 "unknown_outcome",
		 "nobody knows whether the provider has %s",
		 "Ask the provider, then say it with fulfillment.resolve_attention.");
}

void
ff_escalate(void *subject, const void *payload)
{
	/* what could not be held is being cancelled instead */
	if (((FfShipment *) subject)->state == FF_SHIPMENT_CANCEL_REQUESTED)
		return;
	tell(subject,
		 "too_late",
		 "%s could not be stopped",
		 "Ask the carrier to intercept it, or prepare a return.");
}

void
ff_offer_return(void *subject, const void *payload)
{
	tell(subject,
		 "could_not_stop",
		 "%s left before it could be stopped",
		 "Ask the carrier to intercept it, or offer the customer a return.");
}

void
ff_open_claim(void *subject, const void *payload)
{
	tell(subject,
		 "lost",
		 "the carrier lost or damaged %s",
		 "Claim it at the carrier, then send it again or refund it.");
}

void
ff_alert_if_reshipped(void *subject, const void *payload)
{
	FfShipment *shipment = subject;

	if (ff_run(&sent_again, ff_int4(shipment->merchant_id), ff_int8(shipment->shipment_id)).count >
		0)
		tell(shipment,
			 "delivered_twice",
			 "%s arrived after its goods had been sent again",
			 "Ask the customer to keep one and send one back.");
}

void
ff_restock_if_picked(void *subject, const void *payload)
{
	FfShipment *shipment = subject;

	if (shipment->progress != NULL)
		tell(shipment,
			 "restock",
			 "the goods of %s were picked and must go back to their place",
			 "Put them back, then resolve this.");
}

/* The fact that an event is; NULL: none. */
static const char *
fact_of(FfShipmentEvent event)
{
	static const struct
	{
		FfShipmentEvent event;
		const char *type;
	} types[] = {
		{FF_SHIPMENT_EVENT_SHIP, "shipment.goods_issued"},
		{FF_SHIPMENT_EVENT_OVER_SHIP, "shipment.goods_issued"},
		{FF_SHIPMENT_EVENT_UNSHIP, "shipment.taken_back"},
		{FF_SHIPMENT_EVENT_DELIVERED, "shipment.delivered"},
		{FF_SHIPMENT_EVENT_RETURN_TO_SENDER, "shipment.returning"},
		{FF_SHIPMENT_EVENT_LOST, "shipment.lost"},
	};

	for (int i = 0; i < (int) lengthof(types); i++)
		if (types[i].event == event)
			return types[i].type;
	return NULL;
}

void
ff_notify_shipment(void **subjects, const void **payloads, int count)
{
	FfShipment **shipments = (FfShipment **) subjects;
	int32 merchant_id = shipments[0]->merchant_id;
	const char *type = fact_of(shipments[0]->event);
	FfFact *facts;
	FfColumn ids;
	FfRows rows;

	if (type == NULL || !ff_is_heard(merchant_id, type))
		return;
	ff_column_init(&ids, INT8OID);
	for (int i = 0; i < count; i++)
		ff_column_add(&ids, ff_int8(shipments[i]->shipment_id));
	rows = ff_run(&describe, ff_int4(merchant_id), ff_column(&ids));
	facts = palloc(sizeof(FfFact) * Max(rows.count, 1));
	for (uint64 row = 0; row < rows.count; row++)
	{
		int place = (int) ff_row_int8(&rows, row, 1) - 1;

		facts[row] = (FfFact){.merchant_id = merchant_id,
							  .type = type,
							  .order_id = shipments[place]->order_id,
							  .shipment_id = shipments[place]->shipment_id,
							  .at = ff_report_time(payloads[place]),
							  .data = ff_row_text(&rows, row, 2)};
	}
	ff_notify(facts, (int) rows.count);
}

void
ff_exclude_location(void *subject, const void *payload)
{
	FfShipment *shipment = subject;

	ff_run(&exclude_location,
		   ff_int4(shipment->merchant_id),
		   ff_int8(shipment->order_id),
		   ff_int8(shipment->location_id));
}

/* A shipment that is to be assigned elsewhere as a whole makes room for its successors. */
void
ff_assign_rest(void *subject, const void *payload)
{
	FfShipment *shipment = subject;
	const FfShipmentReport *report = payload;

	ff_run(&route_again,
		   ff_int4(shipment->merchant_id),
		   ff_int8(shipment->order_id),
		   ff_time(GetCurrentTransactionStartTimestamp()));
	if (shipment->event == FF_SHIPMENT_EVENT_REROUTE)
	{
		FfShipmentReport instead = {.cause = report->cause};

		/* what was refused has given its stock back */
		shipment->unreserved = shipment->from == FF_SHIPMENT_REJECTED;
		ff_shipment_apply(shipment, FF_SHIPMENT_EVENT_CANCEL, &instead);
	}
}

/*
 * A refused shipment gives its stock back.  An address stops the order until a
 * person has corrected it; missing stock is taken out of our books, too; any
 * other refusal is answered by another location.
 */
void
ff_rejection_policy(void *subject, const void *payload)
{
	FfShipment *shipment = subject;
	const FfShipmentReport *report = payload;
	bool address = report->field != NULL && strncmp(report->field, "ship_to", 7) == 0;

	ff_run(&keep_error,
		   ff_int4(shipment->merchant_id),
		   ff_int8(shipment->shipment_id),
		   ff_text(report->code),
		   ff_text(report->message));
	for (int i = 0; i < shipment->line_count; i++)
		shipment->lines[i].missing = report->stock_code ? open_units(&shipment->lines[i]) : 0;
	ff_release_stock(shipment, report);
	ff_record_shortage(shipment, report);
	if (address)
		ff_run(&hold_for_address,
			   ff_int4(shipment->merchant_id),
			   ff_int8(shipment->order_id),
			   ff_time(GetCurrentTransactionStartTimestamp()));
	else
	{
		ff_exclude_location(shipment, report);
		ff_assign_rest(shipment, report);
	}
	ff_attention_open(shipment->merchant_id,
					  address ? "address" : "rejected",
					  shipment->order_id,
					  shipment->shipment_id,
					  0,
					  psprintf("the provider refused %s: %s",
							   shipment->reference,
							   report->message ? report->message : "no reason given"),
					  address ? "Correct the address with fulfillment.edit_order, then release the "
								"hold \"address\"."
							  : "Nothing, if the order finds another location; else correct it.");
}

void
ff_flag_shipped_after_cancel(void *subject, const void *payload)
{
	FfShipment *shipment = subject;

	ff_run(&flag_after_cancel, ff_int4(shipment->merchant_id), ff_int8(shipment->shipment_id));
}

/* The correction may be what the provider asked for: its refusal is history. */
void
ff_edit_shipment(void *subject, const void *payload)
{
	FfShipment *shipment = subject;

	ff_run(&keep_error,
		   ff_int4(shipment->merchant_id),
		   ff_int8(shipment->shipment_id),
		   ff_null(),
		   ff_null());
}
