/*
 * dhl_parcel_de_label.c
 *
 * Documents and numbers as DHL Parcel DE answers them: content in base64, ZPL
 * as plain text, or a link, and the page where a parcel is followed.
 */
#include "postgres.h"

#include "connectors/dhl_parcel_de.h"

#define TRACKING_LINK \
	"https://www.dhl.com/de-en/home/tracking/tracking-parcel.html?submit=1&tracking-id="

void
ff_pde_package(FfJsonWriter *writer, int64 number, const char *tracking_number)
{
	ff_carrier_write_package(writer, number, tracking_number, "dhl", TRACKING_LINK);
}

void
ff_pde_document(FfJsonWriter *writer, const char *kind, const FfJson *document, int64 package)
{
	const char *content = ff_json_text_or(document, "b64", NULL);
	const char *zpl = ff_json_text_or(document, "zpl2", NULL);
	const char *format = ff_json_text_or(document, "fileFormat", zpl ? "ZPL2" : "PDF");

	if (content == NULL && zpl != NULL)
		content = ff_base64(zpl, strlen(zpl));
	if (pg_strcasecmp(format, "ZPL2") == 0)
		format = "zpl";
	ff_carrier_write_document(
		writer, kind, format, content, ff_json_text_or(document, "url", NULL), package);
}
