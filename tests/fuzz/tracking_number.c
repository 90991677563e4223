/*
 * tracking_number.c
 *
 * Texts that people take for tracking numbers: the answer names a carrier only
 * among its candidates, and the same when it is asked about that one alone.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "parser/parse_func.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "target.h"

typedef struct Reading
{
	char *carrier;
	char *number;
	char *url;
	bool valid;
	int candidates;
} Reading;

/* The function as tests/fuzz/run creates it, which knows the shape of the row. */
static FmgrInfo *
parser(void)
{
	static FmgrInfo function;
	Oid types[] = {TEXTOID, TEXTARRAYOID};

	if (!OidIsValid(function.fn_oid))
		fmgr_info_cxt(LookupFuncName(list_make1(makeString("fuzz_parse")), 2, types, false),
					  &function,
					  TopMemoryContext);
	return &function;
}

static char *
text_member(HeapTupleHeader row, const char *name)
{
	bool is_null;
	Datum value = GetAttributeByName(row, name, &is_null);

	return is_null ? NULL : TextDatumGetCString(value);
}

static Reading
read_number(const char *text, const char *carrier)
{
	LOCAL_FCINFO(call, 2);
	HeapTupleHeader row;
	Reading reading;
	bool is_null;
	Datum candidates;

	InitFunctionCallInfoData(*call, parser(), 2, InvalidOid, NULL, NULL);
	call->args[0].value = CStringGetTextDatum(text);
	call->args[0].isnull = false;
	call->args[1].isnull = carrier == NULL;
	if (carrier != NULL)
	{
		Datum name = CStringGetTextDatum(carrier);

		call->args[1].value =
			PointerGetDatum(construct_array(&name, 1, TEXTOID, -1, false, TYPALIGN_INT));
	}
	row = DatumGetHeapTupleHeader(FunctionCallInvoke(call));
	reading.carrier = text_member(row, "carrier");
	reading.number = text_member(row, "number");
	reading.url = text_member(row, "tracking_url");
	reading.valid = DatumGetBool(GetAttributeByName(row, "valid", &is_null));
	reading.valid = reading.valid && !is_null;
	candidates = GetAttributeByName(row, "candidates", &is_null);
	reading.candidates = 0;
	if (!is_null)
	{
		ArrayType *list = DatumGetArrayTypeP(candidates);

		reading.candidates = ArrayGetNItems(ARR_NDIM(list), ARR_DIMS(list));
	}
	return reading;
}

void
ff_fuzz_tracking_number(const char *data, size_t length)
{
	Reading reading;
	Reading again;
	char *text;

	if (memchr(data, '\0', length) || !pg_verify_mbstr(PG_UTF8, data, (int) length, true))
		return;
	text = pnstrdup(data, length);
	reading = read_number(text, NULL);
	if (reading.number == NULL)
		return;
	MUST(strlen(reading.number) <= length);
	MUST(reading.carrier == NULL || reading.candidates > 0);
	MUST(reading.url == NULL || strlen(reading.url) > strlen(reading.number));
	MUST(read_number(reading.number, NULL).number != NULL);
	if (reading.carrier == NULL)
		return;
	again = read_number(text, reading.carrier);
	MUST(again.carrier != NULL && strcmp(again.carrier, reading.carrier) == 0);
	MUST(strcmp(again.number, reading.number) == 0);
}
