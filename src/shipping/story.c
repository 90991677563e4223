/*
 * story.c
 *
 * What was told of packages, as events that are stored once: those that come
 * again change nothing.  See package.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "model/time.h"
#include "pg/spi.h"
#include "shipping/package.h"

static FfStatement add_events = FF_STATEMENT(
	"insert into fulfillment.tracking_events (merchant_id, package_id, event_key, occurred_at,"
	"       status, code, description, city, region, postcode, country, received_at)"
	" select $1, u.*, $12 from unnest($2, $3, $4, $5::fulfillment.tracking_state[], $6, $7, $8, $9,"
	"        $10, $11) as u"
	" on conflict do nothing"
	" returning package_id, event_key",
	INT4OID, INT8ARRAYOID, TEXTARRAYOID, TIMESTAMPTZARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
	TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TIMESTAMPTZOID);

/* Events to be stored, of any number of packages. */
struct FfStory
{
	FfPackage **packages;
	int *statuses; /* FF_STATE_NONE: it means none */
	int capacity;
	FfColumn package_id;
	FfColumn key;
	FfColumn at;
	FfColumn words[7]; /* status, code, description, city, region, postcode, country */
};

FfStory *
ff_story_begin(void)
{
	FfStory *story = palloc(sizeof(FfStory));

	story->capacity = 64;
	story->packages = palloc(sizeof(FfPackage *) * story->capacity);
	story->statuses = palloc(sizeof(int) * story->capacity);
	ff_column_init(&story->package_id, INT8OID);
	ff_column_init(&story->key, TEXTOID);
	ff_column_init(&story->at, TIMESTAMPTZOID);
	for (int i = 0; i < (int) lengthof(story->words); i++)
		ff_column_init(&story->words[i], TEXTOID);
	return story;
}

static void
add_event(FfStory *story, FfPackage *package, const FfJson *event, const char *fallback_status)
{
	const char *at_text = ff_json_text_or(event, "at", NULL);
	const char *status = ff_json_text_or(event, "status", fallback_status);
	const char *code = ff_json_text_or(event, "code", status);
	const char *city = ff_json_text_or(event, "city", NULL);
	const char *region = ff_json_text_or(event, "region", NULL);
	const char *postcode = ff_json_text_or(event, "postcode", NULL);
	const char *country = ff_json_text_or(event, "country", NULL);
	TimestampTz at = GetCurrentTransactionStartTimestamp();
	bool dated = at_text != NULL && ff_time_parse(at_text, &at);
	int known = status ? ff_state_from_name(FF_MACHINE_PACKAGE, status) : FF_STATE_NONE;
	const char *words[lengthof(story->words)] = {known == FF_STATE_NONE ? NULL : status,
												 code,
												 ff_json_text_or(event, "description", NULL),
												 city,
												 region,
												 postcode,
												 country};
	int place = story->key.count;

	if (place == story->capacity)
	{
		story->capacity *= 2;
		story->packages = repalloc(story->packages, sizeof(FfPackage *) * story->capacity);
		story->statuses = repalloc(story->statuses, sizeof(int) * story->capacity);
	}
	story->packages[place] = package;
	story->statuses[place] = known;
	ff_column_add(&story->package_id, ff_int8(package->package_id));
	ff_column_add(&story->key,
				  ff_text(ff_tracking_event_key(ff_json_text_or(event, "id", NULL),
												code,
												dated ? at : 0,
												city,
												region,
												postcode,
												country)));
	ff_column_add(&story->at, ff_time(at));
	for (int i = 0; i < (int) lengthof(words); i++)
		ff_column_add(&story->words[i], ff_text(words[i]));
}

void
ff_story_add(FfStory *story, FfPackage *package, const FfJson *said)
{
	FfJson *events = ff_json_get(said, "events");
	const char *status = ff_json_text_or(said, "status", NULL);

	for (int i = 0; i < ff_json_count(events); i++)
		add_event(story, package, ff_json_at(events, i), NULL);
	if (ff_json_count(events) == 0 && status != NULL)
		add_event(story, package, NULL, status);
}

/* The rows written come back in the order they were given. */
void
ff_story_store(FfStory *story, int32 merchant_id)
{
	FfArgument arguments[] = {ff_int4(merchant_id),
							  ff_column(&story->package_id),
							  ff_column(&story->key),
							  ff_column(&story->at),
							  ff_column(&story->words[0]),
							  ff_column(&story->words[1]),
							  ff_column(&story->words[2]),
							  ff_column(&story->words[3]),
							  ff_column(&story->words[4]),
							  ff_column(&story->words[5]),
							  ff_column(&story->words[6]),
							  ff_time(GetCurrentTransactionStartTimestamp())};
	uint64 written = 0;
	FfRows rows;

	if (story->key.count == 0)
		return;
	rows = ff_run_arguments(&add_events, arguments, lengthof(arguments));
	for (int i = 0; i < story->key.count && written < rows.count; i++)
	{
		FfPackage *package = story->packages[i];

		if (ff_row_int8(&rows, written, 1) != package->package_id ||
			strcmp(ff_row_text(&rows, written, 2), TextDatumGetCString(story->key.values[i])) != 0)
			continue;
		written++;
		package->stored++;
		if (story->statuses[i] == FF_STATE_NONE)
			continue;
		package->fresh =
			package->fresh == NULL
				? palloc(sizeof(FfPackageEvent))
				: repalloc(package->fresh, sizeof(FfPackageEvent) * (package->fresh_count + 1));
		package->fresh[package->fresh_count++] = (FfPackageEvent){
			.at = DatumGetTimestampTz(story->at.values[i]), .status = story->statuses[i]};
	}
}
