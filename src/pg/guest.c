/*
 * guest.c
 *
 * The subtransaction, the clock and the identity around a user's function; see
 * guest.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "pg/attempt.h"
#include "pg/compat.h"
#include "pg/errors.h"
#include "pg/guest.h"
#include "pg/session.h"

#define MERCY 20 /* times it may hide that its time is over */

static volatile sig_atomic_t rung;

/* A function may catch what stops it and go on; it is told again, and then its process ends. */
static void
ring(void)
{
	rung++;
	if (rung > MERCY)
		ProcDiePending = true;
	else
		QueryCancelPending = true;
	InterruptPending = true;
	SetLatch(MyLatch);
}

static TimeoutId
the_clock(void)
{
	static TimeoutId id = MAX_TIMEOUTS;

	if (id == MAX_TIMEOUTS)
		id = RegisterTimeout(USER_TIMEOUT, ring);
	return id;
}

static void
start_clock(int time_ms)
{
	rung = 0;
	enable_timeout_every(
		the_clock(), TimestampTzPlusMilliseconds(GetCurrentTimestamp(), time_ms), time_ms);
}

/* Answers whether it rang; then what it asked for must stop nobody else. */
static bool
stop_clock(void)
{
	disable_timeout(the_clock(), false);
	if (rung > 0)
		QueryCancelPending = false;
	return rung > 0;
}

static Oid
find_function(const char *signature)
{
	LOCAL_FCINFO(call, 1);
	Datum found;

	InitFunctionCallInfoData(*call, NULL, 1, InvalidOid, NULL, NULL);
	call->args[0].value = CStringGetTextDatum(signature);
	call->args[0].isnull = false;
	found = to_regprocedure(call);
	return call->isnull ? InvalidOid : DatumGetObjectId(found);
}

/* What it looks up by name is the catalog's; what it changes, it changes for nobody. */
static Oid
enter(const FfGuest *guest)
{
	Oid function;
	char *objection;

	XactReadOnly = true;
	(void) set_config_option("search_path",
							 "pg_catalog, pg_temp",
							 PGC_USERSET,
							 PGC_S_SESSION,
							 GUC_ACTION_LOCAL,
							 true,
							 0,
							 false);
	ff_identity_host(guest->role);
	function = find_function(guest->signature);
	objection = ff_guest_objection(function, guest->role, guest->count);
	if (objection != NULL)
		ereport(ERROR, (errcode(FF_ERR_CONNECTION), errmsg_internal("%s", objection)));
	return function;
}

/* In the subtransaction's memory; only the result goes to the caller's. */
static void
run(FfGuest *guest, MemoryContext context)
{
	LOCAL_FCINFO(call, FF_GUEST_ARGUMENTS);
	FmgrInfo function;
	MemoryContext inner;
	Datum result;

	fmgr_info(enter(guest), &function);
	PushActiveSnapshot(GetTransactionSnapshot());
	InitFunctionCallInfoData(*call, &function, guest->count, InvalidOid, NULL, NULL);
	for (int i = 0; i < guest->count; i++)
	{
		call->args[i].value = guest->arguments[i];
		call->args[i].isnull = false;
	}
	start_clock(guest->time_ms);
	result = FunctionCallInvoke(call);
	guest->overran = stop_clock();
	PopActiveSnapshot();
	if (call->isnull)
		return;
	result = PointerGetDatum(PG_DETOAST_DATUM(result));
	if (VARSIZE(DatumGetPointer(result)) > guest->most_bytes)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("its result is larger than %zu kB", guest->most_bytes / 1024)));
	inner = MemoryContextSwitchTo(context);
	guest->result = PointerGetDatum(PG_DETOAST_DATUM_COPY(result));
	MemoryContextSwitchTo(inner);
}

/* Who came to stop the whole session is not stopped by us. */
static bool
is_ours_to_keep(const ErrorData *error, bool overran)
{
	if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		return overran;
	return !ff_error_is_passing(error);
}

bool
ff_guest_call(FfGuest *guest)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;
	instr_time began;
	instr_time ended;

	guest->result = (Datum) 0;
	guest->problem = NULL;
	guest->overran = false;
	if (ff_identity_is_guest())
	{
		guest->problem = pstrdup("a connector's function may not call another's");
		return false;
	}
	INSTR_TIME_SET_CURRENT(began);
	BeginInternalSubTransaction(NULL);
	PG_TRY();
	{
		run(guest, context);
	}
	PG_CATCH();
	{
		guest->overran = stop_clock();
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	ff_identity_guest_left();
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	INSTR_TIME_SET_CURRENT(ended);
	INSTR_TIME_SUBTRACT(ended, began);
	guest->took_ms = INSTR_TIME_GET_MILLISEC(ended);
	if (error == NULL && !guest->overran)
		return true;
	if (error != NULL && !is_ours_to_keep(error, guest->overran))
		ReThrowError(error);
	guest->problem = guest->overran ? psprintf("it ran for longer than %d ms", guest->time_ms)
									: ff_error_sentence(error);
	return false;
}

char *
ff_guest_signature(Oid function)
{
	return format_procedure_qualified(function);
}

static bool
fits(const FormData_pg_proc *form, int count)
{
	bool fitting = form->prokind == PROKIND_FUNCTION && !form->proretset &&
				   form->prorettype == JSONBOID && form->pronargs == count;

	for (int i = 0; i < count && fitting; i++)
		fitting = form->proargtypes.values[i] == (i == 0 ? TEXTOID : JSONBOID);
	return fitting;
}

char *
ff_guest_objection(Oid function, Oid role, int count)
{
	HeapTuple row = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool fitting;
	Oid owner;

	if (!HeapTupleIsValid(row))
		return pstrdup("it does not exist any more");
	fitting = fits((Form_pg_proc) GETSTRUCT(row), count);
	owner = ((Form_pg_proc) GETSTRUCT(row))->proowner;
	ReleaseSysCache(row);
	if (!fitting)
		return psprintf("it does not take (text%s) and return one jsonb",
						count == 2 ? ", jsonb" : ", jsonb, jsonb");
	if (owner != role && !superuser_arg(owner))
		return psprintf("it belongs to role \"%s\", not to \"%s\", whose rights it has",
						GetUserNameFromId(owner, false),
						GetUserNameFromId(role, false));
	if (!ff_may_execute(function, role))
		return psprintf("role \"%s\", whose rights it has, may not execute it",
						GetUserNameFromId(role, false));
	return NULL;
}

Oid
ff_guest_function_owner(Oid function)
{
	HeapTuple row = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid owner = InvalidOid;

	if (HeapTupleIsValid(row))
	{
		owner = ((Form_pg_proc) GETSTRUCT(row))->proowner;
		ReleaseSysCache(row);
	}
	return owner;
}
