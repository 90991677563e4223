/*
 * sandbox_label.c
 *
 * Draws the sandbox's label, 4 by 6 inches: sender, recipient, service,
 * reference and tracking number.  A printer or a viewer takes it; no carrier
 * would.  It knows nothing of timelines and triggers; see sandbox.c.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "connectors/sandbox.h"

#define MAX_LINES 16

typedef struct Label
{
	const char *lines[MAX_LINES];
	int count;
	const char *tracking_number;
} Label;

static void
add_line(Label *label, const char *text)
{
	if (text != NULL && *text != '\0' && label->count < MAX_LINES)
		label->lines[label->count++] = text;
}

static void
add_address(Label *label, const FfJson *address)
{
	static const char *const members[] = {"name", "company", "street1", "street2"};

	for (int i = 0; i < (int) lengthof(members); i++)
		add_line(label, ff_json_text(address, members[i]));
	add_line(label,
			 psprintf("%s %s %s",
					  ff_json_text_or(address, "country", ""),
					  ff_json_text_or(address, "postcode", ""),
					  ff_json_text_or(address, "city", "")));
}

/* ZPL takes _XX for a byte in a field behind ^FH; its own marks must not stand there bare. */
static void
append_zpl_text(StringInfo zpl, const char *text)
{
	for (; *text != '\0'; text++)
	{
		if (strchr("^~_\\", *text) != NULL || (unsigned char) *text < ' ')
			appendStringInfo(zpl, "_%02X", (unsigned char) *text);
		else
			appendStringInfoChar(zpl, *text);
	}
}

static void
draw_zpl(StringInfo zpl, const Label *label)
{
	int y = 60;

	appendStringInfoString(zpl, "^XA^CI28^PW812^LL1218\n");
	for (int i = 0; i < label->count; i++, y += 50)
	{
		appendStringInfo(zpl, "^FO50,%d^A0N,36,36^FH^FD", y);
		append_zpl_text(zpl, label->lines[i]);
		appendStringInfoString(zpl, "^FS\n");
	}
	appendStringInfo(zpl, "^FO50,%d^BY3^BCN,160,Y,N,N^FH^FD", y + 30);
	append_zpl_text(zpl, label->tracking_number);
	appendStringInfoString(zpl, "^FS\n^XZ\n");
}

/* The standard fonts know Latin-1; what lies beyond is shown as a question mark. */
static void
append_pdf_text(StringInfo pdf, const char *text)
{
	const unsigned char *c = (const unsigned char *) text;

	if (!pg_verify_mbstr(PG_UTF8, text, (int) strlen(text), true))
		return;
	for (; *c != '\0'; c += pg_utf_mblen(c))
	{
		pg_wchar point = utf8_to_unicode(c);

		if (point > 0xFF || point < ' ')
			appendStringInfoChar(pdf, '?');
		else if (point >= 0x80 || strchr("()\\", (int) point) != NULL)
			appendStringInfo(pdf, "\\%03o", (unsigned int) point);
		else
			appendStringInfoChar(pdf, (char) point);
	}
}

static void
draw_pdf(StringInfo pdf, const Label *label)
{
	static const char *const objects[] = {
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 288 432] /Contents 5 0 R "
		 "/Resources << /Font << /F1 4 0 R >> >> >>"),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
	};
	int offsets[lengthof(objects) + 1];
	int count = lengthof(objects) + 1;
	int table;
	StringInfoData content;

	initStringInfo(&content);
	appendStringInfoString(&content, "BT /F1 14 Tf 18 TL 20 400 Td\n");
	for (int i = 0; i < label->count; i++)
	{
		appendStringInfoChar(&content, '(');
		append_pdf_text(&content, label->lines[i]);
		appendStringInfoString(&content, ") Tj T*\n");
	}
	appendStringInfoString(&content, "/F1 18 Tf T* (");
	append_pdf_text(&content, label->tracking_number);
	appendStringInfoString(&content, ") Tj ET\n");

	appendStringInfoString(pdf, "%PDF-1.4\n");
	for (int i = 0; i < (int) lengthof(objects); i++)
	{
		offsets[i] = pdf->len;
		appendStringInfo(pdf, "%d 0 obj\n%s\nendobj\n", i + 1, objects[i]);
	}
	offsets[count - 1] = pdf->len;
	appendStringInfo(pdf,
					 "%d 0 obj\n<< /Length %d >>\nstream\n%sendstream\nendobj\n",
					 count,
					 content.len,
					 content.data);
	table = pdf->len;
	appendStringInfo(pdf, "xref\n0 %d\n0000000000 65535 f \n", count + 1);
	for (int i = 0; i < count; i++)
		appendStringInfo(pdf, "%010d 00000 n \n", offsets[i]);
	appendStringInfo(
		pdf, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", count + 1, table);
}

char *
ff_sandbox_label(const char *format, const FfJson *shipment, const char *tracking_number,
				 size_t *length)
{
	Label label = {.tracking_number = tracking_number};
	StringInfoData text;

	add_line(&label, "SANDBOX - not a real label");
	add_line(&label, "From:");
	add_address(&label, ff_json_get(shipment, "ship_from"));
	add_line(&label, "To:");
	add_address(&label, ff_json_get(shipment, "ship_to"));
	add_line(&label, ff_json_text(shipment, "reference"));
	add_line(&label, ff_json_text(shipment, "service"));
	initStringInfo(&text);
	if (strcmp(format, "zpl") == 0)
		draw_zpl(&text, &label);
	else
		draw_pdf(&text, &label);
	*length = (size_t) text.len;
	return text.data;
}
