/*
 * keyed_rows.c
 *
 * A bitmap scan of an index and its table, as the executor would make it: the
 * rows of a page are looked at under one lock of it.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/skey.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "pg/bitmap_scan.h"
#include "pg/keyed_rows.h"

/* Attribute numbers of what is read; the merchant comes before the columns. */
typedef struct Reading
{
	FfRowTaker take;
	void *state;
	int32 merchant_id;
	int count;
	AttrNumber merchant;
	AttrNumber columns[FF_KEYED_COLUMNS];
	AttrNumber last; /* as far as a row has to be taken apart */
} Reading;

static AttrNumber
attribute(Relation table, const char *name, AttrNumber *last)
{
	AttrNumber number = get_attnum(RelationGetRelid(table), name);

	if (number == InvalidAttrNumber)
		elog(ERROR, "table %s has no column %s", RelationGetRelationName(table), name);
	*last = Max(*last, number);
	return number;
}

static void
resolve(Reading *reading, Relation table, const char *const *columns)
{
	reading->merchant = attribute(table, "merchant_id", &reading->last);
	while (reading->count < FF_KEYED_COLUMNS && columns[reading->count] != NULL)
	{
		reading->columns[reading->count] =
			attribute(table, columns[reading->count], &reading->last);
		reading->count++;
	}
}

static void
take_row(const Reading *reading, TupleTableSlot *slot)
{
	Datum values[FF_KEYED_COLUMNS];
	bool nulls[FF_KEYED_COLUMNS];

	HeapTuple tuple = ExecFetchSlotHeapTuple(slot, false, NULL);
	TupleDesc desc = slot->tts_tupleDescriptor;
	bool null;

	if (DatumGetInt32(fastgetattr(tuple, reading->merchant, desc, &null)) != reading->merchant_id)
		return;
	for (int i = 0; i < reading->count; i++)
		values[i] = fastgetattr(tuple, reading->columns[i], desc, &nulls[i]);
	reading->take(reading->state, values, nulls);
}

static TIDBitmap *
bitmap_of(Relation index, int32 merchant_id, Datum ids)
{
	TIDBitmap *bitmap = ff_bitmap_create();
	ScanKeyData keys[2];
	IndexScanDesc scan;

	ScanKeyEntryInitialize(&keys[0],
						   0,
						   1,
						   BTEqualStrategyNumber,
						   INT4OID,
						   InvalidOid,
						   F_INT4EQ,
						   Int32GetDatum(merchant_id));
	ScanKeyEntryInitialize(
		&keys[1], SK_SEARCHARRAY, 2, BTEqualStrategyNumber, INT8OID, InvalidOid, F_INT8EQ, ids);
	scan = ff_bitmap_index_scan(index, lengthof(keys));
	index_rescan(scan, keys, lengthof(keys), NULL, 0);
	index_getbitmap(scan, bitmap);
	index_endscan(scan);
	return bitmap;
}

static Relation
open_by_name(const char *name, Relation (*open)(Oid, LOCKMODE))
{
	Oid relation = get_relname_relid(name, get_namespace_oid("fulfillment", false));

	if (!OidIsValid(relation))
		elog(ERROR, "relation fulfillment.%s does not exist", name);
	return open(relation, AccessShareLock);
}

void
ff_keyed_rows(const FfKeyedRead *read, int32 merchant_id, Datum ids, FfRowTaker take, void *state)
{
	Relation table = open_by_name(read->table, table_open);
	Relation index = open_by_name(read->index, index_open);
	TupleTableSlot *slot = table_slot_create(table, NULL);
	Reading reading = {.take = take, .state = state, .merchant_id = merchant_id};
	FfBitmapScan scan = ff_bitmap_scan_begin(table, bitmap_of(index, merchant_id, ids));

	resolve(&reading, table, read->columns);
	while (ff_bitmap_scan_next(&scan, slot))
		take_row(&reading, slot);
	ff_bitmap_scan_end(&scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	table_close(table, AccessShareLock);
}
