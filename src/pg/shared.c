/*
 * shared.c
 *
 * Asks the server for the pieces of shared memory and hands them out when it
 * starts, and again when it starts anew after a crash.  Knows no content.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"

#include "pg/shared.h"

#define MAX_PIECES 8

static const FfSharedPiece *pieces[MAX_PIECES];
static int piece_count = 0;

static shmem_request_hook_type earlier_request = NULL;
static shmem_startup_hook_type earlier_startup = NULL;

static void
request(void)
{
	if (earlier_request != NULL)
		earlier_request();
	for (int i = 0; i < piece_count; i++)
	{
		RequestAddinShmemSpace(MAXALIGN(pieces[i]->size));
		RequestNamedLWLockTranche(pieces[i]->name, 1);
	}
}

static void
startup(void)
{
	if (earlier_startup != NULL)
		earlier_startup();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	for (int i = 0; i < piece_count; i++)
	{
		const FfSharedPiece *piece = pieces[i];
		bool found;

		*piece->address = ShmemInitStruct(piece->name, piece->size, &found);
		*piece->lock = &GetNamedLWLockTranche(piece->name)->lock;
		if (found)
			continue;
		memset(*piece->address, 0, piece->size);
		if (piece->start != NULL)
			piece->start(*piece->address);
	}
	LWLockRelease(AddinShmemInitLock);
}

void
ff_shared_add(const FfSharedPiece *piece)
{
	Assert(process_shared_preload_libraries_in_progress);
	if (piece_count == MAX_PIECES)
		elog(ERROR, "too many pieces of shared memory");
	if (piece_count == 0)
	{
		earlier_request = shmem_request_hook;
		shmem_request_hook = request;
		earlier_startup = shmem_startup_hook;
		shmem_startup_hook = startup;
	}
	pieces[piece_count++] = piece;
}
