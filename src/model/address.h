/*
 * address.h
 *
 * The address of the documents: read, checked and brought to normal form.
 * What it checks needs no table and no network; a carrier may know better.
 */
#ifndef FF_MODEL_ADDRESS_H
#define FF_MODEL_ADDRESS_H

#include "model/field.h"

/* Every text is NULL when absent; country alpha-2, postcode as its country writes it. */
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
	int residential; /* -1 when it is not said */
} FfAddress;

/*
 * Reads document.field; NULL when it is absent.  With deliverable also what is
 * missing to bring a parcel there is an error (name or company, street, city,
 * country, postcode where there are any, and the address itself); without, all
 * that is wrong with its content is a note.
 */
extern FfAddress *ff_address_read(FfFieldReader *reader, const FfJson *document, const char *field,
								  bool deliverable);

/* Whether an address has this member. */
extern bool ff_address_has(const char *member);

/* Whether two addresses are the same in normal form; NULL equals NULL only. */
extern bool ff_address_equal(const FfAddress *left, const FfAddress *right);

/* Writes the normal form under the key; nothing when the address is NULL. */
extern void ff_address_write(FfJsonWriter *writer, const char *key, const FfAddress *address);

#endif
