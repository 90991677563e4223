/*
 * session.c
 *
 * Access levels of roles by merchant, from table access; see session.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_namespace.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "pg/compat.h"
#include "pg/errors.h"
#include "pg/guc.h"
#include "pg/session.h"
#include "pg/spi.h"

/* Rows of the merchant and of merchant 0, which is every merchant. */
static FfStatement levels_of_merchant = FF_STATEMENT(
	"select role_name::text, level from fulfillment.access where merchant_id in (0, $1)", INT4OID);
static FfStatement access_from_level = FF_STATEMENT(
	"select role_name::text, merchant_id from fulfillment.access where level = any ($1)"
	" order by merchant_id",
	TEXTARRAYOID);

static const char *const level_names[] = {"nothing", "viewer", "operator", "admin", "worker"};

static bool worker_process = false;

/* While code of a user runs in our place: it is the one who acts, not the session. */
static Oid guest_role = InvalidOid;

static struct
{
	LocalTransactionId transaction;
	Oid role;
	int32 merchant_id;
	FfLevel level;
} remembered;

void
ff_actor_is_worker(void)
{
	worker_process = true;
}

const char *
ff_actor(void)
{
	char *role;

	if (worker_process && !OidIsValid(guest_role))
		return "worker";
	role = GetUserNameFromId(ff_caller(), false);
	if (ff_guc_actor != NULL && *ff_guc_actor != '\0')
		return psprintf("%s/%s", role, ff_guc_actor);
	return role;
}

/* Whoever logs in as the workers' role could write every row: it is an admin. */
static FfLevel
level_from_name(const char *name)
{
	for (int level = 0; level < (int) lengthof(level_names); level++)
		if (strcmp(name, level_names[level]) == 0)
			return Min(level, FF_LEVEL_ADMIN);
	return FF_LEVEL_NONE;
}

/* The schema belongs to whoever created the extension. */
Oid
ff_role_owner(void)
{
	HeapTuple schema = SearchSysCache1(NAMESPACENAME, CStringGetDatum("fulfillment"));
	Oid owner;

	if (!HeapTupleIsValid(schema))
		return InvalidOid;
	owner = ((Form_pg_namespace) GETSTRUCT(schema))->nspowner;
	ReleaseSysCache(schema);
	return owner;
}

bool
ff_role_all_powerful(Oid role)
{
	Oid owner;

	if (superuser_arg(role))
		return true;
	owner = ff_role_owner();
	return OidIsValid(owner) && has_privs_of_role(role, owner);
}

static bool
all_powerful(Oid role)
{
	return (worker_process && !OidIsValid(guest_role)) || ff_role_all_powerful(role);
}

static bool
acts_as(Oid role, const char *name)
{
	Oid granted = get_role_oid(name, true);

	return OidIsValid(granted) && has_privs_of_role(role, granted);
}

FfLevel
ff_access_level(int32 merchant_id)
{
	Oid role = ff_caller();
	FfLevel level = FF_LEVEL_NONE;
	FfRows rows;

	if (all_powerful(role))
		return FF_LEVEL_ADMIN;
	ff_spi_begin();
	rows = ff_run(&levels_of_merchant, ff_int4(merchant_id));
	for (uint64 i = 0; i < rows.count; i++)
		if (acts_as(role, ff_row_text(&rows, i, 1)))
			level = Max(level, level_from_name(ff_row_text(&rows, i, 2)));
	ff_spi_end();
	return level;
}

void
ff_require(FfLevel level, int32 merchant_id)
{
	if (remembered.transaction != FF_LOCAL_TRANSACTION || remembered.role != ff_caller() ||
		remembered.merchant_id != merchant_id)
	{
		remembered.level = ff_access_level(merchant_id);
		remembered.merchant_id = merchant_id;
		remembered.role = ff_caller();
		remembered.transaction = FF_LOCAL_TRANSACTION;
	}
	if (remembered.level < level)
		ereport(ERROR,
				(errcode(FF_ERR_FORBIDDEN),
				 errmsg("role \"%s\" may not act for merchant %d",
						GetUserNameFromId(ff_caller(), false),
						merchant_id),
				 errdetail("This needs level \"%s\".", level_names[level]),
				 errhint("Ask an administrator for fulfillment.grant_access.")));
}

FfIdentity
ff_identity_take(Oid role)
{
	FfIdentity before;

	GetUserIdAndSecContext(&before.role, &before.context);
	SetUserIdAndSecContext(role, before.context | SECURITY_LOCAL_USERID_CHANGE);
	return before;
}

void
ff_identity_give_back(FfIdentity identity)
{
	SetUserIdAndSecContext(identity.role, identity.context);
}

FfIdentity
ff_identity_host(Oid role)
{
	FfIdentity before;

	Assert(!OidIsValid(guest_role));
	GetUserIdAndSecContext(&before.role, &before.context);
	SetUserIdAndSecContext(
		role, before.context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	guest_role = role;
	return before;
}

void
ff_identity_guest_left(void)
{
	guest_role = InvalidOid;
}

bool
ff_identity_is_guest(void)
{
	return OidIsValid(guest_role);
}

Oid
ff_caller(void)
{
	return OidIsValid(guest_role) ? guest_role : GetOuterUserId();
}

bool
ff_role_may_act_as(Oid role, Oid other)
{
	return has_privs_of_role(role, other);
}

char *
ff_role_name(Oid role)
{
	return GetUserNameFromId(role, false);
}

Oid
ff_role_find(const char *name)
{
	return get_role_oid(name, true);
}

PG_FUNCTION_INFO_V1(fulfillment_access_level);

Datum
fulfillment_access_level(PG_FUNCTION_ARGS)
{
	FfLevel level = ff_access_level(PG_GETARG_INT32(0));

	if (level == FF_LEVEL_NONE)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(level_names[level]));
}

PG_FUNCTION_INFO_V1(fulfillment_require_access);

Datum
fulfillment_require_access(PG_FUNCTION_ARGS)
{
	ff_require(level_from_name(text_to_cstring(PG_GETARG_TEXT_PP(0))), PG_GETARG_INT32(1));
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(fulfillment_caller);

Datum
fulfillment_caller(PG_FUNCTION_ARGS)
{
	PG_RETURN_OID(ff_caller());
}

PG_FUNCTION_INFO_V1(fulfillment_actor);

Datum
fulfillment_actor(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(ff_actor()));
}

/* Merchants for which the calling role has at least this level; 0 for every merchant. */
static Datum
merchants_from_level(FfLevel lowest)
{
	Oid role = ff_caller();
	MemoryContext outer;
	FfColumn merchants;
	Datum result;

	outer = ff_spi_begin();
	ff_column_init(&merchants, INT4OID);
	if (all_powerful(role))
		ff_column_add(&merchants, ff_int4(0));
	else
	{
		FfColumn levels;
		FfRows rows;

		ff_column_init(&levels, TEXTOID);
		for (int level = lowest; level < (int) lengthof(level_names); level++)
			ff_column_add(&levels, ff_text(level_names[level]));
		rows = ff_run(&access_from_level, ff_column(&levels));
		for (uint64 i = 0; i < rows.count; i++)
			if (acts_as(role, ff_row_text(&rows, i, 1)))
				ff_column_add(&merchants, ff_int4(ff_row_int4(&rows, i, 2)));
	}
	MemoryContextSwitchTo(outer);
	result = ff_column(&merchants).value;
	ff_spi_end();
	return result;
}

PG_FUNCTION_INFO_V1(fulfillment_visible_merchants);

Datum
fulfillment_visible_merchants(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(merchants_from_level(FF_LEVEL_VIEWER));
}

PG_FUNCTION_INFO_V1(fulfillment_managed_merchants);

Datum
fulfillment_managed_merchants(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(merchants_from_level(FF_LEVEL_ADMIN));
}
