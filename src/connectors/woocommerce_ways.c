/*
 * woocommerce_ways.c
 *
 * The ways in which a shop can be told that goods have left: the fulfillments
 * of the core, the trackings of two plugins, or a note to the customer.  Each
 * says how many things are to be sent, recognises them in the list of what
 * the order has, and writes the request that sends one.
 *
 * When to do which stands in woocommerce_confirm.c.
 */
#include "postgres.h"

#include "connectors/channel.h"
#include "connectors/woocommerce.h"

/* Carriers as the plugins write them, and whether the Shipment Tracking plugin knows them. */
static const struct
{
	const char *slug;
	const char *title;
	bool built_in;
} carriers[] = {
	{"ups", "UPS", true},
	{"usps", "USPS", true},
	{"fedex", "FedEx", true},
	{"dhl", "DHL", false},
	{"postnord", "PostNord", false},
	{"dpd", "DPD", false},
	{"gls", "GLS", false},
	{"bring", "Bring", false},
	{"instabox", "Instabox", false},
	{"budbee", "Budbee", false},
	{"yurtici", "Yurtiçi Kargo", false},
	{"aras", "Aras Kargo", false},
};

static int
package_count(const FfCall *call)
{
	return Max(1, ff_channel_package_count(call));
}

static const char *
tracking_url(const FfCall *call, int index)
{
	return ff_json_text_or(ff_channel_package(call, index), "tracking_url", NULL);
}

/* "dhl_parcel_de" becomes "dhl-parcel-de"; NULL when nobody says who carries it. */
static char *
carrier_slug(const FfCall *call, int index)
{
	const char *carrier = ff_json_text_or(ff_channel_package(call, index),
										  "carrier",
										  ff_json_text(call->document, "shipment.carrier"));
	char *slug;

	if (carrier == NULL)
		return NULL;
	slug = pstrdup(carrier);
	for (char *c = slug; *c != '\0'; c++)
		*c = *c == ' ' || *c == '_' ? '-' : (char) pg_ascii_tolower((unsigned char) *c);
	return slug;
}

/* The carrier's name for people; known says whether the plugin can link to it by itself. */
static const char *
carrier_title(const FfCall *call, int index, bool *known)
{
	char *slug = carrier_slug(call, index);

	*known = false;
	for (int i = 0; slug != NULL && i < (int) lengthof(carriers); i++)
	{
		if (strcmp(carriers[i].slug, slug) == 0)
		{
			*known = carriers[i].built_in;
			return carriers[i].title;
		}
	}
	return ff_json_text_or(ff_channel_package(call, index),
						   "carrier",
						   ff_json_text(call->document, "shipment.carrier"));
}

/* Core fulfillments: one per package when the packages say what is in them, else one for all. */

static int
fulfillment_count(const FfCall *call)
{
	return ff_channel_has_contents(call) ? package_count(call) : 1;
}

/* The number of a package; of all packages where their contents are not told apart. */
static const char *
fulfillment_number(const FfCall *call, int index)
{
	StringInfoData numbers;

	if (ff_channel_has_contents(call))
		return ff_channel_tracking_number(call, index);
	initStringInfo(&numbers);
	for (int i = 0; i < package_count(call); i++)
		if (ff_channel_tracking_number(call, i) != NULL)
			appendStringInfo(
				&numbers, "%s%s", numbers.len > 0 ? ", " : "", ff_channel_tracking_number(call, i));
	return numbers.len > 0 ? numbers.data : NULL;
}

/* What a fulfillment without tracking number is recognised by. */
static char *
own_reference(const FfCall *call, int index)
{
	return psprintf("%s/%d", ff_json_text_or(call->document, "shipment.reference", ""), index + 1);
}

static bool
meta_is(const FfJson *object, const char *key, const char *value)
{
	char *text = ff_json_text(ff_woo_meta(object, key), "");

	return text != NULL && strcmp(text, value) == 0;
}

static bool
fulfillment_is_known(const FfCall *call, const FfJson *list, int index)
{
	const char *number = fulfillment_number(call, index);
	FfJson *entries =
		ff_json_is_array(list) ? unconstify(FfJson *, list) : ff_json_get(list, "fulfillments");

	for (int i = 0; i < ff_json_count(entries); i++)
	{
		FfJson *entry = ff_json_at(entries, i);

		if (!ff_json_is_null(ff_json_get(entry, "date_deleted")))
			continue;
		if (number != NULL ? meta_is(entry, "_tracking_number", number)
						   : meta_is(entry, "_shipment_reference", own_reference(call, index)))
			return true;
	}
	return false;
}

static void
write_meta(FfJsonWriter *writer, const char *key, const char *value)
{
	if (value == NULL)
		return;
	ff_write_object(writer, NULL);
	ff_write_text(writer, "key", key);
	ff_write_text(writer, "value", value);
	ff_write_end(writer);
}

/* The shop's id of a line: the line of a package may only give its number. */
static const char *
shop_line(const FfCall *call, const FfJson *line)
{
	FfJson *lines = ff_json_get(call->document, "shipment.lines");
	const char *id = ff_json_text_or(line, "channel_line_id", NULL);
	char *number = ff_json_text(line, "line");

	for (int i = 0; id == NULL && number != NULL && i < ff_json_count(lines); i++)
	{
		FfJson *known = ff_json_at(lines, i);
		char *its_number = ff_json_text(known, "line");

		if (its_number != NULL && strcmp(its_number, number) == 0)
			id = ff_json_text_or(known, "channel_line_id", NULL);
	}
	return id;
}

static void
write_items(FfJsonWriter *writer, const FfCall *call, int index)
{
	FfJson *lines = ff_channel_has_contents(call)
						? ff_json_get(ff_channel_package(call, index), "lines")
						: ff_json_get(call->document, "shipment.lines");

	ff_write_object(writer, NULL);
	ff_write_text(writer, "key", "_items");
	ff_write_array(writer, "value");
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		FfJson *line = ff_json_at(lines, i);
		const char *id = shop_line(call, line);

		if (id == NULL)
			ff_connector_fail(WOO_NAME,
							  psprintf("shipment.lines.%d.channel_line_id", i),
							  "Give the shop's id of each line.");
		ff_write_object(writer, NULL);
		if (strspn(id, "0123456789") == strlen(id))
			ff_write_number(writer, "item_id", id);
		else
			ff_write_text(writer, "item_id", id);
		ff_write_number(writer, "qty", ff_json_number(line, "quantity"));
		ff_write_end(writer);
	}
	ff_write_end(writer);
	ff_write_end(writer);
}

static void
write_fulfillment(const FfCall *call, FfMessage *message, int index)
{
	const char *number = fulfillment_number(call, index);
	FfJsonWriter writer;

	ff_woo_begin_order(call, message, "POST", "wc/v3", "/fulfillments");
	ff_message_query(message,
					 "notify_customer",
					 ff_json_bool(call->config, "notify_customer", true) ? "true" : "false");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	ff_write_text(&writer, "status", "fulfilled");
	ff_write_bool(&writer, "is_fulfilled", true);
	ff_write_array(&writer, "meta_data");
	write_items(&writer, call, index);
	write_meta(&writer, "_tracking_number", number);
	write_meta(&writer, "_tracking_url", tracking_url(call, index));
	write_meta(&writer, "_shipment_provider", carrier_slug(call, index));
	if (number == NULL)
		write_meta(&writer, "_shipment_reference", own_reference(call, index));
	ff_write_end(&writer);
	ff_message_json(message, &writer);
}

/* Trackings of the plugins: one per package that has a number. */

static int
tracking_count(const FfCall *call)
{
	return ff_channel_package_count(call);
}

static bool
tracking_is_known(const FfCall *call, const FfJson *list, int index)
{
	const char *number = ff_channel_tracking_number(call, index);

	for (int i = 0; number != NULL && i < ff_json_count(list); i++)
	{
		char *known = ff_json_text(ff_json_at(list, i), "tracking_number");

		if (known != NULL && strcmp(known, number) == 0)
			return true;
	}
	return number == NULL;
}

/* The plugin puts the number into the link by sprintf: %1$s stands for it, and % for nothing else.
 */
static char *
link_template(const char *url, const char *number)
{
	StringInfoData link;

	initStringInfo(&link);
	while (*url != '\0')
	{
		if (strncmp(url, number, strlen(number)) == 0)
		{
			appendStringInfoString(&link, "%1$s");
			url += strlen(number);
			continue;
		}
		appendStringInfoString(&link, *url == '%' ? "%%" : "");
		if (*url != '%')
			appendStringInfoChar(&link, *url);
		url++;
	}
	return link.data;
}

static void
write_tracking(const FfCall *call, FfMessage *message, int index)
{
	bool advanced =
		strcmp(ff_json_text(call->config, "confirm_with"), "advanced_shipment_tracking") == 0;
	const char *number = ff_channel_tracking_number(call, index);
	const char *url = tracking_url(call, index);
	TimestampTz shipped_at = call->now;
	bool known;
	const char *title = carrier_title(call, index, &known);
	FfJsonWriter writer;

	(void) ff_time_parse(ff_json_text(call->document, "shipment.shipped_at"), &shipped_at);
	ff_woo_begin_order(call,
					   message,
					   "POST",
					   advanced ? "wc-ast/v3" : "wc-shipment-tracking/v3",
					   "/shipment-trackings");
	ff_write_init(&writer);
	ff_write_object(&writer, NULL);
	if (advanced || known)
		ff_write_text(&writer, "tracking_provider", title);
	else
	{
		ff_write_text(&writer, "custom_tracking_provider", title);
		if (url != NULL)
			ff_write_text(&writer, "custom_tracking_link", link_template(url, number));
	}
	ff_write_text(&writer, "tracking_number", number);
	ff_write_text(&writer, "date_shipped", ff_time_format(shipped_at, "%Y-%m-%d"));
	if (advanced)
		ff_write_int(&writer,
					 "status_shipped",
					 ff_json_bool(call->document, "order.complete", false) ? 1 : 2);
	ff_message_json(message, &writer);
}

/* A note: one for the whole shipment, or the customer gets a mail for each package. */

static int
note_count(const FfCall *call)
{
	return 1;
}

static char *
note_text(const FfCall *call)
{
	StringInfoData note;

	initStringInfo(&note);
	for (int i = 0; i < package_count(call); i++)
	{
		bool known;
		const char *title = carrier_title(call, i, &known);

		appendStringInfo(&note, "%sShipped", i > 0 ? "\n" : "");
		if (title != NULL)
			appendStringInfo(&note, " with %s", title);
		if (ff_channel_tracking_number(call, i) != NULL)
			appendStringInfo(&note, " %s", ff_channel_tracking_number(call, i));
		if (tracking_url(call, i) != NULL)
			appendStringInfo(&note, " %s", tracking_url(call, i));
	}
	return note.data;
}

/* The shop may have dressed up the note; its tracking numbers are still there. */
static bool
note_is_known(const FfCall *call, const FfJson *list, int index)
{
	for (int i = 0; i < ff_json_count(list); i++)
	{
		const char *note = ff_json_text_or(ff_json_at(list, i), "note", "");
		int numbers = 0;
		int found = 0;

		if (strcmp(note, note_text(call)) == 0)
			return true;
		for (int j = 0; j < package_count(call); j++)
		{
			if (ff_channel_tracking_number(call, j) == NULL)
				continue;
			numbers++;
			found += strstr(note, ff_channel_tracking_number(call, j)) != NULL ? 1 : 0;
		}
		if (numbers > 0 && found == numbers)
			return true;
	}
	return false;
}

static void
write_note(const FfCall *call, FfMessage *message, int index)
{
	ff_woo_note(
		call, message, note_text(call), ff_json_bool(call->config, "notify_customer", true));
}

static const FfWooWay ways[] = {
	{"fulfillments",
	 "wc/v3",
	 "/fulfillments",
	 fulfillment_count,
	 fulfillment_is_known,
	 write_fulfillment},
	{"shipment_tracking",
	 "wc-shipment-tracking/v3",
	 "/shipment-trackings",
	 tracking_count,
	 tracking_is_known,
	 write_tracking},
	{"advanced_shipment_tracking",
	 "wc-ast/v3",
	 "/shipment-trackings",
	 tracking_count,
	 tracking_is_known,
	 write_tracking},
	{"note", "wc/v3", "/notes", note_count, note_is_known, write_note},
};

/* NULL when the setting names none. */
const FfWooWay *
ff_woo_way(const FfCall *call)
{
	const char *name = ff_json_text_or(call->config, "confirm_with", "note");

	for (int i = 0; i < (int) lengthof(ways); i++)
		if (strcmp(ways[i].name, name) == 0)
			return &ways[i];
	return NULL;
}
