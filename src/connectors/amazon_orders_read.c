/*
 * amazon_orders_read.c
 *
 * An order of Amazon as a canonical order.  Amazon holds the money, so all
 * that is not pending is paid; who may not see the buyer gets no address.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "connectors/amazon_orders.h"
#include "connectors/carrier.h"
#include "connectors/decimal.h"

/* What a status asks of us. */
typedef enum Wish
{
	WISH_SHIP,
	WISH_HOLD,
	WISH_CANCEL,
	WISH_NOTHING
} Wish;

static const struct
{
	const char *status;
	Wish wish;
	const char *payment;
} statuses[] = {
	{"UNSHIPPED", WISH_SHIP, "captured"},
	{"PARTIALLY_SHIPPED", WISH_SHIP, "captured"},
	{"PENDING", WISH_HOLD, "pending"},
	{"PENDING_AVAILABILITY", WISH_HOLD, "pending"},
	{"UNFULFILLABLE", WISH_HOLD, "captured"},
	{"CANCELLED", WISH_CANCEL, "captured"},
	{"CANCELED", WISH_CANCEL, "captured"},
	{"SHIPPED", WISH_NOTHING, "captured"},
};

/* The row of an order's status; -1 for one that nobody knows. */
static int
status_of(const FfJson *order)
{
	const char *status = ff_json_text_or(order, "fulfillment.fulfillmentStatus", "");

	for (int i = 0; i < (int) lengthof(statuses); i++)
		if (pg_strcasecmp(statuses[i].status, status) == 0)
			return i;
	return -1;
}

static Wish
wish_of(const FfJson *order)
{
	int row = status_of(order);

	return row < 0 ? WISH_HOLD : statuses[row].wish;
}

bool
ff_amazon_orders_wanted(const FfJson *order)
{
	return ff_json_text_or(order, "orderId", NULL) != NULL && wish_of(order) != WISH_NOTHING &&
		   pg_strcasecmp(ff_json_text_or(order, "fulfillment.fulfilledBy", ""), "AMAZON") != 0;
}

static void
write_address(FfJsonWriter *writer, const FfJson *order)
{
	static const char *const streets[] = {"addressLine1", "addressLine2", "addressLine3"};
	static const struct
	{
		const char *ours;
		const char *theirs;
		const char *also;
	} members[] = {
		{"city", "city", "municipality"},
		{"region", "stateOrRegion", "districtOrCounty"},
		{"postcode", "postalCode", NULL},
		{"country", "countryCode", NULL},
		{"phone", "phone", NULL},
	};
	const FfJson *address = ff_json_get(order, "recipient.deliveryAddress");
	const char *type = ff_json_text_or(address, "addressType", "");
	const char *street[2] = {NULL, NULL};

	if (!ff_json_is_object(address))
		return;
	/* the first line that says something is the street, whatever is behind it the second */
	for (int i = 0; i < (int) lengthof(streets); i++)
	{
		const char *line = ff_json_text_or(address, streets[i], NULL);

		if (line == NULL)
			continue;
		if (street[0] == NULL)
			street[0] = line;
		else
			street[1] = street[1] ? psprintf("%s, %s", street[1], line) : line;
	}
	ff_write_object(writer, "ship_to");
	ff_write_text(writer, "name", ff_json_text_or(address, "name", NULL));
	ff_write_text(writer, "company", ff_json_text_or(address, "companyName", NULL));
	ff_write_text(writer, "street1", street[0]);
	ff_write_text(writer, "street2", street[1]);
	for (int i = 0; i < (int) lengthof(members); i++)
	{
		const char *also = members[i].also ? ff_json_text_or(address, members[i].also, NULL) : NULL;

		ff_write_text(writer, members[i].ours, ff_json_text_or(address, members[i].theirs, also));
	}
	ff_write_text(writer, "email", ff_json_text_or(order, "buyer.buyerEmail", NULL));
	if (pg_strcasecmp(type, "RESIDENTIAL") == 0 || pg_strcasecmp(type, "COMMERCIAL") == 0)
		ff_write_bool(writer, "residential", pg_strcasecmp(type, "RESIDENTIAL") == 0);
	ff_write_end(writer);
}

/* Units that are wanted: what is cancelled is neither fulfilled nor unfulfilled. */
static char *
quantity_of(const FfJson *item)
{
	char *ordered = ff_json_number(item, "quantityOrdered");
	char *done = ff_json_number(item, "fulfillment.quantityFulfilled");
	char *open = ff_json_number(item, "fulfillment.quantityUnfulfilled");
	char *wanted = done != NULL && open != NULL ? ff_decimal_add(done, open) : ordered;

	if (wanted != NULL && ordered != NULL && ff_decimal_compare(wanted, ordered) > 0)
		wanted = ordered;
	return wanted != NULL ? ff_decimal_trim(wanted) : NULL;
}

/* The price of a unit, or its share of what the item's goods cost. */
static char *
unit_price(const FfJson *item)
{
	const FfJson *parts = ff_json_get(item, "proceeds.breakdowns");
	char *price = ff_json_number(item, "product.price.unitPrice.amount");

	for (int i = 0; i < ff_json_count(parts) && price == NULL; i++)
	{
		const FfJson *part = ff_json_at(parts, i);
		char *subtotal = ff_json_number(part, "subtotal.amount");

		if (strcmp(ff_json_text_or(part, "type", ""), "ITEM") == 0 && subtotal != NULL)
			price = ff_decimal_divide(subtotal, ff_json_number(item, "quantityOrdered"), 6);
	}
	return price != NULL ? ff_decimal_money(price) : NULL;
}

static void
write_line(FfJsonWriter *writer, const FfJson *item, int number, const char *quantity)
{
	static const struct
	{
		const char *ours;
		const char *theirs;
	} members[] = {
		{"asin", "product.asin"},
		{"gift_message", "fulfillment.packing.giftOption.giftMessage"},
		{"gift_wrap", "fulfillment.packing.giftOption.giftWrapLevel"},
		{"serial_number", "fulfillment.packing.serialNumberRequirement"},
	};

	ff_write_object(writer, NULL);
	ff_write_int(writer, "line", number);
	ff_write_text(writer, "channel_line_id", ff_json_text(item, "orderItemId"));
	ff_write_text(
		writer,
		"sku",
		ff_json_text_or(item, "product.sellerSku", ff_json_text_or(item, "product.asin", NULL)));
	ff_write_text(writer, "name", ff_json_text_or(item, "product.title", NULL));
	ff_write_number(writer, "quantity", quantity);
	ff_write_text(writer, "unit_price", unit_price(item));
	ff_write_object(writer, "attributes");
	for (int i = 0; i < (int) lengthof(members); i++)
		ff_write_text(writer, members[i].ours, ff_json_text_or(item, members[i].theirs, NULL));
	ff_write_end(writer);
	ff_write_end(writer);
}

/* A list of words as text. */
static char *
joined(const FfJson *list)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < ff_json_count(list); i++)
		appendStringInfo(
			&text, "%s%s", text.len > 0 ? ", " : "", ff_json_text_or(ff_json_at(list, i), "", ""));
	return text.len > 0 ? text.data : NULL;
}

static void
write_attributes(FfJsonWriter *writer, const FfJson *order)
{
	static const struct
	{
		const char *ours;
		const char *theirs;
	} members[] = {
		{"ship_by", "fulfillment.shipByWindow.latestDateTime"},
		{"ship_from", "fulfillment.shipByWindow.earliestDateTime"},
		{"sales_channel", "salesChannel.marketplaceName"},
		{"buyer", "buyer.buyerName"},
		{"buyer_company", "buyer.buyerCompanyName"},
		{"purchase_order", "buyer.buyerPurchaseOrderNumber"},
		{"delivery_instructions", "recipient.deliveryPreference.addressInstruction"},
		{"drop_off", "recipient.deliveryPreference.dropOffLocation"},
	};
	const FfJson *alias = ff_json_at(ff_json_get(order, "orderAliases"), 0);

	ff_write_object(writer, "attributes");
	for (int i = 0; i < (int) lengthof(members); i++)
		ff_write_text(writer, members[i].ours, ff_json_text_or(order, members[i].theirs, NULL));
	ff_write_text(writer, "seller_order_id", ff_json_text_or(alias, "aliasId", NULL));
	ff_write_text(writer, "programs", joined(ff_json_get(order, "programs")));
	ff_write_end(writer);
}

static void
write_payment(FfJsonWriter *writer, const FfJson *order)
{
	int row = status_of(order);
	char *amount = ff_json_number(order, "proceeds.grandTotal.amount");

	ff_write_object(writer, "payment");
	ff_write_text(writer, "state", row < 0 ? "captured" : statuses[row].payment);
	ff_write_text(writer, "amount", amount != NULL ? ff_decimal_money(amount) : NULL);
	ff_write_end(writer);
}

/* The buyer's wish to cancel something of the order; NULL when there is none. */
static const char *
wish_to_cancel(const FfJson *order)
{
	const FfJson *items = ff_json_get(order, "orderItems");

	for (int i = 0; i < ff_json_count(items); i++)
	{
		const FfJson *wish = ff_json_get(ff_json_at(items, i), "cancellation.cancellationRequest");

		if (ff_json_is_object(wish))
			return psprintf("the buyer asks to cancel: %s",
							ff_json_text_or(wish, "cancelReason", "no reason given"));
	}
	return NULL;
}

/* The order's currency; orders whose total is hidden have that of a price. */
static const char *
currency_of(const FfJson *order)
{
	const FfJson *items = ff_json_get(order, "orderItems");
	const char *currency = ff_json_text_or(order, "proceeds.grandTotal.currencyCode", NULL);

	for (int i = 0; i < ff_json_count(items) && currency == NULL; i++)
	{
		const FfJson *item = ff_json_at(items, i);
		const FfJson *part = ff_json_at(ff_json_get(item, "proceeds.breakdowns"), 0);

		currency = ff_json_text_or(item,
								   "product.price.unitPrice.currencyCode",
								   ff_json_text_or(part, "subtotal.currencyCode", NULL));
	}
	return currency;
}

/* Writes the lines; answers how many. */
static int
write_lines(FfJsonWriter *writer, const FfJson *order)
{
	const FfJson *items = ff_json_get(order, "orderItems");
	int count = 0;

	ff_write_array(writer, "lines");
	for (int i = 0; i < ff_json_count(items); i++)
	{
		const FfJson *item = ff_json_at(items, i);
		char *quantity = quantity_of(item);

		if (!ff_json_is_object(item) || ff_decimal_compare(quantity, NULL) <= 0)
			continue;
		write_line(writer, item, i + 1, quantity);
		count++;
	}
	ff_write_end(writer);
	return count;
}

void
ff_amazon_orders_write(FfJsonWriter *writer, const FfCall *call, const FfJson *order)
{
	char *id = ff_json_text(order, "orderId");
	const char *status = ff_json_text_or(order, "fulfillment.fulfillmentStatus", "no status");
	bool some = ff_json_count(ff_json_get(order, "orderItems")) > 0;
	Wish wish = wish_of(order);
	TimestampTz time;

	ff_write_object(writer, NULL);
	ff_write_text(writer, "number", id);
	ff_write_text(writer, "channel_order_id", id);
	if (ff_time_parse(ff_json_text(order, "lastUpdatedTime"), &time))
		ff_write_int(writer, "version", (time - SetEpochTimestamp()) / 1000);
	if (ff_time_parse(ff_json_text(order, "createdTime"), &time))
		ff_write_text(writer, "placed_at", ff_time_iso(time));
	ff_write_text(writer, "currency", currency_of(order));
	ff_write_text(writer, "email", ff_json_text_or(order, "buyer.buyerEmail", NULL));
	ff_write_text(writer, "phone", ff_json_text_or(order, "recipient.deliveryAddress.phone", NULL));
	write_address(writer, order);
	ff_write_text(
		writer, "service", ff_json_text_or(order, "fulfillment.fulfillmentServiceLevel", NULL));
	if (ff_time_parse(ff_json_text(order, "fulfillment.deliverByWindow.latestDateTime"), &time))
		ff_write_text(writer, "promised_by", ff_time_iso(time));
	write_attributes(writer, order);
	write_payment(writer, order);
	/* goods that were cancelled one by one leave an order without any */
	if (write_lines(writer, order) == 0 && some)
		wish = WISH_CANCEL;
	if (wish == WISH_CANCEL)
		ff_write_text(writer, "cancel", status);
	else if (wish_to_cancel(order) != NULL)
		ff_write_text(writer, "hold", wish_to_cancel(order));
	else if (wish == WISH_HOLD)
		ff_write_text(writer, "hold", status);
	ff_write_end(writer);
}
