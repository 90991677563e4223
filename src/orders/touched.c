/*
 * touched.c
 *
 * Keys of rows in memory, for the length of a transaction; see touched.h.
 * Knows nothing of what they stand for.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"

#include "orders/touched.h"
#include "pg/compat.h"

/* Keys that were taken; if that is rolled back and the rows are not, they are noted again. */
typedef struct Taken
{
	SubTransactionId subtransaction;
	List *keys;
} Taken;

/* Lives in TopTransactionContext; what another transaction left behind is not looked at. */
static struct
{
	LocalTransactionId transaction;
	List *touched;
} memory;

static void
rolled_back(SubXactEvent event, SubTransactionId ended, SubTransactionId parent, void *argument)
{
	MemoryContext outer;
	ListCell *touched;
	ListCell *cell;

	if (event != SUBXACT_EVENT_ABORT_SUB || memory.transaction != FF_LOCAL_TRANSACTION)
		return;
	outer = MemoryContextSwitchTo(TopTransactionContext);
	foreach (touched, memory.touched)
	{
		FfTouched *rows = lfirst(touched);

		/* Subtransactions are numbered as they begin: a later one was inside this one. */
		foreach (cell, rows->taken)
		{
			Taken *taken = lfirst(cell);

			if (taken->subtransaction < ended)
				continue;
			rows->noted = list_concat(rows->noted, taken->keys);
			rows->taken = foreach_delete_current(rows->taken, cell);
		}
	}
	MemoryContextSwitchTo(outer);
}

FfTouched *
ff_touched(int64 attachment_id, Oid table)
{
	static bool watching = false;
	MemoryContext outer;
	FfTouched *rows;
	ListCell *cell;

	if (!watching)
		RegisterSubXactCallback(rolled_back, NULL);
	watching = true;
	if (memory.transaction != FF_LOCAL_TRANSACTION)
		memory.touched = NIL;
	memory.transaction = FF_LOCAL_TRANSACTION;
	foreach (cell, memory.touched)
	{
		rows = lfirst(cell);
		if (rows->attachment_id == attachment_id && rows->table == table)
			return rows;
	}
	outer = MemoryContextSwitchTo(TopTransactionContext);
	rows = palloc0(sizeof(FfTouched));
	rows->attachment_id = attachment_id;
	rows->table = table;
	memory.touched = lappend(memory.touched, rows);
	MemoryContextSwitchTo(outer);
	return rows;
}

void
ff_touched_note(FfTouched *rows, const char *key)
{
	MemoryContext outer = MemoryContextSwitchTo(TopTransactionContext);

	if (key != NULL)
		rows->noted = lappend(rows->noted, pstrdup(key));
	MemoryContextSwitchTo(outer);
}

char **
ff_touched_take(FfTouched *rows, int *count)
{
	MemoryContext outer = MemoryContextSwitchTo(TopTransactionContext);
	Taken *taken = palloc(sizeof(Taken));
	char **keys;
	ListCell *cell;

	taken->subtransaction = GetCurrentSubTransactionId();
	taken->keys = rows->noted;
	rows->noted = NIL;
	rows->taken = lappend(rows->taken, taken);
	MemoryContextSwitchTo(outer);
	*count = 0;
	keys = palloc(sizeof(char *) * list_length(taken->keys));
	foreach (cell, taken->keys)
		keys[(*count)++] = lfirst(cell);
	return keys;
}
