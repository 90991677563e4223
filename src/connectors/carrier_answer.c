/*
 * carrier_answer.c
 *
 * Parts of an outcome that every carrier's answer has: packages with their
 * tracking links, documents, money, statuses and times.  How a peer says
 * these things is read in its own files.
 */
#include "postgres.h"

#include "utils/formatting.h"

#include "connectors/carrier.h"

void
ff_carrier_write_package(FfJsonWriter *writer, int64 number, const char *tracking_number,
						 const char *carrier, const char *link)
{
	StringInfoData url;

	initStringInfo(&url);
	if (link != NULL)
	{
		appendStringInfoString(&url, link);
		ff_percent_encode(&url, tracking_number);
	}
	ff_write_object(writer, NULL);
	ff_write_int(writer, "number", number);
	ff_write_text(writer, "tracking_number", tracking_number);
	ff_write_text(writer, "carrier", carrier);
	ff_write_text(writer, "tracking_url", link ? url.data : NULL);
	ff_write_end(writer);
}

void
ff_carrier_write_document(FfJsonWriter *writer, const char *kind, const char *format,
						  const char *content, const char *url, int64 package)
{
	if (content == NULL && url == NULL)
		return;
	ff_write_object(writer, NULL);
	ff_write_text(writer, "kind", kind);
	ff_write_text(writer, "format", format ? asc_tolower(format, strlen(format)) : NULL);
	ff_write_text(writer, "content_base64", content);
	if (content == NULL)
		ff_write_text(writer, "url", url);
	if (package > 0)
		ff_write_int(writer, "package", package);
	ff_write_end(writer);
}

void
ff_carrier_write_money(FfJsonWriter *writer, const char *key, const char *amount,
					   const char *currency)
{
	if (amount == NULL)
		return;
	ff_write_object(writer, key);
	ff_write_number(writer, "amount", amount);
	ff_write_text(writer, "currency", currency);
	ff_write_end(writer);
}

void
ff_carrier_write_status(FfJsonWriter *writer, const char *status)
{
	if (status != NULL)
		ff_write_text(writer, "status", status);
	else
		ff_write_null(writer, "status");
}

void
ff_carrier_write_cancelled(FfJsonWriter *writer, const char *provider_reference)
{
	ff_write_object(writer, "shipment");
	ff_write_text(writer, "provider_reference", provider_reference);
	ff_write_text(writer, "state", "cancelled");
	ff_write_end(writer);
}

char *
ff_carrier_sentences(const FfJson *list, const char *member, int max)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < ff_json_count(list); i++)
	{
		char *sentence = ff_carrier_text(ff_json_at(list, i), member, max);

		if (sentence != NULL && strstr(text.data, sentence) == NULL)
			appendStringInfo(&text, "%s%s", text.len > 0 ? " " : "", sentence);
	}
	return text.len > 0 ? ff_plain_text(text.data, max) : NULL;
}

void
ff_carrier_no_parcel(FfOutcome *outcome)
{
	ff_outcome_set(outcome,
				   FF_RESULT_REFUSED,
				   "unreadable_event",
				   "The body names no tracking number.",
				   "tracking_number");
}

/* Whether the text of a time ends in a zone: Z, or an offset behind the clock. */
static bool
has_zone(const char *text)
{
	const char *clock = strpbrk(text, "Tt ");

	return clock != NULL && strpbrk(clock, "Zz+-") != NULL;
}

char *
ff_carrier_time(const char *text)
{
	TimestampTz time;

	if (text == NULL || !ff_time_parse(text, &time))
		return NULL;
	return has_zone(text) ? ff_time_iso(time) : pstrdup(text);
}

bool
ff_carrier_is_final(const char *status)
{
	return status != NULL && (strcmp(status, "delivered") == 0 || strcmp(status, "returned") == 0);
}
