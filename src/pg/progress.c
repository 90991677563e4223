/*
 * progress.c
 *
 * PostgreSQL's own progress numbers under a kind of command of our own, which
 * its views do not know and therefore do not show.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "utils/backend_progress.h"
#include "utils/backend_status.h"

#include "pg/compat.h"
#include "pg/progress.h"

#define OUR_COMMAND ((ProgressCommandType) 1836)

void
ff_progress_begin(FfProgressOf what)
{
	pgstat_progress_start_command(OUR_COMMAND, (Oid) what);
}

void
ff_progress_set(int which, int64 number)
{
	pgstat_progress_update_param(which, number);
}

void
ff_progress_end(void)
{
	pgstat_progress_end_command();
}

FfProgress *
ff_progress_read(FfProgressOf what, int *count)
{
	int backends = pgstat_fetch_stat_numbackends();
	FfProgress *found = palloc(sizeof(FfProgress) * Max(backends, 1));

	*count = 0;
	for (int i = 1; i <= backends; i++)
	{
		const PgBackendStatus *status = ff_backend_status(i);
		FfProgress *progress = &found[*count];

		if (status == NULL || status->st_progress_command != OUR_COMMAND ||
			status->st_progress_command_target != (Oid) what ||
			status->st_databaseid != MyDatabaseId)
			continue;
		progress->pid = status->st_procpid;
		for (int n = 0; n < FF_PROGRESS_NUMBERS; n++)
			progress->numbers[n] = status->st_progress_param[n];
		(*count)++;
	}
	return found;
}
