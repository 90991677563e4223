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

/* Effects that many can have at once; both are written with the state, as far as they can be. */
#define STAMPS  0x1
#define ACCEPTS 0x2

static const struct
{
	FfEffect effect;
	int bit;
} effects_of_many[] = {
	{FF_EFFECT_STAMP_ATTEMPT, STAMPS},
	{FF_EFFECT_STORE_ACCEPTANCE, ACCEPTS},
};

/* The effects of a row that moves a shipment on; false when it has others, too, or does not. */
static bool
suits(const FfTransition *row, int *effects)
{
	*effects = 0;
	if (row == NULL || row->step != FF_STEP_CHANGED || row->to == FF_STATE_SAME ||
		row->to == FF_SHIPMENT_CANCELLED)
		return false;
	for (int i = 0; i < FF_MAX_EFFECTS && row->effects[i] != FF_EFFECT_NONE; i++)
	{
		int bit = 0;

		for (int j = 0; j < (int) lengthof(effects_of_many); j++)
			if (effects_of_many[j].effect == row->effects[i])
				bit = effects_of_many[j].bit;
		if (bit == 0)
			return false;
		*effects |= bit;
	}
	return true;
}

/* Shipments that take the same row of the table. */
static void
take(const FfTransition *row, FfShipment **shipments, const FfShipmentReport **reports, int count)
{
	FfHistory *history = palloc(sizeof(FfHistory) * count);
	int effects;

	(void) suits(row, &effects);
	ff_shipments_save(
		shipments, count, row->to, effects & STAMPS ? 1 : 0, effects & ACCEPTS ? reports : NULL);
	for (int i = 0; i < count; i++)
		history[i] = ff_shipment_step(shipments[i], shipments[i]->from, reports[i]);
	ff_history_add(history, count);
	if (effects & ACCEPTS)
		ff_store_contents(shipments, reports, count);
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
	int effects;
	int32 merchant_id = 0;

	for (int i = 0; i < count; i++)
	{
		taken[i] = false;
		if (shipments[i] == NULL || reports[i].at != 0)
			continue;
		rows[i] = ff_shipment_transition(shipments[i], event, &reports[i]);
		if (!suits(rows[i], &effects))
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
