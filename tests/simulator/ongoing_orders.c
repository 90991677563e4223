/*
 * ongoing_orders.c
 *
 * Orders of a goods owner: put (made, or replaced as long as nobody picks),
 * shown, listed by id cursor, cancelled.  An order books its articles at once
 * and gives them back when it is replaced or cancelled.  What the warehouse
 * does with it is in ongoing_life.c.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ongoing.h"

#define STATUS_PICKING   300
#define STATUS_CANCELLED 1000

OngoingOrder *
ongoing_order(long owner, const char *number)
{
	char *key = sim_format("%ld/%s", owner, number);
	OngoingOrder *order = sim_map_get(&ongoing.orders, key);

	free(key);
	return order;
}

/* --- lines and their stock --- */

/* Gives back what the lines have booked and not picked. */
void
ongoing_release_lines(OngoingOrder *order)
{
	for (int i = 0; i < order->line_count; i++)
	{
		OngoingLine *line = &order->lines[i];

		/* What was picked beyond the order was never booked. */
		line->article->booked -= fmax(0, line->ordered - line->picked);
		line->article->allocated -= fmax(0, line->allocated - line->picked);
		line->allocated = line->picked;
		ongoing_stock_touch(line->article);
	}
}

static void
free_lines(OngoingOrder *order)
{
	for (int i = 0; i < order->line_count; i++)
		json_decref(order->lines[i].body);
	free(order->lines);
	order->lines = NULL;
	order->line_count = 0;
}

/* The first thing wrong with the lines; false when the request was answered. */
static bool
lines_are_right(SimRequest *request, long owner)
{
	const json_t *lines = json_object_get(request->json, "orderLines");
	size_t i;
	json_t *line;

	if (json_array_size(lines) == 0)
		sim_offence(
			request, false, "required", "orderLines", "An order without lines ships nothing.");
	json_array_foreach((json_t *) lines, i, line)
	{
		const char *number = sim_text(line, "articleNumber", "");
		char place[60];

		snprintf(place, sizeof place, "orderLines[%zu].rowNumber", i);
		for (size_t k = 0; k < i; k++)
		{
			if (json_equal(json_object_get(json_array_get(lines, k), "rowNumber"),
						   json_object_get(line, "rowNumber")))
			{
				sim_refuse(request,
						   NULL,
						   "repeated",
						   place,
						   "Row \"%.40s\" is there twice.",
						   sim_text(line, "rowNumber", ""));
				return false;
			}
		}
		snprintf(place, sizeof place, "orderLines[%zu].numberOfItems", i);
		if (sim_real(line, "numberOfItems", 0) <= 0)
		{
			sim_refuse(request,
					   NULL,
					   "value",
					   place,
					   "The number of items must be above 0, it is %g.",
					   sim_real(line, "numberOfItems", 0));
			return false;
		}
		if (!ongoing_article(owner, number) && ongoing_auto_articles)
			ongoing_make_article(owner, number)->on_hand = 1000;
		if (!ongoing_article(owner, number))
		{
			snprintf(place, sizeof place, "orderLines[%zu].articleNumber", i);
			sim_offence(request,
						true,
						"value",
						place,
						"Goods owner %ld has no article \"%.60s\".",
						owner,
						number);
			ongoing_error(request, 400, "Article number %.60s does not exist.", number);
			return false;
		}
	}
	return true;
}

static void
book_lines(OngoingOrder *order, const json_t *lines)
{
	size_t i;
	json_t *body;

	order->line_count = (int) json_array_size(lines);
	order->lines = sim_alloc(json_array_size(lines) * sizeof(OngoingLine));
	json_array_foreach((json_t *) lines, i, body)
	{
		OngoingLine *line = &order->lines[i];
		OngoingArticle *article =
			ongoing_article(order->owner, sim_text(body, "articleNumber", ""));
		double there = article->on_hand - article->locked - article->allocated;

		line->id = ongoing.next_line++;
		line->body = json_incref(body);
		line->article = article;
		line->ordered = sim_real(body, "numberOfItems", 0);
		line->allocated = fmax(0, fmin(line->ordered, there));
		article->booked += line->ordered;
		article->allocated += line->allocated;
		ongoing_stock_touch(article);
	}
}

/* --- put --- */

static OngoingOrder *
make_order(long owner, const char *number)
{
	OngoingOrder *order = sim_alloc(sizeof(OngoingOrder));
	char *key = sim_format("%ld/%s", owner, number);

	order->id = ongoing.next_order++;
	order->owner = owner;
	order->created = sim_now();
	order->parcels = json_array();
	order->tracking = json_array();
	order->files = json_array();
	sim_map_put(&ongoing.orders, key, order);
	sim_map_put_id(&ongoing.orders_by_id, order->id, order);
	free(key);
	return order;
}

/* An address that cannot be right waits for the warehouse's attention. */
static bool
has_bad_address(SimRequest *request)
{
	const json_t *consignee = json_object_get(request->json, "consignee");
	const char *country = sim_text(consignee, "countryCode", "");
	const char *postcode = sim_text(consignee, "postCode", "");

	if (*country && *sim_text(consignee, "address1", "") && *sim_text(consignee, "city", "") &&
		(*postcode || !sim_postcode_needed(country)) &&
		(!*postcode || sim_postcode_fits(country, postcode)))
		return false;
	sim_offence(
		request,
		false,
		"address",
		"consignee",
		"The address cannot be right: address1 \"%.40s\", postCode \"%.20s\", city \"%.40s\", "
		"countryCode \"%.5s\".",
		sim_text(consignee, "address1", ""),
		postcode,
		sim_text(consignee, "city", ""),
		country);
	return true;
}

static bool
may_replace(SimRequest *request, const OngoingOrder *order)
{
	if (order->status < STATUS_PICKING)
		return true;
	ongoing_error(request,
				  400,
				  "Order number %s cannot be updated since its status is %s.",
				  ongoing_number(order),
				  ongoing_status_text(order->status));
	return false;
}

static void
note_doubts(SimRequest *request)
{
	static const char *const kinds[] = {
		"emailNotification", "smsNotification", "telephoneNotification"};

	if (!*sim_text(request->json, "consignee.customerNumber", ""))
		sim_offence(request,
					false,
					"required",
					"consignee.customerNumber",
					"Without it every order makes a new customer record.");
	for (int i = 0; i < 3; i++)
	{
		const json_t *notification = json_object_get(request->json, kinds[i]);

		if (json_is_true(json_object_get(notification, "toBeNotified")) &&
			!*sim_text(notification, "value", ""))
			sim_offence(
				request, false, "required", kinds[i], "toBeNotified is true, value is empty.");
	}
}

void
ongoing_put_order(SimRequest *request)
{
	const json_t *body = request->json;
	long owner = (long) sim_real(body, "goodsOwnerId", 0);
	const char *number = sim_text(body, "orderNumber", "");
	OngoingOrder *order;
	bool is_new;
	char *message;

	if (!ongoing_may_write(request, owner) || !lines_are_right(request, owner))
		return;
	order = ongoing_order(owner, number);
	if (order && !may_replace(request, order))
		return;
	note_doubts(request);
	is_new = !order;
	if (is_new)
		order = make_order(owner, number);
	else
	{
		ongoing_release_lines(order);
		free_lines(order);
	}
	json_decref(order->body);
	order->body = json_incref((json_t *) body);
	order->puts++;
	book_lines(order, json_object_get(body, "orderLines"));
	ongoing_set_status(order,
					   ongoing_bad_address_status && has_bad_address(request)
						   ? (int) ongoing_bad_address_status
						   : 200);
	if (is_new)
		ongoing_plan_life(order);
	message = sim_format(
		"Order number %s created/updated%s", number, is_new ? "" : "<br/>The order was updated");
	sim_reply(request,
			  200,
			  json_pack("{s:I, s:s}", "orderId", (json_int_t) order->id, "message", message));
	free(message);
}

/* --- get --- */

void
ongoing_get_order(SimRequest *request)
{
	OngoingOrder *order = ongoing_named_order(request, false);

	if (order)
		sim_reply(request, 200, ongoing_order_json(order));
}

typedef struct Wanted
{
	long owner;
	long from;
	long most;
	long status_from;
	long status_to;
	json_t *numbers;
	double changed_from;
	double created_from;
	double created_to;
	double shipped_from;
	double shipped_to;
	double returned_from;
} Wanted;

static bool
is_wanted(const Wanted *wanted, const OngoingOrder *order)
{
	bool named = json_array_size(wanted->numbers) == 0;

	for (size_t i = 0; i < json_array_size(wanted->numbers); i++)
		named |= sim_is_text(json_array_get(wanted->numbers, i), ongoing_number(order));
	return named && order->owner == wanted->owner && order->id >= wanted->from &&
		   order->status >= wanted->status_from && order->status <= wanted->status_to &&
		   order->step.at >= wanted->changed_from && order->created >= wanted->created_from &&
		   order->created <= wanted->created_to && order->shipped >= wanted->shipped_from &&
		   order->shipped <= wanted->shipped_to && order->last_returned >= wanted->returned_from;
}

static int
by_id(const void *a, const void *b)
{
	const OngoingOrder *x = *(OngoingOrder *const *) a;
	const OngoingOrder *y = *(OngoingOrder *const *) b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* Named orders by look-up, changed ones along the trail, others by the id cursor. */
static OngoingOrder **
select_orders(const Wanted *wanted, size_t *count)
{
	const OngoingOrder *first = sim_map_at(&ongoing.orders_by_id, 0);
	size_t at = first && wanted->from > first->id ? (size_t) (wanted->from - first->id) : 0;
	size_t named = json_array_size(wanted->numbers);
	OngoingOrder **list = sim_alloc((named + ongoing.orders_by_id.count + 1) * sizeof *list);

	*count = 0;
	for (size_t i = 0; i < named; i++)
	{
		OngoingOrder *order =
			ongoing_order(wanted->owner, json_string_value(json_array_get(wanted->numbers, i)));

		if (order && is_wanted(wanted, order))
			list[(*count)++] = order;
	}
	if (named)
		return list;
	if (wanted->changed_from > -INFINITY)
	{
		for (SimStep *step = ongoing.orders_changed.newest;
			 step && step->at >= wanted->changed_from;
			 step = step->older)
		{
			if (is_wanted(wanted, (OngoingOrder *) step))
				list[(*count)++] = (OngoingOrder *) step;
		}
		qsort(list, *count, sizeof *list, by_id);
		return list;
	}
	for (; at < ongoing.orders_by_id.count && (long) *count < wanted->most; at++)
	{
		OngoingOrder *order = sim_map_at(&ongoing.orders_by_id, at);

		if (is_wanted(wanted, order))
			list[(*count)++] = order;
	}
	return list;
}

static bool
read_times(SimRequest *request, Wanted *wanted)
{
	return ongoing_since(request, "orderStatusChangedTimeFrom", &wanted->changed_from) &&
		   ongoing_since(request, "orderUpdatedTimeFrom", &wanted->changed_from) &&
		   ongoing_since(request, "orderCreatedTimeFrom", &wanted->created_from) &&
		   ongoing_since(request, "orderCreatedTimeTo", &wanted->created_to) &&
		   ongoing_since(request, "shippedTimeFrom", &wanted->shipped_from) &&
		   ongoing_since(request, "shippedTimeTo", &wanted->shipped_to) &&
		   ongoing_since(request, "lastReturnedFrom", &wanted->returned_from);
}

void
ongoing_list_orders(SimRequest *request)
{
	Wanted wanted = {.owner = ongoing_query_owner(request),
					 .from = sim_query_int(request, "orderIdFrom", 0),
					 .most = sim_query_int(request, "maxOrdersToGet", 1000),
					 .status_from = sim_query_int(request, "orderStatusFrom", 0),
					 .status_to = sim_query_int(request, "orderStatusTo", 1000000),
					 .changed_from = -INFINITY,
					 .created_from = -INFINITY,
					 .created_to = INFINITY,
					 .shipped_from = -INFINITY,
					 .shipped_to = INFINITY,
					 .returned_from = -INFINITY};
	json_t *single;
	json_t *answer;
	OngoingOrder **list;
	size_t count;

	if (!wanted.owner || !read_times(request, &wanted))
		return;
	wanted.numbers = sim_query_list(request, "orderNumbers");
	single = sim_query_list(request, "orderNumber");
	json_array_extend(wanted.numbers, single);
	json_decref(single);
	list = select_orders(&wanted, &count);
	answer = json_array();
	for (size_t i = 0; i < count && (long) i < wanted.most; i++)
		json_array_append_new(answer, ongoing_order_json(list[i]));
	if (request->duplicate_events && count)
		json_array_append(answer, json_array_get(answer, json_array_size(answer) - 1));
	sim_reply(request, 200, answer);
	free(list);
	json_decref(wanted.numbers);
}

/* --- cancel --- */

static void
cancel(SimRequest *request, OngoingOrder *order)
{
	if (order->status >= STATUS_PICKING)
	{
		ongoing_error(request,
					  400,
					  order->status == STATUS_CANCELLED
						  ? "Order %s is already cancelled."
						  : "Order %s cannot be cancelled since picking has begun.",
					  ongoing_number(order));
		return;
	}
	ongoing_release_lines(order);
	ongoing_set_status(order, STATUS_CANCELLED);
	sim_reply(
		request,
		200,
		json_pack("{s:I, s:s}", "orderId", (json_int_t) order->id, "message", "Order cancelled"));
}

void
ongoing_cancel_order(SimRequest *request)
{
	OngoingOrder *order = ongoing_named_order(request, true);

	if (order)
		cancel(request, order);
}

void
ongoing_cancel_by_number(SimRequest *request)
{
	long owner = ongoing_query_owner(request);
	const char *number = sim_query(request, "orderNumber");
	OngoingOrder *order = owner && number ? ongoing_order(owner, number) : NULL;

	if (!owner || !ongoing_may_write(request, owner))
		return;
	if (order)
		cancel(request, order);
	else
		ongoing_error(request, 404, "Order number %.60s does not exist.", number ? number : "");
}

static void
free_order(void *subject)
{
	OngoingOrder *order = subject;

	free_lines(order);
	json_decref(order->body);
	json_decref(order->parcels);
	json_decref(order->tracking);
	json_decref(order->files);
	free(order->waybill);
	free(order->return_waybill);
	free(order);
}

void
ongoing_orders_reset(void)
{
	sim_map_clear(&ongoing.orders, NULL);
	sim_map_clear(&ongoing.orders_by_id, free_order);
}
