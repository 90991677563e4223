/*
 * woocommerce_orders.c
 *
 * A WooCommerce order as a canonical order: addresses, lines, exact prices
 * with tax, payment, and whether the shop wants it held or cancelled.  It
 * reads what is there and leaves out what is not; whether the order can be
 * shipped is for the intake to say.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "connectors/decimal.h"
#include "connectors/woocommerce.h"

/*
 * What a status asks of us.  One of a plugin's that is not here is ordinary
 * work where the connection names it, and else waits: nobody said what it means.
 */
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
} wishes[] = {
	{"processing", WISH_SHIP},
	{"on-hold", WISH_HOLD},
	{"pending", WISH_HOLD},
	{"failed", WISH_HOLD},
	{"checkout-draft", WISH_HOLD},
	{"cancelled", WISH_CANCEL},
	{"refunded", WISH_CANCEL},
	{"trash", WISH_CANCEL},
	{"completed", WISH_NOTHING},
};

/* Payment methods whose gateway has a connector of ours. */
static const struct
{
	const char *prefix;
	const char *gateway;
} known_gateways[] = {
	{"stripe", "stripe"},
	{"kco", "klarna"},
	{"klarna", "klarna"},
	{"dibs_easy", "nets_easy"},
	{"nets_easy", "nets_easy"},
};

static const char *
status_of(const FfJson *order)
{
	const char *status = ff_json_text_or(order, "status", "");

	return strncmp(status, "wc-", 3) == 0 ? status + 3 : status;
}

/* Whether a list of texts, or a text with commas, holds a word. */
static bool
lists(const FfJson *list, const char *word)
{
	char *words = ff_json_text(list, "");

	for (char *next = words; next != NULL;)
	{
		char *end = strchr(next, ',');

		if (end != NULL)
			*end++ = '\0';
		while (*next == ' ')
			next++;
		if (strcmp(next, word) == 0)
			return true;
		next = end;
	}
	for (int i = 0; ff_json_is_array(list) && i < ff_json_count(list); i++)
	{
		char *text = ff_json_text(ff_json_at(list, i), "");

		if (text != NULL && strcmp(text, word) == 0)
			return true;
	}
	return false;
}

static Wish
wish_of(const FfCall *call, const FfJson *order)
{
	const char *status = status_of(order);

	for (int i = 0; i < (int) lengthof(wishes); i++)
		if (strcmp(wishes[i].status, status) == 0)
			return wishes[i].wish;
	return *status == '\0' || lists(ff_json_get(call->config, "statuses"), status) ? WISH_SHIP
																				   : WISH_HOLD;
}

bool
ff_woo_is_wanted(const FfCall *call, const FfJson *order)
{
	return wish_of(call, order) != WISH_NOTHING ||
		   lists(ff_json_get(call->config, "statuses"), status_of(order));
}

/* A time of the API: the _gmt twin is UTC without saying so. */
static char *
time_of(const FfJson *order, const char *gmt, const char *local)
{
	TimestampTz time;

	if (ff_time_parse(ff_json_text(order, gmt), &time) ||
		ff_time_parse(ff_json_text(order, local), &time))
		return ff_time_iso(time);
	return NULL;
}

/*
 * The seconds of the last change, twice, and one more once refunds are taken
 * into account: the same change is news again as soon as we know more of it.
 */
static void
write_version(FfJsonWriter *writer, const FfJson *order, bool refunds_known)
{
	TimestampTz changed;

	if (ff_time_parse(ff_json_text(order, "date_modified_gmt"), &changed) ||
		ff_time_parse(ff_json_text(order, "date_modified"), &changed))
		ff_write_int(writer,
					 "version",
					 (int64) timestamptz_to_time_t(changed) * 2 + (refunds_known ? 1 : 0));
}

static bool
has_text(const FfJson *json, const char *path)
{
	return ff_json_text_or(json, path, NULL) != NULL;
}

static void
write_address(FfJsonWriter *writer, const char *key, const FfJson *address, const char *phone,
			  const char *email)
{
	static const struct
	{
		const char *ours;
		const char *theirs;
	} members[] = {
		{"company", "company"},
		{"street1", "address_1"},
		{"street2", "address_2"},
		{"city", "city"},
		{"region", "state"},
		{"postcode", "postcode"},
		{"country", "country"},
	};
	char *name = psprintf("%s %s",
						  ff_json_text_or(address, "first_name", ""),
						  ff_json_text_or(address, "last_name", ""));

	ff_write_object(writer, key);
	name = ff_plain_text(name, 1000);
	if (*name != '\0')
		ff_write_text(writer, "name", name);
	for (int i = 0; i < (int) lengthof(members); i++)
		ff_write_text(writer, members[i].ours, ff_json_text_or(address, members[i].theirs, NULL));
	ff_write_text(writer, "phone", phone);
	ff_write_text(writer, "email", email);
	ff_write_end(writer);
}

static void
write_addresses(FfJsonWriter *writer, const FfJson *order)
{
	FfJson *billing = ff_json_get(order, "billing");
	FfJson *shipping = ff_json_get(order, "shipping");
	const char *email = ff_json_text_or(billing, "email", NULL);
	const char *billing_phone = ff_json_text_or(billing, "phone", NULL);
	const char *phone = ff_json_text_or(shipping, "phone", billing_phone);

	ff_write_text(writer, "email", email);
	ff_write_text(writer, "phone", phone);
	write_address(
		writer, "ship_to", has_text(shipping, "address_1") ? shipping : billing, phone, email);
	if (ff_json_is_object(billing))
		write_address(writer, "bill_to", billing, billing_phone, email);
}

/* Units of a line that were refunded, as the refunds' own lines tell. */
static char *
refunded_units(const FfJson *line, const FfJson *refunds)
{
	char *id = ff_json_text(line, "id");
	char *units = pstrdup("0");

	for (int i = 0; id != NULL && i < ff_json_count(refunds); i++)
	{
		FfJson *lines = ff_json_get(ff_json_at(refunds, i), "line_items");

		for (int j = 0; j < ff_json_count(lines); j++)
		{
			FfJson *refunded = ff_json_at(lines, j);
			char *origin = ff_json_text(ff_woo_meta(refunded, "_refunded_item_id"), "");

			if (origin != NULL && strcmp(origin, id) == 0)
				units = ff_decimal_add(units,
									   ff_decimal_absolute(ff_json_number(refunded, "quantity")));
		}
	}
	return units;
}

/* What a customer pays for one unit, discounts and tax included. */
static char *
unit_price(const FfJson *line)
{
	char *total = ff_json_number(line, "total");
	char *price = total == NULL
					  ? NULL
					  : ff_decimal_divide(ff_decimal_add(total, ff_json_number(line, "total_tax")),
										  ff_json_number(line, "quantity"),
										  6);

	return price != NULL ? ff_decimal_money(price) : NULL;
}

static void
write_line(FfJsonWriter *writer, const FfJson *line, int number, const char *quantity)
{
	const char *product = ff_json_text_or(line, "product_id", "0");
	const char *variation = ff_json_text_or(line, "variation_id", "0");
	const char *own = strcmp(variation, "0") != 0 ? variation : product;

	ff_write_object(writer, NULL);
	ff_write_int(writer, "line", number);
	ff_write_text(writer, "channel_line_id", ff_json_text(line, "id"));
	/* a product without SKU is known by its id, which a listing may name */
	ff_write_text(writer, "sku", ff_json_text_or(line, "sku", strcmp(own, "0") != 0 ? own : NULL));
	ff_write_text(writer, "name", ff_json_text_or(line, "name", NULL));
	ff_write_number(writer, "quantity", quantity);
	ff_write_text(writer, "unit_price", unit_price(line));
	if (strcmp(product, "0") != 0)
	{
		ff_write_object(writer, "attributes");
		ff_write_text(writer, "product_id", product);
		ff_write_text(writer, "variation_id", strcmp(variation, "0") != 0 ? variation : NULL);
		ff_write_end(writer);
	}
	ff_write_end(writer);
}

/* The lines less what was refunded; answers how many are left. */
static int
write_lines(FfJsonWriter *writer, const FfJson *order, const FfJson *refunds)
{
	FfJson *lines = ff_json_get(order, "line_items");
	int written = 0;

	ff_write_array(writer, "lines");
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		FfJson *line = ff_json_at(lines, i);
		char *left =
			ff_decimal_subtract(ff_json_number(line, "quantity"), refunded_units(line, refunds));

		if (!ff_json_is_object(line) || ff_decimal_compare(left, NULL) <= 0)
			continue;
		write_line(writer, line, i + 1, ff_decimal_trim(left));
		written++;
	}
	ff_write_end(writer);
	return written;
}

/* Everything was refunded when the refunds reach the total. */
static bool
is_refunded(const FfJson *order)
{
	FfJson *refunds = ff_json_get(order, "refunds");
	char *total = ff_json_number(order, "total");
	char *sum = pstrdup("0");

	for (int i = 0; i < ff_json_count(refunds); i++)
	{
		FfJson *refund = ff_json_at(refunds, i);
		char *amount = ff_json_number(refund, "total");

		sum = ff_decimal_add(
			sum, ff_decimal_absolute(amount ? amount : ff_json_number(refund, "amount")));
	}
	return strcmp(status_of(order), "refunded") == 0 ||
		   (total != NULL && ff_decimal_compare(total, NULL) > 0 &&
			ff_decimal_compare(sum, total) >= 0);
}

bool
ff_woo_refunds_unknown(const FfCall *call, const FfJson *order)
{
	FfJson *refunds = ff_json_get(order, "refunds");

	if (wish_of(call, order) == WISH_CANCEL || is_refunded(order))
		return false;
	for (int i = 0; i < ff_json_count(refunds); i++)
		if (ff_json_get(ff_json_at(refunds, i), "line_items") == NULL)
			return true;
	return false;
}

static const char *
payment_state(const FfCall *call, const FfJson *order, const char *method)
{
	const char *status = status_of(order);

	if (is_refunded(order))
		return "refunded";
	if (has_text(order, "date_paid_gmt") || has_text(order, "date_paid"))
		return lists(ff_json_get(call->config, "authorized_methods"), method) ? "authorized"
																			  : "captured";
	if (lists(ff_json_get(call->config, "pay_on_delivery_methods"), method))
		return "pay_on_delivery";
	return strcmp(status, "failed") == 0 ? "failed" : "pending";
}

static const char *
gateway_of(const FfCall *call, const char *method)
{
	const char *named = ff_json_text(ff_json_get(call->config, "gateways"), method);

	if (named != NULL)
		return named;
	for (int i = 0; i < (int) lengthof(known_gateways); i++)
		if (strncmp(method, known_gateways[i].prefix, strlen(known_gateways[i].prefix)) == 0)
			return known_gateways[i].gateway;
	return *method != '\0' ? method : NULL;
}

static void
write_payment(FfJsonWriter *writer, const FfCall *call, const FfJson *order)
{
	const char *method = ff_json_text_or(order, "payment_method", "");

	ff_write_object(writer, "payment");
	ff_write_text(writer, "state", payment_state(call, order, method));
	ff_write_text(writer, "gateway", gateway_of(call, method));
	ff_write_text(writer, "reference", ff_json_text_or(order, "transaction_id", NULL));
	ff_write_text(writer, "amount", ff_json_number(order, "total"));
	ff_write_end(writer);
}

/* The shipping method that was chosen, and where the parcel is to be picked up. */
static void
write_service(FfJsonWriter *writer, const FfCall *call, const FfJson *order)
{
	static const struct
	{
		const char *ours;
		const char *theirs;
	} members[] = {
		{"customer_note", "customer_note"},
		{"payment_method", "payment_method"},
		{"payment_method_title", "payment_method_title"},
	};
	FfJson *line = ff_json_at(ff_json_get(order, "shipping_lines"), 0);
	const char *method = ff_json_text_or(line, "method_id", NULL);
	const char *instance = ff_json_text_or(line, "instance_id", NULL);
	char *key = ff_json_text(call->config, "pickup_point_key");
	char *pickup_point = ff_json_text(ff_woo_meta(line, key), "");

	if (method != NULL)
		ff_write_text(
			writer, "service", instance != NULL ? psprintf("%s:%s", method, instance) : method);
	if (pickup_point == NULL)
		pickup_point = ff_json_text(ff_woo_meta(order, key), "");
	ff_write_object(writer, "attributes");
	ff_write_text(writer, "shipping_method", ff_json_text_or(line, "method_title", NULL));
	ff_write_text(writer, "pickup_point", pickup_point);
	for (int i = 0; i < (int) lengthof(members); i++)
		ff_write_text(writer, members[i].ours, ff_json_text_or(order, members[i].theirs, NULL));
	ff_write_end(writer);
}

void
ff_woo_write_order(FfJsonWriter *writer, const FfCall *call, const FfJson *order,
				   const FfJson *refunds)
{
	bool unknown = refunds == NULL && ff_woo_refunds_unknown(call, order);
	Wish wish = is_refunded(order) ? WISH_CANCEL : wish_of(call, order);
	const char *status = status_of(order);
	char *id = ff_json_text(order, "id");
	FfJson *own = ff_json_get(order, "refunds");

	ff_write_object(writer, NULL);
	ff_write_text(writer, "number", ff_json_text_or(order, "number", id));
	ff_write_text(writer, "channel_order_id", id);
	write_version(writer, order, ff_json_count(own) > 0 && !unknown);
	ff_write_text(writer, "placed_at", time_of(order, "date_created_gmt", "date_created"));
	ff_write_text(writer, "currency", ff_json_text_or(order, "currency", NULL));
	write_addresses(writer, order);
	write_service(writer, call, order);
	write_payment(writer, call, order);
	if (write_lines(writer, order, refunds != NULL ? refunds : own) == 0 && ff_json_count(own) > 0)
		wish = WISH_CANCEL;
	if (wish == WISH_CANCEL)
		ff_write_text(writer, "cancel", is_refunded(order) ? "refunded" : status);
	else if (wish == WISH_HOLD)
		ff_write_text(writer, "hold", status);
	else if (unknown)
		ff_write_text(writer, "hold", "refunded in part: the refunds are still to be read");
	ff_write_end(writer);
}
