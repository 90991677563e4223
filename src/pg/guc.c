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
	{"fulfillment.key_file",
	 &ff_guc_key_file,
	 "fulfillment.key",
	 PGC_SIGHUP,
	 GUC_SUPERUSER_ONLY,
	 "Sets the file of the keys that encrypt connections' secrets.",
	 "A relative name stands in the data directory. The file is made when the first secret is set."},
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
