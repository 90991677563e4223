/*
 * fedex_label.c
 *
 * Shipments as FedEx's Ship API answers them: numbers, labels, the invoice
 * and the price; and the cancellation that takes a shipment back.  What an
 * answer to a cancellation means is shared with fedex_find.c, which cancels a
 * shipment whose label was lost.
 */
#include "postgres.h"

#include "utils/formatting.h"

#include "connectors/decimal.h"
#include "connectors/fedex.h"

#define TRACKING_LINK "https://www.fedex.com/fedextrack/?trknbr="
#define JOB_PAUSE_S   10

/* Kinds of documents by a word of their type; the first that fits counts. */
static const struct
{
	const char *word;
	const char *kind;
} document_kinds[] = {
	{"LABEL", "label"},
	{"INVOICE", "invoice"},
	{"MANIFEST", "manifest"},
	{"", "customs"},
};

static const char *
document_kind(const char *type, bool is_return)
{
	int row = 0;

	while (strstr(type, document_kinds[row].word) == NULL)
		row++;
	return row == 0 && is_return ? "return_label" : document_kinds[row].kind;
}

/* Formats by our name; others by their own. */
static const char *
document_format(const char *type)
{
	if (type != NULL && strcmp(type, "ZPLII") == 0)
		return "zpl";
	if (type != NULL && strcmp(type, "EPL2") == 0)
		return "epl";
	return type;
}

static void
write_documents(FfJsonWriter *writer, const FfCall *call, const FfJson *documents, int64 package)
{
	for (int i = 0; i < ff_json_count(documents); i++)
	{
		const FfJson *document = ff_json_at(documents, i);

		ff_carrier_write_document(writer,
								  document_kind(ff_json_text_or(document, "contentType", "LABEL"),
												ff_carrier_is_return(call)),
								  document_format(ff_json_text(document, "docType")),
								  ff_json_text_or(document, "encodedLabel", NULL),
								  ff_json_text_or(document, "url", NULL),
								  package);
	}
}

void
ff_fedex_labelled(FfJsonWriter *writer, int64 number, const char *tracking_number)
{
	ff_carrier_write_package(writer, number, tracking_number, "fedex", TRACKING_LINK);
}

/* Our number of the package a piece is. */
static int64
piece_number(const FfCall *call, const FfJson *piece, int index)
{
	int64 sequence = ff_json_int64_or(piece, "packageSequenceNumber", index + 1);

	return ff_carrier_package_number(call, (int) Max(1, sequence) - 1);
}

/* The price of the whole shipment, of the kind that counts; else what its pieces cost. */
static void
write_cost(FfJsonWriter *writer, const FfJson *shipment)
{
	const FfJson *rating = ff_json_get(shipment, "completedShipmentDetail.shipmentRating");
	const FfJson *details = ff_json_get(rating, "shipmentRateDetails");
	const FfJson *pieces = ff_json_get(shipment, "pieceResponses");
	const char *actual = ff_json_text_or(rating, "actualRateType", NULL);
	const FfJson *chosen = ff_json_at(details, 0);
	const char *currency = NULL;
	char *total = NULL;

	for (int i = 0; actual && i < ff_json_count(details); i++)
		if (strcmp(ff_json_text_or(ff_json_at(details, i), "rateType", ""), actual) == 0)
			chosen = ff_json_at(details, i);
	if (ff_json_number(chosen, "totalNetCharge") != NULL)
	{
		ff_carrier_write_money(writer,
							   "cost",
							   ff_json_number(chosen, "totalNetCharge"),
							   ff_json_text(chosen, "currency"));
		return;
	}
	for (int i = 0; i < ff_json_count(pieces); i++)
	{
		const FfJson *piece = ff_json_at(pieces, i);
		char *amount = ff_json_number(piece, "netRateAmount");

		if (amount == NULL)
			amount = ff_json_number(piece, "netChargeAmount");
		if (amount == NULL)
			continue;
		total = total ? ff_decimal_add(total, amount) : amount;
		currency = ff_json_text_or(piece, "currency", currency);
	}
	ff_carrier_write_money(writer, "cost", total, currency);
}

static char *
arrival(const FfJson *shipment)
{
	const FfJson *detail = ff_json_get(shipment, "completedShipmentDetail.operationalDetail");
	char *time = ff_carrier_time(ff_json_text(detail, "deliveryDate"));

	return time ? time : ff_carrier_time(ff_json_text(detail, "commitDate"));
}

static void
write_created(FfJsonWriter *writer, const FfCall *call, const FfJson *shipment, const char *id)
{
	const FfJson *pieces = ff_json_get(shipment, "pieceResponses");

	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", id);
	ff_write_text(writer, "state", "accepted");
	ff_write_array(writer, "packages");
	for (int i = 0; i < ff_json_count(pieces); i++)
	{
		const FfJson *piece = ff_json_at(pieces, i);
		const char *number = ff_json_text_or(piece, "trackingNumber", i == 0 ? id : NULL);

		if (number != NULL)
			ff_fedex_labelled(writer, piece_number(call, piece, i), number);
	}
	if (ff_json_count(pieces) == 0)
		ff_fedex_labelled(writer, ff_carrier_package_number(call, 0), id);
	ff_write_end(writer);
	ff_write_array(writer, "documents");
	for (int i = 0; i < ff_json_count(pieces); i++)
	{
		const FfJson *piece = ff_json_at(pieces, i);

		write_documents(
			writer, call, ff_json_get(piece, "packageDocuments"), piece_number(call, piece, i));
	}
	write_documents(writer, call, ff_json_get(shipment, "shipmentDocuments"), 0);
	ff_write_end(writer);
	write_cost(writer, shipment);
	ff_write_text(writer, "estimated_delivery_at", arrival(shipment));
	ff_write_end(writer);
}

static const char *
shipment_number(const FfJson *shipment)
{
	static const char *const paths[] = {
		"masterTrackingNumber",
		"completedShipmentDetail.masterTrackingId.trackingNumber",
		"pieceResponses.0.masterTrackingNumber",
		"pieceResponses.0.trackingNumber",
		"pieceResponses.trackingNumber",
	};
	const char *number = NULL;

	for (int i = 0; number == NULL && i < (int) lengthof(paths); i++)
		number = ff_json_text_or(shipment, paths[i], NULL);
	return number;
}

/* A shipment that FedEx still makes, or nothing that can be read. */
static void
note_unfinished(const FfCall *call, FfOutcome *outcome, const FfJson *output)
{
	const char *known = ff_json_text_or(call->state, "job", NULL);
	const char *job = ff_json_text_or(output, "jobId", known);
	FfJsonWriter next;

	if (job == NULL)
	{
		ff_outcome_unreadable(outcome, FF_RESULT_UNKNOWN, "The answer names no shipment.");
		return;
	}
	ff_write_init(&next);
	ff_write_object(&next, NULL);
	ff_write_text(&next, "job", job);
	ff_outcome_continue(outcome, ff_write_finish(&next));
	if (known == NULL)
		return;
	outcome->retry_after_s = JOB_PAUSE_S;
	ff_outcome_set(outcome, FF_RESULT_RETRY, "unfinished", "FedEx still makes the shipment.", NULL);
}

void
ff_fedex_ship_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	/* asking what became of a job makes nothing */
	bool asking = ff_json_text(call->state, "job") != NULL;
	const FfJson *output;
	const FfJson *shipment;
	const char *id;
	FfJson *json;

	if (!ff_fedex_reply(
			call, reply, asking ? FF_REPEAT_SAFE : FF_REPEAT_AFTER_FIND, outcome, &json))
	{
		/* a job whose result is gone may have made the shipment all the same */
		if (asking && ff_fedex_is_absence(outcome->code))
			outcome->result = FF_RESULT_UNKNOWN;
		return;
	}
	output = ff_json_get(json, "output");
	shipment = ff_json_at(ff_json_get(output, "transactionShipments"), 0);
	id = shipment_number(shipment);
	if (id == NULL)
	{
		note_unfinished(call, outcome, output);
		return;
	}
	write_created(&outcome->body, call, shipment, id);
	ff_write_text(&outcome->body, "warning", ff_fedex_warning(ff_json_get(shipment, "alerts")));
}

void
ff_fedex_cancel_body(const FfCall *call, FfMessage *message, const char *number)
{
	FfJsonWriter writer;

	ff_fedex_begin(call, message, "PUT", "/ship/v1/shipments/cancel");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_fedex_account(&writer, call, "accountNumber");
	ff_write_text(&writer, "trackingNumber", number);
	ff_write_text(
		&writer, "senderCountryCode", ff_carrier_country(ff_carrier_role(call, FF_SHIP_FROM)));
	ff_write_text(&writer, "deletionControl", "DELETE_ALL_PACKAGES");
	ff_message_json(message, &writer);
}

void
ff_fedex_cancel_request(const FfCall *call, FfMessage *message)
{
	char *number = ff_carrier_known_number(call);

	if (number == NULL)
		ff_carrier_fail(call, "provider_reference", "Give the shipment's master tracking number.");
	ff_fedex_cancel_body(call, message, number);
}

/* Whether a sentence says that the shipment had been cancelled before. */
static bool
says_already(const char *message)
{
	char *text = message ? asc_tolower(message, strlen(message)) : pstrdup("");

	return strstr(text, "already") != NULL &&
		   (strstr(text, "cancel") != NULL || strstr(text, "delete") != NULL);
}

void
ff_fedex_cancelled(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	static const char *const sentences[] = {"message", "successMessage", "alerts.0.message"};
	const FfJson *output;
	const char *message = NULL;
	FfJson *json;

	if (ff_fedex_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
	{
		output = ff_json_get(json, "output");
		for (int i = 0; message == NULL && i < (int) lengthof(sentences); i++)
			message = ff_json_text_or(output, sentences[i], NULL);
		if (ff_json_is_null(ff_json_get(output, "cancelledShipment")))
			ff_outcome_unreadable(outcome,
								  FF_RESULT_RETRY,
								  "The answer does not say whether the shipment is cancelled.");
		else if (!ff_json_bool(output, "cancelledShipment", false) && !says_already(message))
			ff_outcome_set(outcome,
						   FF_RESULT_REFUSED,
						   "not_cancelled",
						   message ? message : "FedEx did not cancel the shipment.",
						   NULL);
	}
	else if (outcome->result == FF_RESULT_REFUSED && says_already(outcome->message))
		ff_outcome_ok(outcome);
	else if (outcome->result == FF_RESULT_REFUSED && ff_fedex_is_absence(outcome->code))
		outcome->result = FF_RESULT_ABSENT;
}

void
ff_fedex_cancel_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	ff_fedex_cancelled(call, reply, outcome);
	if (outcome->result == FF_RESULT_OK)
		ff_carrier_write_cancelled(&outcome->body, ff_carrier_known_number(call));
}
