/*
 * shipper_id_event.c
 *
 * Webhooks: an order was taken or not, its courier was booked, its status
 * changed, its goods left (PGI), its parcel moved.  They carry no type; what
 * they are shows from their members.  Nobody signs the warehouse's, so besides
 * being believed they make us look at the order.  Times are of Jakarta.
 */
#include "postgres.h"

#include "connectors/decimal.h"
#include "connectors/shipper_id.h"
#include "connectors/unknown.h"

#define ZONE "Asia/Jakarta"

/* The courier's status codes. */
static const struct
{
	const char *codes; /* with | between */
	const char *status;
} trackings[] = {
	{"|999|", "cancelled"},
	{"|1000|1001|1010|1020|", "label_created"},
	{"|1030|1040|1050|1060|1160|1170|1180|1190|", "in_transit"},
	{"|1370|", "exception"},
	{"|1310|1320|1330|", "attempted"},
	{"|1340|1410|1420|", "returning"},
	{"|1380|", "lost"},
	{"|2000|", "delivered"},
};

static const char *
tracking_status(const char *code)
{
	char *word = psprintf("|%s|", code);

	for (int i = 0; i < (int) lengthof(trackings); i++)
		if (strstr(trackings[i].codes, word) != NULL)
			return trackings[i].status;
	return "unknown";
}

/* Looks at the order once more: the webhook is a hint. */
static void
write_reread(FfJsonWriter *writer, const char *number)
{
	ff_write_object(writer, "reread");
	ff_write_text(writer, "operation", "get_shipment");
	ff_write_array(writer, "references");
	ff_write_text(writer, NULL, number);
	ff_write_end(writer);
	ff_write_end(writer);
}

static void
write_waybill(FfJsonWriter *writer, const char *waybill, const char *courier)
{
	if (waybill == NULL || strcmp(waybill, "*") == 0)
		return;
	ff_write_array(writer, "packages");
	ff_carrier_write_package(writer, 1, waybill, ff_shipper_carrier(courier), NULL);
	ff_write_end(writer);
}

/* Where the parcel is: at the waybill, or as long as there is none at the booking's id. */
static void
receive_parcel(const FfJson *event, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	const char *waybill = ff_json_text_or(event, "awb", NULL);
	const char *number = waybill ? waybill : ff_json_text(event, "tracking_id");
	const char *code = ff_json_text_or(event, "external_status.code", "");
	const char *said = ff_json_text_or(
		event, "external_status.description", ff_json_text(event, "external_status.name"));

	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", ff_json_text(event, "external_id"));
	write_waybill(writer, waybill, NULL);
	ff_write_end(writer);
	ff_write_array(writer, "tracking");
	ff_write_object(writer, NULL);
	ff_write_text(writer, "tracking_number", number);
	ff_write_text(writer, "status", tracking_status(code));
	ff_write_array(writer, "events");
	ff_write_object(writer, NULL);
	ff_write_text(writer, "at", ff_carrier_zoned_time(ff_json_text(event, "status_date"), ZONE));
	ff_write_text(writer, "status", tracking_status(code));
	ff_write_text(writer, "code", code);
	ff_write_text(writer, "description", said ? ff_plain_text(said, 250) : NULL);
	ff_write_end(writer);
	ff_write_end(writer);
	ff_write_end(writer);
	ff_write_end(writer);
}

/* Units that left, per SKU: a SKU stands once a batch. */
static void
write_issued(FfJsonWriter *writer, const FfJson *details)
{
	ff_write_array(writer, "lines");
	for (int i = 0; i < ff_json_count(details); i++)
	{
		const char *sku = ff_json_text_or(ff_json_at(details, i), "sku", NULL);
		const char *sum = "0";
		bool seen = sku == NULL;

		for (int j = 0; !seen && j < ff_json_count(details); j++)
		{
			const FfJson *other = ff_json_at(details, j);
			char *units = ff_json_number(other, "qty_shipped");

			if (strcmp(ff_json_text_or(other, "sku", ""), sku) != 0)
				continue;
			if (j < i)
				seen = true;
			else if (units != NULL)
				sum = ff_decimal_add(sum, units);
		}
		if (seen)
			continue;
		ff_write_object(writer, NULL);
		ff_write_text(writer, "sku", sku);
		ff_write_number(writer, "shipped", ff_decimal_trim(sum));
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

static void
receive_issue(const FfJson *event, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	const char *number = ff_json_text(event, "doc_no");

	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", number);
	ff_write_text(writer, "state", "shipped");
	ff_write_text(
		writer, "shipped_at", ff_carrier_zoned_time(ff_json_text(event, "pgi_date"), ZONE));
	write_issued(writer, ff_json_get(event, "details"));
	ff_write_end(writer);
	write_reread(writer, number);
}

static void
receive_status(const FfJson *event, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	const char *number = ff_json_text(event, "order_no");
	const char *said = ff_json_text_or(event, "status_code", ff_json_text(event, "status"));
	FfShipperStatus status = ff_shipper_status(said);

	/* the quantities are not here: the look that follows tells whether anything was shipped */
	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", number);
	ff_write_text(writer, "state", status.state);
	ff_write_text(writer,
				  "provider_state",
				  ff_json_text_or(event, "status_descr", ff_json_text(event, "status")));
	if (status.state == NULL && !ff_shipper_closed(said))
		ff_write_unknown(writer, said, ff_json_text(event, "status_descr"));
	if (status.partial)
		ff_write_bool(writer, "partial", true);
	if (status.state != NULL && strcmp(status.state, "shipped") == 0)
		ff_write_text(
			writer, "shipped_at", ff_carrier_zoned_time(ff_json_text(event, "status_time"), ZONE));
	write_waybill(writer,
				  ff_json_text_or(event, "express_no", NULL),
				  ff_json_text_or(event, "express_code", NULL));
	ff_write_end(writer);
	write_reread(writer, number);
}

/* The courier's waybill is there; one that could not be had is tried again over there. */
static void
receive_booking(const FfJson *event, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	const char *waybill = ff_json_text_or(event, "express_no", NULL);

	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", ff_json_text(event, "order_no"));
	if (ff_json_bool(event, "success_flag", true))
		write_waybill(writer, waybill, ff_json_text_or(event, "express_code", NULL));
	ff_write_end(writer);
	if (!ff_json_bool(event, "success_flag", true) || waybill == NULL)
		return;
	ff_write_array(writer, "tracking");
	ff_write_object(writer, NULL);
	ff_write_text(writer, "tracking_number", waybill);
	ff_write_text(writer, "status", "label_created");
	ff_write_array(writer, "events");
	ff_write_end(writer);
	ff_write_end(writer);
	ff_write_end(writer);
}

static void
receive_confirmation(const FfJson *event, FfOutcome *outcome)
{
	FfJsonWriter *writer = &outcome->body;
	bool taken = ff_json_bool(event, "success_flag", false);
	const char *why = ff_json_text_or(event, "message", ff_json_text(event, "error_message"));

	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", ff_json_text(event, "order_no"));
	ff_write_text(writer, "state", taken ? "accepted" : "rejected");
	ff_write_end(writer);
	if (!taken)
		ff_outcome_set(outcome,
					   FF_RESULT_OK,
					   "not_created",
					   why ? ff_plain_text(why, 250) : "Shipper did not create the order.",
					   NULL);
}

void
ff_shipper_receive(const FfCall *call, const FfReply *webhook, FfOutcome *outcome)
{
	const FfJson *event = ff_outcome_json(webhook, outcome);
	const char *warehouse = ff_json_text_or(event, "warehouse_id", NULL);
	const char *ours = ff_json_text_or(call->config, "warehouse_id", NULL);
	const char *order = ff_json_text_or(event, "order_no", NULL);

	if (ff_json_is_object(ff_json_get(event, "data")) && order == NULL)
	{
		event = ff_json_get(event, "data");
		order = ff_json_text_or(event, "order_no", NULL);
	}
	if (!ff_json_is_object(event))
		ff_outcome_set(
			outcome, FF_RESULT_REFUSED, "unreadable_event", "The body is not an event.", NULL);
	else if (warehouse != NULL && ours != NULL && strcmp(warehouse, ours) != 0)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "other_warehouse",
					   "The event is about another warehouse.",
					   "config.warehouse_id");
	else if (ff_json_is_object(ff_json_get(event, "external_status")))
		receive_parcel(event, outcome);
	else if (ff_json_text_or(event, "doc_no", NULL) != NULL &&
			 strcmp(ff_json_text_or(event, "order_type", "SO"), "SO") == 0 &&
			 ff_json_is_array(ff_json_get(event, "details")))
		receive_issue(event, outcome);
	else if (order != NULL && (ff_json_text_or(event, "status_code", NULL) != NULL ||
							   ff_json_text_or(event, "status", NULL) != NULL))
		receive_status(event, outcome);
	else if (order != NULL && !ff_json_is_null(ff_json_get(event, "express_no")))
		receive_booking(event, outcome);
	else if (order != NULL && !ff_json_is_null(ff_json_get(event, "success_flag")))
		receive_confirmation(event, outcome);
	else
		ff_outcome_set(
			outcome, FF_RESULT_OK, "ignored_event", "Events of this kind are not used.", NULL);
}
