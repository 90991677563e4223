-- Types: every list of states and kinds is a domain over text, so that a
-- value reads the same in a row, in a document and in the C tables.

CREATE FUNCTION fulfillment.current_merchant() RETURNS int
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(nullif(current_setting('fulfillment.merchant_id', true), ''), '1')::int $$;
COMMENT ON FUNCTION fulfillment.current_merchant() IS
	'The merchant this session works for: setting fulfillment.merchant_id, default 1';

CREATE DOMAIN fulfillment.order_state AS text CHECK (VALUE IN
	('received', 'invalid', 'open', 'cancelling', 'cancelled', 'closed'));
COMMENT ON DOMAIN fulfillment.order_state IS 'Stored control state of an order; progress is derived from line quantities';

CREATE DOMAIN fulfillment.shipment_state AS text CHECK (VALUE IN
	('draft', 'queued', 'submitting', 'unknown', 'accepted', 'cancel_requested', 'cancelled', 'rejected',
	 'attention', 'shipped', 'delivered', 'returning', 'lost'));
COMMENT ON DOMAIN fulfillment.shipment_state IS 'State of a shipment, the work of one provider from one location';

CREATE DOMAIN fulfillment.stop_state AS text CHECK (VALUE IN ('requested', 'stopped', 'too_late'));
COMMENT ON DOMAIN fulfillment.stop_state IS 'What became of the request to stop a shipment that had left the house';

CREATE DOMAIN fulfillment.tracking_state AS text CHECK (VALUE IN
	('label_created', 'in_transit', 'out_for_delivery', 'ready_for_pickup', 'delivered', 'attempted', 'delayed',
	 'exception', 'returning', 'returned', 'lost', 'cancelled', 'unknown'));
COMMENT ON DOMAIN fulfillment.tracking_state IS 'Tracking status of a package in one vocabulary for all carriers';

CREATE DOMAIN fulfillment.return_state AS text CHECK (VALUE IN
	('requested', 'declined', 'approved', 'expected', 'in_transit', 'receiving', 'received', 'refunding', 'resolved',
	 'cancelled', 'expired', 'matching'));
COMMENT ON DOMAIN fulfillment.return_state IS 'State of a return';

CREATE DOMAIN fulfillment.return_kind AS text CHECK (VALUE IN ('rma', 'exchange', 'rts', 'claim', 'blind'));
COMMENT ON DOMAIN fulfillment.return_kind IS
	'Why goods come back: rma asked for, exchange, rts returned to sender, claim without goods, blind unannounced';

CREATE DOMAIN fulfillment.movement_kind AS text CHECK (VALUE IN
	('receive', 'adjust', 'count', 'transfer_out', 'transfer_in', 'reserve', 'release', 'ship', 'unship', 'found', 'restock',
	 'reconcile', 'quarantine', 'clear', 'damage', 'condemn', 'scrap', 'isolate'));
COMMENT ON DOMAIN fulfillment.movement_kind IS
	'Kind of a stock movement; found is stock that must have been there because it was shipped, reconcile takes over the number of the other side, quarantine to isolate move units in and out of the buckets that are not for sale';

CREATE DOMAIN fulfillment.inventory_mode AS text CHECK (VALUE IN ('active', 'passive'));
COMMENT ON DOMAIN fulfillment.inventory_mode IS
	'active: our numbers are the truth and are pushed out; passive: theirs are, and are pulled and reconciled';

CREATE DOMAIN fulfillment.country_code AS text CHECK (VALUE ~ '^[A-Z]{2}$');
COMMENT ON DOMAIN fulfillment.country_code IS 'ISO 3166-1 alpha-2 country code';

CREATE DOMAIN fulfillment.currency_code AS text CHECK (VALUE ~ '^[A-Z]{3}$');
COMMENT ON DOMAIN fulfillment.currency_code IS 'ISO 4217 currency code';
