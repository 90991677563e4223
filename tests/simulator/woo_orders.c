/*
 * woo_orders.c
 *
 * Orders of the shop: listed with WordPress's filters and paging, read,
 * changed.  "Modified after" walks the trail of changes back from its newest
 * end, so an incremental fetch costs what it answers.  Statuses, dates and
 * metadata change as WooCommerce changes them; every change is announced to
 * the shop's webhooks.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "woo.h"

static const char statuses[] =
	"pending|processing|on-hold|completed|cancelled|refunded|failed|trash|checkout-draft|auto-draft";

WooOrder *
woo_order(SimRequest *request)
{
	WooOrder *order = sim_map_get(&woo.orders, request->argument[0]);

	if (order && strcmp(order->status, "trash") != 0)
		return order;
	sim_offence(request, true, "value", "id", "The shop has no order %.20s.", request->argument[0]);
	woo_error(request, 404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.");
	return NULL;
}

json_t *
woo_order_json(const WooOrder *order)
{
	return json_loadb(order->text, order->size, 0, NULL);
}

static void
keep_text(WooOrder *order, json_t *json)
{
	free(order->text);
	order->text = json_dumps(json, SIM_WIRE);
	order->size = strlen(order->text);
	snprintf(order->status, sizeof order->status, "%s", sim_text(json, "status", ""));
	json_decref(json);
}

static void
set_dates(json_t *json, const char *name, double when)
{
	char gmt[40];

	snprintf(gmt, sizeof gmt, "%s_gmt", name);
	json_object_set_new(json, name, woo_date(when, (int) woo_site_zone));
	json_object_set_new(json, gmt, woo_date(when, 0));
}

void
woo_order_save(WooOrder *order, json_t *json, const char *topic)
{
	order->modified = floor(sim_now());
	set_dates(json, "date_modified", order->modified);
	keep_text(order, json);
	sim_trail_touch(&woo.changed, &order->step, order->modified);
	woo_announce(topic, order->text, order->size);
}

WooOrder *
woo_order_add(json_t *json, double created, double modified)
{
	WooOrder *order = sim_alloc(sizeof(WooOrder));

	order->id = (long) json_integer_value(json_object_get(json, "id"));
	order->created = floor(created);
	order->modified = floor(modified);
	set_dates(json, "date_created", order->created);
	set_dates(json, "date_modified", order->modified);
	keep_text(order, json);
	sim_map_put_id(&woo.orders, order->id, order);
	sim_trail_touch(&woo.changed, &order->step, order->modified);
	return order;
}

void
woo_apply_status(json_t *json, const char *status)
{
	bool paid = sim_is_one_of(status, "processing|completed", '|');

	json_object_set_new(json, "status", json_string(status));
	if (strcmp(status, "completed") == 0)
		set_dates(json, "date_completed", floor(sim_now()));
	if (paid && json_is_null(json_object_get(json, "date_paid")) &&
		strcmp(sim_text(json, "payment_method", ""), "cod") != 0)
		set_dates(json, "date_paid", floor(sim_now()));
	json_object_set_new(json, "needs_processing", json_boolean(strcmp(status, "processing") == 0));
	json_object_set_new(
		json, "needs_payment", json_boolean(sim_is_one_of(status, "pending|failed", '|')));
	json_object_set_new(json,
						"is_editable",
						json_boolean(sim_is_one_of(status, "pending|on-hold|auto-draft", '|')));
}

/* --- list --- */

typedef struct Filter
{
	double after;
	double before;
	double modified_after;
	double modified_before;
	json_t *statuses;
	json_t *include;
	json_t *exclude;
	long customer;
	const char *search;
	bool by_modified;
	bool by_id;
	bool descending;
} Filter;

static bool
read_time(SimRequest *request, const char *name, double *when)
{
	const char *text = sim_query(request, name);
	const char *gmt = sim_query(request, "dates_are_gmt");
	bool zoned = false;

	if (!text)
		return true;
	if (!sim_parse_time(text, when, &zoned))
	{
		woo_bad_parameter(request, name, "Invalid date.");
		return false;
	}
	if (!gmt || !sim_is_one_of(gmt, "true|1", '|'))
	{
		sim_offence(request,
					false,
					"query",
					name,
					"Without dates_are_gmt=true it is taken as the site's time.");
		if (!zoned)
			*when -= (double) woo_site_zone * 60;
	}
	return true;
}

static bool
read_statuses(SimRequest *request, Filter *filter)
{
	size_t i;
	json_t *status;

	filter->statuses = sim_query_list(request, "status");
	json_array_foreach(filter->statuses, i, status)
	{
		const char *text = json_string_value(status);

		if (!sim_is_one_of(text, statuses, '|') && strcmp(text, "any") != 0)
		{
			woo_bad_parameter(
				request, "status[0]", "status[%zu] is not one of any, %s.", i, statuses);
			return false;
		}
	}
	return true;
}

static bool
read_order(SimRequest *request, Filter *filter)
{
	const char *orderby = sim_query(request, "orderby");
	const char *order = sim_query(request, "order");

	if (orderby && !sim_is_one_of(orderby, "date|modified|id|include|title|slug", '|'))
	{
		woo_bad_parameter(request,
						  "orderby",
						  "orderby is not one of date, id, include, title, slug, and modified.");
		return false;
	}
	if (order && !sim_is_one_of(order, "asc|desc", '|'))
	{
		woo_bad_parameter(request, "order", "order is not one of asc and desc.");
		return false;
	}
	filter->by_modified = orderby && strcmp(orderby, "modified") == 0;
	filter->by_id = orderby && strcmp(orderby, "id") == 0;
	filter->descending = !order || strcmp(order, "desc") == 0;
	return true;
}

static bool
in_ids(const json_t *ids, long id)
{
	size_t i;
	json_t *value;

	json_array_foreach((json_t *) ids, i, value)
	{
		if (strtol(json_string_value(value), NULL, 10) == id)
			return true;
	}
	return false;
}

static bool
has_status(const Filter *filter, const char *status)
{
	size_t i;
	json_t *value;

	if (json_array_size(filter->statuses) == 0)
		return strcmp(status, "trash") != 0;
	json_array_foreach(filter->statuses, i, value)
	{
		if (strcmp(json_string_value(value), status) == 0 ||
			(strcmp(json_string_value(value), "any") == 0 && strcmp(status, "trash") != 0))
			return true;
	}
	return false;
}

/* WordPress compares dates exclusively, in whole seconds. */
static bool
passes(const Filter *filter, const WooOrder *order)
{
	return order->created > filter->after && order->created < filter->before &&
		   order->modified > filter->modified_after && order->modified < filter->modified_before &&
		   has_status(filter, order->status) &&
		   (json_array_size(filter->include) == 0 || in_ids(filter->include, order->id)) &&
		   !in_ids(filter->exclude, order->id) &&
		   (!filter->search || strstr(order->text, filter->search));
}

static const Filter *sorting;

static int
compare(const void *a, const void *b)
{
	const WooOrder *x = *(WooOrder *const *) a;
	const WooOrder *y = *(WooOrder *const *) b;
	double difference = sorting->by_id         ? 0
						: sorting->by_modified ? x->modified - y->modified
											   : x->created - y->created;
	int order = difference < 0 ? -1 : difference > 0 ? 1 : x->id < y->id ? -1 : x->id > y->id;

	return sorting->descending ? -order : order;
}

/* Every order that passes, in the order asked for; the caller frees. */
static WooOrder **
select_orders(const Filter *filter, size_t *count)
{
	size_t room = 256;
	WooOrder **list = sim_alloc(room * sizeof *list);

	*count = 0;
	for (SimStep *step = woo.changed.newest; step && step->at > filter->modified_after;
		 step = step->older)
	{
		WooOrder *order = (WooOrder *) step;

		if (!passes(filter, order))
			continue;
		if (*count == room)
			list = sim_realloc(list, (room *= 2) * sizeof *list);
		list[(*count)++] = order;
	}
	sorting = filter;
	qsort(list, *count, sizeof *list, compare);
	return list;
}

static json_t *
only_fields(const WooOrder *order, const json_t *fields)
{
	json_t *json = woo_order_json(order);
	json_t *some = json_object();
	size_t i;
	json_t *field;

	json_array_foreach((json_t *) fields, i, field)
	{
		json_t *value = json_object_get(json, json_string_value(field));

		if (value)
			json_object_set(some, json_string_value(field), value);
	}
	json_decref(json);
	return some;
}

static void
answer_page(SimRequest *request, WooOrder **list, size_t count, size_t from, size_t size)
{
	json_t *fields = sim_query_list(request, "_fields");
	size_t total = 2;
	char *text;
	char *at;

	if (json_array_size(fields))
	{
		json_t *page = json_array();

		for (size_t i = from; i < count && i < from + size; i++)
			json_array_append_new(page, only_fields(list[i], fields));
		json_decref(fields);
		woo_reply(request, 200, page);
		return;
	}
	json_decref(fields);
	for (size_t i = from; i < count && i < from + size; i++)
		total += list[i]->size + 1;
	at = text = sim_alloc(total + 1);
	*at++ = '[';
	for (size_t i = from; i < count && i < from + size; i++)
	{
		if (i > from)
			*at++ = ',';
		memcpy(at, list[i]->text, list[i]->size);
		at += list[i]->size;
	}
	*at++ = ']';
	woo_reply_bytes(request, 200, text, (size_t) (at - text));
	free(text);
}

static bool
read_filter(SimRequest *request, Filter *filter)
{
	*filter = (Filter){.after = -INFINITY,
					   .before = INFINITY,
					   .modified_after = -INFINITY,
					   .modified_before = INFINITY,
					   .search = sim_query(request, "search"),
					   .include = sim_query_list(request, "include"),
					   .exclude = sim_query_list(request, "exclude")};
	return read_statuses(request, filter) && read_order(request, filter) &&
		   read_time(request, "after", &filter->after) &&
		   read_time(request, "before", &filter->before) &&
		   read_time(request, "modified_after", &filter->modified_after) &&
		   read_time(request, "modified_before", &filter->modified_before);
}

void
woo_list_orders(SimRequest *request)
{
	Filter filter;
	long page;
	long per_page;

	if (read_filter(request, &filter) && woo_read_page(request, &page, &per_page))
	{
		size_t count;
		WooOrder **list = select_orders(&filter, &count);
		long from = sim_query_int(request, "offset", (page - 1) * per_page);

		/* Misbehaviour: the order at the end of a page comes again, or the order is wrong. */
		if (request->reorder_events)
		{
			for (size_t i = 0; i < count / 2; i++)
			{
				WooOrder *moved = list[i];

				list[i] = list[count - 1 - i];
				list[count - 1 - i] = moved;
			}
		}
		if (request->duplicate_events && from > 0)
			from--;
		woo_page_headers(request, (long) count, page, per_page);
		answer_page(request, list, count, (size_t) from, (size_t) per_page);
		free(list);
	}
	json_decref(filter.statuses);
	json_decref(filter.include);
	json_decref(filter.exclude);
}

/* --- one --- */

void
woo_get_order(SimRequest *request)
{
	WooOrder *order = woo_order(request);

	if (order)
		woo_reply_bytes(request, 200, order->text, order->size);
}

/* Metadata is replaced by id, or by key when no id is given, and added otherwise. */
static void
merge_metadata(json_t *json, const json_t *changes)
{
	json_t *list = json_object_get(json, "meta_data");
	size_t i;
	json_t *change;

	if (!list)
		json_object_set_new(json, "meta_data", list = json_array());
	json_array_foreach((json_t *) changes, i, change)
	{
		json_t *found = NULL;
		size_t k;
		json_t *old;

		json_array_foreach(list, k, old)
		{
			if (json_object_get(change, "id")
					? json_equal(json_object_get(old, "id"), json_object_get(change, "id"))
					: json_equal(json_object_get(old, "key"), json_object_get(change, "key")))
				found = old;
		}
		if (found)
			json_object_update_existing(found, change);
		else
			json_array_append_new(list,
								  json_pack("{s:I, s:O*, s:O*}",
											"id",
											(json_int_t) woo.next_other++,
											"key",
											json_object_get(change, "key"),
											"value",
											json_object_get(change, "value")));
	}
}

static void
apply(json_t *json, const json_t *changes)
{
	static const char *const plain[] = {
		"customer_note", "payment_method", "payment_method_title", "transaction_id"};
	const char *status = sim_text(changes, "status", NULL);

	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
	{
		if (json_object_get(changes, plain[i]))
			json_object_set(json, plain[i], json_object_get(changes, plain[i]));
	}
	if (json_object_get(changes, "billing"))
		json_object_update(json_object_get(json, "billing"), json_object_get(changes, "billing"));
	if (json_object_get(changes, "shipping"))
		json_object_update(json_object_get(json, "shipping"), json_object_get(changes, "shipping"));
	merge_metadata(json, json_object_get(changes, "meta_data"));
	if (status)
		woo_apply_status(json, status);
	if (json_is_true(json_object_get(changes, "set_paid")))
		set_dates(json, "date_paid", floor(sim_now()));
}

void
woo_put_order(SimRequest *request)
{
	WooOrder *order = woo_order(request);
	json_t *json;

	if (!order)
		return;
	json = woo_order_json(order);
	apply(json, request->json);
	order->edits++;
	woo_order_save(order, json, "order.updated");
	woo_reply_bytes(request, 200, order->text, order->size);
}

static json_t *
batch_update(const json_t *change)
{
	long id = (long) sim_real(change, "id", 0);
	WooOrder *order = sim_map_get_id(&woo.orders, id);
	const char *status = sim_text(change, "status", NULL);
	json_t *json;

	if (!order || (status && !sim_is_one_of(status, statuses, '|')))
		return json_pack("{s:I, s:{s:s, s:s, s:{s:i}}}",
						 "id",
						 (json_int_t) id,
						 "error",
						 "code",
						 order ? "rest_invalid_param" : "woocommerce_rest_shop_order_invalid_id",
						 "message",
						 order ? "Invalid parameter(s): status" : "Invalid ID.",
						 "data",
						 "status",
						 400);
	json = woo_order_json(order);
	apply(json, change);
	order->edits++;
	woo_order_save(order, json, "order.updated");
	return woo_order_json(order);
}

void
woo_batch_orders(SimRequest *request)
{
	const json_t *updates = json_object_get(request->json, "update");
	json_t *answers;
	size_t i;
	json_t *update;

	if (json_array_size(updates) > 100)
	{
		sim_offence(request,
					true,
					"length",
					"update",
					"It has %zu elements, at most 100 are allowed.",
					json_array_size(updates));
		woo_error(request,
				  413,
				  "woocommerce_rest_request_entity_too_large",
				  "Unable to accept more than 100 items for this request.");
		return;
	}
	answers = json_array();
	json_array_foreach((json_t *) updates, i, update)
		json_array_append_new(answers, batch_update(update));
	woo_reply(request, 200, json_pack("{s:o}", "update", answers));
}

static void
free_order(void *subject)
{
	WooOrder *order = subject;

	json_decref(order->notes);
	json_decref(order->refunds);
	json_decref(order->fulfillments);
	json_decref(order->trackings);
	free(order->text);
	free(order);
}

void
woo_orders_reset(void)
{
	sim_map_clear(&woo.orders, free_order);
	woo.changed = (SimTrail){0};
	woo.next_id = 5501;
	woo.next_item = 901;
	woo.next_other = 31;
}

static const SimField order_fields[] = {{"status", SIM_STRING, 0, .values = statuses},
										{"customer_note", SIM_STRING, 0},
										{"payment_method", SIM_STRING, 0},
										{"payment_method_title", SIM_STRING, 0},
										{"transaction_id", SIM_STRING, 0},
										{"set_paid", SIM_BOOLEAN, 0},
										{"billing", SIM_OBJECT, 0},
										{"shipping", SIM_OBJECT, 0},
										{"line_items", SIM_ARRAY, 0},
										{"shipping_lines", SIM_ARRAY, 0},
										{"fee_lines", SIM_ARRAY, 0},
										{"meta_data", SIM_ARRAY, 0},
										{"meta_data[].id", SIM_INTEGER, 0},
										{"meta_data[].key", SIM_STRING, 0},
										{"meta_data[].value", SIM_ANY, 0},
										{0}};
SimSchema woo_order_schema = {"An order", false, order_fields, NULL};

static const SimField batch_fields[] = {{"update", SIM_ARRAY, 0},
										{"update[]", SIM_OBJECT, 0},
										{"update[].id", SIM_INTEGER, SIM_REQUIRED},
										{"update[].stock_quantity", SIM_ANY, 0},
										{"update[].manage_stock", SIM_BOOLEAN, 0},
										{"update[].stock_status", SIM_STRING, 0},
										{"update[].backorders", SIM_STRING, 0},
										{"update[].regular_price", SIM_STRING, 0},
										{"update[].status", SIM_STRING, 0},
										{"update[].meta_data", SIM_ARRAY, 0},
										{0}};
SimSchema woo_batch_schema = {"A batch", false, batch_fields, NULL};
