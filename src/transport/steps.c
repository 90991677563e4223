/*
 * steps.c
 *
 * Who may go on the wire when; see steps.h.  A transfer that needs a token
 * asks the shared table: it uses the token, fetches one on its own slot, or
 * waits for who does.  Transfers to a host whose name is being resolved wait
 * for that look-up and share its failure, so that a dead resolver costs one
 * thread and one time-out, not one for each.
 */
#include "postgres.h"

#include <time.h>

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "pg/guc.h"
#include "transport/scheme.h"
#include "transport/steps.h"

#define DEFAULT_HEADER_BYTES 65536
#define TOKEN_BODY_BYTES     65536
#define TOKEN_TIMEOUT_MS     20000
#define MOST_TOKEN_CALLS     2

static void advance(FfWire *wire, FfSlot *slot);

static void
move(FfSlot *slot, dlist_head *list, FfSlotState state)
{
	dlist_delete(&slot->node);
	dlist_push_tail(list, &slot->node);
	slot->state = state;
}

void
ff_step_settle(FfWire *wire, FfSlot *slot)
{
	if (slot->fetches)
	{
		ff_token_release(slot->fetches);
		slot->fetches = NULL;
		wire->tokens_changed = true;
	}
	move(slot, &wire->finished, FF_SLOT_FINISHED);
}

/* The transfer ends before anything was sent; its error stands already. */
static void
give_up(FfWire *wire, FfSlot *slot)
{
	slot->transfer->fate = FF_FATE_NOT_SENT;
	ff_step_settle(wire, slot);
}

static bool
same_host(const FfSlot *one, const FfSlot *other)
{
	return one->request.port == other->request.port &&
		   pg_strcasecmp(one->request.host, other->request.host) == 0;
}

/* True while another transfer's look-up of the same name is under way. */
static bool
being_resolved(FfWire *wire, const FfSlot *slot)
{
	dlist_iter place;

	dlist_foreach (place, &wire->active)
	{
		const FfSlot *other = dlist_container(FfSlot, node, place.cur);

		if (!other->resolved && same_host(slot, other))
			return true;
	}
	return false;
}

/* Hands a built request to curl, or lets it wait for a name that is being resolved. */
static void
launch(FfWire *wire, FfSlot *slot, FfSlotState state)
{
	if (being_resolved(wire, slot))
	{
		slot->next = state;
		move(slot, &wire->waiting, FF_SLOT_AWAITS_HOST);
		return;
	}
	if (slot->request.scheme->protocol == FF_PROTOCOL_DIRECTORY)
	{
		ff_directory_carry(slot);
		ff_step_settle(wire, slot);
	}
	else if (!ff_slot_arm(slot))
		give_up(wire, slot);
	else if (curl_multi_add_handle(wire->multi, slot->easy) != CURLM_OK)
	{
		strlcpy(slot->transfer->error, "out of memory", FF_WIRE_ERROR_SIZE);
		give_up(wire, slot);
	}
	else
		move(slot, &wire->active, state);
}

static void
set_limits(FfSlot *slot)
{
	const FfLimits *wanted = &slot->transfer->limits;
	FfLimits *limits = &slot->limits;

	limits->timeout_ms = wanted->timeout_ms > 0 ? wanted->timeout_ms : ff_guc_call_timeout;
	limits->connect_timeout_ms =
		wanted->connect_timeout_ms > 0 ? wanted->connect_timeout_ms : ff_guc_connect_timeout;
	limits->max_body_bytes = wanted->max_body_bytes > 0 ? wanted->max_body_bytes
							 : slot->transfer->message.max_answer > 0
								 ? slot->transfer->message.max_answer
								 : ff_guc_max_body * 1024;
	limits->max_header_bytes =
		wanted->max_header_bytes > 0 ? wanted->max_header_bytes : DEFAULT_HEADER_BYTES;
}

/* Fetches the token of a key on the slot itself; a grant is fetched by the token. */
static void
launch_token_call(FfWire *wire, FfSlot *slot, FfTokenKey *key, const char *token)
{
	FfTransfer *transfer = slot->transfer;
	bool done;

	slot->fetches = key;
	if (++slot->token_calls > (transfer->auth->grant ? 2 : 1) * MOST_TOKEN_CALLS)
	{
		strlcpy(transfer->error,
				"the access token does not last long enough to be used",
				FF_WIRE_ERROR_SIZE);
		give_up(wire, slot);
		return;
	}
	set_limits(slot);
	slot->limits.timeout_ms = Min(slot->limits.timeout_ms, TOKEN_TIMEOUT_MS);
	slot->limits.max_body_bytes = TOKEN_BODY_BYTES;
	ff_request_wipe(&slot->request);
	if (key == &slot->grant_key)
		done = ff_token_grant_request(&slot->request, transfer, token, transfer->error);
	else
		done = ff_token_call_request(&slot->request, transfer, transfer->error);
	if (done)
		launch(wire, slot, FF_SLOT_TOKEN_CALL);
	else
		give_up(wire, slot);
}

static void
launch_call(FfWire *wire, FfSlot *slot, const char *token, const char *grant)
{
	FfTransfer *transfer = slot->transfer;

	set_limits(slot);
	ff_request_wipe(&slot->request);
	if (ff_request_from_message(&slot->request,
								&transfer->message,
								transfer->schemes,
								transfer->secrets,
								transfer->error) &&
		ff_scheme_apply(
			&slot->request, transfer, token, grant, (int64) time(NULL), transfer->error))
		launch(wire, slot, FF_SLOT_CALL);
	else
		give_up(wire, slot);
}

/*
 * Looks for the token of a key.  True when it is there; otherwise the slot
 * has begun to fetch it (by the token, when it is a grant), waits, or is given
 * up.
 */
static bool
find_token(FfWire *wire, FfSlot *slot, FfTokenKey *key, const char *token, FfTokenAnswer *answer)
{
	FfTransfer *transfer = slot->transfer;

	switch (ff_token_look_up(key, GetCurrentTimestamp(), answer))
	{
		case FF_TOKEN_USE:
			return true;
		case FF_TOKEN_FETCH:
			launch_token_call(wire, slot, key, token);
			break;
		case FF_TOKEN_WAIT:
			/* one that waits already keeps its place */
			if (slot->state != FF_SLOT_AWAITS_TOKEN)
				move(slot, &wire->waiting, FF_SLOT_AWAITS_TOKEN);
			break;
		case FF_TOKEN_FAILED:
			strlcpy(transfer->error, answer->error, FF_WIRE_ERROR_SIZE);
			transfer->unauthorized = answer->unauthorized;
			transfer->retry_after_s = answer->retry_after_s;
			give_up(wire, slot);
			break;
	}
	return false;
}

/* The next step of a transfer that is not on the wire: fetch a token, wait for one, or send. */
static void
advance(FfWire *wire, FfSlot *slot)
{
	FfTransfer *transfer = slot->transfer;
	FfTokenAnswer token;
	FfTokenAnswer grant;

	if (!ff_scheme_needs_token(transfer->auth))
	{
		launch_call(wire, slot, NULL, NULL);
		return;
	}
	grant.token[0] = '\0';
	if (find_token(wire, slot, &slot->token_key, NULL, &token))
	{
		transfer->token_generation = token.generation;
		if (transfer->auth->grant == NULL ||
			find_token(wire, slot, &slot->grant_key, token.token, &grant))
			launch_call(wire, slot, token.token, grant.token);
	}
	explicit_bzero(&token, sizeof(token));
	explicit_bzero(&grant, sizeof(grant));
}

void
ff_step_begin(FfWire *wire, FfSlot *slot)
{
	FfTransfer *transfer = slot->transfer;

	transfer->auth = ff_scheme_auth(transfer);
	slot->token_calls = 0;
	slot->fetches = NULL;
	slot->token_key.database = MyDatabaseId;
	slot->token_key.merchant_id = transfer->merchant_id;
	slot->token_key.connection_id = transfer->connection_id;
	slot->token_key.place =
		transfer->auth && transfer->auth->apart ? FF_TOKEN_APART : FF_TOKEN_FIRST;
	slot->grant_key = slot->token_key;
	slot->grant_key.place = FF_TOKEN_GRANT;
	if (ff_scheme_needs_token(transfer->auth) &&
		!ff_token_call_digest(
			transfer, slot->token_key.credentials, slot->grant_key.credentials, transfer->error))
		give_up(wire, slot);
	else
		advance(wire, slot);
}

/* What the call for a token brought, also when it brought nothing. */
static void
read_token_call(FfSlot *slot, FfTokenReply *result)
{
	FfReply reply;

	memset(result, 0, sizeof(FfTokenReply));
	result->retry_after_s = -1;
	if (slot->transfer->fate != FF_FATE_ANSWERED)
		snprintf(result->error,
				 FF_TOKEN_ERROR_SIZE,
				 "could not get an access token: %s",
				 slot->transfer->error);
	else if (!ff_slot_reply(slot, &reply))
		strlcpy(result->error, "could not get an access token: out of memory", FF_TOKEN_ERROR_SIZE);
	else
		ff_token_call_reply(result,
							&reply,
							slot->fetches == &slot->grant_key ? slot->transfer->auth->grant : NULL,
							(int64) time(NULL));
}

static void
finish_token_call(FfWire *wire, FfSlot *slot)
{
	FfTokenReply result;

	read_token_call(slot, &result);
	if (result.token[0] != '\0')
		ff_token_store(slot->fetches, result.token, result.lifetime_s, GetCurrentTimestamp());
	else
		ff_token_fail(slot->fetches,
					  result.error,
					  result.unauthorized,
					  result.retry_after_s,
					  GetCurrentTimestamp());
	explicit_bzero(&result, sizeof(result));
	slot->fetches = NULL;
	slot->transfer->fate = FF_FATE_PENDING;
	slot->transfer->error[0] = '\0';
	wire->tokens_changed = true;
	ff_slot_clear(slot);
	advance(wire, slot);
}

/* A name could not be resolved: who waited for the same look-up shares its end. */
static void
fail_followers(FfWire *wire, const FfSlot *leader)
{
	dlist_mutable_iter place;

	dlist_foreach_modify (place, &wire->waiting)
	{
		FfSlot *slot = dlist_container(FfSlot, node, place.cur);

		if (slot->state != FF_SLOT_AWAITS_HOST || !same_host(slot, leader))
			continue;
		strlcpy(slot->transfer->error, leader->transfer->error, FF_WIRE_ERROR_SIZE);
		slot->transfer->fate = FF_FATE_NOT_SENT;
		if (slot->next == FF_SLOT_TOKEN_CALL)
			finish_token_call(wire, slot);
		else
			ff_step_settle(wire, slot);
	}
}

void
ff_step_end(FfWire *wire, FfSlot *slot, CURLcode code)
{
	bool unresolved = !slot->resolved && code != CURLE_OK;

	if (slot->stale && !slot->opened && code == CURLE_ABORTED_BY_CALLBACK)
	{
		launch(wire, slot, slot->state); /* nothing was sent: again, over a new connection */
		return;
	}
	ff_slot_judge(slot, code);
	/* nobody waits for this look-up any more */
	slot->resolved = true;
	if (unresolved)
		fail_followers(wire, slot);
	if (slot->state == FF_SLOT_TOKEN_CALL)
		finish_token_call(wire, slot);
	else
		ff_step_settle(wire, slot);
}

void
ff_step_recheck(FfWire *wire, int64 now_ms)
{
	dlist_mutable_iter place;
	bool tokens = wire->tokens_changed || now_ms - wire->tokens_seen_at >= FF_TOKEN_PAUSE_MS;

	wire->tokens_changed = false;
	if (tokens)
		wire->tokens_seen_at = now_ms;
	dlist_foreach_modify (place, &wire->waiting)
	{
		FfSlot *slot = dlist_container(FfSlot, node, place.cur);

		if (slot->state == FF_SLOT_AWAITS_TOKEN && tokens)
			advance(wire, slot);
		else if (slot->state == FF_SLOT_AWAITS_HOST && !being_resolved(wire, slot))
			launch(wire, slot, slot->next);
	}
}

void
ff_step_free(FfWire *wire, FfSlot *slot)
{
	ff_slot_clear(slot);
	slot->transfer = NULL;
	move(slot, &wire->free, FF_SLOT_FREE);
	wire->room++;
}
