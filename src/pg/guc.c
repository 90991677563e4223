/*
 * guc.c
 *
 * The settings of the server: one row per setting in the table of its type.
 * Decides names, defaults, limits and who may change them; refuses to know
 * what they are used for.  Call ff_guc_init once, from _PG_init.
 */
#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"

#include "pg/guc.h"

bool ff_guc_allow_private_addresses;
int ff_guc_connect_timeout;
int ff_guc_call_timeout;
int ff_guc_max_body;
int ff_guc_max_concurrency;
char *ff_guc_ca_file;
char *ff_guc_file_directories;
char *ff_guc_databases;
int ff_guc_workers;
char *ff_guc_worker_role;
int ff_guc_poll_interval;
int ff_guc_max_attempts;
int ff_guc_max_crashes;
int ff_guc_breaker_failures;
int ff_guc_function_timeout;
int ff_guc_logged_body;
int ff_guc_retention_calls;
int ff_guc_retention_history;
char *ff_guc_key_file;
int ff_guc_merchant_id;
char *ff_guc_actor;

typedef struct BoolRow
{
	const char *name;
	bool *variable;
	bool initial;
	GucContext context;
	int flags;
	const char *description;
	const char *detail;
} BoolRow;

typedef struct IntRow
{
	const char *name;
	int *variable;
	int initial;
	int minimum;
	int maximum;
	GucContext context;
	int flags;
	const char *description;
	const char *detail;
} IntRow;

typedef struct StringRow
{
	const char *name;
	char **variable;
	const char *initial;
	GucContext context;
	int flags;
	const char *description;
	const char *detail;
} StringRow;

static const BoolRow bool_rows[] = {
	{"fulfillment.allow_private_addresses",
	 &ff_guc_allow_private_addresses,
	 false,
	 PGC_SUSET,
	 0,
	 "Allows calls to private, loopback and link-local addresses, and plain http.",
	 "The check is made on the address a name resolved to. Leave it off unless every connection is trusted."},
};

static const IntRow int_rows[] = {
	{"fulfillment.merchant_id",
	 &ff_guc_merchant_id,
	 1,
	 1,
	 INT_MAX,
	 PGC_USERSET,
	 0,
	 "Sets the merchant that functions work for when they are not told.",
	 NULL},
	{"fulfillment.connect_timeout",
	 &ff_guc_connect_timeout,
	 5000,
	 100,
	 600000,
	 PGC_SIGHUP,
	 GUC_UNIT_MS,
	 "Sets how long resolving a name and opening a connection to a peer may take.",
	 NULL},
	{"fulfillment.call_timeout",
	 &ff_guc_call_timeout,
	 30000,
	 100,
	 3600000,
	 PGC_SIGHUP,
	 GUC_UNIT_MS,
	 "Sets how long a whole call to a peer may take.",
	 "The time counts from the moment the call is on the wire. A connection's own setting goes before it."},
	{"fulfillment.max_body",
	 &ff_guc_max_body,
	 4096,
	 64,
	 512 * 1024,
	 PGC_SIGHUP,
	 GUC_UNIT_KB,
	 "Sets the largest answer that is accepted from a peer.",
	 "The size counts after decompression."},
	{"fulfillment.max_concurrency",
	 &ff_guc_max_concurrency,
	 256,
	 1,
	 4096,
	 PGC_SIGHUP,
	 0,
	 "Sets how many calls one worker may have on the wire at once.",
	 "Fewer are made when the limit of open files (ulimit -n) does not allow as many."},
	{"fulfillment.workers",
	 &ff_guc_workers,
	 1,
	 1,
	 16,
	 PGC_SIGHUP,
	 0,
	 "Sets how many workers each database has.",
	 "Each needs one of max_worker_processes."},
	{"fulfillment.poll_interval",
	 &ff_guc_poll_interval,
	 300,
	 1,
	 86400,
	 PGC_SIGHUP,
	 GUC_UNIT_S,
	 "Sets how often an idle worker looks for work that nobody told it of.",
	 "Work wakes the workers when it is committed; this is the net below that."},
	{"fulfillment.max_attempts",
	 &ff_guc_max_attempts,
	 15,
	 1,
	 1000,
	 PGC_SIGHUP,
	 0,
	 "Sets how often a call is tried before a person is asked.",
	 "The pauses between the attempts grow up to half an hour."},
	{"fulfillment.max_crashes",
	 &ff_guc_max_crashes,
	 3,
	 1,
	 100,
	 PGC_SIGHUP,
	 0,
	 "Sets how often a worker may die with a task in hand before the task is put aside.",
	 NULL},
	{"fulfillment.breaker_failures",
	 &ff_guc_breaker_failures,
	 5,
	 1,
	 1000,
	 PGC_SIGHUP,
	 0,
	 "Sets after how many failures in a row a connection is left alone for a while.",
	 "Failures are those of the peer or of the way to it; a refusal is an answer."},
	{"fulfillment.function_timeout",
	 &ff_guc_function_timeout,
	 1000,
	 10,
	 60000,
	 PGC_SUSET,
	 GUC_UNIT_MS,
	 "Sets how long a function of a registered connector may run.",
	 "While it runs, the worker does nothing else."},
	{"fulfillment.logged_body",
	 &ff_guc_logged_body,
	 16,
	 0,
	 1024,
	 PGC_SIGHUP,
	 GUC_UNIT_KB,
	 "Sets how much of a request and of an answer is kept in table calls.",
	 "Secrets are masked; 0 keeps no bodies."},
	{"fulfillment.retention_calls",
	 &ff_guc_retention_calls,
	 90,
	 0,
	 36500,
	 PGC_SIGHUP,
	 0,
	 "Sets how many days the calls that were made are kept.",
	 "0 keeps them for ever."},
	{"fulfillment.retention_history",
	 &ff_guc_retention_history,
	 0,
	 0,
	 36500,
	 PGC_SIGHUP,
	 0,
	 "Sets how many days history is kept.",
	 "0 keeps it for ever."},
};

static const StringRow string_rows[] = {
	{"fulfillment.actor",
	 &ff_guc_actor,
	 "",
	 PGC_USERSET,
	 0,
	 "Sets the person that history names beside the role.",
	 "Applications that share one role set it per transaction."},
	{"fulfillment.ca_file",
	 &ff_guc_ca_file,
	 "",
	 PGC_SIGHUP,
	 GUC_SUPERUSER_ONLY,
	 "Sets the file of certificate authorities that peers' certificates are checked against.",
	 "An empty string means the system's own."},
	{"fulfillment.file_directories",
	 &ff_guc_file_directories,
	 "",
	 PGC_SIGHUP,
	 GUC_SUPERUSER_ONLY,
	 "Sets the directories of this machine in which connections may exchange files, separated by commas.",
	 "Their subdirectories are included. An empty string allows none."},
	{"fulfillment.key_file",
	 &ff_guc_key_file,
	 "fulfillment.key",
	 PGC_SIGHUP,
	 GUC_SUPERUSER_ONLY,
	 "Sets the file of the keys that encrypt connections' secrets.",
	 "A relative name stands in the data directory. The file is made when the first secret is set."},
	{"fulfillment.databases",
	 &ff_guc_databases,
	 "",
	 PGC_SIGHUP,
	 GUC_LIST_INPUT,
	 "Sets the databases in which workers run, separated by commas.",
	 "The library must be preloaded, and the extension created in each of them."},
	{"fulfillment.worker_role",
	 &ff_guc_worker_role,
	 "",
	 PGC_SIGHUP,
	 GUC_SUPERUSER_ONLY,
	 "Sets the role that workers connect as.",
	 "An empty string means the role that created the cluster. The role needs the right to connect, no more."},
};

void
ff_guc_init(void)
{
	for (size_t i = 0; i < lengthof(bool_rows); i++)
	{
		const BoolRow *row = &bool_rows[i];

		DefineCustomBoolVariable(row->name,
								 row->description,
								 row->detail,
								 row->variable,
								 row->initial,
								 row->context,
								 row->flags,
								 NULL,
								 NULL,
								 NULL);
	}
	for (size_t i = 0; i < lengthof(int_rows); i++)
	{
		const IntRow *row = &int_rows[i];

		DefineCustomIntVariable(row->name,
								row->description,
								row->detail,
								row->variable,
								row->initial,
								row->minimum,
								row->maximum,
								row->context,
								row->flags,
								NULL,
								NULL,
								NULL);
	}
	for (size_t i = 0; i < lengthof(string_rows); i++)
	{
		const StringRow *row = &string_rows[i];

		DefineCustomStringVariable(row->name,
								   row->description,
								   row->detail,
								   row->variable,
								   row->initial,
								   row->context,
								   row->flags,
								   NULL,
								   NULL,
								   NULL);
	}
	MarkGUCPrefixReserved("fulfillment");
}
