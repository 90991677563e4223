/*
 * documents.c
 *
 * Puts the canonical call together: the members every call has, and those that
 * the loader of its operation read.  Refuses to know any API; what an
 * operation's members are is the loaders' business.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "model/time.h"
#include "pg/spi.h"
#include "workers/documents.h"
#include "workers/verbs.h"

FfJson **
ff_load_by(FfStatement *statement, FfErrand **errands, int count)
{
	FfJson **members = palloc0(sizeof(FfJson *) * count);
	FfColumn subjects, payloads;
	FfRows rows;

	ff_column_init(&subjects, INT8OID);
	ff_column_init(&payloads, JSONBOID);
	for (int i = 0; i < count; i++)
	{
		ff_column_add(&subjects, ff_int8(errands[i]->task.subject_id));
		ff_column_add(&payloads, ff_json(errands[i]->task.payload));
	}
	rows = ff_run(statement,
				  ff_int4(errands[0]->task.merchant_id),
				  ff_column(&subjects),
				  ff_column(&payloads));
	for (uint64 i = 0; i < rows.count; i++)
		members[ff_row_int8(&rows, i, 1) - 1] = ff_row_json(&rows, i, 2);
	return members;
}

FfJson **
ff_load_payloads(FfErrand **errands, int count)
{
	FfJson **members = palloc(sizeof(FfJson *) * count);

	for (int i = 0; i < count; i++)
		members[i] = errands[i]->task.payload;
	return members;
}

static FfJson *
assemble(const FfErrand *errand, const FfJson *members, const char *now)
{
	FfJsonBuilder builder;

	ff_build_begin(&builder);
	ff_build_text(&builder, "operation", ff_operation_name(errand->calling));
	ff_build_text(&builder, "now", now);
	ff_build_text(&builder, "idempotency_key", errand->task.idempotency_key);
	ff_build_json(&builder, "config", errand->batch->endpoint->config);
	ff_build_json(&builder, "state", errand->task.progress);
	ff_build_members(&builder, members);
	return ff_build_end(&builder);
}

/* The errands from first on that are loaded by the same loader as the first, taken out of order. */
static int
take_alike(FfErrand **errands, int count, int first)
{
	FfDocumentLoader loader = ff_verb_of(errands[first]->calling)->load;
	int end = first + 1;

	for (int i = end; i < count; i++)
	{
		if (ff_verb_of(errands[i]->calling)->load == loader)
		{
			FfErrand *moved = errands[i];

			errands[i] = errands[end];
			errands[end++] = moved;
		}
	}
	return end;
}

void
ff_documents_load(FfErrand **errands, int count)
{
	char *now = ff_time_iso(GetCurrentTimestamp());
	FfErrand **sorted = palloc(sizeof(FfErrand *) * count);
	int end;

	memcpy(sorted, errands, sizeof(FfErrand *) * count);
	for (int first = 0; first < count; first = end)
	{
		FfJson **members;

		end = take_alike(sorted, count, first);
		members = ff_verb_of(sorted[first]->calling)->load(sorted + first, end - first);
		for (int i = first; i < end; i++)
		{
			if (members[i - first] == NULL)
				sorted[i]->problem = "What the call was about does not exist any more.";
			else
				sorted[i]->document = assemble(sorted[i], members[i - first], now);
		}
	}
}
