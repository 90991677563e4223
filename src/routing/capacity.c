/*
 * capacity.c
 *
 * Slots of the day: a counter per location and day, below the location's daily
 * capacity.  The rows are locked in the order (location, day) and read anew
 * under the lock, so a day is never overbooked and nobody waits in a circle.
 * The price of a slot (pacing.h) stands in the same row and is moved by the
 * same update, so pacing costs no lock and no statement of its own.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"

#include "pg/spi.h"
#include "routing/decide.h"

/* In the order of the arrays, which is that of the locks. */
static FfStatement add_days = FF_STATEMENT(
	"insert into fulfillment.location_days (merchant_id, location_id, day, price)"
	" select $1, d.location_id, d.day::date, d.price"
	"   from unnest($2::bigint[], $3::text[], $4::float8[]) d (location_id, day, price)"
	" on conflict do nothing",
	INT4OID, INT8ARRAYOID, TEXTARRAYOID, FLOAT8ARRAYOID);

static FfStatement lock_days = FF_STATEMENT(
	"select d.location_id, to_char(d.day, 'YYYY-MM-DD'), d.used, l.daily_capacity"
	" from fulfillment.location_days d join fulfillment.locations l"
	" on l.merchant_id = d.merchant_id and l.location_id = d.location_id"
	" where d.merchant_id = $1 and d.location_id = any ($2) and d.day = any ($3::text[]::date[])"
	" order by d.location_id, d.day for update of d",
	INT4OID, INT8ARRAYOID, TEXTARRAYOID);

/* One slot of one day, when there is one. */
static FfStatement use_slot = FF_STATEMENT(
	"update fulfillment.location_days d set used = d.used + 1, paced_at = greatest(d.paced_at, $6),"
	"       price = greatest(0, d.price - $5 * greatest(0, $6 - d.paced_at)) + $4"
	"  from fulfillment.locations l"
	" where d.merchant_id = $1 and d.location_id = $2 and d.day = $3::text::date"
	"   and l.merchant_id = $1 and l.location_id = $2"
	"   and d.used < coalesce(l.daily_capacity, d.used + 1)",
	INT4OID, INT8OID, TEXTOID, FLOAT8OID, FLOAT8OID, INT4OID);

/*
 * Many slots of many days.  What the price has moved from when the first was
 * taken until all were (moved) comes on top of what others made of it since.
 */
static FfStatement use_days = FF_STATEMENT(
	"update fulfillment.location_days d set used = d.used + u.slots,"
	"       paced_at = greatest(d.paced_at, u.until),"
	"       price = greatest(0, greatest(0, d.price - u.fall * greatest(0, u.first - d.paced_at))"
	"                           + u.moved)"
	"  from unnest($2::bigint[], $3::text[], $4::int[], $5::float8[], $6::float8[], $7::int[],"
	"              $8::int[])"
	"    as u (location_id, day, slots, fall, moved, first, until)"
	" where d.merchant_id = $1 and d.location_id = u.location_id and d.day = u.day::date",
	INT4OID, INT8ARRAYOID, TEXTARRAYOID, INT4ARRAYOID, FLOAT8ARRAYOID, FLOAT8ARRAYOID, INT4ARRAYOID,
	INT4ARRAYOID);

/* A part that asks for a slot. */
typedef struct Ask
{
	int64 location_id;
	const char *day;
	const FfRoutedPart *part;
	const FfRouting *routing;
} Ask;

typedef struct Day
{
	int64 location_id;
	const char *day;
	const Ask *asks; /* as the clock stood when they were decided; the first names the day */
	int ask_count;
	int left;
	int taken;
} Day;

typedef struct Days
{
	int count;
	Day *days;   /* by location and day */
	int64 until; /* the clock when all are decided */
} Days;

static int
compare_asks(const void *left, const void *right)
{
	const Ask *a = left;
	const Ask *b = right;
	int by_day;

	if (a->location_id != b->location_id)
		return a->location_id < b->location_id ? -1 : 1;
	by_day = strcmp(a->day, b->day);
	if (by_day != 0)
		return by_day;
	return a->part->clock < b->part->clock ? -1 : a->part->clock > b->part->clock;
}

static int
compare_days(const void *left, const void *right)
{
	const Day *a = left;
	const Day *b = right;

	if (a->location_id != b->location_id)
		return a->location_id < b->location_id ? -1 : 1;
	return strcmp(a->day, b->day);
}

static Day *
find_day(const Days *days, int64 location_id, const char *day)
{
	Day wanted = {.location_id = location_id, .day = day};

	return bsearch(&wanted, days->days, days->count, sizeof(Day), compare_days);
}

/* Every day that a part asks for, once. */
static Days
collect_days(const FfRouting *routings, int count)
{
	Days days = {0};
	Ask *asks;
	int asked = 0;
	int parts = 0;

	for (int r = 0; r < count; r++)
		parts += routings[r].part_count;
	asks = palloc(sizeof(Ask) * (parts + 1));
	for (int r = 0; r < count; r++)
		for (int p = 0; !routings[r].lost && p < routings[r].part_count; p++)
		{
			const FfRoutedPart *part = &routings[r].parts[p];

			days.until = Max(days.until, part->clock + 1);
			if (part->capacity_day != NULL)
				asks[asked++] = (Ask){part->location_id, part->capacity_day, part, &routings[r]};
		}
	qsort(asks, asked, sizeof(Ask), compare_asks);
	days.days = palloc0(sizeof(Day) * (asked + 1));
	for (int a = 0; a < asked; a++)
	{
		Day next = {.location_id = asks[a].location_id, .day = asks[a].day, .asks = &asks[a]};

		if (days.count == 0 || compare_days(&next, &days.days[days.count - 1]) != 0)
			days.days[days.count++] = next;
		days.days[days.count - 1].ask_count++;
	}
	return days;
}

/*
 * Rows of days that had none when it was decided, with what the first slot is
 * worth.  Before any lock, since it waits for whoever adds the same.
 */
static void
add_new(int32 merchant_id, const Days *days)
{
	FfColumn ids;
	FfColumn texts;
	FfColumn prices;

	ff_column_init(&ids, INT8OID);
	ff_column_init(&texts, TEXTOID);
	ff_column_init(&prices, FLOAT8OID);
	for (int d = 0; d < days->count; d++)
	{
		const Day *day = &days->days[d];
		const FfRoutedPart *first = day->asks->part;

		if (!first->new_day)
			continue;
		ff_column_add(&ids, ff_int8(day->location_id));
		ff_column_add(&texts, ff_text(day->day));
		ff_column_add(&prices, ff_float8(first->pace.price));
	}
	if (ids.count > 0)
		ff_run(&add_days,
			   ff_int4(merchant_id),
			   ff_column(&ids),
			   ff_column(&texts),
			   ff_column(&prices));
}

/* What is left of each day, under lock. */
static void
lock_all(int32 merchant_id, Days *days)
{
	FfColumn ids;
	FfColumn texts;
	FfRows rows;

	add_new(merchant_id, days);
	ff_column_init(&ids, INT8OID);
	ff_column_init(&texts, TEXTOID);
	for (int d = 0; d < days->count; d++)
	{
		ff_column_add(&ids, ff_int8(days->days[d].location_id));
		ff_column_add(&texts, ff_text(days->days[d].day));
	}
	rows = ff_run(&lock_days, ff_int4(merchant_id), ff_column(&ids), ff_column(&texts));
	for (uint64 row = 0; row < rows.count; row++)
	{
		/* Any location with any of the days comes back, so some were not asked for. */
		Day *day = find_day(days, ff_row_int8(&rows, row, 1), ff_row_text(&rows, row, 2));

		if (day != NULL)
			day->left = ff_row_null(&rows, row, 4)
							? PG_INT32_MAX
							: ff_row_int4(&rows, row, 4) - ff_row_int4(&rows, row, 3);
	}
}

/* How the price of a day moves from its first ask on, those that took nothing left out. */
static double
price_moved(const Day *day, int64 until)
{
	const FfRoutedPart *first = day->asks->part;
	FfPace pace = first->pace;

	for (int a = 0; a < day->ask_count; a++)
		if (!day->asks[a].routing->lost)
			ff_pace_take(&pace, day->asks[a].part->clock);
	return ff_pace_price(&pace, until) - ff_pace_price(&first->pace, first->clock);
}

/* Slots taken, and what that makes of their price. */
static void
write_taken(int32 merchant_id, const Days *days)
{
	static const Oid types[] = {INT8OID, TEXTOID, INT4OID, FLOAT8OID, FLOAT8OID, INT4OID, INT4OID};
	FfColumn columns[lengthof(types)];

	for (size_t c = 0; c < lengthof(types); c++)
		ff_column_init(&columns[c], types[c]);
	for (int d = 0; d < days->count; d++)
	{
		const Day *day = &days->days[d];
		const FfRoutedPart *first = day->asks->part;

		if (day->taken == 0)
			continue;
		ff_column_add(&columns[0], ff_int8(day->location_id));
		ff_column_add(&columns[1], ff_text(day->day));
		ff_column_add(&columns[2], ff_int4(day->taken));
		ff_column_add(&columns[3], ff_float8(first->pace.fall));
		ff_column_add(&columns[4], ff_float8(price_moved(day, days->until)));
		ff_column_add(&columns[5], ff_int4((int32) first->clock));
		ff_column_add(&columns[6], ff_int4((int32) days->until));
	}
	if (columns[0].count > 0)
		ff_run(&use_days,
			   ff_int4(merchant_id),
			   ff_column(&columns[0]),
			   ff_column(&columns[1]),
			   ff_column(&columns[2]),
			   ff_column(&columns[3]),
			   ff_column(&columns[4]),
			   ff_column(&columns[5]),
			   ff_column(&columns[6]));
}

/* A slot for every part of an order, or none. */
static bool
take_slots(const Days *days, const FfRouting *routing)
{
	int p;

	for (p = 0; p < routing->part_count; p++)
	{
		const FfRoutedPart *part = &routing->parts[p];
		Day *day = part->capacity_day == NULL
					   ? NULL
					   : find_day(days, part->location_id, part->capacity_day);

		if (day == NULL)
			continue;
		if (day->left - day->taken <= 0)
			break;
		day->taken++;
	}
	if (p == routing->part_count)
		return true;
	while (p-- > 0)
		if (routing->parts[p].capacity_day != NULL)
			find_day(days, routing->parts[p].location_id, routing->parts[p].capacity_day)->taken--;
	return false;
}

/* The usual order has one part, and that takes its slot by one statement. */
static bool
take_one(int32 merchant_id, const Day *day)
{
	Days days = {.count = 1, .days = (Day *) day};

	add_new(merchant_id, &days);
	return ff_run(&use_slot,
				  ff_int4(merchant_id),
				  ff_int8(day->location_id),
				  ff_text(day->day),
				  ff_float8(day->asks->part->pace.rise),
				  ff_float8(day->asks->part->pace.fall),
				  ff_int4((int32) day->asks->part->clock))
			   .count == 1;
}

int
ff_capacity_take(int32 merchant_id, FfRouting *routings, int count)
{
	int lost = 0;
	Days days;

	ff_spi_begin();
	days = collect_days(routings, count);
	if (count == 1 && days.count <= 1 && routings->part_count <= 1)
	{
		routings->lost |=
			days.count > 0 && !routings->lost && !take_one(merchant_id, &days.days[0]);
		ff_spi_end();
		return routings->lost;
	}
	if (days.count > 0)
		lock_all(merchant_id, &days);
	for (int r = 0; r < count; r++)
	{
		if (routings[r].lost)
			continue;
		routings[r].lost = !take_slots(&days, &routings[r]);
		lost += routings[r].lost;
	}
	write_taken(merchant_id, &days);
	ff_spi_end();
	return lost;
}
