/*
 * shopify_orders.c
 *
 * A Shopify order as a canonical order.  The goods stand in its fulfillment
 * orders, one for each place they are shipped from; a line is what is left to
 * ship there.  What has left already is told apart, so that news about our own
 * shipments do not look like fewer goods being wanted.
 *
 * Customers whom the app may not see are null, addresses and all: whether an
 * order can be shipped without is for the intake to say.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "connectors/carrier.h"
#include "connectors/decimal.h"
#include "connectors/shopify.h"

static const struct
{
	const char *status;
	FfShopifyPart part;
} parts[] = {
	{"OPEN", FF_SHOPIFY_SHIP},
	{"IN_PROGRESS", FF_SHOPIFY_SHIP},
	{"SCHEDULED", FF_SHOPIFY_WAIT},
	{"ON_HOLD", FF_SHOPIFY_WAIT},
	{"CLOSED", FF_SHOPIFY_GONE},
	{"CANCELLED", FF_SHOPIFY_GONE},
	{"INCOMPLETE", FF_SHOPIFY_GONE},
};

/* What the shop says of the money, and whether it means that nothing may leave. */
static const struct
{
	const char *status;
	const char *state;
	bool hold;
} payments[] = {
	{"AUTHORIZED", "authorized", false},
	{"PAID", "captured", false},
	{"PARTIALLY_PAID", "partially_captured", false},
	{"PENDING", "pending", true},
	{"EXPIRED", "expired", true},
	{"VOIDED", "voided", true},
	{"REFUNDED", "refunded", false},
	{"PARTIALLY_REFUNDED", "partially_refunded", false},
};

static const char *
word(const FfJson *json, const char *path)
{
	return ff_carrier_upper(pstrdup(ff_json_text_or(json, path, "")));
}

static bool
says(const FfJson *json, const char *path, const char *value)
{
	return strcmp(word(json, path), value) == 0;
}

FfShopifyPart
ff_shopify_part(const FfJson *fulfillment_order)
{
	for (int i = 0; i < (int) lengthof(parts); i++)
		if (says(fulfillment_order, "status", parts[i].status))
			return parts[i].part;
	/* a status nobody knows is no reason to ship, and none to forget the goods */
	return FF_SHOPIFY_WAIT;
}

bool
ff_shopify_is_our_hold(const FfJson *hold)
{
	return ff_json_bool(hold, "heldByRequestingApp", false) ||
		   strncmp(ff_json_text_or(hold, "handle", ""), SHOPIFY_HANDLE, strlen(SHOPIFY_HANDLE)) ==
			   0;
}

/* The first hold that is not ours; NULL when there is none. */
static const FfJson *
their_hold(const FfJson *fulfillment_order)
{
	const FfJson *holds = ff_json_get(fulfillment_order, "fulfillmentHolds");

	for (int i = 0; i < ff_shopify_count(holds); i++)
		if (!ff_shopify_is_our_hold(ff_shopify_at(holds, i)))
			return ff_shopify_at(holds, i);
	return NULL;
}

bool
ff_shopify_is_held(const FfJson *fulfillment_order)
{
	return their_hold(fulfillment_order) != NULL ||
		   (says(fulfillment_order, "status", "ON_HOLD") &&
			ff_shopify_count(ff_json_get(fulfillment_order, "fulfillmentHolds")) == 0);
}

/* Whether this connection ships it: setting location_ids may leave some to others. */
static bool
is_ours(const FfCall *call, const FfJson *fulfillment_order)
{
	static const char *const not_shipped[] = {"NONE", "RETAIL"};
	const char *location = ff_json_text_or(fulfillment_order, "assignedLocation.location.id", NULL);
	const char *number = location ? strrchr(location, '/') : NULL;
	char *mine = pstrdup(ff_json_text_or(call->config, "location_ids", ""));

	for (char *c = mine; *c != '\0'; c++)
		*c = *c == ',' ? ' ' : *c;
	for (int i = 0; i < (int) lengthof(not_shipped); i++)
		if (says(fulfillment_order, "deliveryMethod.methodType", not_shipped[i]))
			return false;
	return *mine == '\0' || location == NULL || ff_carrier_among(location, mine) ||
		   (number != NULL && ff_carrier_among(number + 1, mine));
}

static const FfJson *
fulfillment_orders(const FfJson *order)
{
	return ff_json_get(order, "fulfillmentOrders");
}

/* How many units are left to ship of a line; as many as it has where the shop does not say. */
static int64
left_of(const FfJson *line)
{
	return ff_json_int64_or(line, "remainingQuantity", ff_json_int64_or(line, "totalQuantity", 0));
}

static bool
needs_shipping(const FfJson *line)
{
	return ff_json_bool(
		line, "requiresShipping", ff_json_bool(line, "lineItem.requiresShipping", true));
}

/* How many fulfillment orders have goods for us to ship. */
static int
count_open(const FfCall *call, const FfJson *order)
{
	int count = 0;

	for (int i = 0; i < ff_shopify_count(fulfillment_orders(order)); i++)
	{
		const FfJson *part = ff_shopify_at(fulfillment_orders(order), i);
		const FfJson *lines = ff_json_get(part, "lineItems");
		bool some = false;

		for (int j = 0; j < ff_shopify_count(lines); j++)
			some |= needs_shipping(ff_shopify_at(lines, j)) && left_of(ff_shopify_at(lines, j)) > 0;
		count += some && ff_shopify_part(part) != FF_SHOPIFY_GONE && is_ours(call, part) ? 1 : 0;
	}
	return count;
}

/* Whether goods were ordered and all of them taken off again before anything left. */
static bool
is_emptied(const FfJson *order)
{
	bool some = false;

	for (int i = 0; i < ff_shopify_count(fulfillment_orders(order)); i++)
	{
		const FfJson *lines = ff_json_get(ff_shopify_at(fulfillment_orders(order), i), "lineItems");

		for (int j = 0; j < ff_shopify_count(lines); j++)
		{
			const FfJson *line = ff_shopify_at(lines, j);

			if (needs_shipping(line) && ff_json_int64_or(line, "totalQuantity", 1) > 0)
				return false;
			some |= needs_shipping(line);
		}
	}
	return some;
}

/* Why the order is not to be shipped at all; NULL when it is. */
static const char *
cancel_reason(const FfJson *order)
{
	if (ff_json_text_or(order, "cancelledAt", NULL) != NULL)
		return ff_json_text_or(order, "cancelReason", "cancelled");
	return is_emptied(order) ? "nothing is left to ship" : NULL;
}

bool
ff_shopify_is_wanted(const FfCall *call, const FfJson *order)
{
	return ff_json_text_or(order, "id", NULL) != NULL &&
		   (cancel_reason(order) != NULL || count_open(call, order) > 0);
}

static void
write_address(FfJsonWriter *writer, const char *key, const FfJson *address, const char *phone,
			  const char *email)
{
	static const struct
	{
		const char *ours;
		const char *theirs;
		const char *also; /* what a fulfillment order's destination calls it */
	} members[] = {
		{"company", "company", NULL},
		{"street1", "address1", NULL},
		{"street2", "address2", NULL},
		{"city", "city", NULL},
		{"region", "provinceCode", "province"},
		{"postcode", "zip", NULL},
		{"country", "countryCodeV2", "countryCode"},
	};
	const char *name = ff_json_text_or(address, "name", NULL);

	if (!ff_json_is_object(address))
		return;
	if (name == NULL)
		name = ff_plain_text(psprintf("%s %s",
									  ff_json_text_or(address, "firstName", ""),
									  ff_json_text_or(address, "lastName", "")),
							 200);
	ff_write_object(writer, key);
	ff_write_text(writer, "name", *name != '\0' ? name : NULL);
	for (int i = 0; i < (int) lengthof(members); i++)
	{
		const char *also = members[i].also ? ff_json_text_or(address, members[i].also, NULL) : NULL;

		ff_write_text(writer, members[i].ours, ff_json_text_or(address, members[i].theirs, also));
	}
	ff_write_text(writer, "phone", ff_json_text_or(address, "phone", phone));
	ff_write_text(writer, "email", ff_json_text_or(address, "email", email));
	ff_write_end(writer);
}

/* The first fulfillment order that is still to be shipped, else the first of all. */
static const FfJson *
leading_part(const FfCall *call, const FfJson *order)
{
	for (int i = 0; i < ff_shopify_count(fulfillment_orders(order)); i++)
	{
		const FfJson *part = ff_shopify_at(fulfillment_orders(order), i);

		if (ff_shopify_part(part) != FF_SHOPIFY_GONE && is_ours(call, part))
			return part;
	}
	return ff_shopify_at(fulfillment_orders(order), 0);
}

static void
write_parties(FfJsonWriter *writer, const FfJson *order, const FfJson *part)
{
	const FfJson *address = ff_json_get(order, "shippingAddress");
	const FfJson *destination = ff_json_get(part, "destination");
	const char *email =
		ff_json_text_or(order, "email", ff_json_text_or(destination, "email", NULL));
	const char *phone = ff_json_text_or(
		address,
		"phone",
		ff_json_text_or(order, "phone", ff_json_text_or(destination, "phone", NULL)));

	if (!ff_json_is_object(address))
		address = destination;
	ff_write_text(writer, "email", email);
	ff_write_text(writer, "phone", phone);
	write_address(writer, "ship_to", address, phone, email);
	write_address(writer, "bill_to", ff_json_get(order, "billingAddress"), NULL, NULL);
}

/* What is written beside the goods: a gift's message, an engraving. */
static void
write_custom(FfJsonWriter *writer, const FfJson *list)
{
	if (ff_json_count(list) == 0)
		return;
	ff_write_object(writer, "custom");
	for (int i = 0; i < ff_json_count(list); i++)
	{
		const char *key = ff_json_text_or(ff_json_at(list, i), "key", NULL);

		if (key != NULL)
			ff_write_text(writer, key, ff_json_text(ff_json_at(list, i), "value"));
	}
	ff_write_end(writer);
}

static char *
unit_price(const FfJson *line)
{
	static const char *const paths[] = {
		"lineItem.discountedUnitPriceAfterAllDiscountsSet.shopMoney.amount",
		"lineItem.discountedUnitPriceSet.shopMoney.amount",
		"lineItem.originalUnitPriceSet.shopMoney.amount",
	};

	for (int i = 0; i < (int) lengthof(paths); i++)
	{
		char *price = ff_json_number(line, paths[i]);

		if (price != NULL)
			return ff_decimal_money(price);
	}
	return NULL;
}

static void
write_line(FfJsonWriter *writer, const FfJson *line, const FfJson *part, int number, bool grouped)
{
	const char *variant = ff_json_text_or(line, "variant.id", NULL);

	ff_write_object(writer, NULL);
	ff_write_int(writer, "line", number);
	ff_write_text(writer, "channel_line_id", ff_json_text(line, "id"));
	ff_write_text(writer,
				  "sku",
				  ff_json_text_or(line, "sku", ff_json_text_or(line, "lineItem.sku", variant)));
	ff_write_text(
		writer,
		"name",
		ff_json_text_or(line, "lineItem.name", ff_json_text_or(line, "productTitle", NULL)));
	ff_write_int(writer, "quantity", left_of(line));
	ff_write_text(writer, "unit_price", unit_price(line));
	if (grouped)
		ff_write_text(writer, "group", ff_json_text(part, "id"));
	ff_write_object(writer, "attributes");
	ff_write_text(writer, "line_item_id", ff_json_text_or(line, "lineItem.id", NULL));
	ff_write_text(writer, "fulfillment_order_id", ff_json_text_or(part, "id", NULL));
	write_custom(writer, ff_json_get(line, "lineItem.customAttributes"));
	ff_write_end(writer);
	ff_write_end(writer);
}

/*
 * The lines are numbered through all fulfillment orders, also those that are
 * left out, so that a line keeps its number when others are done.
 */
static void
write_lines(FfJsonWriter *writer, const FfCall *call, const FfJson *order)
{
	bool grouped = count_open(call, order) > 1;
	bool cancelled = cancel_reason(order) != NULL;
	int number = 0;

	ff_write_array(writer, "lines");
	for (int i = 0; i < ff_shopify_count(fulfillment_orders(order)); i++)
	{
		const FfJson *part = ff_shopify_at(fulfillment_orders(order), i);
		const FfJson *lines = ff_json_get(part, "lineItems");
		bool gone = ff_shopify_part(part) == FF_SHOPIFY_GONE && !cancelled;

		for (int j = 0; j < ff_shopify_count(lines); j++)
		{
			const FfJson *line = ff_shopify_at(lines, j);

			number++;
			if (!gone && is_ours(call, part) && needs_shipping(line) && left_of(line) > 0)
				write_line(writer, line, part, number, grouped);
		}
	}
	ff_write_end(writer);
}

/* Units that have left, by whomever. */
static void
write_shipped(FfJsonWriter *writer, const FfCall *call, const FfJson *order)
{
	bool begun = false;

	for (int i = 0; i < ff_shopify_count(fulfillment_orders(order)); i++)
	{
		const FfJson *part = ff_shopify_at(fulfillment_orders(order), i);
		const FfJson *lines = ff_json_get(part, "lineItems");

		for (int j = 0; j < ff_shopify_count(lines); j++)
		{
			const FfJson *line = ff_shopify_at(lines, j);
			int64 shipped = ff_json_int64_or(line, "totalQuantity", 0) - left_of(line);

			if (shipped <= 0 || says(part, "status", "CANCELLED") || !is_ours(call, part))
				continue;
			if (!begun)
				ff_write_array(writer, "shipped");
			begun = true;
			ff_write_object(writer, NULL);
			ff_write_text(writer, "channel_line_id", ff_json_text(line, "id"));
			ff_write_int(writer, "quantity", shipped);
			ff_write_end(writer);
		}
	}
	if (begun)
		ff_write_end(writer);
}

static bool
pays_on_delivery(const FfCall *call, const FfJson *order)
{
	const FfJson *names = ff_json_get(order, "paymentGatewayNames");
	const FfJson *ours = ff_json_get(call->config, "pay_on_delivery_gateways");

	for (int i = 0; i < ff_json_count(names); i++)
		for (int j = 0; j < ff_json_count(ours); j++)
			if (pg_strcasecmp(ff_json_text_or(ff_json_at(names, i), "", "?"),
							  ff_json_text_or(ff_json_at(ours, j), "", "")) == 0)
				return true;
	return false;
}

/* NULL when the shop says nothing, or something that nobody knows. */
static const char *
payment_state(const FfCall *call, const FfJson *order, bool *hold)
{
	*hold = false;
	for (int i = 0; i < (int) lengthof(payments); i++)
	{
		if (!says(order, "displayFinancialStatus", payments[i].status))
			continue;
		if (strcmp(payments[i].state, "pending") == 0 && pays_on_delivery(call, order))
			return "pay_on_delivery";
		*hold = payments[i].hold;
		return payments[i].state;
	}
	return NULL;
}

static void
write_payment(FfJsonWriter *writer, const FfCall *call, const FfJson *order)
{
	static const char *const amounts[] = {"currentTotalPriceSet.shopMoney.amount",
										  "totalPriceSet.shopMoney.amount"};
	bool hold;
	char *amount = NULL;

	for (int i = 0; i < (int) lengthof(amounts) && amount == NULL; i++)
		amount = ff_json_number(order, amounts[i]);
	ff_write_object(writer, "payment");
	ff_write_text(writer, "state", payment_state(call, order, &hold));
	ff_write_text(
		writer, "gateway", ff_json_text_or(ff_json_get(order, "paymentGatewayNames"), "0", NULL));
	ff_write_text(writer, "amount", amount != NULL ? ff_decimal_money(amount) : NULL);
	ff_write_end(writer);
}

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

/* The way of shipping that was chosen, and what else people should know. */
static void
write_wishes(FfJsonWriter *writer, const FfJson *order, const FfJson *part)
{
	const FfJson *method = ff_json_get(part, "deliveryMethod");
	const char *name = ff_json_text_or(method, "presentedName", NULL);
	const char *type = ff_json_text_or(method, "methodType", NULL);
	const char *title = ff_json_text_or(order, "shippingLine.title", name);
	TimestampTz promised;

	ff_write_text(
		writer,
		"service",
		ff_json_text_or(order, "shippingLine.code", ff_json_text_or(method, "serviceCode", title)));
	if (ff_time_parse(ff_json_text(method, "maxDeliveryDateTime"), &promised))
		ff_write_text(writer, "promised_by", ff_time_iso(promised));
	ff_write_object(writer, "attributes");
	ff_write_text(writer, "shipping_method", title);
	ff_write_text(writer, "shipping_source", ff_json_text_or(order, "shippingLine.source", NULL));
	ff_write_text(writer, "delivery_method", type);
	ff_write_text(writer, "customer_note", ff_json_text_or(order, "note", NULL));
	ff_write_text(writer, "tags", joined(ff_json_get(order, "tags")));
	if (ff_json_bool(order, "test", false))
		ff_write_bool(writer, "test", true);
	write_custom(writer, ff_json_get(order, "customAttributes"));
	ff_write_end(writer);
}

/* "ON_HOLD: INCORRECT_ADDRESS (street missing)" */
static char *
hold_text(const FfJson *part)
{
	const FfJson *hold = their_hold(part);
	const char *reason = ff_json_text_or(hold, "reason", NULL);
	const char *notes = ff_json_text_or(hold, "reasonNotes", NULL);

	return psprintf("%s%s%s%s%s%s",
					word(part, "status"),
					reason ? ": " : "",
					reason ? reason : "",
					notes ? " (" : "",
					notes ? notes : "",
					notes ? ")" : "");
}

/* Why a part of the order is to wait; until is when a scheduled one begins. */
static const char *
part_reason(const FfJson *part, const char **until)
{
	if (says(part, "requestStatus", "CANCELLATION_REQUESTED"))
		return "CANCELLATION_REQUESTED";
	if (ff_shopify_is_held(part))
		return hold_text(part);
	if (ff_shopify_part(part) != FF_SHOPIFY_WAIT || says(part, "status", "ON_HOLD"))
		return NULL;
	*until = ff_json_text_or(part, "fulfillAt", NULL);
	return word(part, "status");
}

static void
write_hold(FfJsonWriter *writer, const FfCall *call, const FfJson *order)
{
	const char *reason = NULL;
	const char *until = NULL;
	TimestampTz time;
	bool unpaid;

	for (int i = 0; i < ff_shopify_count(fulfillment_orders(order)) && reason == NULL; i++)
	{
		const FfJson *part = ff_shopify_at(fulfillment_orders(order), i);

		if (ff_shopify_part(part) != FF_SHOPIFY_GONE && is_ours(call, part))
			reason = part_reason(part, &until);
	}
	(void) payment_state(call, order, &unpaid);
	if (says(order, "risk.recommendation", "CANCEL") ||
		says(order, "risk.recommendation", "INVESTIGATE"))
		reason = psprintf("risk: %s", word(order, "risk.recommendation"));
	else if (reason == NULL && unpaid)
		reason = psprintf("payment: %s", word(order, "displayFinancialStatus"));
	else if (reason == NULL && ff_json_bool(order, "test", false) &&
			 ff_json_bool(call->config, "hold_test_orders", true))
		reason = "test order";
	if (reason != NULL && until != NULL && ff_time_parse(until, &time))
	{
		ff_write_object(writer, "hold");
		ff_write_text(writer, "reason", reason);
		ff_write_text(writer, "until", ff_time_iso(time));
		ff_write_end(writer);
	}
	else
		ff_write_text(writer, "hold", reason);
}

void
ff_shopify_write_order(FfJsonWriter *writer, const FfCall *call, const FfJson *order)
{
	const FfJson *part = leading_part(call, order);
	char *id = ff_json_text(order, "id");
	TimestampTz time;

	ff_write_object(writer, NULL);
	ff_write_text(writer, "number", ff_json_text_or(order, "name", id));
	ff_write_text(writer, "channel_order_id", id);
	if (ff_time_parse(ff_json_text(order, "updatedAt"), &time))
		ff_write_int(writer, "version", (int64) timestamptz_to_time_t(time));
	if (ff_time_parse(ff_json_text_or(order, "processedAt", ff_json_text(order, "createdAt")),
					  &time))
		ff_write_text(writer, "placed_at", ff_time_iso(time));
	ff_write_text(writer, "currency", ff_json_text_or(order, "currencyCode", NULL));
	write_parties(writer, order, part);
	write_wishes(writer, order, part);
	write_payment(writer, call, order);
	write_lines(writer, call, order);
	write_shipped(writer, call, order);
	if (cancel_reason(order) != NULL)
		ff_write_text(writer, "cancel", cancel_reason(order));
	else
		write_hold(writer, call, order);
	ff_write_end(writer);
}
