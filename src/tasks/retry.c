/*
 * retry.c
 *
 * The table of pauses: capped exponential growth with jitter; see retry.h.
 * What a peer asks for is obeyed, and never shortened by the cap.
 */
#include "postgres.h"

#include "tasks/retry.h"

typedef struct Pause
{
	const char *name;
	int first_ms;
	int longest_ms;
	int jitter_percent; /* added at most */
	int max_attempts;   /* 0: as the setting says */
} Pause;

static const Pause pauses[FF_FAILURE_COUNT] = {
	[FF_FAILURE_NOT_SENT] = {"not_sent", 500, 300000, 30, 0},
	[FF_FAILURE_BUSY] = {"busy", 1000, 900000, 30, 0},
	[FF_FAILURE_PEER] = {"peer", 1000, 1800000, 30, 0},
	[FF_FAILURE_UNKNOWN] = {"unknown", 500, 900000, 10, 0},
	[FF_FAILURE_NOT_FOUND_YET] = {"not_found_yet", 2000, 300000, 10, 0},
	[FF_FAILURE_UNAUTHORIZED] = {"unauthorized", 50, 60000, 30, 0},
	[FF_FAILURE_DIED] = {"died", 1000, 60000, 30, 0},
	[FF_FAILURE_OURS] = {"ours", 1000, 1800000, 30, 5},
};

#define LONGEST_WISH_S (7 * 24 * 3600) /* a peer that asks for more gets this */

int64
ff_retry_delay(FfFailure failure, int attempts, int max_attempts, int retry_after_s, double chance)
{
	const Pause *pause = &pauses[failure];
	int64 delay = pause->first_ms;

	if (attempts >= (pause->max_attempts > 0 ? pause->max_attempts : max_attempts))
		return -1;
	for (int i = 1; i < attempts && delay < pause->longest_ms; i++)
		delay *= 2;
	delay = Min(delay, pause->longest_ms);
	delay += (int64) ((double) delay * pause->jitter_percent / 100 * chance);
	if (retry_after_s >= 0)
		delay = Max(delay, Min(retry_after_s, LONGEST_WISH_S) * INT64CONST(1000));
	return delay;
}

const char *
ff_failure_name(FfFailure failure)
{
	return pauses[failure].name;
}
