/*
 * amazon_orders_feed.c
 *
 * What Amazon takes only as a file: cancelled orders and money paid back.  A
 * document is made, filled at the address Amazon names, handed in as a feed,
 * and its report read when the feed is done: six requests, and waiting.
 *
 * A cancellation handed in twice is one.  A refund handed in twice is two, so
 * when the answer to that is lost nothing is repeated: a person looks.
 */
#include "postgres.h"

#include "connectors/amazon_orders.h"
#include "connectors/carrier.h"
#include "pg/gzip.h"

#define FEEDS         "/feeds/2021-06-30"
#define CONTENT_TYPE  "text/tab-separated-values; charset=UTF-8"
#define WAIT_S        60
#define LARGEST       (1024 * 1024)
#define MESSAGE_CHARS 300

/* The address of a document carries its own permission. */
static const FfAuth no_auth = {.kind = FF_AUTH_NONE};

typedef enum Step
{
	STEP_DOCUMENT,
	STEP_UPLOAD,
	STEP_FEED,
	STEP_WAIT,
	STEP_REPORT,
	STEP_READ
} Step;

static const char *const steps[] = {
	[STEP_DOCUMENT] = "document",
	[STEP_UPLOAD] = "upload",
	[STEP_FEED] = "feed",
	[STEP_WAIT] = "wait",
	[STEP_REPORT] = "report",
	[STEP_READ] = "read",
};

static Step
step_of(const FfCall *call)
{
	const char *name = ff_json_text_or(call->state, "step", "");

	for (int i = 0; i < (int) lengthof(steps); i++)
		if (strcmp(steps[i], name) == 0)
			return (Step) i;
	return STEP_DOCUMENT;
}

/* A member that an earlier step has learned. */
static const char *
learned(const FfCall *call, const char *member)
{
	return ff_json_text_or(call->state, member, "");
}

/* Goes on with a step; what is known stays known, and one member is added. */
static void
go_on(const FfCall *call, FfOutcome *outcome, Step step, const char *member, const char *value)
{
	static const char *const kept[] = {"document", "feed", "url"};
	FfJsonWriter next;

	ff_write_init(&next);
	ff_write_object(&next, NULL);
	ff_write_text(&next, "step", steps[step]);
	for (int i = 0; i < (int) lengthof(kept); i++)
		if (strcmp(kept[i], member) != 0)
			ff_write_text(&next, kept[i], ff_json_text_or(call->state, kept[i], NULL));
	ff_write_text(&next, member, value);
	ff_outcome_continue(outcome, ff_write_finish(&next));
}

/* A message to an address that Amazon has named; it must not be read on the way. */
static void
begin_at(const FfCall *call, FfMessage *message, const char *method)
{
	const char *url = learned(call, "url");

	if (!ff_url_is_safe(url))
		ff_connector_fail(
			"amazon_orders", "state.url", "Amazon named an address that is not encrypted.");
	ff_message_init(message);
	ff_message_begin(message, method, url, "");
	message->auth = &no_auth;
}

void
ff_amazon_feed_request(const FfCall *call, FfMessage *message, const FfAmazonFeed *feed)
{
	FfJsonWriter writer;
	char *body;

	ff_write_init(&writer);
	switch (step_of(call))
	{
		case STEP_DOCUMENT:
			ff_amazon_begin(call, message, "POST", FEEDS "/documents");
			ff_write_object(&writer, NULL);
			ff_write_text(&writer, "contentType", CONTENT_TYPE);
			ff_message_json(message, &writer);
			break;
		case STEP_UPLOAD:
			begin_at(call, message, "PUT");
			body = feed->write(call);
			ff_message_body(message, CONTENT_TYPE, body, strlen(body));
			break;
		case STEP_FEED:
			ff_amazon_begin(call, message, "POST", FEEDS "/feeds");
			ff_write_object(&writer, NULL);
			ff_write_text(&writer, "feedType", feed->type);
			ff_write_array(&writer, "marketplaceIds");
			ff_write_text(&writer, NULL, ff_amazon_marketplace(call));
			ff_write_end(&writer);
			ff_write_text(&writer, "inputFeedDocumentId", learned(call, "document"));
			ff_message_json(message, &writer);
			break;
		case STEP_WAIT:
			ff_amazon_begin(call, message, "GET", FEEDS "/feeds/");
			ff_message_segment(message, learned(call, "feed"));
			break;
		case STEP_REPORT:
			ff_amazon_begin(call, message, "GET", FEEDS "/documents/");
			ff_message_segment(message, learned(call, "document"));
			break;
		case STEP_READ:
			begin_at(call, message, "GET");
			message->max_answer = LARGEST;
			break;
	}
}

/* The number at the end of the line that holds some words; -1 without one. */
static long
count_of(const char *report, const char *words)
{
	const char *line = strstr(report, words);

	if (line == NULL)
		return -1;
	line += strlen(words);
	line += strspn(line, " \t:");
	return *line >= '0' && *line <= '9' ? strtol(line, NULL, 10) : -1;
}

/* The text of a column of a line; columns are separated by tabs. */
static char *
column(const char *line, int number)
{
	size_t length = strcspn(line, "\r\n");
	const char *end = line + length;

	while (number-- > 0)
	{
		const char *tab = memchr(line, '\t', end - line);

		if (tab == NULL)
			return NULL;
		line = tab + 1;
	}
	length = strcspn(line, "\t\r\n");
	return length > 0 ? pnstrdup(line, length) : NULL;
}

/* What the report says of the first record that was not taken. */
static void
read_refusal(const char *report, FfOutcome *outcome)
{
	const char *header = strstr(report, "original-record-number");
	const char *line = header != NULL ? strchr(header, '\n') : NULL;
	char *code = line != NULL ? column(line + 1, 2) : NULL;
	char *message = line != NULL ? column(line + 1, 4) : NULL;

	ff_outcome_set(outcome,
				   FF_RESULT_REFUSED,
				   code != NULL ? code : "not_taken",
				   message != NULL ? ff_plain_text(message, MESSAGE_CHARS)
								   : "Amazon did not take every record of the feed.",
				   NULL);
}

static void
read_report(const FfCall *call, const FfReply *reply, const FfAmazonFeed *feed, FfOutcome *outcome)
{
	char *report = ff_gunzip(reply->body, reply->length, LARGEST);
	long processed;
	long successful;

	if (report == NULL)
		report = pnstrdup(reply->body, reply->length);
	processed = count_of(report, "records processed");
	successful = count_of(report, "records successful");
	if (processed < 0 || successful < 0)
		ff_outcome_unreadable(
			outcome, FF_RESULT_UNKNOWN, "The report of the feed says neither yes nor no.");
	else if (successful < processed || processed == 0)
		read_refusal(report, outcome);
	else if (feed->done != NULL)
		feed->done(call, learned(call, "feed"), outcome);
}

static void
read_state(const FfCall *call, const FfJson *json, FfOutcome *outcome)
{
	const char *status = ff_json_text_or(json, "processingStatus", "");
	const char *report = ff_json_text_or(json, "resultFeedDocumentId", NULL);

	if (report != NULL)
		go_on(call, outcome, STEP_REPORT, "document", report);
	else if (strcmp(status, "CANCELLED") == 0 || strcmp(status, "FATAL") == 0)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   status,
					   psprintf("Amazon gave up the feed %s.", learned(call, "feed")),
					   NULL);
	else if (strcmp(status, "DONE") == 0)
		ff_outcome_set(outcome,
					   FF_RESULT_UNKNOWN,
					   "no_report",
					   psprintf("The feed %s is done, and has no report.", learned(call, "feed")),
					   NULL);
	else
	{
		ff_outcome_set(outcome,
					   FF_RESULT_RETRY,
					   "not_done",
					   psprintf("The feed %s is %s.",
								learned(call, "feed"),
								*status != '\0' ? status : "in no known state"),
					   NULL);
		outcome->retry_after_s = WAIT_S;
	}
}

/* What a step that was answered leads to; the answer without what is due is none. */
static void
read_step(const FfCall *call, const FfJson *json, FfOutcome *outcome)
{
	const char *url = ff_json_text_or(json, "url", NULL);
	const char *document = ff_json_text_or(json, "feedDocumentId", NULL);
	const char *feed = ff_json_text_or(json, "feedId", NULL);
	Step step = step_of(call);

	if (step == STEP_WAIT)
		read_state(call, json, outcome);
	else if (step == STEP_DOCUMENT && url != NULL && document != NULL)
	{
		FfJsonWriter next;

		ff_write_init(&next);
		ff_write_object(&next, NULL);
		ff_write_text(&next, "step", steps[STEP_UPLOAD]);
		ff_write_text(&next, "document", document);
		ff_write_text(&next, "url", url);
		ff_outcome_continue(outcome, ff_write_finish(&next));
	}
	else if (step == STEP_FEED && feed != NULL)
		go_on(call, outcome, STEP_WAIT, "feed", feed);
	else if (step == STEP_REPORT && url != NULL)
		go_on(call, outcome, STEP_READ, "url", url);
	else
		ff_outcome_unreadable(outcome,
							  step == STEP_FEED ? FF_RESULT_UNKNOWN : FF_RESULT_RETRY,
							  "Amazon answered without what was asked for.");
}

/* The address of a document ends after five minutes: then another one is asked for. */
static void
read_stored(const FfCall *call, const FfReply *reply, const FfAmazonFeed *feed, FfOutcome *outcome)
{
	bool upload = step_of(call) == STEP_UPLOAD;

	if (ff_outcome_http(call, reply, FF_REPEAT_SAFE, outcome))
	{
		if (upload)
			go_on(call, outcome, STEP_FEED, "url", NULL);
		else
			read_report(call, reply, feed, outcome);
		return;
	}
	if (reply->status == 403)
	{
		outcome->result = FF_RESULT_RETRY;
		outcome->message = "The address of the document has ended.";
		if (upload)
			outcome->next = "{\"step\":\"document\"}";
		else
			outcome->next = psprintf("{\"step\":\"wait\",\"feed\":\"%s\"}", learned(call, "feed"));
	}
}

void
ff_amazon_feed_outcome(const FfCall *call, const FfReply *reply, const FfAmazonFeed *feed,
					   FfOutcome *outcome)
{
	Step step = step_of(call);
	FfJson *json;

	if (step == STEP_UPLOAD || step == STEP_READ)
		read_stored(call, reply, feed, outcome);
	else if (ff_amazon_orders_reply(call, reply, outcome, &json))
		read_step(call, json, outcome);
	else if (step == STEP_FEED && !feed->repeatable &&
			 (reply->status == 0 || (reply->status >= 500 && outcome->retry_after_s < 0)))
		ff_outcome_set(outcome,
					   FF_RESULT_UNKNOWN,
					   "feed_in_doubt",
					   "Nobody knows whether Amazon has the feed: look into its feeds before it is "
					   "handed in again.",
					   NULL);
	if (outcome->result == FF_RESULT_RETRY && outcome->next == NULL && call->state != NULL)
		outcome->next = ff_json_dump(call->state);
}
