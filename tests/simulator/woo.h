/*
 * woo.h
 *
 * What the files of the WooCommerce peer share.  An order is kept as the text
 * of its JSON, so a page of a hundred orders is a copy of bytes; it is parsed
 * only when something changes it.
 */
#ifndef SIM_WOO_H
#define SIM_WOO_H

#include "peer.h"

typedef struct WooOrder
{
	SimStep step; /* in woo.changed; step.at is never before modified */
	long id;
	char status[24];
	double created; /* whole seconds, UTC */
	double modified;
	char *text;
	size_t size;
	int edits;     /* through the API */
	json_t *notes; /* arrays; NULL until used */
	json_t *refunds;
	json_t *fulfillments;
	json_t *trackings;
} WooOrder;

typedef struct WooProduct
{
	long id;
	long parent_id; /* 0: not a variation */
	json_t *json;
	json_t *pushes; /* [{at, quantity}] */
} WooProduct;

/* A product of the shop the simulator opens with. */
typedef struct WooGoods
{
	const char *sku;
	const char *name;
	long price; /* minor units, tax included */
	int weight_g;
	int size_mm[3];
	bool hazmat;
	const char *hs_code;
	const char *origin;
	int stock;
	const char *parent; /* name of the variable product it varies */
} WooGoods;

typedef struct WooPlace
{
	const char *city;
	const char *postcode;
	const char *state;
} WooPlace;

typedef struct WooCountry
{
	const char *code;
	int share; /* of a hundred orders */
	double tax;
	const char *phone;
	WooPlace places[4];
	const char *streets[4];
	const char *given[5];
	const char *family[5];
} WooCountry;

typedef struct Woo
{
	SimMap orders; /* by id, oldest first */
	SimTrail changed;
	SimMap products; /* by id */
	SimMap skus;     /* the same products by SKU */
	SimMap hooks;    /* webhooks by id */
	long next_id;    /* posts: orders, refunds, products share one sequence */
	long next_item;
	long next_other; /* notes, fulfillments, metadata */
} Woo;

extern Woo woo;
extern long woo_site_zone; /* minutes east of Greenwich */
extern long woo_held_back; /* units that a plugin takes off every stock quantity */
extern char woo_currency[SIM_TEXT_SIZE];
extern const WooGoods woo_goods[]; /* both end with NULL */
extern const WooCountry woo_countries[];

/* woocommerce.c */
extern void woo_reply(SimRequest *request, int status, json_t *json);
extern void woo_reply_bytes(SimRequest *request, int status, const char *text, size_t size);
extern void woo_error(SimRequest *request, int status, const char *code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* A parameter of the query or the body is wrong: recorded and answered with rest_invalid_param. */
extern void woo_bad_parameter(SimRequest *request, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Sets X-WP-Total, X-WP-TotalPages and Link. */
extern void woo_page_headers(SimRequest *request, long total, long page, long per_page);
/* page and per_page of the query; false when it has answered. */
extern bool woo_read_page(SimRequest *request, long *page, long *per_page);
extern json_t *woo_date(double when, int zone_minutes);

/* woo_orders.c */
extern WooOrder *woo_order(SimRequest *request); /* of the path; answers 404 */
extern json_t *woo_order_json(const WooOrder *order);
/* Keeps the changed JSON (stolen), dates the change, tells the webhooks. */
extern void woo_order_save(WooOrder *order, json_t *json, const char *topic);
extern WooOrder *woo_order_add(json_t *json, double created, double modified);
extern void woo_apply_status(json_t *json, const char *status);
extern void woo_list_orders(SimRequest *request);
extern void woo_get_order(SimRequest *request);
extern void woo_put_order(SimRequest *request);
extern void woo_batch_orders(SimRequest *request);
extern void woo_orders_reset(void);
extern SimSchema woo_order_schema;
extern SimSchema woo_batch_schema;

/* woo_oauth.c: what is wrong with a signed query; NULL when nothing is */
extern const char *woo_oauth_problem(const SimRequest *request, const char *secret);
extern void woo_oauth_reset(void);

/* woo_after.c: notes, refunds, shipment trackings; woo_fulfillments.c */
extern bool woo_is_on(SimRequest *request, bool on, const char *what);
extern json_t *woo_list_of(json_t **list);
/* An element of the list whose member equals the value. */
extern json_t *woo_find_equal(const json_t *list, const char *path, const json_t *value);
extern void woo_list_notes(SimRequest *request);
extern void woo_add_note(SimRequest *request);
extern void woo_list_refunds(SimRequest *request);
extern void woo_add_refund(SimRequest *request);
extern void woo_list_fulfillments(SimRequest *request);
extern void woo_add_fulfillment(SimRequest *request);
extern void woo_put_fulfillment(SimRequest *request);
extern void woo_delete_fulfillment(SimRequest *request);
extern void woo_lookup_provider(SimRequest *request);
extern void woo_list_trackings(SimRequest *request);
extern void woo_add_tracking(SimRequest *request);
extern void woo_tracking_providers(SimRequest *request);
extern void woo_delete_tracking(SimRequest *request);
extern SimSchema woo_note_schema;
extern SimSchema woo_refund_schema;
extern SimSchema woo_fulfillment_schema;
extern SimSchema woo_tracking_schema;
extern bool woo_fulfillments_on;
extern bool woo_tracking_plugin_on;

/* woo_products.c */
extern void woo_list_products(SimRequest *request);
extern void woo_get_product(SimRequest *request);
extern void woo_put_product(SimRequest *request);
extern void woo_batch_products(SimRequest *request);
extern void woo_list_variations(SimRequest *request);
extern void woo_batch_variations(SimRequest *request);
extern WooProduct *woo_product_by_sku(const char *sku);
extern void woo_products_reset(void);
extern SimSchema woo_product_schema;
extern void woo_control_catalogue(SimRequest *request);
extern void woo_control_stock(SimRequest *request);
extern void woo_control_goods(SimRequest *request);

/* woo_hooks.c */
extern void woo_announce(const char *topic, const char *body, size_t size);
extern void woo_list_hooks(SimRequest *request);
extern void woo_create_hook(SimRequest *request);
extern void woo_put_hook(SimRequest *request);
extern void woo_delete_hook(SimRequest *request);
extern void woo_control_webhook(SimRequest *request);
extern void woo_hooks_reset(void);
extern SimSchema woo_hook_schema;
extern SimSchema woo_control_webhook_schema;

/* woo_draw.c */
/* What the shop is asked to make. */
typedef struct WooPlan
{
	uint64_t random;
	double bad_address;
	double on_hold;
	double hazmat;
	double refunded;
	const json_t *only; /* countries */
	json_t *bad;        /* ids by what is special about them */
	json_t *held;
	json_t *hazardous;
	json_t *returned;
} WooPlan;

/* In minor units. */
typedef struct WooSums
{
	long total;
	long tax;
} WooSums;

extern long woo_draw(WooPlan *plan, long below);
extern bool woo_chance(WooPlan *plan, double share);
extern const WooCountry *woo_draw_country(WooPlan *plan);
extern json_t *woo_draw_address(WooPlan *plan, const WooCountry *country);
extern void woo_spoil_address(WooPlan *plan, json_t *address, long id);
extern json_t *woo_money(long minor);
extern json_t *woo_line_json(const WooGoods *goods, long quantity, double rate, WooSums *sums);
extern json_t *woo_draw_lines(WooPlan *plan, double rate, bool hazardous, WooSums *sums);
extern json_t *woo_shipping_line(const char *country, double rate, WooSums *sums);

/* woo_seed.c */
extern void woo_control_seed(SimRequest *request);
extern void woo_control_create(SimRequest *request);
extern SimSchema woo_seed_schema;
extern SimSchema woo_create_schema;

#endif
