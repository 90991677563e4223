/*
 * ongoing_returns.c
 *
 * Return orders: announced against lines of a customer's order, received by
 * control, item by item and with what was done to it.  A return order is kept
 * as the JSON that GET shows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ongoing.h"

/* The line of the order that a return line means, by Ongoing's id or by our row number. */
static OngoingLine *
meant_line(OngoingOrder *order, const json_t *line)
{
	const char *row = sim_text(line,
							   "customerOrderRowNumber",
							   sim_text(line, "customerOrderLine.customerOrderRowNumber", NULL));
	long id = (long) sim_real(line, "customerOrderLine.orderLineId", 0);

	for (int i = 0; i < order->line_count; i++)
	{
		if (order->lines[i].id == id ||
			(row && strcmp(sim_text(order->lines[i].body, "rowNumber", ""), row) == 0))
			return &order->lines[i];
	}
	return NULL;
}

static json_t *
return_line(long number, const json_t *line, const OngoingLine *sold)
{
	return json_pack("{s:I, s:O, s:{s:I}, s:{s:I, s:O, s:o}, s:f, s:f, s:f, s:o, s:[]}",
					 "returnOrderLineId",
					 (json_int_t) number,
					 "returnOrderRowNumber",
					 json_object_get(line, "returnOrderRowNumber"),
					 "customerOrderLine",
					 "orderLineId",
					 (json_int_t) sold->id,
					 "article",
					 "articleSystemId",
					 (json_int_t) sold->article->id,
					 "articleNumber",
					 json_object_get(sold->body, "articleNumber"),
					 "articleName",
					 ongoing_member(sold->article->body, "articleName"),
					 "toBeReturnedNumberOfItems",
					 sim_real(line, "toBeReturnedNumberOfItems", 0),
					 "returnedNumberOfItems",
					 0.0,
					 "returnedRemovedByInventoryNumberOfItems",
					 0.0,
					 "returnCause",
					 ongoing_member(line, "returnCause"),
					 "returnedArticleItems");
}

/* The lines as GET shows them; NULL when the request was answered. */
static json_t *
return_lines(SimRequest *request, OngoingOrder *order)
{
	json_t *lines = json_array();
	size_t i;
	json_t *line;

	json_array_foreach(json_object_get(request->json, "returnOrderLines"), i, line)
	{
		const OngoingLine *sold = meant_line(order, line);
		double wanted = sim_real(line, "toBeReturnedNumberOfItems", 0);
		char place[80];

		snprintf(place,
				 sizeof place,
				 "returnOrderLines[%zu].%s",
				 i,
				 sold ? "toBeReturnedNumberOfItems" : "customerOrderLine.orderLineId");
		if (sold && wanted > 0 && wanted <= sold->sent)
		{
			json_array_append_new(lines, return_line((long) i + 9, line, sold));
			continue;
		}
		json_decref(lines);
		if (sold)
			sim_refuse(request,
					   NULL,
					   "value",
					   place,
					   "%g are to be returned, %g were sent.",
					   wanted,
					   sold->sent);
		else
			sim_refuse(request, NULL, "value", place, "Order %ld has no such line.", order->id);
		return NULL;
	}
	return lines;
}

static json_t *
info_json(SimRequest *request, long id)
{
	return json_pack("{s:I, s:O, s:o, s:o, s:{s:i, s:s}, s:{s:i, s:s}, s:o}",
					 "returnOrderId",
					 (json_int_t) id,
					 "returnOrderNumber",
					 json_object_get(request->json, "returnOrderNumber"),
					 "comment",
					 ongoing_member(request->json, "comment"),
					 "inDate",
					 ongoing_member(request->json, "inDate"),
					 "returnOrderStatus",
					 "number",
					 100,
					 "text",
					 "Announced",
					 "warehouse",
					 "id",
					 1,
					 "name",
					 "Main warehouse",
					 "returnOrderHandlingComment",
					 ongoing_member(request->json, "returnOrderHandlingComment"));
}

void
ongoing_put_return(SimRequest *request)
{
	long owner = (long) sim_real(request->json, "goodsOwnerId", 0);
	const char *number = sim_text(request->json, "returnOrderNumber", "");
	long order_id = (long) sim_real(request->json, "customerOrder.orderId", 0);
	OngoingOrder *order = sim_map_get_id(&ongoing.orders_by_id, order_id);
	char *key = sim_format("%ld/%s", owner, number);
	json_t *known = sim_map_get(&ongoing.returns, key);
	json_t *lines = NULL;
	long id;

	if (ongoing_may_write(request, owner))
	{
		if (!order || order->owner != owner)
			sim_refuse(request,
					   NULL,
					   "value",
					   "customerOrder.orderId",
					   "Goods owner %ld has no order %ld.",
					   owner,
					   order_id);
		else
			lines = return_lines(request, order);
	}
	if (lines)
	{
		id = known ? (long) sim_real(known, "returnOrderInfo.returnOrderId", 0)
				   : ongoing.next_return++;
		if (!known)
		{
			known = json_object();
			sim_map_put(&ongoing.returns, key, known);
			sim_map_put_id(&ongoing.returns_by_id, id, known);
		}
		json_object_set_new(known,
							"goodsOwner",
							json_pack("{s:I, s:s}", "id", (json_int_t) owner, "name", "Demo shop"));
		json_object_set_new(known, "returnOrderInfo", info_json(request, id));
		json_object_set_new(known,
							"customerOrderInfo",
							json_pack("{s:I, s:s}",
									  "orderId",
									  (json_int_t) order->id,
									  "orderNumber",
									  sim_text(order->body, "orderNumber", "")));
		json_object_set_new(known, "returnOrderLines", lines);
		sim_reply(request,
				  200,
				  json_pack("{s:I, s:s}",
							"returnOrderId",
							(json_int_t) id,
							"message",
							"Return order created/updated"));
	}
	free(key);
}

void
ongoing_get_return(SimRequest *request)
{
	json_t *found = sim_map_get(&ongoing.returns_by_id, request->argument[1]);

	if (found)
		sim_reply(request, 200, json_incref(found));
	else
		ongoing_error(request, 404, "Return order %.20s does not exist.", request->argument[1]);
}

static bool
in_list(const json_t *list, const json_t *value)
{
	bool found = json_array_size(list) == 0;

	for (size_t i = 0; i < json_array_size(list); i++)
		found |= json_equal(json_array_get(list, i), value);
	return found;
}

void
ongoing_list_returns(SimRequest *request)
{
	long owner = ongoing_query_owner(request);
	json_t *numbers;
	json_t *orders;
	json_t *list;

	if (!owner)
		return;
	numbers = sim_query_list(request, "returnOrderNumbers");
	orders = sim_query_list(request, "customerOrderNumbers");
	list = json_array();
	for (size_t i = 0; i < ongoing.returns_by_id.count; i++)
	{
		json_t *found = sim_map_at(&ongoing.returns_by_id, i);

		if ((long) sim_real(found, "goodsOwner.id", 0) == owner &&
			in_list(numbers, sim_get(found, "returnOrderInfo.returnOrderNumber")) &&
			in_list(orders, sim_get(found, "customerOrderInfo.orderNumber")))
			json_array_append(list, found);
	}
	json_decref(numbers);
	json_decref(orders);
	sim_reply(request, 200, list);
}

void
ongoing_return_statuses(SimRequest *request)
{
	sim_reply(request,
			  200,
			  json_pack("{s:[{s:i, s:s}, {s:i, s:s}, {s:i, s:s}]}",
						"returnOrderStatuses",
						"number",
						100,
						"text",
						"Announced",
						"number",
						300,
						"text",
						"Partly received",
						"number",
						500,
						"text",
						"Received"));
}

/* --- causes --- */

void
ongoing_list_causes(SimRequest *request)
{
	json_t *list = json_array();

	if (ongoing_query_owner(request))
	{
		for (size_t i = 0; i < ongoing.causes.count; i++)
			json_array_append(list, sim_map_at(&ongoing.causes, i));
		sim_reply(request, 200, json_pack("{s:O}", "returnCauses", list));
	}
	json_decref(list);
}

void
ongoing_put_cause(SimRequest *request)
{
	const char *code = sim_text(request->json, "code", "");
	json_t *old;

	if (!ongoing_may_write(request, (long) sim_real(request->json, "goodsOwnerId", 0)))
		return;
	old = sim_map_put(&ongoing.causes, code, json_incref(request->json));
	json_decref(old);
	sim_reply(
		request,
		200,
		json_pack(
			"{s:I, s:s}", "returnCauseId", (json_int_t) ongoing.causes.count, "message", "Saved"));
}

/* --- control: goods come back --- */

static void
count_back(OngoingLine *sold, double items, bool removed)
{
	sold->returned += items;
	sold->removed += removed ? items : 0;
	if (!removed)
		sold->article->on_hand += items;
	ongoing_stock_touch(sold->article);
}

static void
receive_line(json_t *line, OngoingLine *sold, const json_t *how)
{
	double items = sim_real(how, "items", sim_real(line, "toBeReturnedNumberOfItems", 0));
	bool removed = json_is_true(json_object_get(how, "removed"));

	json_object_set_new(line,
						"returnedNumberOfItems",
						json_real(sim_real(line, "returnedNumberOfItems", 0) + items));
	if (removed)
		json_object_set_new(
			line,
			"returnedRemovedByInventoryNumberOfItems",
			json_real(sim_real(line, "returnedRemovedByInventoryNumberOfItems", 0) + items));
	json_array_append_new(json_object_get(line, "returnedArticleItems"),
						  json_pack("{s:f, s:o, s:b, s:O, s:s?}",
									"numberOfItems",
									items,
									"returnTime",
									ongoing_date(sim_now()),
									"isReturnRemovedByInventory",
									removed,
									"returnCause",
									json_object_get(line, "returnCause"),
									"returnComment",
									sim_text(how, "comment", NULL)));
	count_back(sold, items, removed);
}

/* An announced return by its number, or one nobody announced by the order's number and rows. */
void
ongoing_control_receive(SimRequest *request)
{
	const json_t *json = request->json;
	long owner = (long) sim_real(json, "goodsOwnerId", 159);
	char *key = sim_format("%ld/%s", owner, sim_text(json, "returnOrderNumber", ""));
	json_t *known = sim_map_get(&ongoing.returns, key);
	OngoingOrder *order =
		known ? sim_map_get_id(&ongoing.orders_by_id,
							   (int64_t) sim_real(known, "customerOrderInfo.orderId", 0))
			  : ongoing_order(owner, sim_text(json, "orderNumber", ""));
	size_t i;
	json_t *line;

	free(key);
	if (!order)
	{
		sim_control_error(request, "There is no such return order and no such order.");
		return;
	}
	json_array_foreach(json_object_get(known, "returnOrderLines"), i, line)
	{
		const json_t *how = json_object_get(json_object_get(json, "rows"),
											sim_text(line, "returnOrderRowNumber", ""));
		OngoingLine *sold = meant_line(order, line);

		if (sold && (how || !json_object_get(json, "rows")))
			receive_line(line, sold, how);
	}
	for (int k = 0; !known && k < order->line_count; k++)
	{
		const json_t *how = json_object_get(json_object_get(json, "rows"),
											sim_text(order->lines[k].body, "rowNumber", ""));

		if (how)
			count_back(&order->lines[k],
					   sim_real(how, "items", order->lines[k].sent),
					   json_is_true(json_object_get(how, "removed")));
	}
	if (known)
		json_object_set_new(json_object_get(known, "returnOrderInfo"),
							"returnOrderStatus",
							json_pack("{s:i, s:s}", "number", 500, "text", "Received"));
	order->last_returned = sim_now();
	sim_trail_touch(&ongoing.orders_changed, &order->step, sim_now());
	sim_reply(request, 200, known ? json_incref(known) : ongoing_order_json(order));
}

static const SimField receive_fields[] = {{"goodsOwnerId", SIM_INTEGER, 0},
										  {"returnOrderNumber", SIM_STRING, 0},
										  {"orderNumber", SIM_STRING, 0},
										  {"rows", SIM_ANY, 0},
										  {0}};
SimSchema ongoing_receive_schema = {"A receipt of returned goods", true, receive_fields, NULL};

static void
free_json(void *json)
{
	json_decref(json);
}

void
ongoing_returns_reset(void)
{
	sim_map_clear(&ongoing.returns, NULL);
	sim_map_clear(&ongoing.returns_by_id, free_json);
	sim_map_clear(&ongoing.causes, free_json);
}
