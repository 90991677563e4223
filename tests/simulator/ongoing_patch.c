/*
 * ongoing_patch.c
 *
 * Single members of an order, changed one by one also after picking has begun:
 * which member belongs to which path, and where it is kept, is a table.
 * Tracking, parcels and files are added the same way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ongoing.h"

OngoingOrder *
ongoing_named_order(SimRequest *request, bool for_writing)
{
	OngoingOrder *order = sim_map_get(&ongoing.orders_by_id, request->argument[1]);

	if (!order)
	{
		ongoing_error(request, 404, "Order %.20s does not exist.", request->argument[1]);
		return NULL;
	}
	return (for_writing ? ongoing_may_write(request, order->owner)
						: ongoing_may(request, order->owner))
			   ? order
			   : NULL;
}

static void
answer_done(SimRequest *request, const OngoingOrder *order)
{
	sim_reply(request,
			  200,
			  json_pack("{s:b, s:I, s:s}",
						"success",
						true,
						"orderId",
						(json_int_t) order->id,
						"message",
						"Order updated"));
}

static void
keep_text(char **place, const char *text)
{
	free(*place);
	*place = sim_strdup(text);
}

static void
patch_waybill(OngoingOrder *order, const json_t *value)
{
	keep_text(&order->waybill, json_string_value(value));
}

static void
patch_return_waybill(OngoingOrder *order, const json_t *value)
{
	keep_text(&order->return_waybill, json_string_value(value));
}

static void
patch_status(OngoingOrder *order, const json_t *value)
{
	ongoing_set_status(order, (int) json_integer_value(value));
}

static void
patch_number(OngoingOrder *order, const json_t *value)
{
	char *key = sim_format("%ld/%s", order->owner, sim_text(order->body, "orderNumber", ""));

	sim_map_put(&ongoing.orders, key, NULL);
	free(key);
	key = sim_format("%ld/%s", order->owner, json_string_value(value));
	sim_map_put(&ongoing.orders, key, order);
	free(key);
	json_object_set(order->body, "orderNumber", (json_t *) value);
}

static void
set_classes(OngoingOrder *order, const json_t *value)
{
	json_object_set(order->body, "classes", (json_t *) value);
}

static void
add_classes(OngoingOrder *order, const json_t *value)
{
	json_t *classes = json_object_get(order->body, "classes");

	if (json_is_array(classes))
		json_array_extend(classes, (json_t *) value);
	else
		set_classes(order, value);
}

static const struct
{
	const char *path;
	const char *member;
	const char *kept; /* in the order's body under this path; NULL: apply does it */
	void (*apply)(OngoingOrder *order, const json_t *value);
} patches[] = {{"deliveryDate", "deliveryDate", "deliveryDate", NULL},
			   {"servicePointCode", "servicePointCode", "servicePointCode", NULL},
			   {"transporter", "transporterCode", "transporter", NULL},
			   {"orderNumber", "orderNumber", NULL, patch_number},
			   {"orderStatus", "orderStatusNumber", NULL, patch_status},
			   {"waybill", "waybill", NULL, patch_waybill},
			   {"returnWaybill", "returnWaybill", NULL, patch_return_waybill},
			   {"addOrderClasses", "orderClasses", NULL, add_classes},
			   {"setOrderClasses", "orderClasses", NULL, set_classes}};

void
ongoing_patch_order(SimRequest *request)
{
	OngoingOrder *order = ongoing_named_order(request, true);
	const char *what = request->argument[2];
	size_t i = 0;
	const json_t *value;

	if (!order)
		return;
	while (i < sizeof patches / sizeof *patches && strcmp(patches[i].path, what) != 0)
		i++;
	if (i == sizeof patches / sizeof *patches)
	{
		sim_refuse(
			request, NULL, "route", "", "An order has no single member %.40s to patch.", what);
		return;
	}
	value = json_object_get(request->json, patches[i].member);
	if (!value || json_is_null(value))
	{
		sim_refuse(request, NULL, "required", patches[i].member, "PATCH %s needs it.", what);
		return;
	}
	if (patches[i].apply)
		patches[i].apply(order, value);
	else if (strcmp(patches[i].kept, patches[i].member) == 0)
		json_object_set(order->body, patches[i].kept, (json_t *) value);
	else
		json_object_set(order->body, patches[i].kept, request->json);
	sim_trail_touch(&ongoing.orders_changed, &order->step, sim_now());
	answer_done(request, order);
}

void
ongoing_patch_line(SimRequest *request)
{
	OngoingOrder *order = ongoing_named_order(request, true);
	long id = strtol(request->argument[2], NULL, 10);

	for (int i = 0; order && i < order->line_count; i++)
	{
		if (order->lines[i].id != id)
			continue;
		order->lines[i].reported =
			sim_real(request->json, "reportedNumberOfItems", order->lines[i].reported);
		answer_done(request, order);
		return;
	}
	if (order)
		ongoing_error(request, 404, "Order line %ld does not exist.", id);
}

void
ongoing_put_tracking(SimRequest *request)
{
	OngoingOrder *order = ongoing_named_order(request, true);

	if (!order)
		return;
	json_array_append_new(
		order->tracking,
		json_pack("{s:O, s:O, s:b, s:o}",
				  "waybill",
				  json_object_get(request->json, "waybill"),
				  "trackingUrl",
				  json_object_get(request->json, "trackingUrl"),
				  "isReturn",
				  json_is_true(json_object_get(request->json, "isReturnTracking")),
				  "created",
				  ongoing_date(sim_now())));
	answer_done(request, order);
}

void
ongoing_put_parcel(SimRequest *request)
{
	OngoingOrder *order = ongoing_named_order(request, true);

	if (!order)
		return;
	ongoing_add_parcel(
		order,
		sim_text(request->json, "parcelNumber", ""),
		NULL,
		sim_is_text(json_object_get(request->json, "transportAdministrationType"), "return"));
	sim_reply(request,
			  200,
			  json_pack("{s:I, s:b, s:s}",
						"parcelId",
						(json_int_t) ongoing.next_parcel - 1,
						"success",
						true,
						"message",
						"Parcel created/updated"));
}

void
ongoing_delete_parcel(SimRequest *request)
{
	OngoingOrder *order = ongoing_named_order(request, true);
	size_t i;
	json_t *parcel;

	if (!order)
		return;
	json_array_foreach(order->parcels, i, parcel)
	{
		if (sim_real(parcel, "id", 0) != strtod(request->argument[2], NULL))
			continue;
		json_array_remove(order->parcels, i);
		answer_done(request, order);
		return;
	}
	ongoing_error(request, 404, "Parcel %.20s does not exist.", request->argument[2]);
}

void
ongoing_put_file(SimRequest *request)
{
	OngoingOrder *order = ongoing_named_order(request, true);

	if (!order)
		return;
	json_array_append_new(order->files,
						  json_pack("{s:I, s:O, s:O}",
									"id",
									(json_int_t) json_array_size(order->files) + 1,
									"fileName",
									json_object_get(request->json, "fileName"),
									"mimeType",
									json_object_get(request->json, "mimeType")));
	answer_done(request, order);
}

void
ongoing_list_files(SimRequest *request)
{
	OngoingOrder *order = ongoing_named_order(request, false);

	if (order)
		sim_reply(request, 200, json_incref(order->files));
}
