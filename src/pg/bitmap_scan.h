/*
 * bitmap_scan.h
 *
 * The bitmap scan of a table, whose interface PostgreSQL 17 and 18 changed.
 */
#ifndef FF_PG_BITMAP_SCAN_H
#define FF_PG_BITMAP_SCAN_H

#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/tableam.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "nodes/tidbitmap.h"
#include "utils/snapmgr.h"

typedef struct FfBitmapScan
{
	TIDBitmap *bitmap;
	TableScanDesc table;
#if PG_VERSION_NUM < 180000
	TBMIterator *pages;
	TBMIterateResult *page; /* NULL: none begun */
#endif
} FfBitmapScan;

static inline TIDBitmap *
ff_bitmap_create(void)
{
#if PG_VERSION_NUM >= 180000
	return tbm_create((Size) work_mem * 1024, NULL);
#else
	return tbm_create(work_mem * 1024L, NULL);
#endif
}

static inline IndexScanDesc
ff_bitmap_index_scan(Relation index, int keys)
{
#if PG_VERSION_NUM >= 180000
	return index_beginscan_bitmap(index, GetActiveSnapshot(), NULL, keys);
#else
	return index_beginscan_bitmap(index, GetActiveSnapshot(), keys);
#endif
}

/* The rows the bitmap names; ff_bitmap_scan_end frees the bitmap. */
static inline FfBitmapScan
ff_bitmap_scan_begin(Relation table, TIDBitmap *bitmap)
{
	FfBitmapScan scan = {.bitmap = bitmap};

#if PG_VERSION_NUM >= 180000
	scan.table = table_beginscan_bm(table, GetActiveSnapshot(), 0, NULL);
	scan.table->st.rs_tbmiterator = tbm_begin_iterate(bitmap, NULL, InvalidDsaPointer);
#elif PG_VERSION_NUM >= 170000
	scan.table = table_beginscan_bm(table, GetActiveSnapshot(), 0, NULL, true);
	scan.pages = tbm_begin_iterate(bitmap);
#else
	scan.table = table_beginscan_bm(table, GetActiveSnapshot(), 0, NULL);
	scan.pages = tbm_begin_iterate(bitmap);
#endif
	return scan;
}

static inline bool
ff_bitmap_scan_next(FfBitmapScan *scan, TupleTableSlot *slot)
{
#if PG_VERSION_NUM >= 180000
	bool recheck;
	uint64 lossy = 0;
	uint64 exact = 0;

	return table_scan_bitmap_next_tuple(scan->table, slot, &recheck, &lossy, &exact);
#else
	for (;;)
	{
		if (scan->page != NULL && table_scan_bitmap_next_tuple(scan->table, scan->page, slot))
			return true;
		do
		{
			CHECK_FOR_INTERRUPTS();
			scan->page = tbm_iterate(scan->pages);
			if (scan->page == NULL)
				return false;
		} while (!table_scan_bitmap_next_block(scan->table, scan->page));
	}
#endif
}

static inline void
ff_bitmap_scan_end(FfBitmapScan *scan)
{
#if PG_VERSION_NUM >= 180000
	tbm_end_iterate(&scan->table->st.rs_tbmiterator);
#else
	tbm_end_iterate(scan->pages);
#endif
	table_endscan(scan->table);
	tbm_free(scan->bitmap);
}

#endif
