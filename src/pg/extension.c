/*
 * extension.c
 *
 * Reads pg_extension; see extension.h.  The look-up is repeated under the
 * lock, since a DROP may have been what the lock waited for.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "pg/extension.h"

#define EXTENSION "fulfillment"

static char *
installed_version(Oid *owner)
{
	Relation catalog = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple row;
	char *version = NULL;

	ScanKeyInit(&key,
				Anum_pg_extension_extname,
				BTEqualStrategyNumber,
				F_NAMEEQ,
				CStringGetDatum(EXTENSION));
	scan = systable_beginscan(catalog, ExtensionNameIndexId, true, NULL, 1, &key);
	row = systable_getnext(scan);
	if (HeapTupleIsValid(row))
	{
		bool null;
		Datum value =
			heap_getattr(row, Anum_pg_extension_extversion, RelationGetDescr(catalog), &null);

		version = null ? pstrdup("") : TextDatumGetCString(value);
		*owner = ((Form_pg_extension) GETSTRUCT(row))->extowner;
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return version;
}

FfPresence
ff_extension_lock(char **version, Oid *owner)
{
	Oid extension = get_extension_oid(EXTENSION, true);

	if (!OidIsValid(extension))
		return FF_EXTENSION_MISSING;
	LockDatabaseObject(ExtensionRelationId, extension, 0, AccessShareLock);
	if (get_extension_oid(EXTENSION, true) != extension)
		return FF_EXTENSION_MISSING;
	*version = installed_version(owner);
	return *version != NULL && strcmp(*version, FF_VERSION) == 0 ? FF_EXTENSION_READY
																 : FF_EXTENSION_OTHER_VERSION;
}
