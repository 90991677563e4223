/*
 * read.c
 *
 * Lines as people name them; see read.h.  A line is named by its number or by
 * its SKU, a condition by any word; which stock it leads to follows from the
 * word unless it is said.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "pg/errors.h"
#include "returns/read.h"
#include "stock/act.h"
#include "stock/lookup.h"

/* line, item, SKU and units that could come back */
static FfStatement lines_of_order = FF_STATEMENT(
	"select l.line, l.item_id, l.sku, greatest(l.shipped + l.over_shipped - (select coalesce(sum("
	"         case when r.ended_at is null then greatest(n.quantity - n.missing, n.received)"
	"              else n.received end), 0)::int"
	"         from fulfillment.returns r"
	"         join fulfillment.return_lines n on n.merchant_id = $1 and n.return_id = r.return_id"
	"        where r.merchant_id = $1 and r.order_id = $2 and n.line = l.line), 0)"
	"  from fulfillment.order_lines l where l.merchant_id = $1 and l.order_id = $2 order by 1",
	INT4OID, INT8OID);

static FfStatement lines_of_return =
	FF_STATEMENT("select n.line, n.item_id, i.sku, greatest(n.quantity - n.received - n.missing, 0)"
				 "  from fulfillment.return_lines n"
				 "  join fulfillment.items i on i.merchant_id = $1 and i.item_id = n.item_id"
				 " where n.merchant_id = $1 and n.return_id = $2 order by 1",
				 INT4OID, INT8OID);

static FfStatement keep_conditions = FF_STATEMENT(
	"update fulfillment.returns set attributes = attributes || jsonb_build_object('received', $3)"
	" where merchant_id = $1 and return_id = $2",
	INT4OID, INT8OID, JSONBOID);

static FfStatement read_conditions =
	FF_STATEMENT("select (e ->> 'item_id')::bigint, (e ->> 'quantity')::int, e ->> 'condition',"
				 "       e ->> 'disposition'"
				 "  from fulfillment.returns r, jsonb_array_elements(r.attributes -> 'received') e"
				 " where r.merchant_id = $1 and r.return_id = $2",
				 INT4OID, INT8OID);

/* What the words for a condition mean; any other is looked at first. */
static const struct
{
	const char *condition;
	const char *disposition;
} conditions[] = {
	{"good", "restock"},
	{"new", "restock"},
	{"unopened", "restock"},
	{"missing", "missing"},
	{"destroyed", "scrap"},
};

static const char *const dispositions[] = {"restock", "quarantine", "scrap", "missing"};

static void
refuse(int position, const char *what)
{
	ereport(ERROR,
			(errcode(FF_ERR_INVALID_DOCUMENT),
			 errmsg("invalid lines of a return"),
			 errdetail("Field \"lines[%d]\": %s.", position, what),
			 errhint("Give an array of {\"line\" or \"sku\", \"quantity\", \"condition\", "
					 "\"disposition\", \"reason\"}.")));
}

/* The row of the list that is named; -1 when none is. */
static int
row_named(const FfRows *known, const FfJson *entry)
{
	const char *sku = ff_json_text_or(entry, "sku", NULL);
	int64 line = ff_json_int64_or(entry, "line", 0);

	for (uint64 i = 0; i < known->count; i++)
		if (line != 0 ? ff_row_int4(known, i, 1) == line
					  : sku != NULL && strcmp(ff_row_text(known, i, 3), sku) == 0)
			return (int) i;
	return -1;
}

static void
read_condition(FfReturnLine *line, const FfJson *entry, int position)
{
	const char *said = ff_json_text_or(entry, "disposition", NULL);

	line->condition = ff_json_text_or(entry, "condition", "good");
	line->disposition = "quarantine";
	for (int i = 0; i < (int) lengthof(conditions); i++)
		if (strcmp(conditions[i].condition, line->condition) == 0)
			line->disposition = conditions[i].disposition;
	if (said == NULL)
		return;
	line->disposition = NULL;
	for (int i = 0; i < (int) lengthof(dispositions); i++)
		if (strcmp(dispositions[i], said) == 0)
			line->disposition = dispositions[i];
	if (line->disposition == NULL)
		refuse(position, "\"disposition\" must be restock, quarantine, scrap or missing");
}

static void
read_quantity(FfReturnLine *line, const FfJson *entry, int64 fallback, int position)
{
	int64 units = fallback;

	if (!ff_json_is_null(ff_json_get(entry, "quantity")) &&
		!ff_json_int64(entry, "quantity", &units))
		refuse(position, "\"quantity\" must be a whole number");
	if (units <= 0 || units > FF_MAX_MOVED)
		refuse(position,
			   fallback == 0 && ff_json_is_null(ff_json_get(entry, "quantity"))
				   ? "nothing of it is left to come back"
				   : "\"quantity\" must be positive, and not absurd");
	line->quantity = (int32) units;
}

/* Everything that could still come, in good order. */
static FfReturnLine *
read_all(const FfRows *known, int *count)
{
	FfReturnLine *lines = palloc0(sizeof(FfReturnLine) * Max(known->count, 1));

	*count = 0;
	for (uint64 i = 0; i < known->count; i++)
		if (ff_row_int4(known, i, 4) > 0)
			lines[(*count)++] = (FfReturnLine){.line = ff_row_int4(known, i, 1),
											   .item_id = ff_row_int8(known, i, 2),
											   .quantity = ff_row_int4(known, i, 4),
											   .condition = "good",
											   .disposition = "restock"};
	return lines;
}

/* foreign: items that the list does not have are taken, too. */
static FfReturnLine *
read_list(int32 merchant_id, const FfRows *known, const FfJson *json, bool foreign, int *count)
{
	FfReturnLine *lines;

	*count = ff_json_count(json);
	if (!ff_json_is_array(json) || *count == 0)
		refuse(0, "at least one line must be named");
	lines = palloc0(sizeof(FfReturnLine) * *count);
	for (int i = 0; i < *count; i++)
	{
		FfJson *entry = ff_json_at(json, i);
		int row = row_named(known, entry);
		const char *sku = ff_json_text_or(entry, "sku", NULL);

		if (!ff_json_is_object(entry))
			refuse(i, "it must be an object");
		if (row < 0 && (!foreign || sku == NULL))
			refuse(i, "there is no such line");
		if (row >= 0)
		{
			lines[i].line = ff_row_int4(known, row, 1);
			lines[i].item_id = ff_row_int8(known, row, 2);
		}
		else
			lines[i].item_id = ff_item_id(merchant_id, sku);
		read_quantity(&lines[i], entry, row < 0 ? 1 : ff_row_int4(known, row, 4), i);
		read_condition(&lines[i], entry, i);
		lines[i].reason = ff_json_text_or(entry, "reason", NULL);
	}
	return lines;
}

/* The same line named twice counts once, with the units of both. */
static void
merge(FfReturnLine *lines, int *count)
{
	int kept = 0;

	for (int i = 0; i < *count; i++)
	{
		int known = 0;

		while (known < kept &&
			   (lines[known].line != lines[i].line || lines[known].item_id != lines[i].item_id))
			known++;
		if (known == kept)
			lines[kept++] = lines[i];
		else
			lines[known].quantity += lines[i].quantity;
	}
	*count = kept;
}

FfReturnLine *
ff_read_wanted(int32 merchant_id, int64 order_id, const FfJson *json, int *count)
{
	FfRows known = ff_run(&lines_of_order, ff_int4(merchant_id), ff_int8(order_id));
	FfReturnLine *lines;

	if (json == NULL)
		return read_all(&known, count);
	lines = read_list(merchant_id, &known, json, false, count);
	merge(lines, count);
	return lines;
}

FfReturnLine *
ff_read_received(const FfReturn *subject, const FfJson *json, int *count)
{
	FfRows known =
		ff_run(&lines_of_return, ff_int4(subject->merchant_id), ff_int8(subject->return_id));

	return json == NULL ? read_all(&known, count)
						: read_list(subject->merchant_id, &known, json, true, count);
}

FfReturnLine *
ff_read_blind(int32 merchant_id, const FfJson *json, const char *location, int *count)
{
	FfRows nothing = {0};

	if (location == NULL)
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("argument \"location\" is missing"),
				 errdetail("Nobody announced this parcel, so nobody said where it would come to."),
				 errhint("Give the code of the location where the parcel lies.")));
	return read_list(merchant_id, &nothing, json, true, count);
}

void
ff_expect_location(const FfReturn *subject, const FfReturnRequest *request)
{
	if (subject->location_id == 0 && request->location_id == 0)
		ereport(ERROR,
				(errcode(FF_ERR_INVALID_DOCUMENT),
				 errmsg("argument \"location\" is missing"),
				 errdetail("Return %lld has no location yet.", (long long) subject->return_id),
				 errhint("Give the code of the location where the goods are.")));
}

void
ff_keep_conditions(const FfReturn *subject, const FfReturnRequest *request)
{
	FfJsonWriter list;

	ff_write_init(&list);
	ff_write_array(&list, NULL);
	for (int i = 0; i < request->line_count; i++)
	{
		ff_write_object(&list, NULL);
		ff_write_int(&list, "item_id", request->lines[i].item_id);
		ff_write_int(&list, "quantity", request->lines[i].quantity);
		ff_write_text(&list, "condition", request->lines[i].condition);
		ff_write_text(&list, "disposition", request->lines[i].disposition);
		ff_write_end(&list);
	}
	ff_run(&keep_conditions,
		   ff_int4(subject->merchant_id),
		   ff_int8(subject->return_id),
		   ff_json_from_text(ff_write_finish(&list)));
}

FfReturnLine *
ff_read_conditions(const FfReturn *subject, int *count)
{
	FfRows rows =
		ff_run(&read_conditions, ff_int4(subject->merchant_id), ff_int8(subject->return_id));
	FfReturnLine *lines = palloc0(sizeof(FfReturnLine) * Max(rows.count, 1));

	*count = (int) rows.count;
	for (uint64 i = 0; i < rows.count; i++)
		lines[i] = (FfReturnLine){.item_id = ff_row_int8(&rows, i, 1),
								  .quantity = ff_row_int4(&rows, i, 2),
								  .condition = ff_row_text(&rows, i, 3),
								  .disposition = ff_row_text(&rows, i, 4)};
	return lines;
}
