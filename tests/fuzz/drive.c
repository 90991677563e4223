/*
 * drive.c
 *
 * Targets as SQL calls them: fuzz_replay runs every file of a directory, and
 * fuzz_run lets libFuzzer invent inputs, where the module was built with it.
 * tests/fuzz/run calls both in a server of its own process.
 */
#include "postgres.h"

#include <dirent.h>
#include <sys/stat.h>

#include "catalog/pg_type.h"
#include "common/base64.h"
#include "fmgr.h"
#include "storage/fd.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "target.h"

PG_FUNCTION_INFO_V1(fuzz_replay);
PG_FUNCTION_INFO_V1(fuzz_run);
PG_FUNCTION_INFO_V1(fuzz_read_calls);

static const FfTarget targets[] = {{"json", ff_fuzz_json},
								   {"reply", ff_fuzz_reply},
								   {"tracking_number", ff_fuzz_tracking_number},
								   {"webhook", ff_fuzz_webhook}};

static const FfTarget *target;
static MemoryContext context;
static const char *input = "an input of libFuzzer";

void
ff_fuzz_broken(const char *condition, const char *detail)
{
	fprintf(
		stderr, "fuzz: %s: %s%s%s\n", input, condition, detail ? ": " : "", detail ? detail : "");
	abort();
}

const char *
ff_fuzz_secret(void)
{
	static char secret[64] = "";
	uint8 key[32];
	int length;

	if (secret[0] == '\0')
	{
		if (!pg_strong_random(key, sizeof(key)))
			elog(ERROR, "there is no randomness");
		strlcpy(secret, "whsec_", sizeof(secret));
		length = pg_b64_encode((char *) key, sizeof(key), secret + 6, sizeof(secret) - 7);
		secret[6 + length] = '\0';
	}
	return secret;
}

static int
run_one(const uint8 *data, size_t length)
{
	MemoryContext before = MemoryContextSwitchTo(context);

	PG_TRY();
	{
		target->run((const char *) data, length);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		ff_fuzz_broken("it throws", CopyErrorData()->message);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(before);
	MemoryContextReset(context);
	return 0;
}

static void
choose_target(FunctionCallInfo fcinfo)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));

	target = NULL;
	for (int i = 0; i < (int) lengthof(targets); i++)
		if (strcmp(targets[i].name, name) == 0)
			target = &targets[i];
	if (target == NULL)
		elog(ERROR, "there is no target \"%s\"", name);
	context = AllocSetContextCreate(TopMemoryContext, "fuzz", ALLOCSET_DEFAULT_SIZES);
}

static void
run_file(const char *path)
{
	FILE *file = AllocateFile(path, PG_BINARY_R);
	struct stat status;
	char *data;

	if (file == NULL || fstat(fileno(file), &status) != 0)
		elog(ERROR, "could not read \"%s\": %m", path);
	data = palloc(status.st_size + 1);
	if (fread(data, 1, status.st_size, file) != (size_t) status.st_size)
		elog(ERROR, "could not read \"%s\": %m", path);
	FreeFile(file);
	input = path;
	run_one((uint8 *) data, status.st_size);
	pfree(data);
}

/*
 * fuzz_replay(target, directory) returns the number of inputs
 */
Datum
fuzz_replay(PG_FUNCTION_ARGS)
{
	char *directory = text_to_cstring(PG_GETARG_TEXT_PP(1));
	DIR *files = AllocateDir(directory);
	struct dirent *entry;
	int count = 0;

	choose_target(fcinfo);
	while ((entry = ReadDir(files, directory)) != NULL)
	{
		if (entry->d_name[0] == '.')
			continue;
		run_file(psprintf("%s/%s", directory, entry->d_name));
		count++;
	}
	FreeDir(files);
	PG_RETURN_INT32(count);
}

#ifdef FF_LIBFUZZER
extern int LLVMFuzzerRunDriver(int *argc, char ***argv,
							   int (*callback)(const uint8 *data, size_t length));

/*
 * fuzz_run(target, arguments): does not come back
 */
Datum
fuzz_run(PG_FUNCTION_ARGS)
{
	Datum *values;
	char **arguments;
	int count;

	choose_target(fcinfo);
	deconstruct_array(
		PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &values, NULL, &count);
	arguments = palloc0(sizeof(char *) * (count + 2));
	arguments[0] = pstrdup("fuzz");
	for (int i = 0; i < count; i++)
		arguments[i + 1] = TextDatumGetCString(values[i]);
	count++;
	LLVMFuzzerRunDriver(&count, &arguments, run_one);
	PG_RETURN_VOID();
}
#else
Datum
fuzz_run(PG_FUNCTION_ARGS)
{
	elog(ERROR, "this module was built without libFuzzer");
}
#endif

/*
 * fuzz_read_calls(path)
 */
Datum
fuzz_read_calls(PG_FUNCTION_ARGS)
{
	ff_fuzz_read_calls(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	PG_RETURN_VOID();
}
