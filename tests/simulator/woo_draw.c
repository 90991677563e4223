/*
 * woo_draw.c
 *
 * Draws the parts of an order from the tables of woo_world.c: a country, an
 * address there (or one with a fault), lines with prices and taxes.  Draws
 * happen one per statement, because the order in which a compiler evaluates
 * arguments must not change what a seed means.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "woo.h"

long
woo_draw(WooPlan *plan, long below)
{
	return below <= 0 ? 0 : (long) (sim_random_next(&plan->random) % (uint64_t) below);
}

bool
woo_chance(WooPlan *plan, double share)
{
	return (double) (sim_random_next(&plan->random) >> 11) / 9007199254740992.0 < share;
}

static long
goods_count(void)
{
	long count = 0;

	while (woo_goods[count].sku)
		count++;
	return count;
}

const WooCountry *
woo_draw_country(WooPlan *plan)
{
	for (;;)
	{
		long left = woo_draw(plan, 100);
		const WooCountry *country = woo_countries;

		while (left >= country->share && country[1].code)
			left -= country++->share;
		if (json_array_size(plan->only) == 0)
			return country;
		for (size_t i = 0; i < json_array_size(plan->only); i++)
		{
			if (sim_is_text(json_array_get(plan->only, i), country->code))
				return country;
		}
	}
}

/* Draws happen one per statement: the order of arguments is the compiler's. */
json_t *
woo_draw_address(WooPlan *plan, const WooCountry *country)
{
	const WooPlace *place = &country->places[woo_draw(plan, 4)];
	const char *given = country->given[woo_draw(plan, 5)];
	const char *family = country->family[woo_draw(plan, 5)];
	const char *road = country->streets[woo_draw(plan, 4)];
	long house = 1 + woo_draw(plan, 120);
	long subscriber = woo_draw(plan, 1000000);
	bool is_company = woo_chance(plan, 0.12);
	bool has_more = woo_chance(plan, 0.15);
	bool house_first = sim_is_one_of(country->code, "US GB CA FR", ' ');
	char street[100];
	char phone[40];
	char company[100] = "";

	if (house_first)
		snprintf(street, sizeof street, "%ld %s", house, road);
	else
		snprintf(street, sizeof street, "%s %ld", road, house);
	snprintf(phone, sizeof phone, "%s%06ld", country->phone, subscriber);
	if (is_company)
		snprintf(company, sizeof company, "%s & Söhne \"Nord\" AB", family);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
					 "first_name",
					 given,
					 "last_name",
					 family,
					 "company",
					 company,
					 "address_1",
					 street,
					 "address_2",
					 has_more ? "2 tr, c/o Ek" : "",
					 "city",
					 place->city,
					 "state",
					 place->state,
					 "postcode",
					 place->postcode,
					 "country",
					 country->code,
					 "phone",
					 phone);
}

/* The ways an address is wrong, one after another. */
static const struct
{
	const char *kind;
	const char *member;
	const char *value;
} faults[] = {{"missing postcode", "postcode", ""},
			  {"impossible country", "country", "XX"},
			  {"missing street", "address_1", ""},
			  {"impossible postcode", "postcode", "ABCDE-1"},
			  {"missing city", "city", ""}};

void
woo_spoil_address(WooPlan *plan, json_t *address, long id)
{
	size_t fault = json_array_size(plan->bad) % (sizeof faults / sizeof *faults);

	json_object_set_new(address, faults[fault].member, json_string(faults[fault].value));
	json_array_append_new(plan->bad,
						  json_pack("{s:I, s:s, s:s}",
									"id",
									(json_int_t) id,
									"fault",
									faults[fault].kind,
									"member",
									faults[fault].member));
}

/* --- lines and sums, in minor units --- */

json_t *
woo_money(long minor)
{
	char text[32];

	snprintf(text,
			 sizeof text,
			 "%s%ld.%02ld",
			 minor < 0 ? "-" : "",
			 labs(minor) / 100,
			 labs(minor) % 100);
	return json_string(text);
}

static long
tax_in(long gross, double rate)
{
	return lround((double) gross * rate / (1 + rate));
}

json_t *
woo_line_json(const WooGoods *goods, long quantity, double rate, WooSums *sums)
{
	const WooProduct *product = woo_product_by_sku(goods->sku);
	long gross = goods->price * quantity;
	long tax = tax_in(gross, rate);
	bool variation = product && product->parent_id;

	sums->total += gross;
	sums->tax += tax;
	return json_pack(
		"{s:I, s:s, s:I, s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:[{s:i, s:o, s:o}], s:[], s:s, s:f, s:n}",
		"id",
		(json_int_t) woo.next_item++,
		"name",
		goods->name,
		"product_id",
		(json_int_t) (!product    ? 0
					  : variation ? product->parent_id
								  : product->id),
		"variation_id",
		(json_int_t) (variation ? product->id : 0),
		"quantity",
		(json_int_t) quantity,
		"tax_class",
		"",
		"subtotal",
		woo_money(gross - tax),
		"subtotal_tax",
		woo_money(tax),
		"total",
		woo_money(gross - tax),
		"total_tax",
		woo_money(tax),
		"taxes",
		"id",
		5,
		"total",
		woo_money(tax),
		"subtotal",
		woo_money(tax),
		"meta_data",
		"sku",
		goods->sku,
		"price",
		round((double) (gross - tax) / (double) (quantity ? quantity : 1)) / 100,
		"parent_name");
}

json_t *
woo_draw_lines(WooPlan *plan, double rate, bool hazardous, WooSums *sums)
{
	long count = 1 + woo_draw(plan, 3);
	json_t *lines = json_array();

	if (woo_chance(plan, 0.25))
		count += woo_draw(plan, 4);

	while ((long) json_array_size(lines) < count)
	{
		bool want_hazard = hazardous && json_array_size(lines) == 0;
		const WooGoods *goods = &woo_goods[woo_draw(plan, goods_count())];
		bool known = false;

		for (size_t i = 0; i < json_array_size(lines); i++)
			known |= strcmp(sim_text(json_array_get(lines, i), "sku", ""), goods->sku) == 0;
		if (known || goods->hazmat != want_hazard)
			continue;
		bool one = woo_chance(plan, 0.7);

		json_array_append_new(lines,
							  woo_line_json(goods, one ? 1 : 2 + woo_draw(plan, 3), rate, sums));
	}
	return lines;
}

json_t *
woo_shipping_line(const char *country, double rate, WooSums *sums)
{
	bool near = sim_is_one_of(country, "SE NO DK FI", ' ');
	long gross = near ? 590 : 1290;
	long tax = tax_in(gross, rate);

	sums->total += gross;
	sums->tax += tax;
	return json_pack("{s:I, s:s, s:s, s:s, s:o, s:o, s:[{s:i, s:o}], s:[]}",
					 "id",
					 (json_int_t) woo.next_item++,
					 "method_title",
					 near ? "PostNord ombud" : "International parcel",
					 "method_id",
					 "flat_rate",
					 "instance_id",
					 near ? "3" : "7",
					 "total",
					 woo_money(gross - tax),
					 "total_tax",
					 woo_money(tax),
					 "taxes",
					 "id",
					 5,
					 "total",
					 woo_money(tax),
					 "meta_data");
}
