/*
 * fedex_ship.c
 *
 * create_shipment and announce_return: one call of the Ship API, which makes
 * the labels of all packages at once.  A return is the same with the customer
 * as the shipper; the account still pays.  A shipment of very many pieces is
 * made in the background: its answer is a job, which is asked for until it is
 * done.  This file decides who is who and who pays; parts of packages,
 * options and customs stand in files of their own, and fedex_label.c reads
 * the answer.
 */
#include "postgres.h"

#include "connectors/fedex.h"

#define MOST_AT_ONCE 40
#define INSTRUCTIONS 65

static const FfCarrierCode label_formats[] = {
	{"PDF", "pdf"},
	{"PNG", "gif|jpg|jpeg"},
	{"ZPLII", "zpl|zpl2|zpl203|zpl203dpi|zpl300|zpl300dpi"},
	{"EPL2", "epl|epl300dpi"},
};

static void
write_label_specification(FfJsonWriter *writer, const FfCall *call)
{
	const char *wish = ff_json_text_or(
		ff_carrier_subject(call), "options.label_format", ff_carrier_setting(call, "label_format"));
	int row = wish ? FF_CARRIER_CODE(label_formats, "", wish) : -1;
	const char *format = label_formats[Max(row, 0)].code;
	bool thermal = strcmp(format, "ZPLII") == 0 || strcmp(format, "EPL2") == 0;
	const char *stock = ff_carrier_setting(call, "label_stock");
	int64 resolution = ff_json_int64_or(call->config, "label_resolution", 0);

	/* rolls have stock of their own, sheets theirs */
	if (stock == NULL || (strncmp(stock, "STOCK", 5) == 0) != thermal)
		stock = thermal ? "STOCK_4X6" : "PAPER_4X6";
	ff_write_object(writer, "labelSpecification");
	ff_write_text(writer, "imageType", format);
	ff_write_text(writer, "labelStockType", stock);
	ff_write_text(writer, "labelFormatType", "COMMON2D");
	if (strcmp(format, "ZPLII") == 0 && resolution > 0)
		ff_write_int(writer, "resolution", resolution);
	ff_write_end(writer);
}

/* Who pays for transport; anybody but us needs an account. */
static void
write_payment(FfJsonWriter *writer, const FfCall *call)
{
	const FfJson *payer = ff_json_get(ff_carrier_subject(call), "options.bill_to");
	const char *account = ff_json_text_or(payer, "account_number", NULL);
	const char *party = ff_json_text_or(payer, "party", account ? "third_party" : "sender");
	bool receiver = strcmp(party, "receiver") == 0;
	bool ours =
		!receiver && (account == NULL ||
					  strcmp(account, ff_json_text_or(call->config, "account_number", "")) == 0);

	if (receiver && account == NULL)
		ff_carrier_fail(call,
						"options.bill_to.account_number",
						"FedEx bills the receiver by an account number only.");
	ff_write_object(writer, "shippingChargesPayment");
	ff_write_text(writer, "paymentType", ours ? "SENDER" : receiver ? "RECIPIENT" : "THIRD_PARTY");
	ff_fedex_payor(writer, call, account);
	ff_write_end(writer);
}

/* The account's own address is the shipper when parcels leave from elsewhere. */
static void
write_parties(FfJsonWriter *writer, const FfCall *call, const FfFedexLane *lane)
{
	const FfJson *subject = ff_carrier_subject(call);
	const FfJson *origin = ff_carrier_need_role(call, FF_SHIP_FROM);
	const FfJson *receiver = ff_carrier_need_role(call, FF_SHIP_TO);
	const FfJson *account = lane->is_return ? NULL : ff_json_get(call->config, "shipper");
	const FfJson *buyer = ff_json_get(subject, "bill_to");
	bool apart = ff_json_is_object(account) && account != origin;
	char *wish = ff_carrier_text(subject, "options.instructions", INSTRUCTIONS);

	ff_write_object(writer, "shipper");
	ff_fedex_party(writer, apart ? account : origin, receiver, FEDEX_WITH_EMAIL);
	ff_fedex_tax_ids(writer, call, lane, true);
	ff_write_end(writer);
	if (apart)
	{
		ff_write_object(writer, "origin");
		ff_fedex_party(writer, origin, account, 0);
		ff_write_end(writer);
	}
	ff_write_array(writer, "recipients");
	ff_write_object(writer, NULL);
	ff_fedex_party(writer,
				   receiver,
				   origin,
				   FEDEX_WITH_EMAIL |
					   (ff_fedex_is_home(lane) ? FEDEX_AT_HOME : FEDEX_WITH_RESIDENTIAL));
	ff_fedex_tax_ids(writer, call, lane, false);
	ff_write_text(writer, "deliveryInstructions", wish ? ff_ascii(wish) : NULL);
	ff_write_end(writer);
	ff_write_end(writer);
	if (lane->border && ff_json_is_object(buyer))
	{
		ff_write_object(writer, "soldTo");
		ff_fedex_party(writer, buyer, receiver, FEDEX_WITH_EMAIL);
		ff_write_end(writer);
	}
}

/* Mails that FedEx may send: words of setting "notify". */
static const struct
{
	const char *word;
	const char *event;
} notifications[] = {
	{"ship", "ON_SHIPMENT"}, {"delivery", "ON_DELIVERY"}, {"exception", "ON_EXCEPTION"}};

static void
write_notifications(FfJsonWriter *writer, const FfCall *call)
{
	const FfJson *receiver = ff_carrier_role(call, FF_SHIP_TO);
	char *email = ff_carrier_email(receiver, 80);
	char *name = ff_carrier_text(receiver, "name", 70);
	bool any = false;

	for (int i = 0; email && i < (int) lengthof(notifications); i++)
	{
		if (!ff_carrier_lists(call, "notify", notifications[i].word))
			continue;
		if (!any)
		{
			ff_write_object(writer, "emailNotificationDetail");
			ff_write_text(writer, "aggregationType", "PER_SHIPMENT");
			ff_write_array(writer, "emailNotificationRecipients");
			ff_write_object(writer, NULL);
			ff_write_text(writer, "name", name ? ff_ascii(name) : NULL);
			ff_write_text(writer, "emailNotificationRecipientType", "RECIPIENT");
			ff_write_text(writer, "emailAddress", email);
			ff_write_text(writer, "notificationFormatType", "HTML");
			ff_write_text(writer, "notificationType", "EMAIL");
			ff_write_array(writer, "notificationEventType");
		}
		any = true;
		ff_write_text(writer, NULL, notifications[i].event);
	}
	/* the list of events, its receiver, the list of receivers, the object */
	for (int i = 0; any && i < 4; i++)
		ff_write_end(writer);
}

static void
write_shipment(FfJsonWriter *writer, const FfCall *call, const FfFedexLane *lane)
{
	const char *currency = ff_carrier_setting(call, "preferred_currency");

	ff_write_object(writer, "requestedShipment");
	ff_write_text(writer, "shipDatestamp", ff_carrier_ship_date(call));
	write_parties(writer, call, lane);
	ff_write_text(writer, "pickupType", ff_carrier_setting(call, "pickup_type"));
	ff_write_text(writer, "serviceType", lane->service);
	ff_write_text(writer, "packagingType", lane->packaging);
	ff_write_int(writer, "totalPackageCount", ff_carrier_package_count(call));
	ff_write_number(
		writer, "totalWeight", ff_fedex_weight_text(lane->pounds, ff_carrier_total_grams(call)));
	ff_write_raw(
		writer, "rateRequestType", currency ? "[\"PREFERRED\",\"ACCOUNT\"]" : "[\"ACCOUNT\"]");
	ff_write_text(writer, "preferredCurrency", currency);
	write_payment(writer, call);
	write_label_specification(writer, call);
	ff_fedex_special_services(writer, call, lane);
	if (ff_fedex_prints_invoice(call, lane))
		ff_write_raw(writer,
					 "shippingDocumentSpecification",
					 "{\"shippingDocumentTypes\":[\"COMMERCIAL_INVOICE\"],"
					 "\"commercialInvoiceDetail\":{\"documentFormat\":"
					 "{\"docType\":\"PDF\",\"stockType\":\"PAPER_LETTER\"}}}");
	ff_fedex_customs(writer, call, lane);
	ff_fedex_smart_post(writer, call, lane);
	write_notifications(writer, call);
	ff_fedex_packages(writer, call, lane);
	ff_write_end(writer);
}

/* What became of a shipment that is made in the background. */
static void
ask_for_job(const FfCall *call, FfMessage *message, const char *job)
{
	FfJsonWriter writer;

	ff_fedex_begin(call, message, "POST", "/ship/v1/shipments/results");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_fedex_account(&writer, call, "accountNumber");
	ff_write_text(&writer, "jobId", job);
	ff_message_json(message, &writer);
}

void
ff_fedex_ship_request(const FfCall *call, FfMessage *message)
{
	const char *job = ff_json_text_or(call->state, "job", NULL);
	FfJsonWriter writer;
	FfFedexLane lane;

	if (job != NULL)
	{
		ask_for_job(call, message, job);
		return;
	}
	ff_fedex_lane(call, &lane);
	if (ff_carrier_reference(ff_carrier_subject(call), FEDEX_REFERENCE) == NULL)
		ff_carrier_fail(call,
						lane.is_return ? "number" : "reference",
						"Give the shipment's reference; a lost label is found by it.");
	if (lane.service == NULL)
		ff_carrier_fail(
			call, "service", "Give a code of FedEx, such as FEDEX_GROUND, or the service's name.");
	ff_fedex_begin(call, message, "POST", "/ship/v1/shipments");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "labelResponseOptions", "LABEL");
	ff_fedex_account(&writer, call, "accountNumber");
	if (ff_carrier_package_count(call) > MOST_AT_ONCE)
		ff_write_text(&writer, "processingOptionType", "ALLOW_ASYNCHRONOUS");
	write_shipment(&writer, call, &lane);
	ff_message_json(message, &writer);
}
