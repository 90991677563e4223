/*
 * ups_rows.h
 *
 * Short ways to write rows of UPS's field tables: what is needed, what may be
 * there, and an address with its family of error codes.
 */
#ifndef SIM_UPS_ROWS_H
#define SIM_UPS_ROWS_H

#define NEED(path_, max_, code_, message_)                                                    \
	{                                                                                         \
		.path = path_, .type = SIM_STRING, .flags = SIM_REQUIRED, .max = max_, .code = code_, \
		.message = message_                                                                   \
	}
#define MAY(path_, max_)                               \
	{                                                  \
		.path = path_, .type = SIM_STRING, .max = max_ \
	}
#define FLAG(path_)                       \
	{                                     \
		.path = path_, .type = SIM_STRING \
	}
#define FORM(path_, form_)                               \
	{                                                    \
		.path = path_, .type = SIM_STRING, .form = form_ \
	}
#define LIST(path_, max_)                             \
	{                                                 \
		.path = path_, .type = SIM_ARRAY, .max = max_ \
	}
#define OTHERS(path_, values_)                                 \
	{                                                          \
		.path = path_ ".*", .type = SIM_ANY, .values = values_ \
	}
#define FREE(path_)                    \
	{                                  \
		.path = path_, .type = SIM_ANY \
	}

/* An address whose errors belong to one family: "1202" for ShipTo. */
#define ADDRESS(at, family, who)                                             \
	{.path = at "AddressLine",                                               \
	 .type = SIM_ARRAY,                                                      \
	 .flags = SIM_REQUIRED,                                                  \
	 .max = 3,                                                               \
	 .code = family "02",                                                    \
	 .message = "Missing or invalid " who " address line 1"},                \
		{.path = at "AddressLine[]",                                         \
		 .type = SIM_STRING,                                                 \
		 .max = 35,                                                          \
		 .code = family "02",                                                \
		 .message = "Missing or invalid " who " address line"},              \
		NEED(at "City", 30, family "05", "Missing or invalid " who " city"), \
		{.path = at "StateProvinceCode",                                     \
		 .type = SIM_STRING,                                                 \
		 .max = 5,                                                           \
		 .code = family "06",                                                \
		 .message = "Missing or invalid " who " state province code"},       \
		{.path = at "PostalCode",                                            \
		 .type = SIM_STRING,                                                 \
		 .max = 9,                                                           \
		 .code = family "07",                                                \
		 .message = "Missing or invalid " who " postal code"},               \
		{.path = at "CountryCode",                                           \
		 .type = SIM_STRING,                                                 \
		 .flags = SIM_REQUIRED,                                              \
		 .max = 2,                                                           \
		 .form = sim_is_country,                                             \
		 .code = family "08",                                                \
		 .message = "Missing or invalid " who " country code"},              \
		FLAG(at "ResidentialAddressIndicator")

#endif
