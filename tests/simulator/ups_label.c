/*
 * ups_label.c
 *
 * Tracking numbers with their check digit, labels and the customs invoice.
 * Both documents are real in their first and last bytes (ZPL opens with ^XA,
 * GIF and PDF have their headers) and are padded to the size asked for; the
 * same parcel always gives the same bytes.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ups.h"

/* The sheet's section 6: letters count as (ASCII - 63) mod 10, every second place twice. */
static char
check_digit(const char *number)
{
	int sum = 0;

	for (int i = 0; i < 15; i++)
	{
		char c = number[2 + i];
		int value = isdigit((unsigned char) c) ? c - '0' : (c - 63) % 10;

		sum += i % 2 ? 2 * value : value;
	}
	return (char) ('0' + (10 - sum % 10) % 10);
}

void
ups_number(const char *account, const char *service, long serial, char number[19])
{
	snprintf(number, 19, "1Z%.6s%.2s%07u0", account, service, (unsigned) serial % 10000000u);
	for (char *c = number; *c; c++)
		*c = (char) toupper((unsigned char) *c);
	number[17] = check_digit(number);
}

bool
ups_number_is_valid(const char *number)
{
	if (strlen(number) != 18 || strncmp(number, "1Z", 2) != 0)
		return false;
	for (const char *c = number; *c; c++)
	{
		if (!isdigit((unsigned char) *c) && !isupper((unsigned char) *c))
			return false;
	}
	return number[17] == check_digit(number);
}

typedef struct LabelForm
{
	const char *format;
	const char *head;
	size_t head_size;
	const char *filler;
	const char *tail;
} LabelForm;

static const LabelForm forms[] = {
	{"ZPL",
	 "^XA^FX simulated label^FS",
	 25,
	 "^FX ..................................^FS\n",
	 "^XZ\n"},
	{"EPL", "N\nq795\n", 7, "; ....................................\n", "P1\n"},
	{"SPL",
	 "\x1b"
	 "A",
	 2,
	 "........................................",
	 "\x1bZ"},
	{"GIF",
	 "GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0!\xfe",
	 21,
	 "\x28........................................",
	 "\0;"},
	{"PNG", "\x89PNG\r\n\x1a\n", 8, "........................................", "IEND"},
	{"PDF", "%PDF-1.4\n", 9, "% .....................................\n", "%%EOF\n"}};

static char *
document(const char *format, const char *text, long bytes)
{
	const LabelForm *form = &forms[0];
	size_t filler;
	size_t text_size = strlen(text);
	size_t tail;
	size_t room = (size_t) (bytes > 0 ? bytes : 0) + text_size + 256;
	char *out = sim_alloc(room + 64);
	size_t size;
	char *encoded;

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
	{
		if (strcmp(forms[i].format, format) == 0)
			form = &forms[i];
	}
	filler = strlen(form->filler);
	tail = *form->tail ? strlen(form->tail) : 2; /* GIF's tail begins with a zero */
	size = form->head_size;
	memcpy(out, form->head, size);
	memcpy(out + size, text, text_size);
	size += text_size;
	while ((long) (size + filler + tail) <= bytes)
	{
		memcpy(out + size, form->filler, filler);
		size += filler;
	}
	memcpy(out + size, form->tail, tail);
	encoded = sim_base64(out, size + tail);
	free(out);
	return encoded;
}

/*
 * Writing ten kilobytes of base64 through a JSON library costs more than the whole rest of a call,
 * so an image is a mark in the JSON ("@0@", the number of the package) until ups_reply_images puts
 * it there.
 */
json_t *
ups_label(const UpsShipment *shipment, int package, const char *format, long bytes, char **image)
{
	char text[400];
	char mark[24];
	json_t *label;

	snprintf(text,
			 sizeof text,
			 "^FO50,50^FD%s^FS^FO50,120^FD%.60s^FS^FO50,190^FD%.30s %.10s %s^FS",
			 shipment->packages[package].number,
			 shipment->to_name,
			 shipment->to_city,
			 shipment->to_postcode,
			 shipment->to_country);
	*image = document(format, strcmp(format, "ZPL") == 0 ? text : "", bytes);
	snprintf(mark, sizeof mark, "@%d@", package);
	label = json_pack("{s:{s:s, s:s}, s:s}",
					  "ImageFormat",
					  "Code",
					  format,
					  "Description",
					  format,
					  "GraphicImage",
					  mark);
	if (strcmp(format, "GIF") == 0 || strcmp(format, "PNG") == 0)
		json_object_set_new(label, "HTMLImage", json_string("PGh0bWw+PC9odG1sPg=="));
	return label;
}

#define MARK "\"GraphicImage\":\"@"

void
ups_reply_images(SimRequest *request, json_t *json, char **images, int count)
{
	char *text = json_dumps(json, SIM_WIRE);
	size_t room = strlen(text) + 1;
	const char *from = text;
	const char *mark;
	char *whole;
	char *to;

	for (int i = 0; i < count; i++)
		room += strlen(images[i]);
	whole = to = sim_alloc(room);
	while ((mark = strstr(from, MARK)))
	{
		size_t size = (size_t) (mark - from) + sizeof MARK - 2;
		const char *image = images[atoi(mark + sizeof MARK - 1)];

		memcpy(to, from, size);
		memcpy(to + size, image, strlen(image));
		to += size + strlen(image);
		from = strchr(mark + sizeof MARK - 1, '@') + 1;
	}
	strcpy(to, from);
	sim_reply_text(request, 200, "application/json; charset=utf-8", whole, strlen(whole));
	for (int i = 0; i < count; i++)
		free(images[i]);
	free(images);
	free(whole);
	free(text);
	json_decref(json);
}

json_t *
ups_invoice(const UpsShipment *shipment)
{
	char text[100];
	char *image;
	json_t *form;

	snprintf(text, sizeof text, "%% commercial invoice of %s\n", shipment->id);
	image = document("PDF", text, 2000);
	form = json_pack("{s:s, s:s, s:{s:{s:s, s:s}, s:s}}",
					 "Code",
					 "01",
					 "Description",
					 "All Requested International Forms",
					 "Image",
					 "ImageFormat",
					 "Code",
					 "PDF",
					 "Description",
					 "PDF",
					 "GraphicImage",
					 image);
	free(image);
	return form;
}
