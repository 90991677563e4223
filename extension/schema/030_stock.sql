-- Items and stock: levels, and the ledger whose sums they are.

CREATE SEQUENCE fulfillment.item_id_seq;
CREATE TABLE fulfillment.items (
	merchant_id int NOT NULL DEFAULT fulfillment.current_merchant() REFERENCES fulfillment.merchants,
	item_id bigint NOT NULL DEFAULT nextval('fulfillment.item_id_seq'),
	sku text NOT NULL CHECK (sku <> ''),
	name text NOT NULL DEFAULT '',
	barcode text,
	weight_g int NOT NULL DEFAULT 0 CHECK (weight_g >= 0),
	length_mm int CHECK (length_mm > 0),
	width_mm int CHECK (width_mm > 0),
	height_mm int CHECK (height_mm > 0),
	value numeric NOT NULL DEFAULT 0 CHECK (value >= 0),
	currency fulfillment.currency_code NOT NULL DEFAULT 'EUR',
	hazmat boolean NOT NULL DEFAULT false,
	hs_code text,
	origin_country fulfillment.country_code,
	active boolean NOT NULL DEFAULT true,
	attributes jsonb NOT NULL DEFAULT '{}',
	PRIMARY KEY (merchant_id, item_id),
	UNIQUE (merchant_id, sku)
);
COMMENT ON TABLE fulfillment.items IS 'What is sold and stored, by SKU';
COMMENT ON COLUMN fulfillment.items.value IS 'Value of one unit, for insurance, customs and discrepancies';
COMMENT ON COLUMN fulfillment.items.hs_code IS 'Harmonised System code for customs';

CREATE TABLE fulfillment.kit_components (
	merchant_id int NOT NULL DEFAULT fulfillment.current_merchant(),
	kit_item_id bigint NOT NULL,
	component_item_id bigint NOT NULL,
	quantity int NOT NULL CHECK (quantity > 0),
	PRIMARY KEY (merchant_id, kit_item_id, component_item_id),
	FOREIGN KEY (merchant_id, kit_item_id) REFERENCES fulfillment.items ON DELETE CASCADE,
	FOREIGN KEY (merchant_id, component_item_id) REFERENCES fulfillment.items,
	CHECK (kit_item_id <> component_item_id)
);
COMMENT ON TABLE fulfillment.kit_components IS 'What a kit consists of';

CREATE TABLE fulfillment.stock_levels (
	merchant_id int NOT NULL DEFAULT fulfillment.current_merchant(),
	location_id bigint NOT NULL,
	item_id bigint NOT NULL,
	on_hand int NOT NULL DEFAULT 0 CHECK (on_hand >= 0),
	reserved int NOT NULL DEFAULT 0 CHECK (reserved >= 0),
	quarantine int NOT NULL DEFAULT 0 CHECK (quarantine >= 0),
	damaged int NOT NULL DEFAULT 0 CHECK (damaged >= 0),
	safety_stock int CHECK (safety_stock >= 0),
	reported_on_hand int,
	reported_as_of timestamptz,
	heard_at timestamptz,
	changed_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (merchant_id, location_id, item_id),
	FOREIGN KEY (merchant_id, location_id) REFERENCES fulfillment.locations,
	FOREIGN KEY (merchant_id, item_id) REFERENCES fulfillment.items
) WITH (fillfactor = 80);
CREATE INDEX stock_levels_item ON fulfillment.stock_levels (merchant_id, item_id);
COMMENT ON TABLE fulfillment.stock_levels IS
	'Stock of an item at a location: on_hand is the sum of its movements, reserved of its open reservations';
COMMENT ON COLUMN fulfillment.stock_levels.quarantine IS 'Units beside those on hand that wait for a decision; not for sale';
COMMENT ON COLUMN fulfillment.stock_levels.damaged IS 'Units beside those on hand that will never be sold; not for sale';
COMMENT ON COLUMN fulfillment.stock_levels.safety_stock IS 'Units never promised; NULL: as the location says';
COMMENT ON COLUMN fulfillment.stock_levels.heard_at IS 'When the other side last named the item';
COMMENT ON COLUMN fulfillment.stock_levels.reported_on_hand IS 'What the other side last reported';

CREATE SEQUENCE fulfillment.movement_id_seq;
CREATE TABLE fulfillment.stock_movements (
	merchant_id int NOT NULL,
	movement_id bigint NOT NULL DEFAULT nextval('fulfillment.movement_id_seq'),
	moved_at timestamptz NOT NULL DEFAULT now(),
	location_id bigint NOT NULL,
	item_id bigint NOT NULL,
	kind fulfillment.movement_kind NOT NULL,
	on_hand_delta int NOT NULL DEFAULT 0,
	reserved_delta int NOT NULL DEFAULT 0,
	quarantine_delta int NOT NULL DEFAULT 0,
	damaged_delta int NOT NULL DEFAULT 0,
	order_id bigint,
	shipment_id bigint,
	line int,
	cause text NOT NULL,
	actor text NOT NULL
) PARTITION BY RANGE (moved_at);
-- Keys and indexes stand on the partitions, for the others are made like this one: if they stood above,
-- a dump could not be restored, because attaching a partition would make them before their turn.
CREATE TABLE fulfillment.stock_movements_default PARTITION OF fulfillment.stock_movements DEFAULT;
ALTER TABLE fulfillment.stock_movements_default ADD PRIMARY KEY (merchant_id, movement_id, moved_at);
CREATE INDEX stock_movements_item ON fulfillment.stock_movements_default (merchant_id, location_id, item_id, moved_at);
CREATE INDEX stock_movements_time ON fulfillment.stock_movements_default USING brin (moved_at) WITH (pages_per_range = 16);
CREATE INDEX stock_movements_order ON fulfillment.stock_movements_default (merchant_id, order_id) WHERE order_id IS NOT NULL;
COMMENT ON TABLE fulfillment.stock_movements IS 'The ledger: every change of stock with its cause; never updated, never deleted';
COMMENT ON COLUMN fulfillment.stock_movements.quarantine_delta IS 'Units that came into quarantine, or left it if negative';
COMMENT ON COLUMN fulfillment.stock_movements.damaged_delta IS 'Units that became damaged goods, or were scrapped if negative';
COMMENT ON TABLE fulfillment.stock_movements_default IS 'Movements outside the months that have a partition of their own';

CREATE SEQUENCE fulfillment.discrepancy_id_seq;
CREATE TABLE fulfillment.discrepancies (
	merchant_id int NOT NULL,
	discrepancy_id bigint NOT NULL DEFAULT nextval('fulfillment.discrepancy_id_seq'),
	location_id bigint NOT NULL,
	item_id bigint NOT NULL,
	state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'explained', 'adjusted')),
	kind text NOT NULL CHECK (kind IN ('over_ship', 'short_pick', 'count', 'snapshot')),
	expected int NOT NULL,
	reported int NOT NULL,
	value numeric NOT NULL DEFAULT 0 CHECK (value >= 0),
	cause text,
	order_id bigint,
	shipment_id bigint,
	first_seen_at timestamptz NOT NULL DEFAULT now(),
	last_seen_at timestamptz NOT NULL DEFAULT now(),
	times_seen int NOT NULL DEFAULT 1,
	resolved_at timestamptz,
	resolved_by text,
	resolution text,
	as_of timestamptz,
	equal_snapshots int NOT NULL DEFAULT 1,
	confidence numeric NOT NULL DEFAULT 0 CHECK (confidence BETWEEN 0 AND 1),
	standing boolean NOT NULL DEFAULT false,
	trail int[] NOT NULL DEFAULT '{}',
	movements bigint[] NOT NULL DEFAULT '{}',
	PRIMARY KEY (merchant_id, discrepancy_id),
	FOREIGN KEY (merchant_id, location_id) REFERENCES fulfillment.locations,
	FOREIGN KEY (merchant_id, item_id) REFERENCES fulfillment.items
);
CREATE INDEX discrepancies_open ON fulfillment.discrepancies (merchant_id, item_id, location_id) WHERE state = 'open';
CREATE UNIQUE INDEX discrepancies_snapshot ON fulfillment.discrepancies (merchant_id, location_id, item_id)
	WHERE kind = 'snapshot' AND (state = 'open' OR standing);
COMMENT ON TABLE fulfillment.discrepancies IS
	'Differences between what we expected and what somebody reported, each once, until explained or adjusted';
COMMENT ON COLUMN fulfillment.discrepancies.value IS 'Value of the difference in the item''s currency; never negative';
COMMENT ON COLUMN fulfillment.discrepancies.as_of IS 'The moment the newest snapshot with it was about';
COMMENT ON COLUMN fulfillment.discrepancies.equal_snapshots IS 'Snapshots in a row that showed the same difference';
COMMENT ON COLUMN fulfillment.discrepancies.confidence IS
	'How sure it is that their number is right: more with every equal snapshot, less while the item moves';
COMMENT ON COLUMN fulfillment.discrepancies.standing IS
	'Explained and there to stay: the same difference in later snapshots is no news';
COMMENT ON COLUMN fulfillment.discrepancies.trail IS 'The difference in the last twelve snapshots that showed it, oldest first';
COMMENT ON COLUMN fulfillment.discrepancies.movements IS 'The last movements of the item before the snapshot, newest first';
