/*
 * strict.c
 *
 * Checks a request against a table of fields (peer.h: SimField).  The table is
 * made into a tree at first use and the body is walked along it once, so the
 * price does not depend on the length of the table, and every failure can name
 * its exact place ("Package[1].Packaging.Code").  All failures are recorded as
 * offences, not only the first; only the peer knows how to word its answer.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

typedef struct SimNode
{
	char *name; /* NULL for the element of an array */
	const SimField *field;
	struct SimNode *children; /* members; for an array its element */
	struct SimNode *next;
	bool is_array;
	const char *others; /* further members that may be there unchecked */
} SimNode;

/* Where failures go, and where the walk is. */
typedef struct Check
{
	SimRequest *request;
	SimSchema *schema;
	SimFailure *failures;
	int room;
	int count;
	char path[200]; /* where the walk is; grows and shrinks with it */
	size_t length;
} Check;

static SimNode *
child_of(SimNode *parent, const char *name, size_t size)
{
	SimNode **link = &parent->children;

	for (; *link; link = &(*link)->next)
	{
		if (name ? (*link)->name && strlen((*link)->name) == size &&
					   strncmp((*link)->name, name, size) == 0
				 : !(*link)->name)
			return *link;
	}
	*link = sim_alloc(sizeof(SimNode));
	if (name)
		(*link)->name = sim_format("%.*s", (int) size, name);
	return *link;
}

static SimNode *
make_tree(const SimSchema *schema)
{
	SimNode *root = sim_alloc(sizeof(SimNode));

	for (const SimField *field = schema->fields; field->path; field++)
	{
		SimNode *node = root;

		for (const char *at = field->path; *at;)
		{
			size_t size = strcspn(at, ".[");

			if (size && *at != '*')
				node = child_of(node, at, size);
			at += size;
			while (strncmp(at, "[]", 2) == 0)
			{
				node->is_array = true;
				node = child_of(node, NULL, 0);
				at += 2;
			}
			at += *at == '.';
		}
		if (field->path[strlen(field->path) - 1] == '*')
			node->others = field->values;
		else
			node->field = field;
	}
	return root;
}

static void
free_tree(SimNode *node)
{
	while (node)
	{
		SimNode *next = node->next;

		free_tree(node->children);
		free(node->name);
		free(node);
		node = next;
	}
}

void
sim_schema_free(SimSchema *schema)
{
	free_tree(schema->tree);
	schema->tree = NULL;
}

static void report(Check *check, bool refused, const SimField *row, const char *rule,
				   const char *format, ...) __attribute__((format(printf, 5, 6)));

static void
report(Check *check, bool refused, const SimField *row, const char *rule, const char *format, ...)
{
	SimFailure failure = {.rule = rule, .row = row};
	va_list arguments;

	snprintf(failure.field, sizeof failure.field, "%s", check->path);
	va_start(arguments, format);
	vsnprintf(failure.detail, sizeof failure.detail, format, arguments);
	va_end(arguments);
	sim_offence(check->request, refused, rule, check->path, "%s", failure.detail);
	if (!refused)
		return;
	if (check->count < check->room)
		check->failures[check->count] = failure;
	check->count++;
}

static const char *
type_of(const json_t *value)
{
	static const char *const names[] = {[JSON_OBJECT] = "an object",
										[JSON_ARRAY] = "an array",
										[JSON_STRING] = "a string",
										[JSON_INTEGER] = "an integer",
										[JSON_REAL] = "a number",
										[JSON_TRUE] = "true",
										[JSON_FALSE] = "false",
										[JSON_NULL] = "null"};

	return names[json_typeof(value)];
}

static bool
has_type(const json_t *value, SimType type)
{
	switch (type)
	{
		case SIM_STRING:
			return json_is_string(value);
		case SIM_INTEGER:
			return json_is_integer(value);
		case SIM_NUMBER:
			return json_is_number(value);
		case SIM_BOOLEAN:
			return json_is_boolean(value);
		case SIM_OBJECT:
			return json_is_object(value);
		case SIM_ARRAY:
			return json_is_array(value);
		case SIM_DECIMAL:
			return json_is_number(value) ||
				   (json_is_string(value) && sim_is_decimal(json_string_value(value)));
		case SIM_ANY:
			return true;
	}
	return false;
}

static const char *const type_names[] = {[SIM_STRING] = "a string",
										 [SIM_INTEGER] = "an integer",
										 [SIM_NUMBER] = "a number",
										 [SIM_BOOLEAN] = "a boolean",
										 [SIM_OBJECT] = "an object",
										 [SIM_ARRAY] = "an array",
										 [SIM_DECIMAL] = "a decimal number",
										 [SIM_ANY] = "anything"};

/* One step down, to a member or (name NULL) an element; answers the length to go back to. */
static size_t
step_down(Check *check, const char *name, size_t index)
{
	size_t before = check->length;
	char number[24];
	size_t size;

	if (!name)
		snprintf(number, sizeof number, "[%zu]", index);
	else if (before && before + 1 < sizeof check->path)
		check->path[check->length++] = '.';
	size = strlen(name ? name : number);
	if (size > sizeof check->path - 1 - check->length)
		size = sizeof check->path - 1 - check->length;
	memcpy(check->path + check->length, name ? name : number, size);
	check->length += size;
	check->path[check->length] = '\0';
	return before;
}

static void
step_up(Check *check, size_t before)
{
	check->length = before;
	check->path[before] = '\0';
}

static void
check_string(Check *check, const SimField *field, const char *text)
{
	if ((field->flags & SIM_REQUIRED) && !(field->flags & SIM_BLANK) && !text[strspn(text, " \t")])
		report(check, true, field, "required", "It is empty.");
	else if (field->max && sim_length(text) > (size_t) field->max)
		report(check,
			   true,
			   field,
			   "length",
			   "It has %zu characters, at most %d are allowed.",
			   sim_length(text),
			   field->max);
	else if (field->values && !sim_is_one_of(text, field->values, '|'))
		report(check, true, field, "value", "\"%.60s\" is not one of %.200s.", text, field->values);
	else if (field->form && *text && !field->form(text))
		report(check, true, field, "form", "\"%.100s\" does not have the demanded form.", text);
}

static void check_value(Check *check, const SimNode *node, const json_t *value);

static void
check_members(Check *check, const SimNode *node, const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *) object, key, value)
	{
		const SimNode *child = node->children;
		size_t before = step_down(check, key, 0);

		while (child && (!child->name || strcmp(child->name, key) != 0))
			child = child->next;
		if (child)
			check_value(check, child, value);
		else if (!node->others || !sim_is_one_of(key, node->others, '|'))
			report(check,
				   check->schema->closed,
				   NULL,
				   "unknown",
				   "%s has no such member.",
				   check->schema->name);
		step_up(check, before);
	}
	for (const SimNode *child = node->children; child; child = child->next)
	{
		const SimField *field = child->field;
		size_t before;

		if (!field || !(field->flags & SIM_REQUIRED) || json_object_get(object, child->name) ||
			(field->when && !field->when(check->request->json)))
			continue;
		before = step_down(check, child->name, 0);
		report(check, true, field, "required", "It is missing.");
		step_up(check, before);
	}
}

static void
check_elements(Check *check, const SimNode *node, const json_t *array)
{
	const SimField *field = node->field;
	size_t size = json_array_size(array);

	if (field && (field->flags & SIM_REQUIRED) && size == 0)
		report(check, true, field, "required", "It has no element.");
	if (field && field->max && size > (size_t) field->max)
		report(check,
			   true,
			   field,
			   "length",
			   "It has %zu elements, at most %d are allowed.",
			   size,
			   field->max);
	for (size_t i = 0; node->children && i < size; i++)
	{
		size_t before = step_down(check, NULL, i);

		check_value(check, node->children, json_array_get(array, i));
		step_up(check, before);
	}
}

static void
check_value(Check *check, const SimNode *node, const json_t *value)
{
	const SimField *field = node->field;
	SimType type = field                    ? field->type
				   : node->is_array         ? SIM_ARRAY
				   : node->children != NULL ? SIM_OBJECT
											: SIM_ANY;
	bool needed = field && (field->flags & SIM_REQUIRED) &&
				  (!field->when || field->when(check->request->json));

	if (json_is_null(value) && field && (field->flags & SIM_NULLABLE) && !needed)
		return;
	if (!has_type(value, type))
		report(check,
			   true,
			   field,
			   json_is_null(value) && needed ? "required" : "type",
			   "It is %s, it must be %s.",
			   type_of(value),
			   type_names[type]);
	else if (json_is_string(value) && field)
		check_string(check, field, json_string_value(value));
	else if (json_is_number(value) && field && field->max &&
			 fabs(json_number_value(value)) > field->max)
		report(check,
			   true,
			   field,
			   "range",
			   "It is %g, at most %d is allowed.",
			   json_number_value(value),
			   field->max);
	else if (json_is_object(value) && node->children)
		check_members(check, node, value);
	else if (json_is_array(value))
		check_elements(check, node, value);
}

int
sim_check_body(SimRequest *request, SimSchema *schema, SimFailure *failures, int room)
{
	Check check = {.request = request, .schema = schema, .failures = failures, .room = room};

	if (!schema->tree)
		schema->tree = make_tree(schema);
	if (!json_is_object(request->json))
		report(&check,
			   true,
			   NULL,
			   "type",
			   "The body is %s, it must be an object.",
			   type_of(request->json));
	else
		check_members(&check, schema->tree, request->json);
	return check.count;
}

static enum MHD_Result
check_parameter(void *request, enum MHD_ValueKind kind, const char *key, const char *value)
{
	const SimRoute *route = ((SimRequest *) request)->route;

	(void) kind;
	if (!route->query || !sim_is_one_of(key, route->query, ' '))
		sim_offence(request,
					false,
					"query",
					key,
					"%s %s has no query parameter \"%.60s\" (value \"%.60s\").",
					route->method,
					route->path,
					key,
					value ? value : "");
	return MHD_YES;
}

void
sim_check_query(SimRequest *request)
{
	if (request->route->query && strcmp(request->route->query, "*") == 0)
		return;
	MHD_get_connection_values(
		request->exchange->connection, MHD_GET_ARGUMENT_KIND, check_parameter, request);
}
