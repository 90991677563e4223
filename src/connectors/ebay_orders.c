/*
 * ebay_orders.c
 *
 * An eBay order as a canonical order.  Amounts of a line are for all its
 * units.  Where eBay ships the last leg itself the address is that of its
 * hub, and the reference that the hub knows the parcel by has to stand on it.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "connectors/carrier.h"
#include "connectors/decimal.h"
#include "connectors/ebay.h"

/* The money's state by eBay's word; only what is paid may leave. */
static const struct
{
	const char *status;
	const char *state;
} payments[] = {
	{"PAID", "captured"},
	{"PENDING", "pending"},
	{"FAILED", "failed"},
	{"PARTIALLY_REFUNDED", "partially_refunded"},
	{"FULLY_REFUNDED", "refunded"},
};

static bool
says(const FfJson *json, const char *path, const char *value)
{
	return pg_strcasecmp(ff_json_text_or(json, path, ""), value) == 0;
}

/* How the first part of the order is to be sent. */
static const FfJson *
instructions_of(const FfJson *order)
{
	return ff_json_at(ff_json_get(order, "fulfillmentStartInstructions"), 0);
}

static bool
is_cancelled(const FfJson *order)
{
	return says(order, "cancelStatus.cancelState", "CANCELED") ||
		   says(order, "cancelStatus.cancelState", "CANCELLED");
}

bool
ff_ebay_is_wanted(const FfJson *order)
{
	return ff_json_text_or(order, "orderId", NULL) != NULL &&
		   (is_cancelled(order) || !says(order, "orderFulfillmentStatus", "FULFILLED"));
}

static void
write_address(FfJsonWriter *writer, const char *key, const FfJson *party, const char *reference)
{
	static const struct
	{
		const char *ours;
		const char *theirs;
	} members[] = {
		{"city", "contactAddress.city"},
		{"region", "contactAddress.stateOrProvince"},
		{"postcode", "contactAddress.postalCode"},
		{"country", "contactAddress.countryCode"},
		{"phone", "primaryPhone.phoneNumber"},
		{"email", "email"},
	};
	const char *second = ff_json_text_or(party, "contactAddress.addressLine2", NULL);

	if (!ff_json_is_object(party))
		return;
	if (reference != NULL)
		second = second ? psprintf("%s, %s", second, reference) : reference;
	ff_write_object(writer, key);
	ff_write_text(writer, "name", ff_json_text_or(party, "fullName", NULL));
	ff_write_text(writer, "company", ff_json_text_or(party, "companyName", NULL));
	ff_write_text(writer, "street1", ff_json_text_or(party, "contactAddress.addressLine1", NULL));
	ff_write_text(writer, "street2", second);
	for (int i = 0; i < (int) lengthof(members); i++)
		ff_write_text(writer, members[i].ours, ff_json_text_or(party, members[i].theirs, NULL));
	ff_write_end(writer);
}

static char *
unit_price(const FfJson *line)
{
	const char *total = ff_json_number(line, "discountedLineItemCost.value");
	const char *price;

	if (total == NULL)
		total = ff_json_number(line, "lineItemCost.value");
	price = total ? ff_decimal_divide(total, ff_json_number(line, "quantity"), 6) : NULL;
	return price != NULL ? ff_decimal_money(price) : NULL;
}

/* A listing without SKU is known by its number, and that of its variation. */
static const char *
sku_of(const FfJson *line)
{
	const char *item = ff_json_text_or(line, "legacyItemId", NULL);
	const char *variation = ff_json_text_or(line, "legacyVariationId", "0");

	if (ff_json_text_or(line, "sku", NULL) != NULL)
		return ff_json_text(line, "sku");
	if (item == NULL || strcmp(variation, "0") == 0)
		return item;
	return psprintf("%s:%s", item, variation);
}

static void
write_line(FfJsonWriter *writer, const FfJson *line, int number)
{
	static const struct
	{
		const char *ours;
		const char *theirs;
	} members[] = {
		{"legacy_item_id", "legacyItemId"},
		{"legacy_variation_id", "legacyVariationId"},
		{"ship_by", "lineItemFulfillmentInstructions.shipByDate"},
		{"gift_message", "giftDetails.message"},
	};
	char *quantity = ff_json_number(line, "quantity");

	ff_write_object(writer, NULL);
	ff_write_int(writer, "line", number);
	ff_write_text(writer, "channel_line_id", ff_json_text(line, "lineItemId"));
	ff_write_text(writer, "sku", sku_of(line));
	ff_write_text(writer, "name", ff_json_text_or(line, "title", NULL));
	ff_write_number(writer, "quantity", quantity != NULL ? ff_decimal_trim(quantity) : "1");
	ff_write_text(writer, "unit_price", unit_price(line));
	ff_write_object(writer, "attributes");
	for (int i = 0; i < (int) lengthof(members); i++)
		ff_write_text(writer, members[i].ours, ff_json_text_or(line, members[i].theirs, NULL));
	ff_write_end(writer);
	ff_write_end(writer);
}

static void
write_payment(FfJsonWriter *writer, const FfJson *order)
{
	char *amount = ff_json_number(order, "pricingSummary.total.value");

	ff_write_object(writer, "payment");
	for (int i = 0; i < (int) lengthof(payments); i++)
		if (says(order, "orderPaymentStatus", payments[i].status))
			ff_write_text(writer, "state", payments[i].state);
	ff_write_text(writer,
				  "gateway",
				  ff_json_text_or(ff_json_at(ff_json_get(order, "paymentSummary.payments"), 0),
								  "paymentMethod",
								  NULL));
	ff_write_text(writer, "amount", amount != NULL ? ff_decimal_money(amount) : NULL);
	ff_write_end(writer);
}

/* The latest day it may arrive: of the order, else the first that a line names. */
static const char *
promise_of(const FfJson *order)
{
	const FfJson *lines = ff_json_get(order, "lineItems");
	TimestampTz first = 0;
	TimestampTz time;
	bool known =
		ff_time_parse(ff_json_text(instructions_of(order), "maxEstimatedDeliveryDate"), &first);

	for (int i = 0; i < ff_json_count(lines) && !known; i++)
		if (ff_time_parse(ff_json_text(ff_json_at(lines, i),
									   "lineItemFulfillmentInstructions.maxEstimatedDeliveryDate"),
						  &time) &&
			(first == 0 || time < first))
			first = time;
	return first != 0 ? ff_time_iso(first) : NULL;
}

static void
write_wishes(FfJsonWriter *writer, const FfJson *order)
{
	static const struct
	{
		const char *ours;
		const char *theirs;
	} members[] = {
		{"shipping_carrier", "shippingStep.shippingCarrierCode"},
		{"ship_to_reference", "shippingStep.shipToReferenceId"},
		{"instructions_type", "fulfillmentInstructionsType"},
		{"merchant_location", "pickupStep.merchantLocationKey"},
	};
	const FfJson *instructions = instructions_of(order);

	ff_write_text(
		writer, "service", ff_json_text_or(instructions, "shippingStep.shippingServiceCode", NULL));
	ff_write_text(writer, "promised_by", promise_of(order));
	ff_write_object(writer, "attributes");
	for (int i = 0; i < (int) lengthof(members); i++)
		ff_write_text(
			writer, members[i].ours, ff_json_text_or(instructions, members[i].theirs, NULL));
	ff_write_text(writer, "buyer", ff_json_text_or(order, "buyer.username", NULL));
	ff_write_text(writer, "customer_note", ff_json_text_or(order, "buyerCheckoutNotes", NULL));
	ff_write_text(writer, "legacy_order_id", ff_json_text_or(order, "legacyOrderId", NULL));
	ff_write_end(writer);
}

/* Why the order is to wait; NULL when it is not. */
static const char *
hold_reason(const FfJson *order)
{
	const FfJson *requests = ff_json_get(order, "cancelStatus.cancelRequests");
	const char *type =
		ff_json_text_or(instructions_of(order), "fulfillmentInstructionsType", "SHIP_TO");
	const char *status = ff_json_text_or(order, "orderPaymentStatus", NULL);
	const char *reason = ff_json_text_or(ff_json_at(requests, 0), "cancelReason", NULL);

	if (says(order, "cancelStatus.cancelState", "IN_PROGRESS"))
		return reason ? psprintf("cancellation in progress: %s", reason)
					  : "cancellation in progress";
	if (status != NULL && pg_strcasecmp(status, "PAID") != 0)
		return psprintf("payment: %s", status);
	if (pg_strcasecmp(type, "SHIP_TO") != 0)
		return psprintf("fulfillment: %s", type);
	if (says(order, "program.fulfillmentProgram.fulfilledBy", "EBAY"))
		return "fulfilled by eBay";
	return NULL;
}

static const char *
currency_of(const FfJson *order)
{
	const FfJson *line = ff_json_at(ff_json_get(order, "lineItems"), 0);

	return ff_json_text_or(order,
						   "pricingSummary.total.currency",
						   ff_json_text_or(line, "lineItemCost.currency", NULL));
}

void
ff_ebay_write_order(FfJsonWriter *writer, const FfCall *call, const FfJson *order)
{
	const FfJson *step = ff_json_get(instructions_of(order), "shippingStep");
	const FfJson *ship_to = ff_json_get(step, "shipTo");
	const FfJson *buyer = ff_json_get(order, "buyer.buyerRegistrationAddress");
	const FfJson *lines = ff_json_get(order, "lineItems");
	char *id = ff_json_text(order, "orderId");
	TimestampTz time;

	ff_write_object(writer, NULL);
	ff_write_text(writer, "number", id);
	ff_write_text(writer, "channel_order_id", id);
	if (ff_time_parse(ff_json_text(order, "lastModifiedDate"), &time))
		ff_write_int(writer, "version", (time - SetEpochTimestamp()) / 1000);
	if (ff_time_parse(ff_json_text(order, "creationDate"), &time))
		ff_write_text(writer, "placed_at", ff_time_iso(time));
	ff_write_text(writer, "currency", currency_of(order));
	ff_write_text(
		writer, "email", ff_json_text_or(ship_to, "email", ff_json_text_or(buyer, "email", NULL)));
	ff_write_text(writer,
				  "phone",
				  ff_json_text_or(ship_to,
								  "primaryPhone.phoneNumber",
								  ff_json_text_or(buyer, "primaryPhone.phoneNumber", NULL)));
	write_address(writer, "ship_to", ship_to, ff_json_text_or(step, "shipToReferenceId", NULL));
	if (ff_json_is_object(ff_json_get(buyer, "contactAddress")))
		write_address(writer, "bill_to", buyer, NULL);
	write_wishes(writer, order);
	write_payment(writer, order);
	ff_write_array(writer, "lines");
	for (int i = 0; i < ff_json_count(lines); i++)
		if (ff_json_is_object(ff_json_at(lines, i)))
			write_line(writer, ff_json_at(lines, i), i + 1);
	ff_write_end(writer);
	if (is_cancelled(order))
		ff_write_text(
			writer,
			"cancel",
			ff_json_text_or(ff_json_at(ff_json_get(order, "cancelStatus.cancelRequests"), 0),
							"cancelReason",
							"cancelled"));
	else
		ff_write_text(writer, "hold", hold_reason(order));
	ff_write_end(writer);
}
