/*
 * dhl_tracking_read.c
 *
 * Shipments as DHL's unified tracking tells them, by pull and by push: status,
 * times, places and events, and which of several shipments with one number is
 * ours.  Divisions differ in what they fill in, so everything may be missing.
 *
 * Times: one with a zone is taken; German divisions tell German time; others
 * the time of the event's country.
 */
#include "postgres.h"

#include "datatype/timestamp.h"

#include "connectors/dhl_tracking.h"

#define TEXT_LONGEST 200
#define PLACE_PARTS  3

static const char german_services[] = "parcel-de post-de svb dgf";

static const char *
service_of(const FfJson *shipment)
{
	return ff_json_text_or(shipment, "service", "");
}

/* The canonical status of an event or of the shipment itself; NULL leaves it as it is. */
static const char *
status_of(const char *service, const FfJson *event)
{
	char *text = ff_json_text(event, "status");
	char *description = ff_json_text(event, "description");
	const char *status;

	if (ff_dhl_code(service, text, &status))
		return status;
	if (strncmp(service, "ecommerce", 9) == 0 &&
		(ff_dhl_ecommerce_text(text, &status) || ff_dhl_ecommerce_text(description, &status)))
		return status;
	if (ff_dhl_any_code(text, &status))
		return status;
	return ff_dhl_status_of_texts(ff_json_text(event, "statusCode"), text, description);
}

static char *
country_of(const FfJson *event)
{
	char *country = ff_carrier_text(event, "location.address.countryCode", 2);

	return ff_carrier_upper(country ? country
									: ff_carrier_text(event, "location.address.country", 2));
}

/* The zone of times without one. */
static const char *
zone_of(const char *service, const char *country)
{
	return ff_carrier_zone(*service && ff_carrier_among(service, german_services) ? "DE" : country);
}

/* A locality may be "City", "City, Country" or "City, Region, Country". */
static void
write_place(FfJsonWriter *writer, const FfJson *event)
{
	const FfJson *address = ff_json_get(event, "location.address");
	char *locality = ff_carrier_text(address, "addressLocality", TEXT_LONGEST);
	char *country = country_of(event);
	char *parts[PLACE_PARTS];
	int count = 0;

	for (char *at = locality ? pstrdup(locality) : NULL; at != NULL && count < PLACE_PARTS; count++)
	{
		parts[count] = at;
		at = strstr(at, ", ");
		if (at != NULL)
		{
			*at = '\0';
			at += 2;
		}
	}
	if (count == PLACE_PARTS && strlen(parts[2]) == 2)
	{
		ff_write_text(writer, "city", parts[0]);
		ff_write_text(writer, "region", parts[1]);
		country = country ? country : ff_carrier_upper(parts[2]);
	}
	else
		ff_write_text(writer, "city", count == 2 && country == NULL ? parts[0] : locality);
	ff_write_text(writer, "postcode", ff_carrier_text(address, "postalCode", 20));
	ff_write_text(writer, "country", country);
}

static void
write_event(FfJsonWriter *writer, const char *service, const FfJson *event)
{
	char *text = ff_carrier_text(event, "status", TEXT_LONGEST);
	char *description = ff_carrier_text(event, "description", TEXT_LONGEST);
	bool sentence = text != NULL && strchr(text, ' ') != NULL;

	ff_write_object(writer, NULL);
	ff_write_text(writer,
				  "at",
				  ff_carrier_zoned_time(ff_json_text(event, "timestamp"),
										zone_of(service, country_of(event))));
	ff_carrier_write_status(writer, status_of(service, event));
	ff_write_text(
		writer, "code", sentence || text == NULL ? ff_json_text(event, "statusCode") : text);
	ff_write_text(writer, "description", description ? description : text);
	write_place(writer, event);
	ff_write_end(writer);
}

/* What the newest event that says anything says; events stand newest first. */
static const char *
newest_status(const char *service, const FfJson *shipment)
{
	const FfJson *events = ff_json_get(shipment, "events");
	const FfJson *current = ff_json_get(shipment, "status");
	const char *status = "unknown";

	if (ff_json_is_object(current))
		status = status_of(service, current);
	else if (ff_json_is_string(current) || ff_json_text(shipment, "statusCode") != NULL)
		status = status_of(service, shipment);
	for (int i = 0; i < ff_json_count(events); i++)
	{
		if (status != NULL && strcmp(status, "unknown") != 0)
			break;
		status = status_of(service, ff_json_at(events, i));
	}
	return status ? status : "unknown";
}

/* On its way back, whatever the words: the flag says so. */
static const char *
turned_back(const FfJson *shipment, const char *status)
{
	if (!ff_json_bool(shipment, "returnFlag", false))
		return status;
	if (strcmp(status, "delivered") == 0)
		return "returned";
	return strcmp(status, "in_transit") == 0 || strcmp(status, "out_for_delivery") == 0
			   ? "returning"
			   : status;
}

static char *
planned_delivery(const char *service, const FfJson *shipment)
{
	char *country = ff_carrier_text(shipment, "destination.address.countryCode", 2);
	const char *zone = zone_of(service, ff_carrier_upper(country));
	char *time = ff_carrier_zoned_time(ff_json_text(shipment, "estimatedTimeOfDelivery"), zone);

	if (time == NULL)
		time = ff_carrier_zoned_time(
			ff_json_text(shipment, "estimatedDeliveryTimeFrame.estimatedThrough"), zone);
	return time;
}

static char *
signed_by(const FfJson *shipment)
{
	static const char *const paths[] = {"details.proofOfDelivery.signed.name",
										"details.proofOfDelivery.signedBy",
										"details.proofOfDelivery.signed"};

	for (int i = 0; i < (int) lengthof(paths); i++)
	{
		char *name = ff_carrier_text(shipment, paths[i], 100);

		if (name != NULL)
			return name;
	}
	return NULL;
}

void
ff_dhl_tracking_write(FfJsonWriter *writer, const FfJson *shipment, const char *number)
{
	const FfJson *events = ff_json_get(shipment, "events");
	const char *service = service_of(shipment);
	const char *status = turned_back(shipment, newest_status(service, shipment));

	if (number == NULL)
		number = ff_json_text_or(shipment, "id", ff_json_text(shipment, "trackingNumber"));
	ff_write_object(writer, NULL);
	ff_write_text(writer, "tracking_number", number);
	ff_write_text(writer, "status", status);
	if (!ff_carrier_is_final(status))
		ff_write_text(writer, "estimated_delivery_at", planned_delivery(service, shipment));
	ff_write_text(writer, "signed_by", signed_by(shipment));
	ff_write_array(writer, "events");
	for (int i = 0; i < ff_json_count(events); i++)
		write_event(writer, service, ff_json_at(events, i));
	/* a push tells the newest event alone, as the status */
	if (ff_json_count(events) == 0 && ff_json_is_object(ff_json_get(shipment, "status")))
		write_event(writer, service, ff_json_get(shipment, "status"));
	ff_write_end(writer);
	ff_write_end(writer);
}

/* The newest time told of a shipment, in whatever zone: days matter here. */
static TimestampTz
last_seen(const FfJson *shipment)
{
	TimestampTz time;

	if (ff_time_parse(ff_json_text(shipment, "status.timestamp"), &time) ||
		ff_time_parse(ff_json_text(shipment, "events.0.timestamp"), &time))
		return time;
	return DT_NOEND;
}

/* The day the parcel left at the earliest, less a day for zones. */
static TimestampTz
shipped_since(const FfCall *call)
{
	static const char *const members[] = {"shipped_at", "ship_on", "accepted_at", "created_at"};
	TimestampTz time;

	for (int i = 0; i < (int) lengthof(members); i++)
		if (ff_time_parse(ff_json_text(ff_carrier_subject(call), members[i]), &time))
			return time - USECS_PER_DAY;
	return DT_NOBEGIN;
}

/* How many of the facts of the destination agree; -1 when one contradicts. */
static int
agreement(const FfCall *call, const FfJson *shipment)
{
	const FfJson *ours = ff_carrier_role(call, FF_SHIP_TO);
	const char *country = ff_carrier_country(ours);
	char *postcode = ff_carrier_postcode(ours, 12);
	char *their_country =
		ff_carrier_upper(ff_carrier_text(shipment, "destination.address.countryCode", 2));
	char *their_postcode =
		ff_carrier_upper(ff_carrier_text(shipment, "destination.address.postalCode", 20));
	int points = 0;

	if (country && their_country)
	{
		if (strcmp(country, their_country) != 0)
			return -1;
		points++;
	}
	if (postcode && their_postcode && strncmp(postcode, their_postcode, strlen(postcode)) == 0)
		points++;
	return points;
}

const FfJson *
ff_dhl_tracking_choose(const FfCall *call, const FfJson *shipments, const char *service)
{
	TimestampTz since = shipped_since(call);
	TimestampTz newest = DT_NOBEGIN;
	const FfJson *chosen = NULL;
	int best = -1;

	for (int i = 0; i < ff_json_count(shipments); i++)
	{
		const FfJson *shipment = ff_json_at(shipments, i);
		TimestampTz seen = last_seen(shipment);
		int points = agreement(call, shipment);

		if (seen < since)
			continue;
		if (service != NULL && strcmp(service, service_of(shipment)) == 0)
			points += 4;
		if (chosen == NULL || points > best || (points == best && seen > newest))
		{
			chosen = shipment;
			best = points;
			newest = seen;
		}
	}
	return chosen;
}
