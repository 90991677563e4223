/*
 * file_report.c
 *
 * What the rows of files that came in mean: how far orders are, whether they
 * were taken, what is in stock, what came back.  Rows of one order are one
 * report of it, in the order of their times; quantities are those of the rows,
 * beside what other files said of other parcels.  A row that says nothing we
 * understand is named with its line, and stops no other.
 */
#include "postgres.h"

#include "connectors/file_exchange.h"

/* The words of partners, in any case. */
static const struct
{
	const char *word;
	const char *state;
} words[] = {
	{"RECEIVED", "accepted"},
	{"IMPORTED", "accepted"},
	{"ACCEPTED", "accepted"},
	{"OK", "accepted"},
	{"Geïmporteerd", "accepted"},
	{"Geaccepteerd", "accepted"},
	{"BACKORDER", "on_hold"},
	{"ONHOLD", "on_hold"},
	{"ON_HOLD", "on_hold"},
	{"HOLD", "on_hold"},
	{"PENDING_STOCK", "on_hold"},
	{"PICKING", "picking"},
	{"PROCESSING", "picking"},
	{"In bewerking", "picking"},
	{"PACKED", "packed"},
	{"READY", "packed"},
	{"Klaar voor verzending", "packed"},
	{"SHIPPED", "shipped"},
	{"SENT", "shipped"},
	{"SKICKAD", "shipped"},
	{"DISPATCHED", "shipped"},
	{"HANDLED", "shipped"},
	{"Historisch", "shipped"},
	{"Versendet", "shipped"},
	{"DELIVERED", "delivered"},
	{"LEVERERAD", "delivered"},
	{"CANCELLED", "cancelled"},
	{"CANCELED", "cancelled"},
	{"ANNULLERAD", "cancelled"},
	{"MAKULERAD", "cancelled"},
	{"Storniert", "cancelled"},
	{"REJECTED", "rejected"},
	{"ERROR", "rejected"},
	{"INVALID", "rejected"},
	{"Nicht lieferbar", "rejected"},
	{"RETURNED", "returned"},
};

static const char *
state_of(const FfCall *call, const char *word)
{
	void *state = NULL;
	char *key;
	FfJson *value;

	while (ff_json_each(ff_json_get(call->config, "status_map"), &state, &key, &value))
		if (pg_strcasecmp(key, word) == 0)
			return ff_json_text(value, "");
	for (int i = 0; i < (int) lengthof(words); i++)
		if (pg_strcasecmp(words[i].word, word) == 0)
			return words[i].state;
	return NULL;
}

/* Rows that say nothing, each with its line. */
static void
write_rejected(FfOutcome *outcome, const FfFileRecords *records)
{
	bool open = false;

	for (int i = 0; i < records->count; i++)
	{
		if (records->rows[i].error == NULL)
			continue;
		if (!open)
			ff_write_array(&outcome->body, "rejected");
		open = true;
		ff_write_object(&outcome->body, NULL);
		ff_write_int(&outcome->body, "line", records->rows[i].line);
		ff_write_text(&outcome->body, "error", records->rows[i].error);
		ff_write_end(&outcome->body);
	}
	if (open)
		ff_write_end(&outcome->body);
}

static const char *
order_key(const FfFileRecord *record)
{
	static const char *const names[] = {"order_number", "partner_number", "shop_order_number"};

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		const char *text = ff_record_text(record, names[i]);

		if (text != NULL && *text != '\0')
			return text;
	}
	return NULL;
}

/* A row of a status or acknowledgement file, read. */
typedef struct Said
{
	const FfFileRecord *record;
	const char *key;
	const char *word;
	const char *state;
	const char *time; /* ISO, or NULL */
} Said;

static int
by_key(const void *a, const void *b)
{
	const Said *left = a;
	const Said *right = b;
	int order = strcmp(left->key, right->key);

	if (order == 0)
		order = strcmp(left->time ? left->time : "", right->time ? right->time : "");
	return order != 0 ? order : left->record->line - right->record->line;
}

static bool
read_said(const FfCall *call, FfFileKind kind, FfFileRecord *record, Said *said)
{
	int64 units;

	said->record = record;
	said->key = order_key(record);
	said->word = ff_record_text(record, kind == FF_FILE_ACK ? "result" : "status");
	said->state = said->word ? state_of(call, said->word) : NULL;
	said->time = ff_record_time(call, record);
	if (record->error == NULL && said->key == NULL)
		record->error = "It names no order.";
	else if (record->error == NULL && said->word == NULL)
		record->error = "It has no status.";
	else if (record->error == NULL && said->state == NULL)
		record->error = psprintf("Its status \"%s\" is not known.", ff_plain_text(said->word, 60));
	else if (record->error == NULL && ff_record_text(record, "quantity") != NULL &&
			 *ff_record_text(record, "quantity") != '\0' &&
			 !ff_record_units(call, record, "quantity", &units))
		record->error = "Its quantity is no whole number.";
	return record->error == NULL;
}

static bool
has_left(const Said *said)
{
	return strcmp(said->state, "shipped") == 0 || strcmp(said->state, "delivered") == 0;
}

static void
write_units(const FfCall *call, FfJsonWriter *writer, const Said *said, const char *member)
{
	int64 units;

	if (!ff_record_units(call, said->record, "quantity", &units) || units <= 0)
		return;
	ff_write_object(writer, NULL);
	ff_write_number(writer, "line", ff_json_number(said->record->values, "line_no"));
	ff_write_text(writer, "sku", ff_record_text(said->record, "sku"));
	ff_write_int(writer, member, units);
	ff_write_end(writer);
}

static const char *
tracking_of(const Said *said)
{
	const char *number = ff_record_text(said->record, "tracking_number");

	return number != NULL && *number != '\0' ? number : NULL;
}

/* The parcels of an order's rows, each with its lines. */
static void
write_packages(const FfCall *call, FfJsonWriter *writer, const Said *rows, int count)
{
	bool open = false;

	for (int i = 0; i < count; i++)
	{
		const char *number = tracking_of(&rows[i]);
		bool before = false;

		for (int j = 0; j < i && number; j++)
			before |= tracking_of(&rows[j]) && strcmp(tracking_of(&rows[j]), number) == 0;
		if (number == NULL || before)
			continue;
		if (!open)
			ff_write_array(writer, "packages");
		open = true;
		ff_write_object(writer, NULL);
		ff_write_text(writer, "tracking_number", number);
		ff_write_text(writer, "carrier", ff_record_text(rows[i].record, "carrier"));
		ff_write_text(writer, "tracking_url", ff_record_text(rows[i].record, "tracking_url"));
		ff_write_array(writer, "lines");
		for (int j = i; j < count; j++)
			if (tracking_of(&rows[j]) && strcmp(tracking_of(&rows[j]), number) == 0)
				write_units(call, writer, &rows[j], "quantity");
		ff_write_end(writer);
		ff_write_end(writer);
	}
	if (open)
		ff_write_end(writer);
}

static void
write_error(FfJsonWriter *writer, const Said *last)
{
	if (strcmp(last->state, "rejected") != 0)
		return;
	ff_write_object(writer, "error");
	ff_write_text(writer, "code", last->word);
	ff_write_text(writer, "message", ff_record_text(last->record, "message"));
	ff_write_end(writer);
}

/* One order of the file; its rows stand in the order of their times. */
static void
write_order(const FfCall *call, FfJsonWriter *writer, const char *member, const Said *rows,
			int count)
{
	const Said *last = &rows[count - 1];

	ff_write_object(writer, member);
	ff_write_int(writer, "file_line", last->record->line);
	ff_write_text(writer, "reference", ff_record_text(last->record, "order_number"));
	ff_write_text(writer, "provider_reference", ff_record_text(last->record, "partner_number"));
	ff_write_text(writer, "order_number", ff_record_text(last->record, "shop_order_number"));
	ff_write_text(
		writer, "state", strcmp(last->state, "returned") == 0 ? "delivered" : last->state);
	ff_write_text(writer, "provider_state", last->word);
	if (has_left(last))
	{
		ff_write_text(writer, "shipped_at", last->time);
		ff_write_text(writer, "quantities", "added");
		ff_write_array(writer, "lines");
		for (int i = 0; i < count; i++)
			if (has_left(&rows[i]))
				write_units(call, writer, &rows[i], "shipped");
		ff_write_end(writer);
	}
	write_packages(call, writer, rows, count);
	write_error(writer, last);
	ff_write_end(writer);
}

/* Parcels that came back are told as their carrier would. */
static void
write_returned(FfJsonWriter *writer, const Said *rows, int count)
{
	bool open = false;

	for (int i = 0; i < count; i++)
	{
		if (strcmp(rows[i].state, "returned") != 0 || tracking_of(&rows[i]) == NULL)
			continue;
		if (!open)
			ff_write_array(writer, "tracking");
		open = true;
		ff_write_object(writer, NULL);
		ff_write_text(writer, "tracking_number", tracking_of(&rows[i]));
		ff_write_text(writer, "status", "returned");
		ff_write_array(writer, "events");
		ff_write_object(writer, NULL);
		ff_write_text(writer, "at", rows[i].time);
		ff_write_text(writer, "status", "returned");
		ff_write_text(writer, "code", rows[i].word);
		ff_write_end(writer);
		ff_write_end(writer);
		ff_write_end(writer);
	}
	if (open)
		ff_write_end(writer);
}

/* The shipment a call is about, as far as it is about one. */
static const char *
wanted_order(const FfCall *call)
{
	if (ff_json_get(call->document, "shipment") == NULL)
		return NULL;
	return ff_files_reference(call);
}

static void
report_orders(const FfCall *call, FfFileKind kind, FfFileRecords *records, FfOutcome *outcome)
{
	Said *rows = palloc(sizeof(Said) * Max(records->count, 1));
	const char *wanted = wanted_order(call);
	int count = 0;
	bool found = false;

	for (int i = 0; i < records->count; i++)
		if (read_said(call, kind, &records->rows[i], &rows[count]))
			count++;
	qsort(rows, count, sizeof(Said), by_key);
	if (wanted == NULL)
		ff_write_array(&outcome->body, "shipments");
	for (int first = 0, next; first < count; first = next)
	{
		for (next = first + 1; next < count && strcmp(rows[next].key, rows[first].key) == 0;)
			next++;
		if (wanted == NULL)
			write_order(call, &outcome->body, NULL, &rows[first], next - first);
		else if (strcmp(rows[first].key, wanted) == 0)
		{
			write_order(call, &outcome->body, "shipment", &rows[first], next - first);
			found = true;
		}
	}
	if (wanted == NULL)
		ff_write_end(&outcome->body);
	if (wanted != NULL && !found)
		ff_outcome_set(
			outcome, FF_RESULT_ABSENT, "not_in_file", "No file says anything of this order.", NULL);
	write_returned(&outcome->body, rows, count);
}

/* A row of stock, with what tells the same article apart. */
typedef struct Level
{
	FfFileRecord *record;
	const char *key;
} Level;

static int
by_article(const void *a, const void *b)
{
	const Level *left = a;
	const Level *right = b;
	int order = strcmp(left->key, right->key);

	return order != 0 ? order : left->record->line - right->record->line;
}

static bool
read_level(const FfCall *call, FfFileRecord *record, Level *level)
{
	const char *sku = ff_record_text(record, "sku");
	const char *quantity = ff_record_text(record, "quantity");
	const char *place = ff_record_text(record, "warehouse");
	int64 units;

	if (record->error != NULL)
		return false;
	if (sku == NULL)
		record->error = "It names no article.";
	else if (quantity == NULL || *quantity == '\0')
		return false; /* says nothing, above all not zero */
	else if (!ff_record_units(call, record, "quantity", &units))
		record->error =
			psprintf("Its quantity \"%s\" is no whole number.", ff_plain_text(quantity, 30));
	if (record->error != NULL)
		return false;
	level->record = record;
	level->key = psprintf("%s\n%s", sku, place ? place : "");
	return true;
}

static void
write_stock(const FfCall *call, FfJsonWriter *writer, const FfFileRecord *record)
{
	int64 units;

	ff_write_object(writer, NULL);
	ff_write_text(writer, "sku", ff_record_text(record, "sku"));
	ff_write_text(writer, "location", ff_record_text(record, "warehouse"));
	if (ff_record_units(call, record, "quantity", &units))
		ff_write_int(writer, "on_hand", units);
	if (ff_record_units(call, record, "available", &units))
		ff_write_int(writer, "available", units);
	if (ff_record_units(call, record, "reserved", &units))
		ff_write_int(writer, "reserved", units);
	ff_write_text(writer, "as_of", ff_record_time(call, record));
	ff_write_int(writer, "file_line", record->line);
	ff_write_end(writer);
}

/* The last of several rows of an article counts. */
static void
report_stock(const FfCall *call, FfFileRecords *records, FfOutcome *outcome)
{
	Level *levels = palloc(sizeof(Level) * Max(records->count, 1));
	bool full = ff_files_setting_is(call, "stock_mode", "full");
	int count = 0;

	for (int i = 0; i < records->count; i++)
		if (read_level(call, &records->rows[i], &levels[count]))
			count++;
	qsort(levels, count, sizeof(Level), by_article);
	ff_write_array(&outcome->body, "inventory");
	for (int i = 0; i < count; i++)
		if (i + 1 == count || strcmp(levels[i].key, levels[i + 1].key) != 0)
			write_stock(call, &outcome->body, levels[i].record);
	ff_write_end(&outcome->body);
	if (!full)
		return;
	ff_write_object(&outcome->body, "stock_file");
	ff_write_int(&outcome->body, "rows", count);
	ff_write_number(
		&outcome->body, "min_rows_percent", ff_json_number(call->config, "min_rows_percent"));
	ff_write_bool(&outcome->body, "complete", ff_json_bool(call->config, "missing_is_zero", false));
	ff_write_end(&outcome->body);
}

static void
write_receipt(const FfCall *call, FfJsonWriter *writer, const FfFileRecord *record)
{
	int64 units;

	ff_write_object(writer, NULL);
	ff_write_number(writer, "line", ff_json_number(record->values, "line_no"));
	ff_write_text(writer, "sku", ff_record_text(record, "sku"));
	if (ff_record_units(call, record, "quantity", &units))
	{
		ff_write_int(writer, "quantity", units);
		ff_write_int(writer, "received", units);
	}
	if (ff_record_units(call, record, "restocked", &units))
		ff_write_int(writer, "restocked", units);
	ff_write_text(writer, "reason", ff_record_text(record, "condition"));
	ff_write_text(writer, "received_at", ff_record_time(call, record));
	ff_write_end(writer);
}

/* The return a row is of: its number, else the order it belongs to. */
static const char *
return_key(const FfFileRecord *record)
{
	const char *number = ff_record_text(record, "rma_number");

	return number != NULL && *number != '\0' ? number : ff_record_text(record, "order_number");
}

static void
write_return(const FfCall *call, FfJsonWriter *writer, const char *member,
			 const FfFileRecords *records, int first)
{
	const FfFileRecord *record = &records->rows[first];

	ff_write_object(writer, member);
	ff_write_text(writer, "number", ff_record_text(record, "rma_number"));
	ff_write_text(writer, "order_number", ff_record_text(record, "order_number"));
	ff_write_text(writer, "state", "receiving");
	ff_write_array(writer, "lines");
	for (int i = first; i < records->count; i++)
		if (records->rows[i].error == NULL &&
			strcmp(return_key(&records->rows[i]), return_key(record)) == 0)
			write_receipt(call, writer, &records->rows[i]);
	ff_write_end(writer);
	ff_write_end(writer);
}

static bool
stands_before(const FfFileRecords *records, int index)
{
	for (int i = 0; i < index; i++)
		if (records->rows[i].error == NULL &&
			strcmp(return_key(&records->rows[i]), return_key(&records->rows[index])) == 0)
			return true;
	return false;
}

static void
report_receipts(const FfCall *call, FfFileRecords *records, FfOutcome *outcome)
{
	const char *wanted = ff_json_text_or(call->document, "return.number", NULL);
	bool found = false;
	int64 units;

	for (int i = 0; i < records->count; i++)
	{
		FfFileRecord *record = &records->rows[i];

		if (record->error == NULL && return_key(record) == NULL)
			record->error = "It names neither a return nor an order.";
		else if (record->error == NULL && !ff_record_units(call, record, "quantity", &units))
			record->error = "Its quantity is no whole number.";
	}
	if (wanted == NULL)
		ff_write_array(&outcome->body, "returns");
	for (int i = 0; i < records->count; i++)
	{
		if (records->rows[i].error != NULL || stands_before(records, i))
			continue;
		if (wanted == NULL)
			write_return(call, &outcome->body, NULL, records, i);
		else if (!found && strcmp(return_key(&records->rows[i]), wanted) == 0)
		{
			write_return(call, &outcome->body, "return", records, i);
			found = true;
		}
	}
	if (wanted == NULL)
		ff_write_end(&outcome->body);
	else if (!found)
		ff_outcome_set(outcome,
					   FF_RESULT_ABSENT,
					   "not_in_file",
					   "No file says anything of this return.",
					   NULL);
}

void
ff_files_report(const FfCall *call, FfFileKind kind, const char *bytes, size_t length,
				FfOutcome *outcome)
{
	FfFileRecords records;

	ff_files_read(call, kind, bytes, length, &records);
	if (records.problem != NULL)
	{
		ff_outcome_set(outcome, FF_RESULT_REFUSED, "unreadable_file", records.problem, NULL);
		return;
	}
	if (kind == FF_FILE_STOCK)
		report_stock(call, &records, outcome);
	else if (kind == FF_FILE_RECEIPT)
		report_receipts(call, &records, outcome);
	else
		report_orders(call, kind, &records, outcome);
	write_rejected(outcome, &records);
}

void
ff_files_receive(const FfCall *call, const FfReply *file, FfOutcome *outcome)
{
	const char *name = ff_reply_header(file, "File-Name");
	FfFileKind kind = name ? ff_files_kind_of(call, name) : FF_FILE_KIND_COUNT;

	if (kind == FF_FILE_KIND_COUNT)
		ff_outcome_set(outcome,
					   FF_RESULT_REFUSED,
					   "unknown_file",
					   "The name of the file matches none of the patterns.",
					   "config.patterns");
	else
		ff_files_report(call, kind, file->body, file->length, outcome);
}
