/*
 * parcels.c
 *
 * Packs by weight, line after line; see parcels.h.
 */
#include "postgres.h"

#include "workers/parcels.h"

typedef struct Parcel
{
	int number;
	int64 weight_g;
	int64 units;
	const FfJson *only; /* the line of its units */
	FfJsonWriter *writer;
} Parcel;

static void
open_parcel(Parcel *parcel)
{
	parcel->number++;
	parcel->weight_g = 0;
	parcel->units = 0;
	parcel->only = NULL;
	ff_write_object(parcel->writer, NULL);
	ff_write_int(parcel->writer, "number", parcel->number);
	ff_write_array(parcel->writer, "lines");
}

static void
close_parcel(Parcel *parcel)
{
	static const char *const sizes[] = {"length_mm", "width_mm", "height_mm"};

	ff_write_end(parcel->writer);
	if (parcel->weight_g > 0)
		ff_write_int(parcel->writer, "weight_g", parcel->weight_g);
	for (int i = 0; i < (int) lengthof(sizes) && parcel->units == 1; i++)
		ff_write_number(parcel->writer, sizes[i], ff_json_number(parcel->only, sizes[i]));
	ff_write_end(parcel->writer);
}

static void
put(Parcel *parcel, const FfJson *line, int64 units, int64 unit_g)
{
	ff_write_object(parcel->writer, NULL);
	ff_write_json(parcel->writer, "line", ff_json_get(line, "line"));
	ff_write_int(parcel->writer, "quantity", units);
	ff_write_end(parcel->writer);
	parcel->weight_g += units * unit_g;
	parcel->units += units;
	parcel->only = line;
}

void
ff_parcels_write(FfJsonWriter *writer, const FfJson *lines, int32 limit_g)
{
	Parcel parcel = {.writer = writer};

	ff_write_array(writer, "packages");
	open_parcel(&parcel);
	for (int i = 0; i < ff_json_count(lines); i++)
	{
		const FfJson *line = ff_json_at(lines, i);
		int64 left = ff_json_int64_or(line, "quantity", 1);
		int64 unit_g = ff_json_int64_or(line, "weight_g", 0);

		while (left > 0)
		{
			int64 fit = unit_g > 0 ? (limit_g - parcel.weight_g) / unit_g : left;

			if (fit <= 0 && parcel.units > 0)
			{
				close_parcel(&parcel);
				open_parcel(&parcel);
				continue;
			}
			fit = Min(Max(fit, 1), left);
			put(&parcel, line, fit, unit_g);
			left -= fit;
		}
	}
	close_parcel(&parcel);
	ff_write_end(writer);
}
