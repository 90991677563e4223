/*
 * address.h
 *
 * The address of the documents: read, checked and brought to normal form.
 * What it checks needs no table and no network; a carrier may know better.
 */
#ifndef FF_MODEL_ADDRESS_H
#define FF_MODEL_ADDRESS_H

#include "model/field.h"

/* Every text is NULL when absent; clean, trimmed, country alpha-2, postcode as its country writes
 * it. */
typedef struct FfAddress
{
	char *name;
	char *company;
	char *street1;
	char *street2;
	char *city;
	char *region;
	char *postcode;
	char *country;
	char *phone;
	char *email;
	bool residential;
} FfAddress;

/*
 * Reads document.field; NULL when it is absent.  deliverable: also says what is
 * missing to bring a parcel there (name or company, street, city, country,
 * postcode where there are any).
 */
extern FfAddress *ff_address_read(FfFieldReader *reader, const FfJson *document, const char *field,
								  bool deliverable);

/* Whether two addresses are the same after normalisation; NULL equals NULL only. */
extern bool ff_address_equal(const FfAddress *left, const FfAddress *right);

/* Writes the normal form under the key; nothing when the address is NULL. */
extern void ff_address_write(FfJsonWriter *writer, const char *key, const FfAddress *address);

#endif
