/*
 * definition.c
 *
 * From the definition of a user's connector to the struct that all connectors
 * are.  Decides what a connector must say of itself; what it fills in and looks
 * up later is looked at by check.c.
 */
#include "postgres.h"

#include "own/parts.h"

#define MOST_SETTINGS 64

static const char *const roles[] = {
	"carrier", "fulfillment_center", "channel", "payment", "messenger"};
static const char *const types[] = {"text", "url", "integer", "number", "boolean", "object"};
static const char *const repeats[] = {"never", "safe", "with_key", "after_find"};

static const struct
{
	const char *name;
	FfAuthKind kind;
} auth_kinds[] = {{"none", FF_AUTH_NONE},
				  {"basic", FF_AUTH_BASIC},
				  {"bearer", FF_AUTH_BEARER},
				  {"header", FF_AUTH_HEADER},
				  {"oauth2_client", FF_AUTH_OAUTH2_CLIENT},
				  {"standard_webhooks", FF_AUTH_STANDARD_WEBHOOKS}};

static const struct
{
	const char *name;
	FfVerifyKind kind;
} verify_kinds[] = {{"none", FF_VERIFY_NONE},
					{"hmac_sha256_base64", FF_VERIFY_HMAC_SHA256_BASE64},
					{"hmac_sha256_hex", FF_VERIFY_HMAC_SHA256_HEX},
					{"shared_secret", FF_VERIFY_SHARED_SECRET},
					{"standard_webhooks", FF_VERIFY_STANDARD_WEBHOOKS},
					{"timed_hex", FF_VERIFY_TIMED_HEX}};

static bool
wrong(FfOwnProblem *problem, char *field, char *text)
{
	problem->field = field;
	problem->text = text;
	return false;
}

static bool
is_among(const char *const *words, int count, const char *word)
{
	for (int i = 0; i < count && word != NULL; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static char *
listed(const char *const *words, int count)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < count; i++)
		appendStringInfo(&text, "%s%s", i == 0 ? "" : i == count - 1 ? " or " : ", ", words[i]);
	return text.data;
}

static bool
read_roles(FfConnector *made, const FfJson *list, FfOwnProblem *problem)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < ff_json_count(list); i++)
	{
		const char *role = ff_json_text(ff_json_at(list, i), "");

		if (!is_among(roles, lengthof(roles), role))
			return wrong(problem,
						 psprintf("roles.%d", i),
						 psprintf("A role is %s.", listed(roles, lengthof(roles))));
		appendStringInfo(&text, "%s%s", i > 0 ? " " : "", role);
	}
	if (text.len == 0)
		return wrong(problem,
					 pstrdup("roles"),
					 psprintf("Say at least one role: %s.", listed(roles, lengthof(roles))));
	made->roles = text.data;
	return true;
}

static bool
read_setting(FfSetting *setting, const FfJson *json, const char *field, FfOwnProblem *problem)
{
	const FfJson *initial = ff_json_member(json, "default");

	setting->name = ff_json_text_or(json, "name", NULL);
	setting->type = ff_json_text_or(json, "type", "text");
	setting->required = ff_json_bool(json, "required", false);
	setting->secret = ff_json_bool(json, "secret", false);
	setting->description = ff_json_text_or(json, "description", "");
	if (!ff_json_is_null(initial))
		setting->default_value =
			ff_json_is_string(initial) ? ff_json_text(initial, "") : ff_json_dump(initial);
	if (setting->name == NULL ||
		strspn(setting->name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(setting->name))
		return wrong(problem,
					 psprintf("%s.name", field),
					 pstrdup("Name it with small letters, digits and underscores."));
	if (!is_among(types, lengthof(types), setting->type))
		return wrong(problem,
					 psprintf("%s.type", field),
					 psprintf("A type is %s.", listed(types, lengthof(types))));
	if (setting->secret && setting->default_value != NULL)
		return wrong(problem, psprintf("%s.default", field), pstrdup("A secret has no default."));
	return true;
}

static bool
read_settings(FfConnector *made, const FfJson *list, FfOwnProblem *problem)
{
	int count = ff_json_count(list);
	FfSetting *settings = palloc0(sizeof(FfSetting) * (Min(count, MOST_SETTINGS) + 1));
	bool addresses = false;

	if (count > MOST_SETTINGS)
		return wrong(problem, pstrdup("settings"), pstrdup("There are too many."));
	for (int i = 0; i < count; i++)
	{
		if (!read_setting(&settings[i], ff_json_at(list, i), psprintf("settings.%d", i), problem))
			return false;
		addresses |= strcmp(settings[i].type, "url") == 0;
	}
	if (!addresses)
		return wrong(problem,
					 pstrdup("settings"),
					 pstrdup("One of them is of type url: the address of the API, which may have a "
							 "default."));
	made->settings = settings;
	return true;
}

static bool
is_secret(const FfConnector *made, const char *name)
{
	for (const FfSetting *setting = made->settings; setting->name != NULL; setting++)
		if (setting->secret && strcmp(setting->name, name) == 0)
			return true;
	return false;
}

/* A member that names a secret; NULL when it is absent. */
static bool
read_secret(const FfConnector *made, const FfJson *json, const char *part, const char *member,
			const char **name, FfOwnProblem *problem)
{
	*name = ff_json_text_or(json, member, NULL);
	if (*name != NULL && !is_secret(made, *name))
		return wrong(problem,
					 psprintf("%s.%s", part, member),
					 psprintf("\"%s\" is no secret among the settings.", *name));
	return true;
}

static bool
read_auth(const FfConnector *made, FfAuth *auth, const FfJson *json, FfOwnProblem *problem)
{
	const char *kind = ff_json_text_or(json, "kind", "none");
	int found = -1;

	for (int i = 0; i < (int) lengthof(auth_kinds); i++)
		if (strcmp(auth_kinds[i].name, kind) == 0)
			found = i;
	if (found < 0)
		return wrong(problem,
					 pstrdup("auth.kind"),
					 pstrdup("It is none, basic, bearer, header, oauth2_client or "
							 "standard_webhooks."));
	auth->kind = auth_kinds[found].kind;
	auth->header = ff_json_text_or(json, "header", NULL);
	auth->token_url = ff_json_text_or(json, "token_url", NULL);
	auth->token_default = ff_json_text_or(json, "token_default", NULL);
	auth->scope = ff_json_text_or(json, "scope", NULL);
	auth->basic_token = ff_json_bool(json, "basic_token", false);
	auth->form = ff_json_text_or(json, "form", NULL);
	if (!read_secret(made, json, "auth", "user", &auth->user, problem) ||
		!read_secret(made, json, "auth", "password", &auth->password, problem))
		return false;
	if (auth->kind != FF_AUTH_NONE && auth->password == NULL)
		return wrong(
			problem, pstrdup("auth.password"), pstrdup("Name the secret that it is made from."));
	if ((auth->kind == FF_AUTH_BASIC || auth->kind == FF_AUTH_OAUTH2_CLIENT) && auth->user == NULL)
		return wrong(
			problem, pstrdup("auth.user"), pstrdup("Name the secret that holds the user."));
	if (auth->kind == FF_AUTH_HEADER && auth->header == NULL)
		return wrong(
			problem, pstrdup("auth.header"), pstrdup("Name the header that carries the secret."));
	if (auth->kind == FF_AUTH_OAUTH2_CLIENT && auth->token_url == NULL &&
		auth->token_default == NULL)
		return wrong(problem,
					 pstrdup("auth.token_url"),
					 pstrdup("Name the setting of the token's address, or give token_default."));
	return true;
}

static bool
read_operations(FfConnector *made, const FfOwn *own, const FfJson *operations,
				FfOwnProblem *problem)
{
	bool functions = own->request != NULL;
	void *state = NULL;
	char *name;
	FfJson *part;
	int count = 0;

	for (; ff_json_each(operations, &state, &name, &part); count++)
	{
		FfOperation operation = ff_operation_from_name(name);
		char *field = psprintf("operations.%s", name);

		if (operation == FF_OPERATION_COUNT || operation == FF_OP_FETCH_FILES)
			return wrong(problem, field, pstrdup("There is no such operation."));
		if (!is_among(repeats, lengthof(repeats), ff_json_text_or(part, "repeat", "")))
			return wrong(problem,
						 psprintf("%s.repeat", field),
						 psprintf("Say how a call may be repeated whose answer was lost: %s.",
								  listed(repeats, lengthof(repeats))));
		made->operations[operation].request =
			functions ? ff_own_function_request : ff_own_data_request;
		made->operations[operation].outcome =
			functions ? ff_own_function_outcome : ff_own_data_outcome;
		made->operations[operation].repeat = ff_own_repeat(part);
	}
	if (count == 0)
		return wrong(problem, pstrdup("operations"), pstrdup("It can do nothing."));
	for (int i = 0; i < FF_OPERATION_COUNT; i++)
		if (made->operations[i].request != NULL &&
			made->operations[i].repeat == FF_REPEAT_AFTER_FIND &&
			made->operations[FF_OP_FIND_SHIPMENT].request == NULL &&
			made->operations[FF_OP_FIND_PAYMENT].request == NULL)
			return wrong(problem,
						 psprintf("operations.%s.repeat", ff_operation_name(i)),
						 pstrdup("To look first it needs find_shipment or find_payment."));
	return true;
}

static bool
read_receive(FfConnector *made, const FfOwn *own, const FfJson *receive, FfOwnProblem *problem)
{
	const FfJson *verify = ff_json_member(receive, "verify");
	const char *kind = ff_json_text_or(verify, "kind", "none");
	int found = -1;

	if (ff_json_is_null(receive))
		return true;
	for (int i = 0; i < (int) lengthof(verify_kinds); i++)
		if (strcmp(verify_kinds[i].name, kind) == 0)
			found = i;
	if (found < 0)
		return wrong(problem,
					 pstrdup("receive.verify.kind"),
					 pstrdup("It is none, hmac_sha256_base64, hmac_sha256_hex, shared_secret, "
							 "standard_webhooks or timed_hex."));
	made->receive.verify.kind = verify_kinds[found].kind;
	made->receive.verify.header = ff_json_text_or(verify, "header", NULL);
	made->receive.event_header = ff_json_text_or(receive, "event_header", NULL);
	made->receive.event_member = ff_json_text_or(receive, "event_member", NULL);
	made->receive.translate = own->request != NULL ? ff_own_function_outcome : ff_own_data_outcome;
	if (!read_secret(
			made, verify, "receive.verify", "secret", &made->receive.verify.secret, problem))
		return false;
	if (made->receive.verify.kind != FF_VERIFY_NONE &&
		(made->receive.verify.secret == NULL || made->receive.verify.header == NULL))
		return wrong(problem,
					 pstrdup("receive.verify"),
					 pstrdup("Name the header that carries the signature, and the secret."));
	return true;
}

static void
read_limits(FfConnector *made, const FfJson *limits)
{
	made->rate_per_second = Max(ff_json_double_or(limits, "rate_per_second", 0), 0);
	made->burst = (int) Max(Min(ff_json_int64_or(limits, "burst", 0), 10000), 0);
	made->max_concurrency = (int) Max(Min(ff_json_int64_or(limits, "max_concurrency", 0), 1000), 0);
	made->timeout_ms = (int) Max(Min(ff_json_int64_or(limits, "timeout_ms", 0), 600000), 0);
}

FfConnector *
ff_own_compile(const FfOwn *own, FfOwnProblem *problem)
{
	const FfJson *definition = own->definition;
	FfConnector *made = palloc0(sizeof(FfConnector));
	FfAuth auth = {.kind = FF_AUTH_NONE};
	FfOwn *kept = palloc(sizeof(FfOwn));

	if (!ff_json_is_object(definition))
	{
		wrong(problem, pstrdup(""), pstrdup("It is no JSON object."));
		return NULL;
	}
	*kept = *own;
	made->own = kept;
	made->name = own->name;
	made->title = ff_json_text_or(definition, "title", own->name);
	made->credentials = ff_json_text_or(definition, "credentials", NULL);
	made->find_is_authoritative = ff_json_bool(definition, "find.authoritative", false);
	made->find_grace_s = (int) Max(Min(ff_json_int64_or(definition, "find.grace_s", 0), 86400), 0);
	read_limits(made, ff_json_member(definition, "limits"));
	if (!read_roles(made, ff_json_member(definition, "roles"), problem) ||
		!read_settings(made, ff_json_member(definition, "settings"), problem) ||
		!read_auth(made, &auth, ff_json_member(definition, "auth"), problem) ||
		!read_operations(made, own, ff_json_member(definition, "operations"), problem) ||
		!read_receive(made, own, ff_json_member(definition, "receive"), problem))
		return NULL;
	/* of the others it is a constant */
	memcpy(unconstify(FfAuth *, &made->auth), &auth, sizeof(FfAuth));
	return made;
}
