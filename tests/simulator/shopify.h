/*
 * shopify.h
 *
 * What the files of the Shopify peer share.
 */
#ifndef SIM_SHOPIFY_H
#define SIM_SHOPIFY_H

#include "market.h"

#define SHOPIFY_LOCATION "gid://shopify/Location/99"

extern Market shopify;
extern long shopify_line_page;

/* An operation by its name, and the variables that it cannot do without. */
typedef struct ShopifyOperation
{
	const char *name;
	void (*run)(SimRequest *request, const json_t *variables);
	const char *needs[4];
} ShopifyOperation;

/* Ends with a NULL name. */
extern const ShopifyOperation shopify_operations[];
/* "gid://shopify/Order/1", and the number at its end; 0 for an id of another type. */
extern json_t *shopify_gid(const char *type, long id);
extern long shopify_number(const char *text, const char *type);

/* shopify_levels.c */
extern void shopify_find_items(SimRequest *request, const json_t *variables);
extern void shopify_set_levels(SimRequest *request, const json_t *variables);
/* Items, and keys of mutations that were seen. */
extern void shopify_forget(void);

/* data is stolen. */
extern void shopify_data(SimRequest *request, json_t *data);
extern void shopify_user_error(SimRequest *request, const char *mutation, const char *list,
							   const char *code, const char *field, const char *message);

#endif
