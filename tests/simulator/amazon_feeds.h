/*
 * amazon_feeds.h
 *
 * What the peer of Amazon's orders takes as files.
 */
#ifndef SIM_AMAZON_FEEDS_H
#define SIM_AMAZON_FEEDS_H

#include "market.h"

/* The orders that feeds are about; forgets all feeds. */
extern void amazon_feeds_reset(const Market *market);
extern void amazon_feeds_add_document(SimRequest *request);
extern void amazon_feeds_store(SimRequest *request);
extern void amazon_feeds_add(SimRequest *request);
extern void amazon_feeds_show(SimRequest *request);
extern void amazon_feeds_show_document(SimRequest *request);
extern void amazon_feeds_fetch(SimRequest *request);
extern SimSchema amazon_document_schema;
extern SimSchema amazon_feed_schema;

#endif
