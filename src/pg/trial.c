/*
 * trial.c
 *
 * A subtransaction that the tried function itself may call off; see trial.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "pg/trial.h"

bool
ff_trial(FfTrial function, void *argument)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	bool worked;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	worked = function(argument);
	if (worked)
		ReleaseCurrentSubTransaction();
	else
		RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return worked;
}
