/*
 * amazon_feeds.c
 *
 * Documents, feeds and their reports.  A feed is done as soon as it is handed
 * in: cancellations cancel, refunds pay, each time they are handed in.  Every
 * second report is compressed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "amazon_feeds.h"

#define MOST 64

typedef struct Document
{
	char *content;
	size_t size;
	bool compressed;
} Document;

typedef struct Feed
{
	char type[64];
	int report; /* the number of its document */
} Feed;

static const Market *market;
static Document documents[MOST];
static int document_count;
static Feed feeds[MOST];
static int feed_count;

void
amazon_feeds_reset(const Market *orders)
{
	market = orders;
	for (int i = 0; i < document_count; i++)
		free(documents[i].content);
	memset(documents, 0, sizeof documents);
	document_count = feed_count = 0;
}

/* A number of ours in a list of so many; -1, and a refusal, when it is none. */
static int
number_of(SimRequest *request, const char *text, int count)
{
	int number = atoi(text);

	if (sim_is_digits(text) && number >= 1 && number <= count)
		return number - 1;
	sim_refuse(request, NULL, "value", "id", "There is no such document or feed.");
	return -1;
}

static void
answer_document(SimRequest *request, int status, int number)
{
	char base[200];
	char *id = sim_format("%d", number + 1);
	char *url =
		sim_format("%s/stored/%d?X-Amz-Signature=1", sim_base_url(request, base), number + 1);
	json_t *json = json_pack("{s:s, s:s}", "feedDocumentId", id, "url", url);

	if (documents[number].compressed)
		json_object_set_new(json, "compressionAlgorithm", json_string("GZIP"));
	sim_reply(request, status, json);
	free(id);
	free(url);
}

static int
new_document(SimRequest *request)
{
	if (document_count < MOST)
		return document_count++;
	sim_refuse(request, NULL, "count", "documents", "The simulator holds no more documents.");
	return -1;
}

void
amazon_feeds_add_document(SimRequest *request)
{
	int number = new_document(request);

	if (number >= 0)
		answer_document(request, 201, number);
}

void
amazon_feeds_store(SimRequest *request)
{
	int number = number_of(request, request->argument[0], document_count);

	if (number < 0)
		return;
	if (sim_header(request, "x-amz-access-token"))
		sim_offence(request,
					false,
					"auth",
					"x-amz-access-token",
					"A stored document is written without a token.");
	free(documents[number].content);
	documents[number].content = sim_format("%.*s", (int) request->body_size, request->body);
	documents[number].size = request->body_size;
	sim_reply_text(request, 200, "application/xml", "", 0);
}

/* The text of a column of a row; columns are separated by tabs. */
static bool
column(const char *row, int number, char *text, size_t size)
{
	const char *end = row + strcspn(row, "\n");

	while (number-- > 0)
	{
		row = memchr(row, '\t', (size_t) (end - row));
		if (!row)
			return false;
		row++;
	}
	snprintf(text, size, "%.*s", (int) strcspn(row, "\t\n"), row);
	return true;
}

static const char *
cancel(MarketOrder *order, const char *row)
{
	(void) row;
	if (order->cancelled || !market_is_whole(order))
		return "18033\tError\tThe order cannot be cancelled any more.";
	order->cancelled = true;
	market_touch(order);
	return NULL;
}

static const char *
refund(MarketOrder *order, const char *row)
{
	char item[40] = "";
	char currency[8] = "";
	char amount[40] = "";

	if (!column(row, 1, item, sizeof item) || !column(row, 3, currency, sizeof currency) ||
		!column(row, 4, amount, sizeof amount) || !sim_is_digits(item) ||
		!sim_is_currency(currency) || !sim_is_decimal(amount))
		return "8026\tError\tThe adjustment is malformed.";
	json_array_append_new(
		order->refunds,
		json_pack("{s:s, s:s, s:s}", "item", item, "currency", currency, "amount", amount));
	market_touch(order);
	return NULL;
}

static const struct
{
	const char *type;
	const char *header; /* the first column of the row before the data */
	const char *(*apply)(MarketOrder *order, const char *row); /* the error, or NULL */
} kinds[] = {
	{"POST_FLAT_FILE_ORDER_ACKNOWLEDGEMENT_DATA", "order-id\tcancellation-reason-code", cancel},
	{"POST_FLAT_FILE_PAYMENT_ADJUSTMENT_DATA",
	 "order-id\torder-item-id\tadjustment-reason-code",
	 refund},
};

/* Applies the rows of a document; answers the report. */
static char *
process(int kind, const char *content)
{
	const char *row = strstr(content, kinds[kind].header);
	char errors[2000] = "";
	int processed = 0;
	int successful = 0;

	row = row ? strchr(row, '\n') : NULL;
	while (row && row[1] && row[1] != '\n')
	{
		char id[60] = "";
		MarketOrder *order;
		const char *error;

		row++;
		processed++;
		column(row, 0, id, sizeof id);
		order = market_order(market, id);
		error = order ? kinds[kind].apply(order, row) : "8560\tError\tThere is no such order.";
		if (!error)
			successful++;
		else
			snprintf(errors + strlen(errors),
					 sizeof errors - strlen(errors),
					 "%d\t\t%s\n",
					 processed,
					 error);
		row = strchr(row, '\n');
	}
	return sim_format(
		"Feed Processing Summary:\n\tNumber of records processed\t\t%d\n"
		"\tNumber of records successful\t\t%d\n\n%s%s",
		processed,
		successful,
		*errors ? "original-record-number\tsku\terror-code\terror-type\terror-message\n" : "",
		errors);
}

static void
store_report(Document *document, char *report, bool compressed)
{
	z_stream stream = {0};

	document->size = strlen(report);
	document->content = report;
	if (!compressed ||
		deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return;
	document->compressed = true;
	document->content = sim_alloc(document->size + 200);
	stream.next_in = (Bytef *) report;
	stream.avail_in = (uInt) document->size;
	stream.next_out = (Bytef *) document->content;
	stream.avail_out = (uInt) document->size + 200;
	deflate(&stream, Z_FINISH);
	document->size = stream.total_out;
	deflateEnd(&stream);
	free(report);
}

void
amazon_feeds_add(SimRequest *request)
{
	const char *type = sim_text(request->json, "feedType", "");
	int number =
		number_of(request, sim_text(request->json, "inputFeedDocumentId", ""), document_count);
	int kind = 0;
	int report;
	char *id;

	while (kind < (int) (sizeof kinds / sizeof *kinds) && strcmp(kinds[kind].type, type) != 0)
		kind++;
	if (number < 0)
		return;
	if (kind == (int) (sizeof kinds / sizeof *kinds) || !documents[number].content ||
		feed_count == MOST)
	{
		sim_refuse(request, NULL, "value", "feedType", "The feed or its document is none.");
		return;
	}
	report = new_document(request);
	if (report < 0)
		return;
	store_report(&documents[report], process(kind, documents[number].content), feed_count % 2 == 1);
	snprintf(feeds[feed_count].type, sizeof feeds[0].type, "%s", type);
	feeds[feed_count].report = report;
	id = sim_format("%d", ++feed_count);
	sim_reply(request, 202, json_pack("{s:s}", "feedId", id));
	free(id);
}

void
amazon_feeds_show(SimRequest *request)
{
	int number = number_of(request, request->argument[0], feed_count);
	char *report;

	if (number < 0)
		return;
	report = sim_format("%d", feeds[number].report + 1);
	sim_reply(request,
			  200,
			  json_pack("{s:s, s:s, s:s, s:s}",
						"feedId",
						request->argument[0],
						"feedType",
						feeds[number].type,
						"processingStatus",
						"DONE",
						"resultFeedDocumentId",
						report));
	free(report);
}

void
amazon_feeds_show_document(SimRequest *request)
{
	int number = number_of(request, request->argument[0], document_count);

	if (number >= 0)
		answer_document(request, 200, number);
}

void
amazon_feeds_fetch(SimRequest *request)
{
	int number = number_of(request, request->argument[0], document_count);

	if (number >= 0 && documents[number].content)
		sim_reply_text(request,
					   200,
					   "application/octet-stream",
					   documents[number].content,
					   documents[number].size);
}

static const SimField document_fields[] = {{"contentType", SIM_STRING, SIM_REQUIRED}, {0}};
SimSchema amazon_document_schema = {"A feed document", true, document_fields, NULL};

static const SimField feed_fields[] = {{"feedType", SIM_STRING, SIM_REQUIRED},
									   {"marketplaceIds", SIM_ARRAY, SIM_REQUIRED},
									   {"marketplaceIds[]", SIM_STRING, SIM_REQUIRED},
									   {"inputFeedDocumentId", SIM_STRING, SIM_REQUIRED},
									   {0}};
SimSchema amazon_feed_schema = {"A feed", true, feed_fields, NULL};
