/*
 * ups_ask.c
 *
 * UPS's small calls: address validation and pickups.  A street with "Nowhere"
 * finds no candidate and one with "Ambiguous" finds two, so that a test can
 * choose; a pickup that already exists gives the same PRN again, so repeating
 * the call is safe.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ups.h"

/* --- addresses --- */

static json_t *
upper_text(const char *text)
{
	json_t *json;
	char *copy = sim_strdup(text);

	for (char *c = copy; *c; c++)
	{
		if (*c >= 'a' && *c <= 'z')
			*c = (char) (*c - 32);
	}
	json = json_string(copy);
	free(copy);
	return json;
}

static json_t *
candidate(const json_t *address, const char *class, const char *extension)
{
	return json_pack("{s:{s:s, s:s}, s:{s:[o], s:o, s:o, s:s, s:s, s:s}}",
					 "AddressClassification",
					 "Code",
					 class,
					 "Description",
					 strcmp(class, "1") == 0 ? "Commercial" : "Residential",
					 "AddressKeyFormat",
					 "AddressLine",
					 upper_text(sim_text(address, "AddressLine.0", "")),
					 "PoliticalDivision2",
					 upper_text(sim_text(address, "PoliticalDivision2", "")),
					 "PoliticalDivision1",
					 upper_text(sim_text(address, "PoliticalDivision1", "")),
					 "PostcodePrimaryLow",
					 sim_text(address, "PostcodePrimaryLow", ""),
					 "PostcodeExtendedLow",
					 extension,
					 "CountryCode",
					 sim_text(address, "CountryCode", ""));
}

/* "Nowhere" in the street finds nothing, "Ambiguous" finds two. */
void
ups_validate_address(SimRequest *request)
{
	const json_t *address = sim_get(request->json, "XAVRequest.AddressKeyFormat");
	const char *street = sim_text(address, "AddressLine.0", "");
	const char *postcode = sim_text(address, "PostcodePrimaryLow", "");
	const char *class = sim_get(address, "ConsigneeName") ? "1" : "2";
	json_t *answer;

	if (!sim_is_one_of(request->argument[0], "1|2|3", '|'))
	{
		ups_error(request, 400, "264003", "Invalid request option %s", request->argument[0]);
		return;
	}
	if (!ups_is_american(sim_text(address, "CountryCode", "")))
	{
		sim_refuse(request,
				   NULL,
				   "value",
				   "XAVRequest.AddressKeyFormat.CountryCode",
				   "Only US and PR can be validated.");
		return;
	}
	answer = json_pack("{s:o}", "Response", ups_success(request));
	if (strstr(street, "Nowhere") || !*street || !sim_postcode_fits("US", postcode) ||
		(!*postcode && !*sim_text(address, "PoliticalDivision2", "")))
		json_object_set_new(answer, "NoCandidatesIndicator", json_string(""));
	else if (strstr(street, "Ambiguous"))
	{
		json_object_set_new(answer, "AmbiguousAddressIndicator", json_string(""));
		json_object_set_new(answer,
							"Candidate",
							json_pack("[o, o]",
									  candidate(address, class, "1001"),
									  candidate(address, class, "2002")));
	}
	else
	{
		json_object_set_new(answer, "ValidAddressIndicator", json_string(""));
		json_object_set_new(
			answer, "Candidate", json_pack("[o]", candidate(address, class, "1234")));
	}
	if (strcmp(request->argument[0], "1") != 0)
		json_object_set_new(answer,
							"AddressClassification",
							json_pack("{s:s, s:s}",
									  "Code",
									  class,
									  "Description",
									  *class == '1' ? "Commercial" : "Residential"));
	sim_reply(request, 200, json_pack("{s:o}", "XAVResponse", answer));
}

/* --- pickups --- */

static SimMap pickups;     /* by account, date and place: the PRN as a json object */
static SimMap pickups_prn; /* the same by PRN */

void
ups_pickup(SimRequest *request)
{
	const json_t *body = sim_get(request->json, "PickupCreationRequest");
	char *key = sim_format("%s|%s|%s|%s",
						   sim_text(body, "Shipper.Account.AccountNumber", ""),
						   sim_text(body, "PickupDateInfo.PickupDate", ""),
						   sim_text(body, "PickupAddress.PostalCode", ""),
						   sim_text(body, "PickupAddress.City", ""));
	json_t *pickup = sim_map_get(&pickups, key);
	char prn[16];

	if (!pickup || json_is_true(json_object_get(pickup, "cancelled")))
	{
		snprintf(prn, sizeof prn, "29%02zu%07zu", pickups_prn.count % 100, pickups_prn.count);
		pickup = json_pack("{s:s, s:s, s:b, s:i, s:O}",
						   "prn",
						   prn,
						   "key",
						   key,
						   "cancelled",
						   false,
						   "requested",
						   0,
						   "request",
						   body);
		sim_map_put(&pickups, key, pickup);
		sim_map_put(&pickups_prn, prn, pickup);
	}
	json_integer_set(json_object_get(pickup, "requested"),
					 json_integer_value(json_object_get(pickup, "requested")) + 1);
	sim_reply(request,
			  200,
			  json_pack("{s:{s:o, s:s, s:{s:s}, s:{s:s, s:s}}}",
						"PickupCreationResponse",
						"Response",
						ups_success(request),
						"PRN",
						sim_text(pickup, "prn", ""),
						"RateStatus",
						"Code",
						"01",
						"RateResult",
						"GrandTotalOfAllCharge",
						"8.20",
						"CurrencyCode",
						ups_currency(sim_text(body, "PickupAddress.CountryCode", "US"))));
	free(key);
}

void
ups_cancel_pickup(SimRequest *request)
{
	const char *prn = sim_header(request, "Prn");
	json_t *pickup = prn ? sim_map_get(&pickups_prn, prn) : NULL;

	if (!prn)
		sim_refuse(request, NULL, "header", "Prn", "Cancelling by PRN needs the header Prn.");
	else if (!pickup)
		ups_error(request, 400, "9510117", "No pickup found for PRN %.20s", prn);
	else if (json_is_true(json_object_get(pickup, "cancelled")))
		ups_error(request, 400, "9510118", "The pickup was already cancelled");
	else
	{
		json_object_set_new(pickup, "cancelled", json_true());
		sim_reply(request,
				  200,
				  json_pack("{s:{s:o}}", "PickupCancelResponse", "Response", ups_success(request)));
	}
}

void
ups_pickup_status(SimRequest *request)
{
	const char *account = sim_header(request, "AccountNumber");
	json_t *list = json_array();

	if (!account)
		sim_offence(request, true, "header", "AccountNumber", "The header is missing.");
	for (size_t i = 0; i < pickups_prn.count; i++)
	{
		const json_t *pickup = sim_map_at(&pickups_prn, i);

		if (account &&
			strcmp(sim_text(pickup, "request.Shipper.Account.AccountNumber", ""), account) == 0 &&
			!json_is_true(json_object_get(pickup, "cancelled")))
			json_array_append_new(
				list,
				json_pack("{s:s, s:s, s:s, s:s}",
						  "OnCallStatusCode",
						  "002",
						  "PickupStatusMessage",
						  "Dispatched to driver",
						  "PRN",
						  sim_text(pickup, "prn", ""),
						  "ServiceDate",
						  sim_text(pickup, "request.PickupDateInfo.PickupDate", "")));
	}
	sim_reply(request,
			  200,
			  json_pack("{s:{s:o, s:s, s:o}}",
						"PickupPendingStatusResponse",
						"Response",
						ups_success(request),
						"PickupType",
						"01",
						"PendingStatus",
						list));
}

json_t *
ups_pickups(void)
{
	json_t *list = json_array();

	for (size_t i = 0; i < pickups_prn.count; i++)
		json_array_append(list, sim_map_at(&pickups_prn, i));
	return list;
}

static void
release_pickup(void *pickup)
{
	json_decref(pickup);
}

void
ups_ask_reset(void)
{
	sim_map_clear(&pickups, NULL);
	sim_map_clear(&pickups_prn, release_pickup);
}
