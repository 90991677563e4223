/*
 * shopify_plan.c
 *
 * Which fulfillments a shipment becomes at Shopify, given what the order has
 * there: one for each package that says what is in it, else one for all of
 * them, and each of those once more for every location its lines belong to.
 *
 * What is known there by its tracking number is not told again.  A parcel
 * without a number is only known by the units it took: what the first attempt
 * found then stands in the state.
 */
#include "postgres.h"

#include "connectors/channel.h"
#include "connectors/shopify.h"

/* A line of a fulfillment order, and how many of its units can still be sent. */
typedef struct Place
{
	const char *id;
	const char *line_item;
	const char *sku;
	const char *order; /* its fulfillment order */
	const char *location;
	bool open;
	bool held;
	int64 left;
	int64 taken; /* by the fulfillment that is being planned */
} Place;

typedef struct Plan
{
	const FfCall *call;
	const FfJson *order;
	FfJsonWriter *writer;
	Place *places;
	int place_count;
	int64 *covered; /* by place: units that are known to be told */
	int sends;
	bool on_hold;
	int64 missing; /* units that no place took */
} Plan;

static void
read_places(Plan *plan)
{
	const FfJson *list = ff_json_get(plan->order, "fulfillmentOrders");
	int room = 0;

	for (int i = 0; i < ff_shopify_count(list); i++)
		room += ff_shopify_count(ff_json_get(ff_shopify_at(list, i), "lineItems"));
	plan->places = palloc0(sizeof(Place) * (room + 1));
	plan->covered = palloc0(sizeof(int64) * (room + 1));
	for (int i = 0; i < ff_shopify_count(list); i++)
	{
		const FfJson *part = ff_shopify_at(list, i);
		const FfJson *lines = ff_json_get(part, "lineItems");

		for (int j = 0; j < ff_shopify_count(lines); j++)
		{
			const FfJson *line = ff_shopify_at(lines, j);
			Place *place = &plan->places[plan->place_count++];

			place->id = ff_json_text_or(line, "id", "");
			place->line_item = ff_json_text_or(line, "lineItem.id", "");
			place->sku = ff_json_text_or(line, "sku", "");
			place->order = ff_json_text_or(part, "id", "");
			place->location = ff_json_text_or(part, "assignedLocation.location.id", "");
			place->open = ff_shopify_part(part) == FF_SHOPIFY_SHIP;
			place->held = ff_shopify_part(part) == FF_SHOPIFY_WAIT;
			place->left = ff_json_int64_or(
				line, "remainingQuantity", ff_json_int64_or(line, "totalQuantity", 0));
		}
	}
}

/* Whether a fulfillment carries one of the numbers; package -1: of any package. */
static bool
carries(const FfCall *call, const FfJson *fulfillment, int package)
{
	const FfJson *tracks = ff_json_get(fulfillment, "trackingInfo");

	for (int i = 0; i < ff_channel_package_count(call); i++)
	{
		const char *ours = ff_channel_tracking_number(call, i);

		if (ours == NULL || (package >= 0 && package != i))
			continue;
		for (int j = 0; j < ff_shopify_count(tracks); j++)
			if (strcmp(ff_json_text_or(ff_shopify_at(tracks, j), "number", ""), ours) == 0)
				return true;
	}
	return false;
}

static bool
has_number(const FfCall *call, int package)
{
	for (int i = 0; i < ff_channel_package_count(call); i++)
		if ((package < 0 || package == i) && ff_channel_tracking_number(call, i) != NULL)
			return true;
	return false;
}

static bool
counts(const FfJson *fulfillment)
{
	static const char *const failed[] = {"CANCELLED", "ERROR", "FAILURE"};
	const char *status = ff_json_text_or(fulfillment, "status", "");

	for (int i = 0; i < (int) lengthof(failed); i++)
		if (pg_strcasecmp(status, failed[i]) == 0)
			return false;
	return true;
}

/*
 * Units of the order's lines in fulfillments with a number of this package,
 * noted at the first place of each line.  False when a fulfillment does not
 * say what is in it: then all of the package counts as told.
 */
static bool
read_covered(Plan *plan, int package)
{
	const FfJson *list = ff_json_get(plan->order, "fulfillments");

	memset(plan->covered, 0, sizeof(int64) * (plan->place_count + 1));
	for (int i = 0; i < ff_shopify_count(list); i++)
	{
		const FfJson *fulfillment = ff_shopify_at(list, i);
		const FfJson *lines = ff_json_get(fulfillment, "fulfillmentLineItems");

		if (!counts(fulfillment) || !carries(plan->call, fulfillment, package))
			continue;
		if (lines == NULL || ff_json_bool(lines, "pageInfo.hasNextPage", false))
			return false;
		for (int j = 0; j < ff_shopify_count(lines); j++)
		{
			const char *id = ff_json_text_or(ff_shopify_at(lines, j), "lineItem.id", "");

			for (int k = 0; k < plan->place_count; k++)
				if (strcmp(plan->places[k].line_item, id) == 0)
				{
					plan->covered[k] += ff_json_int64_or(ff_shopify_at(lines, j), "quantity", 0);
					break;
				}
		}
	}
	return true;
}

/* A parcel without number that may have been told: then its line has fewer units than before. */
static bool
was_taken(const Plan *plan, int package)
{
	const FfJson *unsure = ff_json_get(plan->call->state, "unsure");
	const char *id = ff_json_text_or(unsure, "id", NULL);

	if (id == NULL || ff_json_int64_or(unsure, "package", -2) != package)
		return false;
	for (int i = 0; i < plan->place_count; i++)
		if (strcmp(plan->places[i].id, id) == 0)
			return plan->places[i].left < ff_json_int64_or(unsure, "left", 0);
	return true; /* the line is closed, and no longer listed */
}

typedef enum Match
{
	MATCH_LINE,      /* a line of a fulfillment order */
	MATCH_LINE_ITEM, /* the order's line behind it */
	MATCH_SKU,       /* lines get other ids when a fulfillment order is moved or split */
	MATCH_COUNT
} Match;

static bool
matches(const Place *place, Match match, const char *id, const char *sku)
{
	switch (match)
	{
		case MATCH_LINE:
			return id != NULL &&
				   strcmp(place->id, ff_shopify_gid("FulfillmentOrderLineItem", id)) == 0;
		case MATCH_LINE_ITEM:
			return id != NULL && strcmp(place->line_item, ff_shopify_gid("LineItem", id)) == 0;
		default:
			return sku != NULL && strcmp(place->sku, sku) == 0;
	}
}

/* How a line is known at the shop; MATCH_COUNT when it is not. */
static Match
how_known(const Plan *plan, const char *id, const char *sku)
{
	for (int match = 0; match < MATCH_COUNT; match++)
		for (int i = 0; i < plan->place_count; i++)
			if (matches(&plan->places[i], (Match) match, id, sku))
				return (Match) match;
	return MATCH_COUNT;
}

/* Takes units from a place, or from all places of a line of the order; answers what is left. */
static int64
take_from(Plan *plan, const char *id, const char *line_item, int64 quantity)
{
	for (int i = 0; i < plan->place_count; i++)
	{
		Place *place = &plan->places[i];
		int64 units = Min(place->left, quantity);

		if (strcmp(id != NULL ? place->id : place->line_item, id != NULL ? id : line_item) != 0)
			continue;
		plan->on_hold |= place->held && units > 0;
		if (!place->open || units <= 0)
			continue;
		place->left -= units;
		place->taken += units;
		quantity -= units;
	}
	return quantity;
}

/* Units of one line less what was told already, taken from the places that have some. */
static void
take(Plan *plan, const char *id, const char *sku, int64 quantity)
{
	Match match = how_known(plan, id, sku);

	for (int i = 0; i < plan->place_count && match != MATCH_COUNT; i++)
		if (matches(&plan->places[i], match, id, sku))
		{
			/* the order's line may have several places; its units are noted at the first */
			for (int k = 0; k < plan->place_count; k++)
			{
				int64 told = Min(plan->covered[k], quantity);

				if (strcmp(plan->places[k].line_item, plan->places[i].line_item) != 0)
					continue;
				plan->covered[k] -= told;
				quantity -= told;
			}
		}
	for (int i = 0; i < plan->place_count && match != MATCH_COUNT; i++)
		if (matches(&plan->places[i], match, id, sku))
			quantity = take_from(plan, plan->places[i].id, NULL, quantity);
	/* a fulfillment order that was split keeps a part of its units, and another has the rest */
	for (int i = 0; i < plan->place_count && match == MATCH_LINE; i++)
		if (matches(&plan->places[i], match, id, sku))
			quantity = take_from(plan, NULL, plan->places[i].line_item, quantity);
	plan->missing += quantity;
}

/* One fulfillment for each location that lines were taken from. */
static void
write_sends(Plan *plan, int package)
{
	for (int i = 0; i < plan->place_count; i++)
	{
		Place *first = &plan->places[i];
		const char *location = first->location;
		const char *open = NULL;

		if (first->taken == 0)
			continue;
		plan->sends++;
		ff_write_object(plan->writer, NULL);
		ff_write_int(plan->writer, "package", package);
		ff_write_object(plan->writer, "unsure");
		ff_write_text(plan->writer, "id", first->id);
		ff_write_int(plan->writer, "left", first->left + first->taken);
		ff_write_int(plan->writer, "package", package);
		ff_write_end(plan->writer);
		ff_write_array(plan->writer, "items");
		for (int j = i; j < plan->place_count; j++)
		{
			Place *place = &plan->places[j];

			if (place->taken == 0 || strcmp(place->location, location) != 0)
				continue;
			/* places stand by fulfillment order */
			if (open == NULL || strcmp(open, place->order) != 0)
			{
				if (open != NULL)
				{
					ff_write_end(plan->writer);
					ff_write_end(plan->writer);
				}
				open = place->order;
				ff_write_object(plan->writer, NULL);
				ff_write_text(plan->writer, "fulfillmentOrderId", open);
				ff_write_array(plan->writer, "fulfillmentOrderLineItems");
			}
			ff_write_object(plan->writer, NULL);
			ff_write_text(plan->writer, "id", place->id);
			ff_write_int(plan->writer, "quantity", place->taken);
			ff_write_end(plan->writer);
			place->taken = 0;
		}
		ff_write_end(plan->writer);
		ff_write_end(plan->writer);
		ff_write_end(plan->writer);
		ff_write_end(plan->writer);
	}
}

/* What one package holds, or the whole shipment (-1). */
static void
plan_package(Plan *plan, int package)
{
	bool numbered = has_number(plan->call, package);
	FfChannelLine *lines;
	int count = ff_channel_lines(plan->call, package, &lines);

	if ((!numbered && was_taken(plan, package)) || !read_covered(plan, package))
		return;
	for (int i = 0; i < count; i++)
		take(plan, lines[i].id, lines[i].sku, lines[i].quantity);
	write_sends(plan, package);
}

int
ff_shopify_plan(const FfCall *call, const FfJson *order, FfJsonWriter *writer, FfOutcome *outcome)
{
	Plan plan = {.call = call, .order = order, .writer = writer};
	int packages = ff_channel_has_contents(call) ? ff_channel_package_count(call) : 0;

	read_places(&plan);
	ff_write_array(writer, NULL);
	for (int i = 0; i < packages; i++)
		plan_package(&plan, i);
	if (packages == 0)
		plan_package(&plan, -1);
	ff_write_end(writer);
	if (plan.missing == 0)
		return plan.sends;
	if (plan.on_hold)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "on_hold",
					   "The shop holds these goods: release them there, then confirm again.",
					   "shipment.lines");
	else if (plan.sends > 0 || !has_number(call, -1))
		return plan.sends;
	else
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "not_fulfillable",
					   "The shop's order has no such goods left to fulfill, and none of its "
					   "fulfillments has our tracking number.",
					   "shipment.lines");
	return -1;
}
