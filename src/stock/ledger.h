/*
 * ledger.h
 *
 * The only writer of stock: every change is a movement with a cause, and
 *
 *     stock_levels.on_hand  = sum of on_hand_delta
 *     stock_levels.reserved = sum of reserved_delta = open reservations
 *
 * hold after every call.  Levels are locked in the order (location, item),
 * behind the order and its shipments, so sessions cannot deadlock.
 *
 * Movements come in groups (an order, a report): a group happens whole or not
 * at all.  Physics wins: a shipment of more than there was first finds the
 * difference (kind found), so nothing is ever negative.
 */
#ifndef FF_STOCK_LEDGER_H
#define FF_STOCK_LEDGER_H

#include "postgres.h"

#include "datatype/timestamp.h"

typedef enum FfMovementKind
{
	FF_MOVE_RECEIVE,      /* +on hand */
	FF_MOVE_ADJUST,       /* ±on hand; refused below zero */
	FF_MOVE_COUNT,        /* ±on hand, from a count */
	FF_MOVE_TRANSFER_OUT, /* -on hand; only what is available */
	FF_MOVE_TRANSFER_IN,  /* +on hand */
	FF_MOVE_RESERVE,      /* +reserved; only what is available */
	FF_MOVE_RELEASE,      /* -reserved */
	FF_MOVE_SHIP,         /* -on hand, -reserved by `reserved` of the quantity */
	FF_MOVE_UNSHIP,       /* +on hand, +reserved: a mistake taken back */
	FF_MOVE_FOUND,        /* +on hand: it was shipped, so it was there */
	FF_MOVE_RESTOCK       /* +on hand: came back */
} FfMovementKind;

typedef struct FfMovement
{
	FfMovementKind kind;
	int64 location_id;
	int64 item_id;
	int32 quantity;  /* units, positive; signed for ADJUST and COUNT */
	int32 reserved;  /* SHIP and UNSHIP: how many of them are reserved */
	int32 keep_back; /* RESERVE: units the channel may not touch, beside the safety stock */
	int32 group;     /* index of the group it belongs to, rising */
	int64 order_id;  /* 0: none */
	int64 shipment_id;
	int32 line;
	const char *cause; /* why, for people; required */
} FfMovement;

/* Why a group did not happen. */
typedef struct FfShortage
{
	int32 group;
	int64 location_id;
	int64 item_id;
	int32 wanted;
	int32 available;
} FfShortage;

/*
 * Applies the movements set-based: one lock, one update, one insert however
 * many there are.  Groups are served in their order.  Answers the number of
 * groups that could not be met and, when shortages is not NULL, a palloc'd
 * array of one entry each; those groups changed nothing.
 */
extern int ff_stock_move(int32 merchant_id, const FfMovement *movements, int count,
						 FfShortage **shortages);

/* ereport(ERROR, FF_ERR_NO_STOCK) with item and location for a shortage. */
extern void ff_stock_refuse(int32 merchant_id, const FfShortage *shortage) pg_attribute_noreturn();

#endif
