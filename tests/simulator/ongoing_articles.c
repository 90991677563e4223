/*
 * ongoing_articles.c
 *
 * Articles and their stock.  A quantity is booked by an open order, allocated
 * when it is there, picked when it leaves its place and gone when it is sent;
 * what a shop may sell is what is on hand and not booked or locked.  "Changed
 * since" walks the trail of stock changes, so it costs what it answers.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ongoing.h"

OngoingArticle *
ongoing_article(long owner, const char *number)
{
	char *key = sim_format("%ld/%s", owner, number);
	OngoingArticle *article = sim_map_get(&ongoing.articles, key);

	free(key);
	return article;
}

OngoingArticle *
ongoing_make_article(long owner, const char *number)
{
	OngoingArticle *article = sim_alloc(sizeof(OngoingArticle));
	char *key = sim_format("%ld/%s", owner, number);

	article->id = ongoing.next_article++;
	article->owner = owner;
	article->body =
		json_pack("{s:I, s:s}", "goodsOwnerId", (json_int_t) owner, "articleNumber", number);
	sim_map_put(&ongoing.articles, key, article);
	sim_map_put_id(&ongoing.articles_by_id, article->id, article);
	ongoing_stock_touch(article);
	free(key);
	return article;
}

void
ongoing_stock_touch(OngoingArticle *article)
{
	sim_trail_touch(&ongoing.stock_changed, &article->step, sim_now());
}

double
ongoing_sellable(const OngoingArticle *article)
{
	return article->on_hand - article->booked - article->locked - article->locked_for_sale;
}

static const char *
number_of(const OngoingArticle *article)
{
	return sim_text(article->body, "articleNumber", "");
}

/* --- put --- */

/* PUT /articles/{id} renames: the old number is free again. */
static OngoingArticle *
renamed(SimRequest *request, long owner, const char *number)
{
	OngoingArticle *article = sim_map_get(&ongoing.articles_by_id, request->argument[1]);
	char *key;

	if (!article || article->owner != owner)
	{
		ongoing_error(request, 404, "Article %.20s does not exist.", request->argument[1]);
		return NULL;
	}
	key = sim_format("%ld/%s", owner, number_of(article));
	sim_map_put(&ongoing.articles, key, NULL);
	free(key);
	key = sim_format("%ld/%s", owner, number);
	sim_map_put(&ongoing.articles, key, article);
	free(key);
	return article;
}

void
ongoing_put_article(SimRequest *request)
{
	long owner = (long) sim_real(request->json, "goodsOwnerId", 0);
	const char *number = sim_text(request->json, "articleNumber", "");
	OngoingArticle *article;
	char *message;

	if (!ongoing_may_write(request, owner))
		return;
	if (request->argument[1])
		article = renamed(request, owner, number);
	else if (!(article = ongoing_article(owner, number)))
		article = ongoing_make_article(owner, number);
	if (!article)
		return;
	json_object_update(article->body, request->json);
	article->puts++;
	message = sim_format(
		"Article %s %s Updated/Created", number, sim_text(article->body, "articleName", ""));
	sim_reply(
		request,
		200,
		json_pack("{s:I, s:s}", "articleSystemId", (json_int_t) article->id, "message", message));
	free(message);
}

/* --- get --- */

static json_t *
inventory_json(const OngoingArticle *article)
{
	return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:o, s:f}",
					 "numberOfItems",
					 article->on_hand,
					 "numberOfBookedItems",
					 article->booked,
					 "allocatedNumberOfItems",
					 article->allocated,
					 "numberOfLockedItems",
					 article->locked,
					 "lockedForSaleNumberOfItems",
					 article->locked_for_sale,
					 "toReceiveNumberOfItems",
					 article->to_receive,
					 "pickedToBeCollectedNumberOfItems",
					 article->picked,
					 "receivedToBeFinishedNumberOfItems",
					 0.0,
					 "sellableNumberOfItems",
					 ongoing_sellable(article),
					 "lastInDate",
					 ongoing_date(article->step.at),
					 "totalStockValue",
					 0.0);
}

static json_t *
article_json(const OngoingArticle *article)
{
	static const char *const members[] = {"articleNumber",
										  "articleName",
										  "productCode",
										  "unitCode",
										  "description",
										  "isStockArticle",
										  "isActive",
										  "supplierInfo",
										  "barCodeInfo",
										  "quantityPerPackage",
										  "quantityPerPallet",
										  "weight",
										  "length",
										  "width",
										  "height",
										  "volume",
										  "purchasePrice",
										  "stockValuationPrice",
										  "customerPrice",
										  "purcaseCurrencyCode",
										  "countryOfOriginCode",
										  "statisticsNumber",
										  "articleGroup",
										  "articleCategory",
										  "stockLimit",
										  "netWeight",
										  "customsDescription",
										  "linkToPicture"};
	json_t *json = json_pack("{s:{s:I, s:s}, s:I}",
							 "goodsOwner",
							 "id",
							 (json_int_t) article->owner,
							 "name",
							 "Demo shop",
							 "articleSystemId",
							 (json_int_t) article->id);

	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		json_object_set_new(json, members[i], ongoing_member(article->body, members[i]));
	json_object_set_new(json, "inventoryInfo", inventory_json(article));
	return json;
}

void
ongoing_get_article(SimRequest *request)
{
	const OngoingArticle *article = sim_map_get(&ongoing.articles_by_id, request->argument[1]);

	if (!article)
		ongoing_error(request, 404, "Article %.20s does not exist.", request->argument[1]);
	else if (ongoing_may(request, article->owner))
		sim_reply(request, 200, article_json(article));
}

/* --- lists --- */

typedef struct Wanted
{
	long owner;
	long from;
	long most;
	double since;
	json_t *numbers;
	bool in_stock;
} Wanted;

static bool
is_wanted(const Wanted *wanted, const OngoingArticle *article)
{
	bool named = json_array_size(wanted->numbers) == 0;

	for (size_t i = 0; i < json_array_size(wanted->numbers); i++)
		named |= sim_is_text(json_array_get(wanted->numbers, i), number_of(article));
	return named && article->owner == wanted->owner && article->id >= wanted->from &&
		   article->step.at >= wanted->since && (!wanted->in_stock || article->on_hand > 0);
}

static int
by_id(const void *a, const void *b)
{
	const OngoingArticle *x = *(OngoingArticle *const *) a;
	const OngoingArticle *y = *(OngoingArticle *const *) b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* Those that changed since, found along the trail and put into the order of ids. */
static json_t *
changed_articles(const Wanted *wanted, json_t *(*show)(const OngoingArticle *article))
{
	size_t room = 64;
	size_t count = 0;
	OngoingArticle **list = sim_alloc(room * sizeof *list);
	json_t *answer = json_array();

	for (SimStep *step = ongoing.stock_changed.newest; step && step->at >= wanted->since;
		 step = step->older)
	{
		OngoingArticle *article = (OngoingArticle *) step;

		if (!is_wanted(wanted, article))
			continue;
		if (count == room)
			list = sim_realloc(list, (room *= 2) * sizeof *list);
		list[count++] = article;
	}
	qsort(list, count, sizeof *list, by_id);
	for (size_t i = 0; i < count && (long) i < wanted->most; i++)
		json_array_append_new(answer, show(list[i]));
	free(list);
	return answer;
}

/* Those that are named, by look-up; everything otherwise, from the cursor on. */
static json_t *
all_articles(const Wanted *wanted, json_t *(*show)(const OngoingArticle *article))
{
	json_t *answer = json_array();
	const OngoingArticle *first = sim_map_at(&ongoing.articles_by_id, 0);
	size_t start = first && wanted->from > first->id ? (size_t) (wanted->from - first->id) : 0;
	size_t i;
	json_t *number;

	json_array_foreach(wanted->numbers, i, number)
	{
		const OngoingArticle *article = ongoing_article(wanted->owner, json_string_value(number));

		if (article && is_wanted(wanted, article) && (long) json_array_size(answer) < wanted->most)
			json_array_append_new(answer, show(article));
	}
	if (json_array_size(wanted->numbers))
		return answer;
	for (; start < ongoing.articles_by_id.count && (long) json_array_size(answer) < wanted->most;
		 start++)
	{
		const OngoingArticle *article = sim_map_at(&ongoing.articles_by_id, start);

		if (is_wanted(wanted, article))
			json_array_append_new(answer, show(article));
	}
	return answer;
}

static void
list_articles(SimRequest *request, json_t *(*show)(const OngoingArticle *article))
{
	const char *stock = sim_query(request, "onlyArticlesInStock");
	Wanted wanted = {.owner = ongoing_query_owner(request),
					 .from = sim_query_int(request, "articleSystemIdFrom", 0),
					 .most = sim_query_int(request, "maxArticlesToGet", 1000),
					 .since = -INFINITY,
					 .in_stock = stock && strcmp(stock, "true") == 0};
	json_t *single;

	if (!wanted.owner || !ongoing_since(request, "stockInfoChangedFrom", &wanted.since))
		return;
	if (sim_query(request, "page") || sim_query(request, "pageSize"))
		sim_offence(request,
					false,
					"query",
					"page",
					"Paging is by articleSystemIdFrom and maxArticlesToGet.");
	wanted.numbers = sim_query_list(request, "articleNumbers");
	single = sim_query_list(request, "articleNumber");
	json_array_extend(wanted.numbers, single);
	json_decref(single);
	sim_reply(request,
			  200,
			  wanted.since > -INFINITY ? changed_articles(&wanted, show)
									   : all_articles(&wanted, show));
	json_decref(wanted.numbers);
}

void
ongoing_list_articles(SimRequest *request)
{
	list_articles(request, article_json);
}

static json_t *
warehouse_json(const OngoingArticle *article)
{
	return json_pack("{s:I, s:s, s:[{s:i, s:f, s:f, s:f, s:f, s:{s:f, s:f, s:f}}]}",
					 "articleSystemId",
					 (json_int_t) article->id,
					 "articleNumber",
					 number_of(article),
					 "inventoryPerWarehouse",
					 "warehouseId",
					 1,
					 "numberOfItems",
					 article->on_hand,
					 "numberOfLockedItems",
					 article->locked,
					 "sellableNumberOfItems",
					 ongoing_sellable(article),
					 "availableForSaleNumberOfItems",
					 ongoing_sellable(article),
					 "reported",
					 "pickedToBeReportedNumberOfItems",
					 article->picked,
					 "returnedToBeReportedNumberOfItems",
					 0.0,
					 "receivedToBeReportedNumberOfItems",
					 0.0);
}

void
ongoing_list_inventory(SimRequest *request)
{
	list_articles(request, warehouse_json);
}

/* --- control --- */

void
ongoing_control_articles(SimRequest *request)
{
	const char *number = sim_query(request, "articleNumber");
	json_t *list = json_array();

	for (size_t i = 0; i < ongoing.articles_by_id.count; i++)
	{
		const OngoingArticle *article = sim_map_at(&ongoing.articles_by_id, i);

		if (!number || strcmp(number, number_of(article)) == 0)
			json_array_append_new(
				list,
				json_pack("{s:i, s:o}", "puts", article->puts, "article", article_json(article)));
	}
	sim_reply(request, 200, json_pack("{s:o}", "articles", list));
}

static void
set_stock(const json_t *json, long owner)
{
	OngoingArticle *article = ongoing_article(owner, sim_text(json, "articleNumber", ""));

	if (!article)
		article = ongoing_make_article(owner, sim_text(json, "articleNumber", ""));
	article->on_hand = sim_real(json, "numberOfItems", article->on_hand) + sim_real(json, "add", 0);
	article->locked = sim_real(json, "numberOfLockedItems", article->locked);
	article->locked_for_sale =
		sim_real(json, "lockedForSaleNumberOfItems", article->locked_for_sale);
	article->to_receive = sim_real(json, "toReceiveNumberOfItems", article->to_receive);
	ongoing_stock_touch(article);
}

/* Sets (or adds to) the stock of articles; unknown ones are made, as if staff had done it. */
void
ongoing_control_stock(SimRequest *request)
{
	long owner = (long) sim_real(request->json, "goodsOwnerId", 159);
	size_t i;
	json_t *article;

	json_array_foreach(json_object_get(request->json, "articles"), i, article)
		set_stock(article, owner);
	sim_reply(
		request, 200, json_pack("{s:I}", "articles", (json_int_t) ongoing.articles_by_id.count));
}

static const SimField stock_fields[] = {{"goodsOwnerId", SIM_INTEGER, 0},
										{"articles", SIM_ARRAY, SIM_REQUIRED},
										{"articles[].articleNumber", SIM_STRING, SIM_REQUIRED},
										{"articles[].numberOfItems", SIM_NUMBER, 0},
										{"articles[].add", SIM_NUMBER, 0},
										{"articles[].numberOfLockedItems", SIM_NUMBER, 0},
										{"articles[].lockedForSaleNumberOfItems", SIM_NUMBER, 0},
										{"articles[].toReceiveNumberOfItems", SIM_NUMBER, 0},
										{0}};
SimSchema ongoing_stock_schema = {"A stock change", true, stock_fields, NULL};

static void
free_article(void *subject)
{
	OngoingArticle *article = subject;

	json_decref(article->body);
	free(article);
}

void
ongoing_articles_reset(void)
{
	sim_map_clear(&ongoing.articles, NULL);
	sim_map_clear(&ongoing.articles_by_id, free_article);
}
