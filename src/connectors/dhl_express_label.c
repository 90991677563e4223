/*
 * dhl_express_label.c
 *
 * Shipments of DHL Express that exist: their pieces and documents, and the
 * look-up by our reference after an answer was lost.  Tracking finds the
 * waybill; its image then stands in for the label, when DHL keeps one.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "connectors/dhl_express.h"

#define TRACKING_LINK \
	"https://www.dhl.com/global-en/home/tracking/tracking-express.html?submit=1&tracking-id="
#define SEARCH_DAYS 14

/* Kinds of documents by DHL's names for them. */
static const struct
{
	const char *type;
	const char *kind;
} kinds[] = {
	{"label", "label"},
	{"waybillDoc", "label"},
	{"waybill", "label"},
	{"qr-code", "label"},
	{"invoice", "invoice"},
	{"commercial-invoice", "invoice"},
	{"receipt", "packing_slip"},
};

void
ff_dhx_package(FfJsonWriter *writer, int64 number, const char *tracking_number, const char *waybill)
{
	StringInfoData url;

	/* the page knows waybills, not pieces */
	initStringInfo(&url);
	appendStringInfoString(&url, TRACKING_LINK);
	ff_percent_encode(&url, waybill);
	ff_write_object(writer, NULL);
	ff_write_int(writer, "number", number);
	ff_write_text(writer, "tracking_number", tracking_number);
	ff_write_text(writer, "carrier", "dhl");
	ff_write_text(writer, "tracking_url", url.data);
	ff_write_end(writer);
}

void
ff_dhx_documents(FfJsonWriter *writer, const FfCall *call, const FfJson *documents)
{
	for (int i = 0; i < ff_json_count(documents); i++)
	{
		const FfJson *document = ff_json_at(documents, i);
		const char *type = ff_json_text_or(document, "typeCode", "label");
		int64 place = ff_json_int64_or(document, "packageReferenceNumber", 0);
		const char *kind = "customs";

		for (int j = 0; j < (int) lengthof(kinds); j++)
			if (pg_strcasecmp(kinds[j].type, type) == 0)
				kind = kinds[j].kind;
		if (strcmp(kind, "label") == 0 && ff_carrier_is_return(call))
			kind = "return_label";
		ff_carrier_write_document(
			writer,
			kind,
			ff_json_text_or(
				document, "imageFormat", ff_json_text_or(document, "encodingFormat", "pdf")),
			ff_json_text_or(document, "content", NULL),
			ff_json_text_or(document, "url", NULL),
			place > 0 ? ff_carrier_package_number(call, (int) place - 1) : 0);
	}
}

static TimestampTz
asked_at(const FfCall *call)
{
	TimestampTz time;

	return ff_time_parse(ff_json_text(ff_carrier_subject(call), "created_at"), &time)
			   ? time
			   : call->now - SEARCH_DAYS * USECS_PER_DAY;
}

void
ff_dhx_find_request(const FfCall *call, FfMessage *message)
{
	const char *reference = ff_carrier_reference(ff_carrier_subject(call), DHX_REFERENCE);
	const char *waybill = ff_json_text_or(call->state, "waybill", NULL);

	if (waybill != NULL)
	{
		ff_dhx_begin(call, message, "GET", "/shipments/");
		ff_message_segment(message, waybill);
		ff_message_path(message, "/get-image");
		ff_message_query(message, "shipperAccountNumber", ff_dhx_account(call));
		ff_message_query(message, "typeCode", "waybill");
		ff_message_query(message, "pickupYearAndMonth", ff_time_format(call->now, "%Y-%m"));
		return;
	}
	if (reference == NULL)
		ff_carrier_fail(call, "reference", "Give the reference the shipment was made with.");
	ff_dhx_begin(call, message, "GET", "/tracking");
	ff_message_query(message, "shipmentReference", reference);
	ff_message_query(message, "shipmentReferenceType", "CU");
	ff_message_query(message, "shipperAccountNumber", ff_dhx_account(call));
	ff_message_query(
		message, "dateRangeFrom", ff_time_format(asked_at(call) - USECS_PER_DAY, "%Y-%m-%d"));
	ff_message_query(message, "dateRangeTo", ff_time_format(call->now + USECS_PER_DAY, "%Y-%m-%d"));
}

/* Whether a shipment carries our reference; one that tells none was found by it. */
static bool
is_ours(const FfJson *shipment, const char *reference)
{
	const FfJson *references = ff_json_get(shipment, "shipperReferences");

	for (int i = 0; i < ff_json_count(references); i++)
	{
		const FfJson *one = ff_json_at(references, i);

		if (pg_strcasecmp(ff_json_text_or(one, "value", ff_json_text_or(one, "", "")), reference) ==
			0)
			return true;
	}
	return ff_json_count(references) == 0;
}

/* The state of the next request: the waybill and its pieces. */
static char *
remember(const FfJson *shipment, const char *waybill)
{
	const FfJson *pieces = ff_json_get(shipment, "pieces");
	FfJsonWriter state;

	ff_write_init(&state);
	ff_write_object(&state, NULL);
	ff_write_text(&state, "waybill", waybill);
	ff_write_array(&state, "pieces");
	for (int i = 0; i < ff_json_count(pieces); i++)
		ff_write_text(&state, NULL, ff_json_text_or(ff_json_at(pieces, i), "trackingNumber", NULL));
	return ff_write_finish(&state);
}

static void
write_found(const FfCall *call, FfOutcome *outcome, const FfJson *documents)
{
	const FfJson *pieces = ff_json_get(call->state, "pieces");
	const char *waybill = ff_json_text(call->state, "waybill");
	FfJsonWriter *writer = &outcome->body;

	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", waybill);
	ff_write_text(writer, "state", "accepted");
	ff_write_array(writer, "packages");
	for (int i = 0; i < ff_json_count(pieces); i++)
		ff_dhx_package(writer,
					   ff_carrier_package_number(call, i),
					   ff_json_text(ff_json_at(pieces, i), ""),
					   waybill);
	if (ff_json_count(pieces) == 0)
		ff_dhx_package(writer, ff_carrier_package_number(call, 0), waybill, waybill);
	ff_write_end(writer);
	ff_write_array(writer, "documents");
	ff_dhx_documents(writer, call, documents);
	ff_write_end(writer);
	ff_write_end(writer);
	if (ff_json_count(documents) == 0)
		ff_write_text(writer, "warning", "DHL does not tell the label again; print the waybill.");
}

void
ff_dhx_find_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	const char *reference = ff_carrier_reference(ff_carrier_subject(call), DHX_REFERENCE);
	const FfJson *shipments;
	FfJson *json;
	bool answered = ff_dhx_reply(call, reply, FF_REPEAT_SAFE, outcome, &json);

	if (ff_json_text_or(call->state, "waybill", NULL) != NULL)
	{
		if (!answered && outcome->result != FF_RESULT_REFUSED)
			return;
		ff_outcome_ok(outcome);
		write_found(call, outcome, answered ? ff_json_get(json, "documents") : NULL);
		return;
	}
	if (reply->status == 404)
		outcome->result = FF_RESULT_ABSENT;
	if (!answered)
		return;
	shipments = ff_json_get(json, "shipments");
	/* an answer that is none proves nothing */
	if (ff_json_is_null(shipments))
	{
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "The answer holds no shipments.");
		return;
	}
	for (int i = 0; i < ff_json_count(shipments); i++)
	{
		const FfJson *shipment = ff_json_at(shipments, i);
		const char *waybill = ff_json_text_or(shipment, "shipmentTrackingNumber", NULL);

		if (waybill == NULL || (reference && !is_ours(shipment, reference)))
			continue;
		ff_outcome_continue(outcome, remember(shipment, waybill));
		return;
	}
	ff_outcome_set(outcome,
				   FF_RESULT_ABSENT,
				   "no_shipment",
				   "DHL knows no shipment of this reference.",
				   "reference");
}
