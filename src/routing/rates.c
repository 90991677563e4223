/*
 * rates.c
 *
 * Reads what carriers quoted, one statement whatever the number of orders, and
 * finds what fits.  A quote is for one weight and volume; it counts for
 * whatever the service weighs the same, which its step and divisor say.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "pg/json.h"
#include "pg/spi.h"
#include "routing/price.h"
#include "routing/rates.h"

static FfStatement rates_of_destinations = FF_STATEMENT(
	"select r.provider_id, r.location_id, r.country, r.area, r.residential, r.weight_g,"
	"       r.volume_mm3, coalesce(r.answered_at > $4 - w.rates_for, false), r.ask_again_at > $4,"
	"       r.problem is not null, r.answered_at, s.service_id,"
	"       (q.amount * 1000000)::bigint, q.currency, q.transit_days"
	"  from (select distinct p.provider_id, p.rates_for, d.country,"
	"               left(d.postcode, coalesce(p.rates_area, 100)) as area"
	"          from unnest($2, $3) as d (country, postcode)"
	"          join fulfillment.providers p on p.merchant_id = $1 and p.active and p.live_rates) w"
	"  join fulfillment.rate_requests r on r.merchant_id = $1 and r.country = w.country"
	"   and r.area = w.area and r.provider_id = w.provider_id"
	"  left join fulfillment.rate_quotes q on q.merchant_id = $1"
	"   and q.rate_request_id = r.rate_request_id"
	"  left join fulfillment.services s on s.merchant_id = $1 and s.provider_id = r.provider_id"
	"   and s.provider_code = q.service"
	" where r.answered_at > $4 - w.rates_for or r.ask_again_at > $4"
	" order by r.rate_request_id, q.service",
	INT4OID, TEXTARRAYOID, TEXTARRAYOID, TIMESTAMPTZOID);

/* Whose rates are asked for, and of which destination. */
typedef struct Place
{
	int64 provider_id;
	int64 location_id;
	const char *country;
	const char *area;
	bool residential;
} Place;

static int
compare_places(const Place *a, const Place *b)
{
	int order;

	if (a->provider_id != b->provider_id)
		return a->provider_id < b->provider_id ? -1 : 1;
	if (a->location_id != b->location_id)
		return a->location_id < b->location_id ? -1 : 1;
	order = strcmp(a->country, b->country);
	if (order == 0)
		order = strcmp(a->area, b->area);
	return order != 0 ? order : (int) a->residential - (int) b->residential;
}

static Place
place_of(const FfRate *rate)
{
	return (Place){
		rate->provider_id, rate->location_id, rate->country, rate->area, rate->residential};
}

static int
compare_rates(const void *left, const void *right)
{
	const FfRate *a = left;
	const FfRate *b = right;
	Place first = place_of(a);
	Place second = place_of(b);
	int order = compare_places(&first, &second);

	if (order != 0)
		return order;
	if (a->quoted_at != b->quoted_at)
		return a->quoted_at > b->quoted_at ? -1 : 1;
	if (a->weight_g != b->weight_g)
		return a->weight_g < b->weight_g ? -1 : 1;
	return a->volume_mm3 < b->volume_mm3 ? -1 : a->volume_mm3 > b->volume_mm3;
}

/* As much of a destination's postcode as a provider's prices depend on. */
static char *
area_of(const FfService *service, const FfDemand *demand)
{
	int length = demand->postcode == NULL ? 0 : (int) strlen(demand->postcode);

	if (service->area > 0)
		length = pg_mbcharcliplen(demand->postcode, length, service->area);
	return length == 0 ? "" : pnstrdup(demand->postcode, length);
}

/* The step of weight that such goods come to, and in how many parcels. */
static FfTariffQuote
weigh(const FfService *service, int64 weight_g, int64 volume_mm3)
{
	FfTariff tariff = ff_service_tariff(service);
	int64 counted = ff_tariff_weight(&tariff, weight_g, volume_mm3);
	int64 steps = (counted + service->step_g - 1) / service->step_g;

	return (FfTariffQuote){.from_g = Max((steps - 1) * service->step_g + 1, 0),
						   .to_g = steps * service->step_g + 1,
						   .parcels = ff_tariff_parcels(&tariff, counted, volume_mm3)};
}

static const FfService *
find_service(const FfNetwork *network, int64 service_id)
{
	for (int s = 0; s < network->nservices; s++)
		if (service_id != 0 && network->services[s].service_id == service_id)
			return &network->services[s];
	return NULL;
}

static void
read_rate(const FfNetwork *network, FfRate *rate, const FfRows *rows, uint64 row)
{
	char *currency = ff_row_text(rows, row, 14);

	rate->provider_id = ff_row_int8(rows, row, 1);
	rate->location_id = ff_row_int8(rows, row, 2);
	rate->country = ff_row_text(rows, row, 3);
	rate->area = ff_row_text(rows, row, 4);
	rate->residential = ff_row_bool(rows, row, 5);
	rate->weight_g = ff_row_int8(rows, row, 6);
	rate->volume_mm3 = ff_row_int8(rows, row, 7);
	rate->fresh = ff_row_bool(rows, row, 8);
	rate->barred = ff_row_bool(rows, row, 9);
	rate->failed = ff_row_bool(rows, row, 10);
	rate->quoted_at = ff_row_time(rows, row, 11);
	rate->transit_days = ff_row_null(rows, row, 15) ? -1 : ff_row_int4(rows, row, 15);
	if (rate->fresh && currency != NULL && strcmp(currency, network->settings.currency) == 0)
		rate->service = find_service(network, ff_row_int8(rows, row, 12));
	if (rate->service == NULL)
		return;
	rate->quote = weigh(rate->service, rate->weight_g, rate->volume_mm3);
	rate->quote.amount = ff_row_int8(rows, row, 13);
}

static bool
any_live(const FfNetwork *network)
{
	for (int s = 0; s < network->nservices; s++)
		if (network->services[s].live)
			return true;
	return false;
}

void
ff_rates_load(FfNetwork *network, const FfDemand *demands, int count)
{
	FfColumn countries;
	FfColumn postcodes;
	FfRows rows;

	if (!any_live(network))
		return;
	ff_column_init(&countries, TEXTOID);
	ff_column_init(&postcodes, TEXTOID);
	for (int d = 0; d < count; d++)
		if (demands[d].country != NULL)
		{
			ff_column_add(&countries, ff_text(demands[d].country));
			ff_column_add(&postcodes, ff_text(demands[d].postcode ? demands[d].postcode : ""));
		}
	rows = ff_run(&rates_of_destinations,
				  ff_int4(network->merchant_id),
				  ff_column(&countries),
				  ff_column(&postcodes),
				  ff_time(network->now));
	network->rates = palloc0(sizeof(FfRates));
	network->rates->count = (int) rows.count;
	network->rates->rates = palloc0(sizeof(FfRate) * (rows.count + 1));
	for (uint64 row = 0; row < rows.count; row++)
		read_rate(network, &network->rates->rates[row], &rows, row);
	qsort(network->rates->rates, rows.count, sizeof(FfRate), compare_rates);
}

/* The rates of a place; they are neighbours. */
static int
rates_of(const FfNetwork *network, const Place *place, const FfRate **first)
{
	const FfRates *rates = network->rates;
	int low = 0;
	int high = rates->count;
	int count = 0;

	while (low < high)
	{
		int middle = (low + high) / 2;
		Place there = place_of(&rates->rates[middle]);

		if (compare_places(&there, place) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*first = &rates->rates[low];
	for (; low + count < rates->count; count++)
	{
		Place there = place_of(&rates->rates[low + count]);

		if (compare_places(&there, place) != 0)
			break;
	}
	return count;
}

static bool
same_weight(const FfTariffQuote *a, const FfTariffQuote *b)
{
	return a->to_g == b->to_g && a->parcels == b->parcels;
}

int
ff_rates_find(const FfNetwork *network, const FfService *service, const FfLocation *location,
			  const FfDemand *demand, const FfRate ***rates)
{
	Place place = {
		service->provider_id, location->location_id, demand->country, NULL, demand->residential};
	const FfRate *first;
	int kept = 0;
	int count;

	if (!service->live || network->rates == NULL || demand->country == NULL)
		return 0;
	place.area = area_of(service, demand);
	count = rates_of(network, &place, &first);
	*rates = palloc(sizeof(FfRate *) * (count + 1));
	for (int r = 0; r < count; r++)
	{
		bool known = first[r].service != service;

		for (int k = 0; k < kept && !known; k++)
			known = same_weight(&(*rates)[k]->quote, &first[r].quote);
		if (!known)
			(*rates)[kept++] = &first[r];
	}
	return kept;
}

/* Whether an answer about one content is one about another, too: it is to no service different. */
static bool
alike(const FfNetwork *network, const FfRate *rate, int64 weight_g, int64 volume_mm3)
{
	for (int s = 0; s < network->nservices; s++)
	{
		const FfService *service = &network->services[s];
		FfTariffQuote asked;
		FfTariffQuote wanted;

		if (service->provider_id != rate->provider_id)
			continue;
		asked = weigh(service, rate->weight_g, rate->volume_mm3);
		wanted = weigh(service, weight_g, volume_mm3);
		if (!same_weight(&asked, &wanted))
			return false;
	}
	return true;
}

static char *
contents_of(const FfDemand *demand, const int *quantity)
{
	FfJsonWriter writer;

	ff_write_init(&writer);
	ff_write_array(&writer, NULL);
	for (int i = 0; i < demand->nlines; i++)
	{
		if (quantity[i] == 0)
			continue;
		ff_write_object(&writer, NULL);
		ff_write_int(&writer, "line", demand->lines[i].line);
		ff_write_int(&writer, "quantity", quantity[i]);
		ff_write_end(&writer);
	}
	return ff_write_finish(&writer);
}

static void
add_question(FfRateQuestions *questions, const FfRateQuestion *question)
{
	if (questions->count == questions->capacity)
	{
		questions->capacity = Max(8, 2 * questions->capacity);
		questions->questions =
			questions->questions == NULL
				? palloc(sizeof(FfRateQuestion) * questions->capacity)
				: repalloc(questions->questions, sizeof(FfRateQuestion) * questions->capacity);
	}
	questions->questions[questions->count++] = *question;
}

/* What is known of a question: whether it has to be asked, and whether waiting helps. */
static void
look_up(const FfNetwork *network, const FfRateQuestion *question, bool *ask, bool *wait)
{
	Place place = {question->provider_id,
				   question->location_id,
				   question->country,
				   question->area,
				   question->residential};
	const FfRate *first;
	int count = network->rates == NULL ? 0 : rates_of(network, &place, &first);

	*ask = *wait = true;
	for (int r = 0; r < count; r++)
	{
		if (!alike(network, &first[r], question->weight_g, question->volume_mm3))
			continue;
		if (first[r].fresh || first[r].barred)
			*ask = false;
		if (first[r].fresh || (first[r].barred && first[r].failed))
			*wait = false;
	}
}

int64
ff_rates_question(const FfNetwork *network, const FfLocation *location, const FfDemand *demand,
				  const int *quantity, bool all, FfRateQuestions *questions)
{
	FfRateQuestion question = {.order_id = demand->request.order_id,
							   .location_id = location->location_id,
							   .residential = demand->residential};
	int64 longest = 0;

	if (demand->country == NULL)
		return 0;
	question.country = pstrdup(demand->country);
	for (int i = 0; i < demand->nlines; i++)
	{
		question.weight_g += demand->lines[i].weight_g * quantity[i];
		question.volume_mm3 += demand->lines[i].volume_mm3 * quantity[i];
	}
	for (int s = 0; s < network->nservices; s++)
	{
		const FfService *service = &network->services[s];
		bool ask;
		bool wait;

		if (!service->live || service->provider_id == question.provider_id ||
			!ff_service_offered(network, service, location, demand))
			continue;
		question.provider_id = service->provider_id;
		question.area = area_of(service, demand);
		look_up(network, &question, &ask, &wait);
		if (ask || all)
		{
			question.contents = contents_of(demand, quantity);
			add_question(questions, &question);
		}
		if (wait)
			longest = Max(longest, service->wait_us);
	}
	return longest;
}
