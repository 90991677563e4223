/*
 * pure.c
 *
 * The functions of src/transport that need no network, as SQL calls them:
 * signatures, vault, redaction, addresses.  Each only converts its arguments.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "pg/guc.h"
#include "pg/json.h"
#include "transport/address.h"
#include "transport/oauth1.h"
#include "transport/redact.h"
#include "transport/secret.h"
#include "transport/signature.h"
#include "transport/token.h"
#include "transport/vault.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(transport_verify);
PG_FUNCTION_INFO_V1(transport_sign);
PG_FUNCTION_INFO_V1(transport_oauth1);
PG_FUNCTION_INFO_V1(transport_seal);
PG_FUNCTION_INFO_V1(transport_open);
PG_FUNCTION_INFO_V1(transport_vault_problem);
PG_FUNCTION_INFO_V1(transport_redact_url);
PG_FUNCTION_INFO_V1(transport_redact_headers);
PG_FUNCTION_INFO_V1(transport_redact_body);
PG_FUNCTION_INFO_V1(transport_expand);
PG_FUNCTION_INFO_V1(transport_public);

void _PG_init(void);

void
_PG_init(void)
{
	ff_guc_init();
	if (process_shared_preload_libraries_in_progress)
		ff_token_shmem_init();
}

static char *
text_argument(FunctionCallInfo fcinfo, int number)
{
	return text_to_cstring(PG_GETARG_TEXT_PP(number));
}

static FfSecrets *
secrets_argument(FunctionCallInfo fcinfo, int number)
{
	FfSecrets *secrets = palloc0(sizeof(FfSecrets));

	ff_secrets_read(secrets, ff_json_dump(ff_json_from_datum(PG_GETARG_DATUM(number))));
	return secrets;
}

static int
headers_argument(FunctionCallInfo fcinfo, int number, FfHeader *headers)
{
	FfJson *object = ff_json_from_datum(PG_GETARG_DATUM(number));
	FfJson *value;
	void *state = NULL;
	char *name;
	int count = 0;

	while (count < FF_MAX_HEADERS && ff_json_each(object, &state, &name, &value))
	{
		headers[count].name = name;
		headers[count].value = ff_json_text(value, "");
		count++;
	}
	return count;
}

Datum
transport_verify(PG_FUNCTION_ARGS)
{
	static const struct
	{
		const char *name;
		FfVerifyKind kind;
	} kinds[] = {{"none", FF_VERIFY_NONE},
				 {"base64", FF_VERIFY_HMAC_SHA256_BASE64},
				 {"hex", FF_VERIFY_HMAC_SHA256_HEX},
				 {"shared", FF_VERIFY_SHARED_SECRET},
				 {"standard", FF_VERIFY_STANDARD_WEBHOOKS},
				 {"envelope", FF_VERIFY_ENVELOPE_BASE64},
				 {"form", FF_VERIFY_FORM_SHA1},
				 {"timed", FF_VERIFY_TIMED_HEX},
				 {"member", FF_VERIFY_MD5_MEMBER},
				 {"ecdsa", FF_VERIFY_ECDSA}};
	char *kind = text_argument(fcinfo, 0);
	char *header = text_argument(fcinfo, 1);
	char *body = text_argument(fcinfo, 4);
	FfVerify verify = {.header = *header ? header : NULL, .secret = "secret", .address = "address"};
	FfReply webhook = {.body = body, .length = strlen(body)};
	const char *reason;

	for (size_t i = 0; i < lengthof(kinds); i++)
	{
		if (strcmp(kinds[i].name, kind) == 0)
			verify.kind = kinds[i].kind;
	}
	webhook.header_count = headers_argument(fcinfo, 3, webhook.headers);
	if (ff_signature_verify(
			&verify, secrets_argument(fcinfo, 2), &webhook, PG_GETARG_INT64(5), &reason))
		reason = "ok";
	PG_RETURN_TEXT_P(cstring_to_text(reason));
}

Datum
transport_sign(PG_FUNCTION_ARGS)
{
	StringInfoData target;
	char *body = text_argument(fcinfo, 3);

	initStringInfo(&target);
	if (!ff_signature_standard(&target,
							   text_argument(fcinfo, 0),
							   text_argument(fcinfo, 1),
							   PG_GETARG_INT64(2),
							   body,
							   strlen(body)))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(target.data));
}

Datum
transport_oauth1(PG_FUNCTION_ARGS)
{
	StringInfoData url;

	initStringInfo(&url);
	appendStringInfoString(&url, text_argument(fcinfo, 0));
	if (!ff_oauth1_sign(&url,
						text_argument(fcinfo, 1),
						text_argument(fcinfo, 2),
						text_argument(fcinfo, 3),
						text_argument(fcinfo, 4),
						PG_GETARG_INT64(5)))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(url.data));
}

Datum
transport_seal(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(
		ff_vault_seal(PG_GETARG_INT32(0), PG_GETARG_INT64(1), text_argument(fcinfo, 2)));
}

Datum
transport_open(PG_FUNCTION_ARGS)
{
	char *opened = ff_vault_open(
		PG_GETARG_INT32(0), PG_GETARG_INT64(1), PG_GETARG_BYTEA_PP(2), CurrentMemoryContext);

	PG_RETURN_TEXT_P(cstring_to_text(opened));
}

Datum
transport_vault_problem(PG_FUNCTION_ARGS)
{
	char *problem = ff_vault_problem();

	if (problem == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(problem));
}

Datum
transport_redact_url(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(
		cstring_to_text(ff_redact_url(text_argument(fcinfo, 0), secrets_argument(fcinfo, 1))));
}

Datum
transport_redact_headers(PG_FUNCTION_ARGS)
{
	FfHeader headers[FF_MAX_HEADERS];
	int count = headers_argument(fcinfo, 0, headers);
	char *text = ff_redact_headers(headers, count, secrets_argument(fcinfo, 1));

	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
}

Datum
transport_redact_body(PG_FUNCTION_ARGS)
{
	bytea *body = PG_GETARG_BYTEA_PP(0);

	PG_RETURN_TEXT_P(cstring_to_text(ff_redact_body(VARDATA_ANY(body),
													VARSIZE_ANY_EXHDR(body),
													PG_GETARG_INT32(1),
													secrets_argument(fcinfo, 2))));
}

Datum
transport_expand(PG_FUNCTION_ARGS)
{
	char *plain = text_argument(fcinfo, 0);
	FfQuoting quoting = ff_quoting_of(text_argument(fcinfo, 1));
	const char *missing = NULL;
	StringInfoData target;

	initStringInfo(&target);
	if (!ff_secret_expand(
			&target, plain, strlen(plain), secrets_argument(fcinfo, 2), quoting, &missing))
		PG_RETURN_TEXT_P(cstring_to_text(psprintf("missing: %s", missing)));
	PG_RETURN_TEXT_P(cstring_to_text(target.data));
}

Datum
transport_public(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(ff_address_text_is_public(text_argument(fcinfo, 0)));
}
