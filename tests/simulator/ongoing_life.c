/*
 * ongoing_life.c
 *
 * What the warehouse does with an order and what it tells: statuses, picking
 * (also too few), parcels, sending, by control or by the simulated clock; each
 * change of status pushes a webhook with the static secret Ongoing uses
 * instead of a signature.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ongoing.h"

double ongoing_auto_step_s;
bool ongoing_webhooks;
char ongoing_webhook_header[SIM_TEXT_SIZE];
char ongoing_webhook_secret[SIM_TEXT_SIZE];

static const struct
{
	int number;
	const char *text;
	const char *move; /* its name in POST /control/ongoing/move */
} statuses[] = {{150, "Error", "error"},
				{200, "Open", "open"},
				{300, "Released", "released"},
				{320, "Allocated", "allocated"},
				{400, "Picked", "picked"},
				{425, "Partly sent", "partly_sent"},
				{450, "Sent", "sent"},
				{451, "Ready for collection", "ready"},
				{475, "Return", "return"},
				{500, "Collected", "collected"},
				{1000, "Cancelled", "cancelled"}};

#define STATUS_COUNT (sizeof statuses / sizeof *statuses)

const char *
ongoing_status_text(int status)
{
	for (size_t i = 0; i < STATUS_COUNT; i++)
	{
		if (statuses[i].number == status)
			return statuses[i].text;
	}
	return "Custom";
}

void
ongoing_list_statuses(SimRequest *request)
{
	json_t *list = json_array();

	for (size_t i = 0; i < STATUS_COUNT; i++)
		json_array_append_new(
			list, json_pack("{s:i, s:s}", "number", statuses[i].number, "text", statuses[i].text));
	sim_reply(request, 200, json_pack("{s:o}", "orderStatuses", list));
}

/* --- what it tells --- */

static void
announce(const OngoingOrder *order, const char *template)
{
	char stamp[40];
	char now[60];
	char path[60];
	char *text;
	json_t *headers;
	json_t *body;

	if (!ongoing_webhooks)
		return;
	snprintf(now,
			 sizeof now,
			 "%s.%07.0f",
			 sim_time(sim_now(), 0, "%Y-%m-%dT%H:%M:%S", stamp),
			 floor(fmod(sim_now(), 1) * 1e7));
	snprintf(path, sizeof path, "/api/v1/orders/%ld", order->id);
	body = json_pack(
		"{s:i, s:I, s:s, s:s, s:I, s:O, s:I, s:o, s:o, s:s, s:{s:i}, s:{s:i, s:s}, s:{s:i}, s:n, s:s, "
		"s:s, s:[], s:O, s:O}",
		"webhookOrdersId",
		12,
		"webhookEventId",
		(json_int_t) ++ongoing.events,
		"system",
		"YourWarehouse",
		"timestamp",
		now,
		"orderId",
		(json_int_t) order->id,
		"orderNumber",
		json_object_get(order->body, "orderNumber"),
		"goodsOwnerId",
		(json_int_t) order->owner,
		"goodsOwnerOrderId",
		ongoing_member(order->body, "goodsOwnerOrderId"),
		"consigneeOrderNumber",
		ongoing_member(order->body, "consigneeOrderNumber"),
		"path",
		path,
		"byUser",
		"userId",
		3,
		"byComputer",
		"computerId",
		1,
		"computerName",
		"PACK1",
		"orderStatus",
		"number",
		order->status,
		"currentShipmentId",
		"webhookTemplate",
		template,
		"goodsOwnerName",
		"Demo shop",
		"goodsOwnerClasses",
		"tracking",
		order->tracking,
		"parcels",
		order->parcels);
	text = json_dumps(body, SIM_WIRE);
	headers = json_pack("{s:s}", "Content-Type", "application/json; charset=utf-8");
	json_object_set_new(headers, ongoing_webhook_header, json_string(ongoing_webhook_secret));
	sim_emit(&sim_peer_ongoing, template, headers, text);
	free(text);
	json_decref(body);
}

void
ongoing_set_status(OngoingOrder *order, int status)
{
	bool is_new = order->status == 0;
	bool changed = order->status != status;

	order->status = status;
	order->status_changed = sim_now();
	sim_trail_touch(&ongoing.orders_changed, &order->step, sim_now());
	if (is_new)
		announce(order, "OrderCreated");
	else if (changed)
		announce(order, "OrderStatusChanged");
}

/* --- what it does --- */

void
ongoing_add_parcel(OngoingOrder *order, const char *number, const char *url, bool is_return)
{
	json_array_append_new(order->parcels,
						  json_pack("{s:I, s:s, s:b, s:{s:s, s:s?}}",
									"id",
									(json_int_t) ongoing.next_parcel++,
									"parcelNumber",
									number,
									"isReturnParcel",
									is_return,
									"tracking",
									"waybill",
									number,
									"trackingUrl",
									url));
}

/* Takes items from the shelf: all that is allocated, or as many of a row as the test says. */
static void
pick(OngoingOrder *order, const json_t *rows)
{
	for (int i = 0; i < order->line_count; i++)
	{
		OngoingLine *line = &order->lines[i];
		const json_t *row = json_object_get(rows, sim_text(line->body, "rowNumber", ""));
		double wanted = json_is_number(row) ? json_number_value(row)
						: rows              ? line->picked
											: fmax(line->allocated, line->picked);
		double more = wanted - line->picked;

		line->article->on_hand -= more;
		line->article->picked += more;
		line->article->booked +=
			fmax(0, line->ordered - wanted) - fmax(0, line->ordered - line->picked);
		line->article->allocated +=
			fmax(0, line->allocated - wanted) - fmax(0, line->allocated - line->picked);
		line->picked = wanted;
		line->allocated = fmax(line->allocated, wanted);
		ongoing_stock_touch(line->article);
	}
}

static bool
is_picked(const OngoingOrder *order)
{
	double sum = 0;

	for (int i = 0; i < order->line_count; i++)
		sum += order->lines[i].picked;
	return sum > 0;
}

/* A parcel's number: an SSCC of the warehouse. */
static void
parcel_number(char number[24])
{
	snprintf(number, 24, "0037350048%010ld", ongoing.next_parcel);
}

static void
make_parcels(OngoingOrder *order, const json_t *wanted)
{
	size_t count = json_is_integer(wanted)           ? (size_t) json_integer_value(wanted)
				   : json_is_array(wanted)           ? json_array_size(wanted)
				   : json_array_size(order->parcels) ? 0
													 : 1;

	for (size_t i = 0; i < count; i++)
	{
		const json_t *given = json_array_get(wanted, i);
		char number[24];
		char url[120];

		parcel_number(number);
		snprintf(url,
				 sizeof url,
				 "https://track.example/%.60s",
				 sim_text(given, "parcelNumber", number));
		ongoing_add_parcel(order,
						   sim_text(given, "parcelNumber", number),
						   sim_text(given, "trackingUrl", url),
						   json_is_true(json_object_get(given, "isReturnParcel")));
	}
}

/* The goods leave; what was ordered and not picked is given up when the order is closed. */
static void
send_order(OngoingOrder *order, const json_t *parcels, bool closes)
{
	for (int i = 0; i < order->line_count; i++)
	{
		OngoingLine *line = &order->lines[i];

		line->article->picked -= line->picked - line->sent;
		line->sent = line->picked;
	}
	if (closes)
		ongoing_release_lines(order);
	make_parcels(order, parcels);
	if (!order->waybill)
		order->waybill = sim_strdup(sim_text(order->parcels, "0.parcelNumber", ""));
	order->shipped = sim_now();
}

static void
move(OngoingOrder *order, int status, const json_t *how)
{
	const json_t *rows = json_object_get(how, "picked");

	if (status >= 400 && status < 1000 && (rows || !is_picked(order)))
		pick(order, rows);
	if (status >= 425 && status < 1000 && status != 475 && order->status < 450)
		send_order(order, json_object_get(how, "parcels"), status != 425);
	if (status == 1000)
		ongoing_release_lines(order);
	ongoing_set_status(order, status);
	if (status == 400)
		announce(order, "OrderPicked");
}

/* --- by the clock --- */

static const int life[] = {300, 320, 400, 450};

static void
live(void *subject, int64_t stage)
{
	OngoingOrder *order = subject;
	int before = stage ? life[stage - 1] : 200;

	/* Unless somebody else has moved it, or it waits for attention. */
	if (order->status == before)
		move(order, life[stage], NULL);
}

/* All stages at once: a clock that jumps meets each of them. */
void
ongoing_plan_life(OngoingOrder *order)
{
	for (size_t i = 0; ongoing_auto_step_s > 0 && i < sizeof life / sizeof *life; i++)
		sim_at(sim_now() + (double) (i + 1) * ongoing_auto_step_s, live, order, (int64_t) i);
}

/* --- control --- */

static int
wanted_status(const json_t *json)
{
	const char *to = sim_text(json, "to", "");

	for (size_t i = 0; i < STATUS_COUNT; i++)
	{
		if (strcmp(statuses[i].move, to) == 0)
			return statuses[i].number;
	}
	return (int) sim_real(json, "status", 0);
}

static int
move_all(int status, const json_t *json)
{
	int moved = 0;

	for (size_t i = 0; i < ongoing.orders_by_id.count; i++)
	{
		OngoingOrder *order = sim_map_at(&ongoing.orders_by_id, i);

		if (order->status >= 200 && order->status < status && order->status < 450)
		{
			move(order, status, json);
			moved++;
		}
	}
	return moved;
}

/* Moves one order, or all that are open and not yet so far. */
void
ongoing_control_move(SimRequest *request)
{
	const json_t *json = request->json;
	const char *number = sim_text(json, "orderNumber", NULL);
	OngoingOrder *order =
		number ? ongoing_order((long) sim_real(json, "goodsOwnerId", 159), number)
			   : sim_map_get_id(&ongoing.orders_by_id, (int64_t) sim_real(json, "orderId", 0));
	int status = wanted_status(json);

	if (!status)
		sim_control_error(request,
						  "\"to\" is none of error, open, released, allocated, picked, "
						  "partly_sent, sent, ready, return, collected, cancelled, and there "
						  "is no \"status\".");
	else if (json_is_true(json_object_get(json, "all")))
		sim_reply(request, 200, json_pack("{s:i}", "moved", move_all(status, json)));
	else if (!order)
		sim_control_error(request, "Ongoing has no such order.");
	else
	{
		move(order, status, json);
		sim_reply(request, 200, ongoing_order_json(order));
	}
}

static const SimField move_fields[] = {{"orderNumber", SIM_STRING, 0},
									   {"orderId", SIM_INTEGER, 0},
									   {"goodsOwnerId", SIM_INTEGER, 0},
									   {"all", SIM_BOOLEAN, 0},
									   {"to", SIM_STRING, 0},
									   {"status", SIM_INTEGER, 0},
									   {"picked", SIM_ANY, 0},
									   {"parcels", SIM_ANY, 0},
									   {0}};
SimSchema ongoing_move_schema = {"A move", true, move_fields, NULL};
