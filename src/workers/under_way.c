/*
 * under_way.c
 *
 * Between errands and the wire; see under_way.h.  Counts the calls of each
 * lane, and knows neither rows nor what an answer means.
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "workers/under_way.h"

static FfWire *wire = NULL;
static dlist_head errands_on_wire;

void
ff_under_way_init(void)
{
	dlist_init(&errands_on_wire);
	wire = ff_wire_create(0);
}

void
ff_under_way_end(void)
{
	ff_wire_destroy(wire);
}

int
ff_under_way_count(void)
{
	return ff_wire_busy(wire);
}

int
ff_under_way_room(void)
{
	return ff_wire_room(wire);
}

int
ff_under_way_capacity(void)
{
	return ff_wire_capacity(wire);
}

void
ff_under_way_send(FfLane *lane, slist_head *errands)
{
	while (!slist_is_empty(errands))
	{
		FfErrand *errand = slist_container(FfErrand, node, slist_pop_head_node(errands));

		errand->transfer.context =
			AllocSetContextCreate(TopMemoryContext, "fulfillment reply", ALLOCSET_SMALL_SIZES);
		errand->on_wire = true;
		errand->started_at = GetCurrentTimestamp();
		dlist_push_tail(&errands_on_wire, &errand->wire_node);
		lane->in_flight++;
		ff_wire_start(wire, &errand->transfer);
	}
}

void
ff_under_way_wait(int timeout_ms)
{
	(void) ff_wire_wait(wire, timeout_ms);
}

static void
take_back(FfErrand *errand, slist_head *finished)
{
	FfLane *lane = ff_lane_find(errand->task.merchant_id, errand->task.connection_id);

	Assert(lane != NULL); /* it stays as long as it has calls on the wire */
	lane->in_flight--;
	dlist_delete(&errand->wire_node);
	slist_push_head(finished, &errand->node);
}

void
ff_under_way_collect(slist_head *finished)
{
	FfTransfer *transfer;

	while ((transfer = ff_wire_next_finished(wire)) != NULL)
		take_back(transfer->owner, finished);
}

void
ff_under_way_call_off(TimestampTz ended, slist_head *finished)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify (iter, &errands_on_wire)
	{
		FfErrand *errand = dlist_container(FfErrand, wire_node, iter.cur);

		if (errand->give_up_at > ended)
			continue;
		ff_wire_cancel(wire, &errand->transfer);
		take_back(errand, finished);
	}
}
