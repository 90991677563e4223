/*
 * planning.c
 *
 * Tells the planner that tables are large; see planning.h.  Statistics about
 * values, where there are any, stay as they are.
 */
#include "postgres.h"

#include "access/toast_compression.h"
#include "jit/jit.h"
#include "optimizer/plancat.h"

#include "pg/planning.h"

#define LARGE_TUPLES 1000000.0
#define LARGE_PAGES  25000

static get_relation_info_hook_type previous_hook = NULL;
static bool as_large = false;

static void
enlarge(PlannerInfo *root, Oid relation, bool inherits, RelOptInfo *info)
{
	ListCell *cell;

	if (previous_hook)
		previous_hook(root, relation, inherits, info);
	if (!as_large || info->tuples >= LARGE_TUPLES)
		return;
	info->tuples = LARGE_TUPLES;
	info->pages = Max(info->pages, LARGE_PAGES);
	foreach (cell, info->indexlist)
	{
		IndexOptInfo *index = lfirst(cell);

		index->tuples = LARGE_TUPLES;
		index->pages = Max(index->pages, LARGE_PAGES / 8);
		index->tree_height = Max(index->tree_height, 2);
	}
}

void
ff_planning_init(void)
{
	previous_hook = get_relation_info_hook;
	get_relation_info_hook = enlarge;
}

FfPlanning
ff_planning_begin(bool large)
{
	FfPlanning before = {as_large, jit_enabled, default_toast_compression};

	as_large = large;
	if (large)
		jit_enabled = false;
#ifdef USE_LZ4
	default_toast_compression = TOAST_LZ4_COMPRESSION;
#endif
	return before;
}

void
ff_planning_end(FfPlanning before)
{
	as_large = before.large;
	jit_enabled = before.jit;
	default_toast_compression = before.compression;
}
