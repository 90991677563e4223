/*
 * payment.c
 *
 * Amounts, lines and keys of payment steps; see payment.h.  No gateway is
 * named here.
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha1.h"

#include "connectors/decimal.h"
#include "connectors/payment.h"
#include "model/currency.h"

char *
ff_payment_text(const FfCall *call, const char *member)
{
	return ff_json_text(ff_json_get(call->document, "payment"), member);
}

char *
ff_payment_need(const FfCall *call, const char *member, const char *hint)
{
	return ff_connector_need(call->connector, call, psprintf("payment.%s", member), hint);
}

/* How many of its smallest unit a currency's unit is. */
static const char *
units_of(const FfCall *call)
{
	static const char *const powers[] = {"1", "10", "100", "1000", "10000"};

	return powers[Min(ff_currency_decimals(ff_payment_text(call, "currency")), 4)];
}

char *
ff_payment_minor(const FfCall *call, const char *amount)
{
	char *minor = ff_decimal_trim(ff_decimal_multiply(amount, units_of(call)));

	if (strchr(minor, '.') != NULL)
		ff_connector_fail(
			call->connector, "payment.amount", "Give an amount in whole cents of its currency.");
	return minor;
}

char *
ff_payment_amount(const FfCall *call)
{
	char *amount = ff_json_number(call->document, "payment.amount");

	if (amount == NULL || !ff_decimal_positive(amount))
		ff_connector_fail(call->connector, "payment.amount", "Give an amount above zero.");
	return ff_payment_minor(call, amount);
}

char *
ff_payment_major(const FfCall *call, const char *minor)
{
	return ff_decimal_divide(
		minor, units_of(call), ff_currency_decimals(ff_payment_text(call, "currency")));
}

FfPaymentLine *
ff_payment_lines(const FfCall *call, int *count)
{
	FfJson *list = ff_json_get(call->document, "payment.lines");
	FfPaymentLine *lines = palloc0(sizeof(FfPaymentLine) * (ff_json_count(list) + 1));
	char *left = ff_payment_amount(call);

	*count = 0;
	for (int i = 0; i < ff_json_count(list); i++)
	{
		FfJson *entry = ff_json_at(list, i);
		char *price = ff_json_number(entry, "unit_price");
		int64 quantity = ff_json_int64_or(entry, "quantity", 1);
		FfPaymentLine *line = &lines[*count];

		/* a price of fractions of a cent cannot be told line by line */
		if (price == NULL || quantity <= 0)
			continue;
		line->total = ff_decimal_divide(
			ff_decimal_multiply(ff_decimal_multiply(price, psprintf(INT64_FORMAT, quantity)),
								units_of(call)),
			"1",
			0);
		line->unit = ff_decimal_divide(line->total, psprintf(INT64_FORMAT, quantity), 0);
		line->sku = ff_json_text_or(entry, "sku", "");
		line->name = ff_json_text_or(entry, "name", line->sku);
		line->quantity = quantity;
		if (ff_decimal_compare(ff_decimal_multiply(line->unit, psprintf(INT64_FORMAT, quantity)),
							   line->total) != 0)
		{
			line->name = psprintf(INT64_FORMAT " x %s", quantity, line->name);
			line->quantity = 1;
			line->unit = line->total;
		}
		left = ff_decimal_subtract(left, line->total);
		(*count)++;
	}
	if (ff_decimal_compare(left, NULL) != 0)
	{
		bool more = ff_decimal_positive(left);

		lines[(*count)++] = (FfPaymentLine){.sku = more ? "FREIGHT" : "DISCOUNT",
											.name = more ? "Freight" : "Discount",
											.quantity = 1,
											.unit = left,
											.total = left};
	}
	return lines;
}

char *
ff_payment_uuid(const char *text)
{
	/* the namespace of URLs, of RFC 4122 */
	static const uint8 space[] = {0x6b,
								  0xa7,
								  0xb8,
								  0x11,
								  0x9d,
								  0xad,
								  0x11,
								  0xd1,
								  0x80,
								  0xb4,
								  0x00,
								  0xc0,
								  0x4f,
								  0xd4,
								  0x30,
								  0xc8};
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA1);
	uint8 digest[SHA1_DIGEST_LENGTH] = {0};
	bool done = context != NULL && pg_cryptohash_init(context) >= 0 &&
				pg_cryptohash_update(context, space, sizeof(space)) >= 0 &&
				pg_cryptohash_update(context, (const uint8 *) text, strlen(text)) >= 0 &&
				pg_cryptohash_final(context, digest, sizeof(digest)) >= 0;

	pg_cryptohash_free(context);
	if (!done)
		elog(ERROR, "could not compute a SHA-1 digest");
	digest[6] = (digest[6] & 0x0f) | 0x50;
	digest[8] = (digest[8] & 0x3f) | 0x80;
	return psprintf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
					digest[0],
					digest[1],
					digest[2],
					digest[3],
					digest[4],
					digest[5],
					digest[6],
					digest[7],
					digest[8],
					digest[9],
					digest[10],
					digest[11],
					digest[12],
					digest[13],
					digest[14],
					digest[15]);
}

char *
ff_payment_key(const FfCall *call)
{
	return psprintf("%s-%s",
					ff_operation_name(call->operation),
					ff_payment_need(call, "reference", "Give our reference of the step."));
}

const char *
ff_payment_step(const FfCall *call)
{
	return ff_json_text_or(call->state, "step", "");
}

void
ff_payment_write(FfOutcome *outcome, const FfCall *call, const char *reference)
{
	ff_write_object(&outcome->body, "payment");
	ff_write_text(&outcome->body, "reference", ff_payment_text(call, "reference"));
	ff_write_text(&outcome->body, "provider_reference", reference);
	ff_write_number(&outcome->body, "amount", ff_json_number(call->document, "payment.amount"));
	ff_write_end(&outcome->body);
}

void
ff_payment_look(FfOutcome *outcome)
{
	FfJsonWriter next;

	ff_write_init(&next);
	ff_write_object(&next, NULL);
	ff_write_text(&next, "step", "look");
	ff_write_text(&next, "code", outcome->code);
	ff_write_text(&next, "message", ff_plain_text(outcome->message, 200));
	ff_outcome_continue(outcome, ff_write_finish(&next));
}
