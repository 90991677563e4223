/*
 * usps_label.c
 *
 * create_shipment, announce_return and find_shipment: one call per package,
 * since USPS makes one label at a time; what was answered so far is kept in
 * the operation's state.  A label is repeated and found again by its key.  A
 * shipment of which USPS refuses a later package is taken back as a whole.
 */
#include "postgres.h"

#include "connectors/usps.h"

#define LABEL_SIZE "4X6LABEL"

static const FfCarrierCode image_types[] = {
	{"PDF", "pdf"},
	{"PNG", "png"},
	{"GIF", "gif"},
	{"JPG", "jpeg"},
	{"TIFF", "tif"},
	{"SVG", "svg"},
	{"ZPL203DPI", "zpl|zpl2|zplii|zpl203"},
	{"ZPL300DPI", "zpl300"},
	{"EPL300DPI", "epl|epl2|epl300"},
	{"LABEL_BROKER", "qr|qr code"},
	{"NONE", "none"},
};

/* What labels abroad can be, and what none can be that is printed again. */
static const char types_abroad[] = "PDF TIFF ZPL203DPI ZPL300DPI LABEL_BROKER NONE";
static const char types_once[] = "LABEL_BROKER NONE";

const char *
ff_usps_image_type(const FfCall *call, bool abroad)
{
	const char *wish = ff_json_text_or(
		ff_carrier_subject(call), "options.label_format", ff_carrier_setting(call, "label_format"));
	int row = wish ? FF_CARRIER_CODE(image_types, "", wish) : -1;
	const char *type = image_types[Max(row, 0)].code;
	bool impossible = abroad && !ff_carrier_among(type, types_abroad);
	bool again = call->operation == FF_OP_FIND_SHIPMENT && ff_carrier_among(type, types_once);

	return impossible || again ? image_types[0].code : type;
}

void
ff_usps_image_info(FfJsonWriter *writer, const FfCall *call, bool abroad, int index)
{
	bool again = call->operation == FF_OP_FIND_SHIPMENT;
	const char *size = ff_carrier_setting(call, "label_size");
	int count = ff_carrier_package_count(call);

	ff_write_object(writer, "imageInfo");
	ff_write_text(writer, "imageType", ff_usps_image_type(call, abroad));
	ff_write_text(writer, "labelType", abroad || size == NULL ? LABEL_SIZE : size);
	if (!abroad && !again)
		ff_write_text(writer, "receiptOption", "NONE");
	if (!abroad && !again && ff_json_bool(ff_carrier_subject(call), "options.return_label", false))
		ff_write_bool(writer, "returnLabel", true);
	if (!abroad && count > 1 && !ff_carrier_is_return(call))
	{
		ff_write_int(writer, "packageNumber", index + 1);
		ff_write_int(writer, "totalPackages", count);
	}
	ff_write_end(writer);
}

/* A post office keeps the parcel for its receiver; its own address counts when the call tells it.
 */
static void
write_receiver(FfJsonWriter *writer, const FfCall *call, int with)
{
	const FfJson *receiver = ff_carrier_need_role(call, FF_SHIP_TO);
	const FfJson *office = ff_json_get(ff_carrier_subject(call), "options.service_point");
	const char *id = ff_json_text_or(office, "id", ff_json_text(office, ""));

	ff_write_object(writer, "toAddress");
	ff_usps_address(
		writer, receiver, ff_json_text(office, "street1") != NULL ? office : receiver, with);
	if (id != NULL)
	{
		ff_write_bool(writer, "holdForPickup", true);
		ff_write_text(writer, "facilityId", id);
	}
	ff_write_end(writer);
}

static void
write_addresses(FfJsonWriter *writer, const FfCall *call, const FfUspsLane *lane)
{
	const FfJson *sender = ff_carrier_need_role(call, FF_SHIP_FROM);
	const FfJson *elsewhere = ff_json_get(ff_carrier_subject(call), "return_to");
	bool unknown_street = ff_json_bool(call->config, "ignore_bad_address", false);
	int with = USPS_WITH_CONTACT | (unknown_street ? USPS_IGNORING_BAD_STREET : 0);

	ff_write_object(writer, "fromAddress");
	ff_usps_address(writer, sender, sender, with);
	ff_write_end(writer);
	if (lane->abroad)
		ff_usps_foreign_address(writer, "toAddress", ff_carrier_need_role(call, FF_SHIP_TO));
	else
		write_receiver(writer, call, with);
	if (!lane->is_return && ff_json_is_object(elsewhere) && ff_usps_is_domestic(elsewhere))
	{
		ff_write_object(writer, "returnAddress");
		ff_usps_address(writer, elsewhere, elsewhere, USPS_WITH_CONTACT);
		ff_write_end(writer);
	}
}

static const char *
path_of(const FfUspsLane *lane)
{
	return lane->is_return && !lane->abroad ? "/labels/v3/return-label"
											: ff_usps_labels(lane->abroad);
}

/* What USPS takes of a label beside its addresses. */
static void
check_label(const FfCall *call, const FfUspsLane *lane)
{
	const char *currency;

	if (lane->mail_class == NULL)
		ff_carrier_fail(
			call, "service", "Give a mail class of USPS, such as PRIORITY_MAIL, or its name.");
	if (ff_carrier_amount(ff_carrier_subject(call), "options.cod", &currency) != NULL)
		ff_carrier_fail(call, "options.cod", "USPS collects no money with labels of its API.");
}

void
ff_usps_label_request(const FfCall *call, FfMessage *message)
{
	int index = ff_carrier_track_place(call);
	FfJsonWriter writer;
	FfUspsLane lane;

	if (ff_usps_is_voiding(call))
	{
		ff_usps_void_request(call, message);
		return;
	}
	ff_usps_lane(call, index, &lane);
	check_label(call, &lane);
	ff_usps_begin(call, message, "POST", path_of(&lane));
	ff_usps_accept_json(message);
	ff_message_header(message, "X-Idempotency-Key", ff_usps_label_key(call, index));
	ff_usps_pay(message);
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_usps_image_info(&writer, call, lane.abroad, index);
	write_addresses(&writer, call, &lane);
	ff_usps_package_description(&writer, call, &lane, index);
	ff_usps_customs_form(&writer, call, &lane, index);
	ff_message_json(message, &writer);
}

static void
read_label(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	int index = ff_carrier_track_place(call);
	char *labels;
	FfJson *json;

	if (!ff_usps_reply(call, reply, FF_REPEAT_WITH_KEY, outcome, &json))
	{
		if (outcome->result == FF_RESULT_REFUSED)
			ff_usps_void_labels(call, outcome);
	}
	else if ((labels = ff_usps_add_label(call, reply, json, index)) != NULL)
		ff_usps_labelled(call, outcome, labels, index);
	else if (ff_json_text(json, "paymentAuthorizationToken") != NULL)
		ff_outcome_continue(outcome, ff_usps_state_at(call, index, NULL));
	else
		ff_outcome_unreadable(outcome, FF_RESULT_UNKNOWN, "The answer names no label.");
}

void
ff_usps_label_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	if (ff_usps_is_voiding(call))
	{
		ff_usps_void_outcome(call, reply, outcome);
		return;
	}
	read_label(call, reply, outcome);
	if (outcome->result == FF_RESULT_REFUSED && outcome->field != NULL &&
		strcmp(outcome->field, "ship_on") == 0)
	{
		char *later = ff_usps_state_later(call, ff_carrier_track_place(call));

		if (later != NULL)
			ff_outcome_continue(outcome, later);
	}
	/* the same key wants the same body, also on the next day */
	if (outcome->result == FF_RESULT_RETRY || outcome->result == FF_RESULT_UNKNOWN)
		outcome->next = ff_usps_state_at(call, ff_carrier_track_place(call), NULL);
}

/* By its tracking number when that is known, else by its key. */
void
ff_usps_find_request(const FfCall *call, FfMessage *message)
{
	int index = ff_carrier_track_place(call);
	char *number = ff_usps_known_number(call, index);
	bool abroad = ff_usps_is_abroad(call, number);
	FfJsonWriter writer;

	ff_usps_begin(call, message, "POST", ff_usps_labels(abroad));
	ff_message_path(message, "-reprint");
	if (number != NULL)
		ff_usps_about(message, number);
	else
		ff_message_header(message, "X-Idempotency-Key", ff_usps_label_key(call, index));
	ff_usps_accept_json(message);
	ff_usps_pay(message);
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_usps_image_info(&writer, call, abroad, index);
	ff_message_json(message, &writer);
}

/*
 * When one label is missing, the shipment is: it can be made anew, and the
 * labels that are there come back by their keys and cost nothing.
 */
void
ff_usps_find_outcome(const FfCall *call, const FfReply *reply, FfOutcome *outcome)
{
	int index = ff_carrier_track_place(call);
	char *labels;
	FfJson *json;

	if (!ff_usps_reply(call, reply, FF_REPEAT_SAFE, outcome, &json))
	{
		/* void labels are not printed again */
		bool missing = reply->status == 404 || ff_usps_says(outcome, "not found") ||
					   ff_usps_says(outcome, "cancel");

		if (outcome->result != FF_RESULT_REFUSED || !missing)
			return;
		outcome->field = NULL;
		ff_outcome_set(outcome,
					   FF_RESULT_ABSENT,
					   "not_found",
					   "USPS has not made every label of this shipment.",
					   NULL);
	}
	else if ((labels = ff_usps_add_label(call, reply, json, index)) != NULL)
		ff_usps_labelled(call, outcome, labels, index);
	else
		ff_outcome_unreadable(outcome, FF_RESULT_RETRY, "The answer names no label.");
}
