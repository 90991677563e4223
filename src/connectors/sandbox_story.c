/*
 * sandbox_story.c
 *
 * The sandbox's laws: its triggers, its clock and the ways of its parcels, as
 * tables.  It writes no document; see sandbox.c.
 *
 * A trigger is the name of the recipient (or company), or the SKU of a line,
 * or for a whole connection the setting "fault".  Letters may be of either
 * case, and a blank, "_" and "-" are the same:
 *
 *   sandbox-refused          create_shipment is refused
 *   sandbox-bad-address      the address is refused, with the field to correct
 *   sandbox-timeout-found    the answer to the first create_shipment is lost; it is found
 *   sandbox-timeout-absent   the same, but nothing is found; the second attempt works
 *   sandbox-short            one unit of the line (of the first one) cannot be picked
 *   sandbox-lost             the parcel is lost on its way
 *   sandbox-delayed          the parcel is late
 *   sandbox-returned         the parcel comes back to the sender
 *   sandbox-rate-limit       the first attempt is told to come back later
 *   sandbox-unauthorized     the credentials are refused
 *   sandbox-no-cancel        cancel_shipment is refused at any time
 *   sandbox-in-steps         create_shipment takes two requests, and the second has to wait once
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "connectors/sandbox.h"

static const struct
{
	const char *name;
	SandboxTrigger trigger;
} triggers_by_name[] = {
	{"sandbox-refused", SANDBOX_REFUSED},
	{"sandbox-bad-address", SANDBOX_BAD_ADDRESS},
	{"sandbox-timeout-found", SANDBOX_TIMEOUT_FOUND},
	{"sandbox-timeout-absent", SANDBOX_TIMEOUT_ABSENT},
	{"sandbox-short", SANDBOX_SHORT},
	{"sandbox-lost", SANDBOX_LOST},
	{"sandbox-delayed", SANDBOX_DELAYED},
	{"sandbox-returned", SANDBOX_RETURNED},
	{"sandbox-rate-limit", SANDBOX_RATE_LIMIT},
	{"sandbox-unauthorized", SANDBOX_UNAUTHORIZED},
	{"sandbox-no-cancel", SANDBOX_NO_CANCEL},
	{"sandbox-in-steps", SANDBOX_IN_STEPS},
};

static const SandboxEvent normal_way[] = {{0, "label_created", "SB10", "Label created", false},
										  {3, "in_transit", "SB30", "Picked up", false},
										  {4, "out_for_delivery", "SB40", "Out for delivery", true},
										  {5, "delivered", "SB70", "Delivered", true},
										  {-1}};
static const SandboxEvent lost_way[] = {{0, "label_created", "SB10", "Label created", false},
										{3, "in_transit", "SB30", "Picked up", false},
										{6, "lost", "SB65", "Not found at any terminal", false},
										{-1}};
static const SandboxEvent delayed_way[] = {
	{0, "label_created", "SB10", "Label created", false},
	{3, "in_transit", "SB30", "Picked up", false},
	{4, "delayed", "SB35", "Delayed by weather", false},
	{7, "out_for_delivery", "SB40", "Out for delivery", true},
	{8, "delivered", "SB70", "Delivered", true},
	{-1}};
static const SandboxEvent returned_way[] = {
	{0, "label_created", "SB10", "Label created", false},
	{3, "in_transit", "SB30", "Picked up", false},
	{5, "attempted", "SB42", "Nobody took the parcel", true},
	{6, "returning", "SB60", "On its way back to the sender", true},
	{8, "returned", "SB72", "Back at the sender", false},
	{-1}};

/* A parcel's way by the letter that stands in its tracking number. */
static const struct
{
	char letter;
	int trigger;
	const SandboxEvent *timeline;
} ways[] = {
	{'L', SANDBOX_LOST, lost_way},
	{'R', SANDBOX_RETURNED, returned_way},
	{'D', SANDBOX_DELAYED, delayed_way},
	{'N', 0, normal_way},
};

static int
way_of(int triggers)
{
	int i = 0;

	while (ways[i].trigger != 0 && (triggers & ways[i].trigger) == 0)
		i++;
	return i;
}

const SandboxEvent *
ff_sandbox_timeline(int triggers)
{
	return ways[way_of(triggers)].timeline;
}

int
ff_sandbox_delivery(int triggers)
{
	for (const SandboxEvent *event = ff_sandbox_timeline(triggers); event->step >= 0; event++)
		if (strcmp(event->status, "delivered") == 0)
			return event->step;
	return -1;
}

int
ff_sandbox_trigger(const char *text)
{
	if (text == NULL)
		return 0;
	for (int i = 0; i < (int) lengthof(triggers_by_name); i++)
	{
		const char *name = triggers_by_name[i].name;
		const char *c = text;

		while (*name != '\0' && (pg_ascii_tolower((unsigned char) *c) == (unsigned char) *name ||
								 (*name == '-' && (*c == ' ' || *c == '_'))))
		{
			name++;
			c++;
		}
		if (*name == '\0' && *c == '\0')
			return triggers_by_name[i].trigger;
	}
	return 0;
}

int
ff_sandbox_triggers(const FfCall *call)
{
	static const char *const places[] = {"shipment.ship_to.name",
										 "shipment.ship_to.company",
										 "shipment.changes.ship_to.name",
										 "address.name",
										 "address.company"};
	static const char *const lists[] = {"shipment.lines", "return.lines"};
	char *fault = ff_json_text(call->config, "fault");
	int triggers = ff_sandbox_trigger(fault);

	/* the setting may leave out the first word, which says nothing new there */
	if (fault != NULL)
		triggers |= ff_sandbox_trigger(psprintf("sandbox-%s", fault));
	for (int i = 0; i < (int) lengthof(places); i++)
		triggers |= ff_sandbox_trigger(ff_json_text(call->document, places[i]));
	for (int i = 0; i < (int) lengthof(lists); i++)
	{
		FfJson *lines = ff_json_get(call->document, lists[i]);

		for (int j = 0; j < ff_json_count(lines); j++)
			triggers |= ff_sandbox_trigger(ff_json_text(ff_json_at(lines, j), "sku"));
	}
	return triggers;
}

TimestampTz
ff_sandbox_start(const FfCall *call)
{
	TimestampTz start;

	if (ff_time_parse(ff_json_text(call->document, "shipment.accepted_at"), &start) ||
		ff_time_parse(ff_json_text(call->document, "shipment.created_at"), &start))
		return start;
	return call->now;
}

/* The clock's step in microseconds; 0 when everything happens at once. */
static int64
step_length(const FfCall *call)
{
	int64 seconds = ff_json_int64_or(call->config, "clock_seconds", 60);

	return Max(0, Min(seconds, SECS_PER_DAY)) * USECS_PER_SEC;
}

int
ff_sandbox_steps(const FfCall *call, TimestampTz start)
{
	int64 step = step_length(call);

	if (call->now < start)
		return 0;
	if (step == 0)
		return PG_INT32_MAX;
	return (int) Min((call->now - start) / step, PG_INT32_MAX);
}

TimestampTz
ff_sandbox_time(const FfCall *call, TimestampTz start, int step)
{
	return start + step * step_length(call);
}

#define DIGITS      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define PREFIX      "SBX"
#define TIME_DIGITS 6 /* seconds since 1970 */
#define HASH_DIGITS 10

static char *
base36(uint64 value, int digits)
{
	char *text = palloc0(digits + 1);

	for (int i = digits - 1; i >= 0; i--, value /= 36)
		text[i] = DIGITS[value % 36];
	return text;
}

char *
ff_sandbox_stamp(TimestampTz time)
{
	int64 seconds = (int64) timestamptz_to_time_t(time);

	return base36((uint64) Max(0, Min(seconds, PG_INT32_MAX)), TIME_DIGITS);
}

bool
ff_sandbox_read_stamp(const char *text, TimestampTz *time)
{
	int64 seconds = 0;

	for (int i = 0; i < TIME_DIGITS; i++)
	{
		const char *digit = text[i] != '\0' ? strchr(DIGITS, text[i]) : NULL;

		if (digit == NULL)
			return false;
		seconds = seconds * 36 + (digit - DIGITS);
	}
	*time = time_t_to_timestamptz((pg_time_t) seconds);
	return seconds > 0;
}

/*
 * SBX, the way's letter, the time of the request, a hash of the reference, the
 * package's number: enough to be tracked without its shipment, and the same
 * for create_shipment and find_shipment.
 */
char *
ff_sandbox_tracking_number(const FfCall *call, int package)
{
	const char *reference = ff_json_text_or(call->document, "shipment.reference", "");
	uint64 hash = UINT64CONST(14695981039346656037);
	TimestampTz created;
	char *stamp = base36(0, TIME_DIGITS);

	for (const char *c = reference; *c != '\0'; c++)
		hash = (hash ^ (unsigned char) *c) * UINT64CONST(1099511628211);
	if (ff_time_parse(ff_json_text(call->document, "shipment.created_at"), &created))
		stamp = ff_sandbox_stamp(created);
	return psprintf(PREFIX "%c%s%s%02d",
					ways[way_of(ff_sandbox_triggers(call))].letter,
					stamp,
					base36(hash, HASH_DIGITS),
					package % 100);
}

bool
ff_sandbox_read_number(const FfCall *call, const char *number, int *triggers, TimestampTz *start)
{
	size_t length = strlen(PREFIX);
	int way = 0;

	if (strncmp(number, PREFIX, length) != 0 ||
		strlen(number) != length + 1 + TIME_DIGITS + HASH_DIGITS + 2)
		return false;
	while (way < (int) lengthof(ways) && ways[way].letter != number[length])
		way++;
	if (way == (int) lengthof(ways))
		return false;
	*triggers = ways[way].trigger;
	if (!ff_sandbox_read_stamp(number + length + 1, start))
		*start = call->now;
	return true;
}
