/*
 * ongoing.h
 *
 * What the files of the Ongoing WMS peer share: articles with their stock,
 * orders with their lines, return orders, and the rule that a goods owner's
 * writes come one after another.
 */
#ifndef SIM_ONGOING_H
#define SIM_ONGOING_H

#include "peer.h"

typedef struct OngoingArticle
{
	SimStep step; /* in ongoing.stock_changed */
	long id;
	long owner;
	json_t *body; /* all that was ever put, merged */
	double on_hand;
	double booked;    /* ordered and not yet picked */
	double allocated; /* of these, what is there for them */
	double locked;
	double locked_for_sale;
	double to_receive;
	double picked; /* and not yet collected */
	int puts;
} OngoingArticle;

typedef struct OngoingLine
{
	long id;
	json_t *body; /* as it was put */
	OngoingArticle *article;
	double ordered;
	double allocated;
	double picked;
	double sent;
	double returned;
	double reported;
	double removed; /* returned and thrown away */
} OngoingLine;

typedef struct OngoingOrder
{
	SimStep step; /* in ongoing.orders_changed */
	long id;
	long owner;
	json_t *body;
	int status;
	double created;
	double status_changed;
	double shipped; /* 0: not yet */
	double last_returned;
	int line_count;
	OngoingLine *lines;
	json_t *parcels; /* as GET shows them */
	json_t *tracking;
	json_t *files;
	char *waybill;
	char *return_waybill;
	int puts;
} OngoingOrder;

typedef struct Ongoing
{
	SimMap articles; /* by "owner/number" */
	SimMap articles_by_id;
	SimMap orders; /* by "owner/number" */
	SimMap orders_by_id;
	SimMap returns; /* by "owner/number": json as GET shows it */
	SimMap returns_by_id;
	SimMap causes;
	SimMap busy; /* until when a goods owner's write lasts, by id */
	SimTrail stock_changed;
	SimTrail orders_changed;
	long next_article;
	long next_order;
	long next_line;
	long next_parcel;
	long next_return;
	long events;
	long overlaps; /* writes refused because another was under way */
} Ongoing;

extern Ongoing ongoing;

/* ongoing.c */
extern void ongoing_error(SimRequest *request, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* May the caller see this goods owner, and is no other write of it under way? */
extern bool ongoing_may(SimRequest *request, long owner);
extern bool ongoing_may_write(SimRequest *request, long owner);
extern json_t *ongoing_date(double when); /* null for 0 */
/* The member of an object, or null: absent values come back as null. */
extern json_t *ongoing_member(const json_t *object, const char *path);
extern bool ongoing_since(SimRequest *request, const char *name, double *when);
/* goodsOwnerId of the query; 0 when it has answered. */
extern long ongoing_query_owner(SimRequest *request);

/* ongoing_articles.c */
extern OngoingArticle *ongoing_article(long owner, const char *number);
extern OngoingArticle *ongoing_make_article(long owner, const char *number);
extern void ongoing_stock_touch(OngoingArticle *article);
extern double ongoing_sellable(const OngoingArticle *article);
extern void ongoing_put_article(SimRequest *request);
extern void ongoing_get_article(SimRequest *request);
extern void ongoing_list_articles(SimRequest *request);
extern void ongoing_list_inventory(SimRequest *request);
extern void ongoing_control_stock(SimRequest *request);
extern void ongoing_control_articles(SimRequest *request);
extern void ongoing_articles_reset(void);
extern SimSchema ongoing_stock_schema;

/* ongoing_orders.c */
extern OngoingOrder *ongoing_order(long owner, const char *number);
extern void ongoing_release_lines(OngoingOrder *order);
extern void ongoing_put_order(SimRequest *request);
extern void ongoing_get_order(SimRequest *request);
extern void ongoing_list_orders(SimRequest *request);
extern void ongoing_cancel_order(SimRequest *request);
extern void ongoing_cancel_by_number(SimRequest *request);
extern void ongoing_orders_reset(void);

/* ongoing_show.c */
extern const char *ongoing_number(const OngoingOrder *order);
extern json_t *ongoing_order_json(const OngoingOrder *order);

/* ongoing_patch.c */
extern void ongoing_patch_order(SimRequest *request);
extern void ongoing_patch_line(SimRequest *request);
extern void ongoing_put_tracking(SimRequest *request);
extern void ongoing_put_parcel(SimRequest *request);
extern void ongoing_delete_parcel(SimRequest *request);
extern void ongoing_put_file(SimRequest *request);
extern void ongoing_list_files(SimRequest *request);
extern OngoingOrder *ongoing_named_order(SimRequest *request, bool for_writing);

/* ongoing_life.c: what the warehouse does, and what it tells */
extern const char *ongoing_status_text(int status);
extern void ongoing_set_status(OngoingOrder *order, int status);
extern void ongoing_plan_life(OngoingOrder *order);
extern void ongoing_add_parcel(OngoingOrder *order, const char *number, const char *url,
							   bool is_return);
extern void ongoing_list_statuses(SimRequest *request);
extern void ongoing_control_move(SimRequest *request);
extern double ongoing_auto_step_s;
extern bool ongoing_webhooks;
extern char ongoing_webhook_header[SIM_TEXT_SIZE];
extern char ongoing_webhook_secret[SIM_TEXT_SIZE];
extern SimSchema ongoing_move_schema;

/* ongoing_returns.c */
extern void ongoing_put_return(SimRequest *request);
extern void ongoing_get_return(SimRequest *request);
extern void ongoing_list_returns(SimRequest *request);
extern void ongoing_return_statuses(SimRequest *request);
extern void ongoing_list_causes(SimRequest *request);
extern void ongoing_put_cause(SimRequest *request);
extern void ongoing_control_receive(SimRequest *request);
extern void ongoing_returns_reset(void);
extern SimSchema ongoing_receive_schema;

/* ongoing_fields.c */
extern SimSchema ongoing_order_schema;
extern SimSchema ongoing_article_schema;
extern SimSchema ongoing_return_schema;
extern SimSchema ongoing_patch_schema;
extern SimSchema ongoing_tracking_schema;
extern SimSchema ongoing_parcel_schema;
extern SimSchema ongoing_file_schema;
extern SimSchema ongoing_cause_schema;

/* Settings used across files. */
extern bool ongoing_auto_articles;
extern long ongoing_bad_address_status;

#endif
