/*
 * dhl_parcel_de_scans.c
 *
 * Parcel DE's own tracking: a question in XML inside the query, by numbers or
 * by reference, answered in XML with every scan, the oldest first, on
 * Germany's clock.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dhl.h"

#define NUMBERS_MOST 20

static const DepotWords words[DEPOT_STEP_COUNT] = {
	[DEPOT_LABEL] = {"PARCV NRQRD VA", "The instruction data have been provided.", NULL},
	[DEPOT_PICKED_UP] = {"SHRCU PCKST ES", "The shipment has been posted.", NULL},
	[DEPOT_DEPARTED] = {"MVDPT NRQRD AA", "The shipment has left the parcel center.", NULL},
	[DEPOT_ARRIVED] = {"MVARR NRQRD EE", "The shipment has arrived.", NULL},
	[DEPOT_OUT] = {"LDTMV MVMTV PO", "The shipment is on the delivery vehicle.", NULL},
	[DEPOT_DELIVERED] = {"DLVRD CUSTM ZU", "The shipment has been delivered.", NULL},
	[DEPOT_ATTEMPTED] = {"NTDEL NHOME ZN", "The recipient was not met.", NULL},
	[DEPOT_DELAYED] = {"MSRTD NRQRD BV", "The shipment was missorted.", NULL},
	[DEPOT_HELD] = {"HLDCC NTCCN ZF", "The shipment waits at an outlet.", NULL},
	[DEPOT_EXCEPTION] = {"DMGDS DMGED BV", "The shipment was damaged.", NULL},
	[DEPOT_RETURNING] = {"RETRN RFUSD ZN", "The shipment goes back.", "true"},
	[DEPOT_RETURNED] = {"DLVRD CUSTM ZU", "The shipment was returned.", "true"},
	[DEPOT_UNHEARD_OF] = {"DRONE NRQRD PO", "Seen by a drone.", NULL},
};

/* The value of an attribute of the question; false when it is not there. */
static bool
attribute(const char *xml, const char *name, char value[SIM_TEXT_SIZE])
{
	char wanted[64];
	const char *found;
	size_t length;

	snprintf(wanted, sizeof wanted, " %s=\"", name);
	found = strstr(xml, wanted);
	if (found == NULL)
		return false;
	found += strlen(wanted);
	length = strcspn(found, "\"");
	snprintf(value, SIM_TEXT_SIZE, "%.*s", (int) length, found);
	return *value != '\0';
}

static void
write_scans(FILE *out, const DepotPackage *package)
{
	DepotEvent events[10];
	int count = depot_events(&sim_dhl_parcel_de_depot, package, events);

	fprintf(out, "<data name=\"piece-event-list\" piece-identifier=\"%s\">", package->number);
	for (int i = 0; i < count; i++)
	{
		const DepotWords *said = &words[events[i].step];
		char ice[8];
		char reason[8];
		char standard[4];
		char at[40];

		sscanf(said->code, "%7s %7s %3s", ice, reason, standard);
		sim_time(events[i].at, sim_dhl_german_minutes(events[i].at), "%d.%m.%Y %H:%M", at);
		fprintf(out,
				"<data name=\"piece-event\" event-timestamp=\"%s\" event-status=\"%s\" ice=\"%s\" "
				"ric=\"%s\" standard-event-code=\"%s\" event-location=\"Feucht\" "
				"event-country=\"DE\" ruecksendung=\"%s\"/>",
				at,
				said->text,
				ice,
				reason,
				standard,
				said->status ? said->status : "false");
	}
	fprintf(out, "</data>");
}

static int
write_piece(FILE *out, const DepotShipment *shipment)
{
	if (shipment == NULL || shipment->voided)
		return 0;
	fprintf(out,
			"<data name=\"piece-shipment\" error-status=\"0\" piece-code=\"%s\" "
			"product-name=\"DHL PAKET\" ruecksendung=\"false\">",
			shipment->id);
	write_scans(out, &shipment->packages[0]);
	fprintf(out, "</data>");
	return 1;
}

static int
write_numbers(FILE *out, char *numbers)
{
	char *rest = NULL;
	int found = 0;

	for (char *number = strtok_r(numbers, ";", &rest); number; number = strtok_r(NULL, ";", &rest))
		found += write_piece(out, depot_shipment(&sim_dhl_parcel_de_depot, number));
	return found;
}

static int
write_reference(FILE *out, const char *reference)
{
	DepotShipment **made = depot_by_reference(&sim_dhl_parcel_de_depot, reference);
	int found = 0;

	for (int i = 0; made && made[i]; i++)
		found += write_piece(out, made[i]);
	return found;
}

static void
answer(SimRequest *request, int code, const char *pieces)
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	fprintf(out,
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?><data name=\"piece-shipment-list\" "
			"code=\"%d\" request-id=\"sim\">%s</data>",
			code,
			pieces);
	fclose(out);
	sim_reply_text(request, 200, "application/xml", text, length);
	free(text);
}

/* 0: the question is one; else DHL's code for what is wrong with it. */
static int
complaint(SimRequest *request, const char *xml)
{
	char value[SIM_TEXT_SIZE];
	int numbers = 1;

	if (!attribute(xml, "appname", value) || !attribute(xml, "password", value) ||
		strcmp(value, "wrong") == 0)
	{
		sim_offence(request, true, "auth", "appname", "The user is not known.");
		return 5;
	}
	if (!attribute(xml, "request", value) || strcmp(value, "d-get-piece-detail") != 0 ||
		!attribute(xml, "language-code", value))
	{
		sim_offence(request, true, "value", "request", "There is no such question.");
		return 45;
	}
	if (attribute(xml, "piece-customer-reference", value))
	{
		if (attribute(xml, "from-date", value) && attribute(xml, "to-date", value))
			return 0;
		sim_offence(request, true, "required", "from-date", "A reference needs days.");
		return 45;
	}
	if (!attribute(xml, "piece-code", value))
	{
		sim_offence(request, true, "required", "piece-code", "It is missing.");
		return 45;
	}
	for (const char *at = value; (at = strchr(at, ';')) != NULL; at++)
		numbers++;
	if (numbers > NUMBERS_MOST)
		sim_offence(request, true, "count", "piece-code", "These are %d numbers.", numbers);
	return numbers > NUMBERS_MOST ? 41 : 0;
}

void
sim_dhl_scans(SimRequest *request)
{
	const char *xml = sim_query(request, "xml");
	char value[SIM_TEXT_SIZE];
	char *pieces;
	size_t length;
	FILE *out;
	int code;
	int found;

	if (!xml || strncmp(xml, "<?xml ", 6) != 0)
	{
		sim_refuse(request, NULL, "required", "xml", "%s", "There is no question.");
		return;
	}
	code = complaint(request, xml);
	if (code)
	{
		answer(request, code, "");
		return;
	}
	out = open_memstream(&pieces, &length);
	if (attribute(xml, "piece-code", value))
		found = write_numbers(out, value);
	else
	{
		attribute(xml, "piece-customer-reference", value);
		found = write_reference(out, value);
	}
	fclose(out);
	answer(request, found ? 0 : 100, pieces);
	free(pieces);
}
