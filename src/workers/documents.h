/*
 * documents.h
 *
 * The canonical calls of claimed tasks, as connectors/README.md describes
 * them: one statement for all tasks of one kind, whatever their number.
 */
#ifndef FF_WORKERS_DOCUMENTS_H
#define FF_WORKERS_DOCUMENTS_H

#include "postgres.h"

#include "pg/spi.h"
#include "workers/errand.h"

/*
 * Sets the document of every errand; all are of one batch.  One whose subject
 * is gone gets none and a problem instead.
 */
extern void ff_documents_load(FfErrand **errands, int count);

/* What the loaders give each errand: the members of its call, in the order of the errands. */
typedef FfJson **(*FfDocumentLoader)(FfErrand **errands, int count);

/* documents_shipment.c */
extern FfJson **ff_load_shipments(FfErrand **errands, int count);
/* documents_channel.c */
extern FfJson **ff_load_confirmations(FfErrand **errands, int count);
extern FfJson **ff_load_orders(FfErrand **errands, int count);
extern FfJson **ff_load_fetches(FfErrand **errands, int count);
/* documents_message.c */
extern FfJson **ff_load_messages(FfErrand **errands, int count);
/* documents_payment.c */
extern FfJson **ff_load_payments(FfErrand **errands, int count);
/* documents_return.c */
extern FfJson **ff_load_returns(FfErrand **errands, int count);
extern FfJson **ff_load_return_pushes(FfErrand **errands, int count);
/* documents_stock.c */
extern FfJson **ff_load_inventory_wishes(FfErrand **errands, int count);
extern FfJson **ff_load_levels(FfErrand **errands, int count);
extern FfJson **ff_load_items(FfErrand **errands, int count);
/* apply_rates.c */
extern FfJson **ff_load_rate_requests(FfErrand **errands, int count);
/* apply_files.c */
extern FfJson **ff_load_files(FfErrand **errands, int count);
/* documents.c: nothing but the payload */
extern FfJson **ff_load_payloads(FfErrand **errands, int count);

/*
 * For the loaders: runs a statement of (merchant, subject ids, payloads) that
 * answers (position from 1, members as jsonb), and brings the answers into the
 * errands' order.
 */
extern FfJson **ff_load_by(FfStatement *statement, FfErrand **errands, int count);

/*
 * The same of shipments: the statement answers (position, shipment, heaviest
 * parcel in grams), and one without packages gets those that its lines make.
 */
extern FfJson **ff_load_parcelled(FfStatement *statement, FfErrand **errands, int count);

#endif
