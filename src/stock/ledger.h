/*
 * ledger.h
 *
 * The only writer of stock: every change is a movement with a cause, and
 *
 *     stock_levels.on_hand  = sum of on_hand_delta
 *     stock_levels.reserved = sum of reserved_delta = open reservations
 *
 * (and so do the buckets that are not for sale, quarantine and damaged) hold
 * after every call.
 *
 * Levels are locked in the order (location, item), behind orders and shipments
 * and before the slots of the day, so that sessions do not wait in a circle.
 * One call keeps that order by itself; a transaction that will move stock in
 * more than one call locks what it may come to need first: ff_stock_lock.
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
	FF_MOVE_RESTOCK,      /* +on hand: came back */
	FF_MOVE_RECONCILE,    /* ±on hand: the other side's number becomes ours */
	FF_MOVE_QUARANTINE,   /* on hand → quarantine */
	FF_MOVE_CLEAR,        /* quarantine → on hand */
	FF_MOVE_DAMAGE,       /* on hand → damaged */
	FF_MOVE_CONDEMN,      /* quarantine → damaged */
	FF_MOVE_SCRAP,        /* -damaged */
	FF_MOVE_ISOLATE       /* +quarantine: came in and must be looked at first */
} FfMovementKind;

#define FF_MOVEMENT_KINDS (FF_MOVE_ISOLATE + 1)

/* A level has its units in these; they are never negative. */
typedef enum FfBucket
{
	FF_BUCKET_ON_HAND,
	FF_BUCKET_RESERVED, /* a part of those on hand */
	FF_BUCKET_QUARANTINE,
	FF_BUCKET_DAMAGED
} FfBucket;

#define FF_BUCKETS (FF_BUCKET_DAMAGED + 1)

typedef struct FfMovement
{
	FfMovementKind kind;
	int64 location_id;
	int64 item_id;
	int32 quantity;  /* units, positive; signed for ADJUST, COUNT and RECONCILE */
	int32 reserved;  /* SHIP and UNSHIP: how many of them are reserved */
	int32 keep_back; /* RESERVE: units the channel may not touch, beside the safety stock */
	int32 group;     /* index of the group it belongs to, rising */
	int64 order_id;  /* 0: none */
	int64 shipment_id;
	int32 line;
	const char *cause; /* why, for people; required */
	int32 *on_hand;    /* where to put the units then on hand at its level; NULL: nowhere */
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

/* The kind with this name in rows; FF_MOVEMENT_KINDS when there is none. */
extern FfMovementKind ff_movement_kind(const char *name);

/*
 * Locks every level, wherever it is, of the items of these orders and of these
 * items.
 */
extern void ff_stock_lock(int32 merchant_id, const int64 *order_ids, int order_count,
						  const int64 *item_ids, int item_count);

/* ereport(ERROR, FF_ERR_NO_STOCK) with item and location for a shortage. */
extern void ff_stock_refuse(int32 merchant_id, const FfShortage *shortage) pg_attribute_noreturn();

#endif
