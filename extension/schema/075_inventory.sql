-- Inventory between two masters: what a location's snapshots may do, each snapshot, goods to come.

CREATE TABLE fulfillment.reconcile_policies (
	merchant_id int NOT NULL DEFAULT fulfillment.current_merchant(),
	location_id bigint NOT NULL,
	adopt_confidence numeric CHECK (adopt_confidence > 0 AND adopt_confidence <= 1),
	adopt_after int CHECK (adopt_after > 0),
	alarm_value numeric CHECK (alarm_value >= 0),
	absent_is_zero boolean NOT NULL DEFAULT true,
	settle_within interval NOT NULL DEFAULT '10 minutes' CHECK (settle_within >= '0'),
	PRIMARY KEY (merchant_id, location_id),
	FOREIGN KEY (merchant_id, location_id) REFERENCES fulfillment.locations ON DELETE CASCADE
);
COMMENT ON TABLE fulfillment.reconcile_policies IS
	'What differences in snapshots of a location lead to; no row: they are reported, and nothing more';
COMMENT ON COLUMN fulfillment.reconcile_policies.adopt_confidence IS
	'Their number becomes ours when the confidence in it is this high; NULL: not for that';
COMMENT ON COLUMN fulfillment.reconcile_policies.adopt_after IS
	'Their number becomes ours after so many snapshots with the same difference; NULL: never for that';
COMMENT ON COLUMN fulfillment.reconcile_policies.alarm_value IS 'A difference worth as much waits for a person at once; NULL: never';
COMMENT ON COLUMN fulfillment.reconcile_policies.absent_is_zero IS 'An item that a complete snapshot does not name has no stock there';
COMMENT ON COLUMN fulfillment.reconcile_policies.settle_within IS
	'How far the two sides may lie apart in time: a difference that movements this close to the snapshot explain is in flight';

CREATE SEQUENCE fulfillment.snapshot_id_seq;
CREATE TABLE fulfillment.stock_snapshots (
	merchant_id int NOT NULL,
	snapshot_id bigint NOT NULL DEFAULT nextval('fulfillment.snapshot_id_seq'),
	location_id bigint NOT NULL,
	as_of timestamptz NOT NULL,
	complete boolean NOT NULL,
	taken_at timestamptz NOT NULL DEFAULT now(),
	taken_by text NOT NULL,
	items bigint NOT NULL DEFAULT 0,
	errors bigint NOT NULL DEFAULT 0,
	differences bigint NOT NULL DEFAULT 0,
	in_flight bigint NOT NULL DEFAULT 0,
	adopted bigint NOT NULL DEFAULT 0,
	settled bigint NOT NULL DEFAULT 0,
	late bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (merchant_id, snapshot_id),
	FOREIGN KEY (merchant_id, location_id) REFERENCES fulfillment.locations ON DELETE CASCADE
);
CREATE INDEX stock_snapshots_location ON fulfillment.stock_snapshots (merchant_id, location_id, complete, as_of);
COMMENT ON TABLE fulfillment.stock_snapshots IS 'Every report of a location''s stock that was compared with our ledger, and what came of it';
COMMENT ON COLUMN fulfillment.stock_snapshots.snapshot_id IS 'The snapshot';
COMMENT ON COLUMN fulfillment.stock_snapshots.as_of IS 'The moment it is about';
COMMENT ON COLUMN fulfillment.stock_snapshots.complete IS 'It names every item with stock; false: only some';
COMMENT ON COLUMN fulfillment.stock_snapshots.taken_at IS 'When it was compared';
COMMENT ON COLUMN fulfillment.stock_snapshots.taken_by IS 'Who brought it';
COMMENT ON COLUMN fulfillment.stock_snapshots.items IS 'Rows that were compared or refused, without those equal in a complete snapshot';
COMMENT ON COLUMN fulfillment.stock_snapshots.errors IS 'Rows that could not be used';
COMMENT ON COLUMN fulfillment.stock_snapshots.differences IS 'Items that differ';
COMMENT ON COLUMN fulfillment.stock_snapshots.in_flight IS 'Items whose difference movements around the snapshot explain';
COMMENT ON COLUMN fulfillment.stock_snapshots.adopted IS 'Items whose number became ours';
COMMENT ON COLUMN fulfillment.stock_snapshots.settled IS 'Open discrepancies that ended because the two sides agree again';
COMMENT ON COLUMN fulfillment.stock_snapshots.late IS 'Rows older than what was known already';

CREATE SEQUENCE fulfillment.expected_receipt_id_seq;
CREATE TABLE fulfillment.expected_receipts (
	merchant_id int NOT NULL,
	expected_receipt_id bigint NOT NULL DEFAULT nextval('fulfillment.expected_receipt_id_seq'),
	location_id bigint NOT NULL,
	item_id bigint NOT NULL,
	quantity int NOT NULL CHECK (quantity > 0),
	received int NOT NULL DEFAULT 0 CHECK (received >= 0),
	expected_at timestamptz NOT NULL,
	reference text,
	state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'received', 'cancelled')),
	announced_at timestamptz NOT NULL DEFAULT now(),
	announced_by text NOT NULL,
	PRIMARY KEY (merchant_id, expected_receipt_id),
	FOREIGN KEY (merchant_id, location_id) REFERENCES fulfillment.locations,
	FOREIGN KEY (merchant_id, item_id) REFERENCES fulfillment.items
);
CREATE INDEX expected_receipts_open ON fulfillment.expected_receipts (merchant_id, item_id, expected_at) WHERE state = 'open';
COMMENT ON TABLE fulfillment.expected_receipts IS 'Goods that are on their way to a location: the bucket inbound, with dates';
COMMENT ON COLUMN fulfillment.expected_receipts.expected_receipt_id IS 'The expected receipt';
COMMENT ON COLUMN fulfillment.expected_receipts.quantity IS 'Units announced';
COMMENT ON COLUMN fulfillment.expected_receipts.received IS 'Units that have arrived of them';
COMMENT ON COLUMN fulfillment.expected_receipts.expected_at IS 'When they should be there';
COMMENT ON COLUMN fulfillment.expected_receipts.reference IS 'The purchase order or the like';
COMMENT ON COLUMN fulfillment.expected_receipts.state IS 'open; received: nothing more is expected; cancelled';
COMMENT ON COLUMN fulfillment.expected_receipts.announced_at IS 'When it was announced';
COMMENT ON COLUMN fulfillment.expected_receipts.announced_by IS 'Who announced it';
