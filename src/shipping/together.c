/*
 * together.c
 *
 * One event for many shipments at once: the table of transitions is asked for
 * each, and what it says is then written with one statement per kind of row.
 * Effects that have no such statement keep their shipments out of it.
 */
#include "postgres.h"

#include "pg/spi.h"
#include "shipping/parts.h"
#include "tasks/history.h"

typedef void (*EffectOfMany)(FfShipment **shipments, const FfShipmentReport **reports, int count);

static const EffectOfMany effects_of_many[FF_EFFECT_COUNT] = {
	[FF_EFFECT_STAMP_ATTEMPT] = ff_stamp_attempts,
	[FF_EFFECT_STORE_ACCEPTANCE] = ff_store_acceptances,
};

/* Whether the row moves a shipment on with effects that many can have at once. */
static bool
suits(const FfTransition *row)
{
	if (row == NULL || row->step != FF_STEP_CHANGED || row->to == FF_STATE_SAME ||
		row->to == FF_SHIPMENT_CANCELLED)
		return false;
	for (int i = 0; i < FF_MAX_EFFECTS && row->effects[i] != FF_EFFECT_NONE; i++)
		if (effects_of_many[row->effects[i]] == NULL)
			return false;
	return true;
}

/* Shipments that take the same row of the table. */
static void
take(const FfTransition *row, FfShipment **shipments, const FfShipmentReport **reports, int count)
{
	FfHistory *history = palloc(sizeof(FfHistory) * count);

	ff_shipments_save(shipments, count, row->to);
	for (int i = 0; i < count; i++)
		history[i] = ff_shipment_step(shipments[i], shipments[i]->from, reports[i]);
	ff_history_add(history, count);
	for (int i = 0; i < FF_MAX_EFFECTS && row->effects[i] != FF_EFFECT_NONE; i++)
		effects_of_many[row->effects[i]](shipments, reports, count);
}

void
ff_shipments_apply(FfShipment **shipments, FfShipmentEvent event, const FfShipmentReport *reports,
				   int count, bool *taken)
{
	const FfTransition **rows = palloc0(sizeof(FfTransition *) * count);
	FfShipment **same = palloc(sizeof(FfShipment *) * count);
	const FfShipmentReport **their = palloc(sizeof(FfShipmentReport *) * count);
	int64 *orders = palloc(sizeof(int64) * count);
	int order_count = 0;
	int32 merchant_id = 0;

	for (int i = 0; i < count; i++)
	{
		taken[i] = false;
		if (shipments[i] == NULL || reports[i].at != 0)
			continue;
		rows[i] = ff_shipment_transition(shipments[i], event, &reports[i]);
		if (!suits(rows[i]))
			rows[i] = NULL;
		if (rows[i] == NULL)
			continue;
		shipments[i]->event_at = ff_report_time(&reports[i]);
		shipments[i]->from = shipments[i]->state;
		merchant_id = shipments[i]->merchant_id;
		orders[order_count++] = shipments[i]->order_id;
	}
	for (int i = 0; i < count; i++)
	{
		const FfTransition *row = rows[i];
		int same_count = 0;

		for (int j = i; row != NULL && j < count; j++)
			if (rows[j] == row)
			{
				same[same_count] = shipments[j];
				their[same_count++] = &reports[j];
				rows[j] = NULL;
				taken[j] = true;
			}
		if (same_count > 0)
			take(row, same, their, same_count);
	}
	if (order_count > 0)
		ff_lines_recount(merchant_id, orders, order_count);
}
