/*
 * yield.c
 *
 * Watches the commands that fail while a database has sessions; see yield.h.
 * Decides which database they are about and whether the caller may do such a
 * thing to it; the workers themselves notice that they are asked to leave, and
 * the launcher starts no others for a while.
 */
#include "postgres.h"

#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "tcop/utility.h"
#include "utils/acl.h"

#include "pg/compat.h"
#include "workers/slots.h"
#include "workers/yield.h"

#define AWAY_SECONDS 3    /* no worker is started for so long */
#define LONGEST_WAIT 5000 /* ms the command waits for them to leave */
#define STEP         20   /* ms */

static ProcessUtility_hook_type earlier_utility = NULL;

static const char *
option_text(List *options, const char *name)
{
	ListCell *cell;

	foreach (cell, options)
	{
		DefElem *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, name) == 0 && option->arg != NULL)
			return defGetString(option);
	}
	return NULL;
}

/* The database a command needs for itself; NULL for every other command. */
static const char *
database_needed(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_DropdbStmt:
			return castNode(DropdbStmt, statement)->dbname;
		case T_RenameStmt:
			return castNode(RenameStmt, statement)->renameType == OBJECT_DATABASE
					   ? castNode(RenameStmt, statement)->subname
					   : NULL;
		case T_AlterDatabaseStmt:
		{
			AlterDatabaseStmt *alter = castNode(AlterDatabaseStmt, statement);

			return option_text(alter->options, "tablespace") != NULL ? alter->dbname : NULL;
		}
		case T_CreatedbStmt:
			return option_text(castNode(CreatedbStmt, statement)->options, "template");
		default:
			return NULL;
	}
}

static bool
has_workers(Oid database)
{
	int count;
	FfWorkerSlot *slots = ff_slots_copy(&count);
	bool found = false;

	for (int i = 0; i < count && !found; i++)
		found = slots[i].database == database;
	pfree(slots);
	return found;
}

/* Who may not do it anyway must not be able to send the workers away. */
static void
make_room(const char *name)
{
	Oid database = get_database_oid(name, true);

	if (!OidIsValid(database) || !has_workers(database) || !ff_owns_database(database, GetUserId()))
		return;
	ff_database_suspend(database, AWAY_SECONDS);
	for (int waited = 0; waited < LONGEST_WAIT && has_workers(database); waited += STEP)
	{
		(void) WaitLatch(
			MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, STEP, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

static void
before_utility(PlannedStmt *statement, const char *text, bool read_only,
			   ProcessUtilityContext context, ParamListInfo parameters,
			   QueryEnvironment *environment, DestReceiver *receiver, QueryCompletion *completion)
{
	const char *name = database_needed(statement->utilityStmt);
	ProcessUtility_hook_type next =
		earlier_utility != NULL ? earlier_utility : standard_ProcessUtility;

	if (name != NULL)
		make_room(name);
	next(statement, text, read_only, context, parameters, environment, receiver, completion);
}

void
ff_yield_init(void)
{
	earlier_utility = ProcessUtility_hook;
	ProcessUtility_hook = before_utility;
}
