-- Orders, their lines and holds.

CREATE SEQUENCE fulfillment.order_id_seq;
CREATE TABLE fulfillment.orders (
	merchant_id int NOT NULL DEFAULT fulfillment.current_merchant() REFERENCES fulfillment.merchants,
	order_id bigint NOT NULL DEFAULT nextval('fulfillment.order_id_seq'),
	channel_id bigint NOT NULL,
	number text NOT NULL,
	channel_order_id text,
	version bigint NOT NULL DEFAULT 0,
	state fulfillment.order_state NOT NULL,
	placed_at timestamptz NOT NULL,
	currency fulfillment.currency_code,
	email text,
	phone text,
	language text,
	ship_to jsonb NOT NULL DEFAULT '{}',
	bill_to jsonb,
	service text,
	promised_by timestamptz,
	ship_complete boolean NOT NULL DEFAULT false,
	not_before timestamptz,
	auto_cancel_at timestamptz,
	payment jsonb NOT NULL DEFAULT '{}',
	document jsonb NOT NULL,
	delivered jsonb,
	errors jsonb,
	excluded_locations bigint[] NOT NULL DEFAULT '{}',
	next_routing_at timestamptz,
	routing_reason text,
	cancel_reason text,
	shipped_anyway boolean NOT NULL DEFAULT false,
	redelivered int NOT NULL DEFAULT 0,
	late_updates int NOT NULL DEFAULT 0,
	attributes jsonb NOT NULL DEFAULT '{}',
	received_at timestamptz NOT NULL DEFAULT now(),
	closed_at timestamptz,
	PRIMARY KEY (merchant_id, order_id),
	UNIQUE (merchant_id, channel_id, number),
	FOREIGN KEY (merchant_id, channel_id) REFERENCES fulfillment.channels
) WITH (fillfactor = 80);
CREATE INDEX orders_routing ON fulfillment.orders (merchant_id, next_routing_at) WHERE next_routing_at IS NOT NULL;
CREATE INDEX orders_expiry ON fulfillment.orders (merchant_id, auto_cancel_at)
	WHERE auto_cancel_at IS NOT NULL AND state IN ('received', 'open');
CREATE INDEX orders_live ON fulfillment.orders (merchant_id, promised_by)
	WHERE state IN ('received', 'invalid', 'open', 'cancelling');
COMMENT ON TABLE fulfillment.orders IS 'One row per order of a channel; control state stored, progress derived from its lines';
COMMENT ON COLUMN fulfillment.orders.number IS 'The number people use; unique in its channel';
COMMENT ON COLUMN fulfillment.orders.channel_order_id IS 'The channel''s technical id, when it differs from the number';
COMMENT ON COLUMN fulfillment.orders.version IS 'Version of the newest document taken; older ones change nothing';
COMMENT ON COLUMN fulfillment.orders.document IS 'The order as it is to be fulfilled: the newest version, with what people changed here';
COMMENT ON COLUMN fulfillment.orders.delivered IS
	'The newest version as it came in, where people changed the order here: a later one changes only what differs from it';
COMMENT ON COLUMN fulfillment.orders.errors IS 'Why the order is invalid: [{code, field, line, message}]';
COMMENT ON COLUMN fulfillment.orders.excluded_locations IS 'Locations that refused or fell short: not asked again before goods arrive there';
COMMENT ON COLUMN fulfillment.orders.next_routing_at IS 'When assignment is tried next; NULL when nothing waits for it';
COMMENT ON COLUMN fulfillment.orders.routing_reason IS 'Why units wait: no_stock, safety_stock, capacity, rule, not_before, held …';
COMMENT ON COLUMN fulfillment.orders.shipped_anyway IS 'A part left although it was cancelled; that quantity counts as not cancelled';
COMMENT ON COLUMN fulfillment.orders.redelivered IS 'How often the same or an older version came again';
COMMENT ON COLUMN fulfillment.orders.late_updates IS 'Newer versions that came after the order had ended';

CREATE TABLE fulfillment.order_lines (
	merchant_id int NOT NULL,
	order_id bigint NOT NULL,
	line int NOT NULL CHECK (line > 0),
	item_id bigint NOT NULL,
	sku text NOT NULL,
	name text,
	quantity int NOT NULL CHECK (quantity > 0),
	unit_price numeric CHECK (unit_price >= 0),
	channel_line_id text,
	group_key text,
	kit_line int,
	kit_sku text,
	lot int CHECK (lot > 0),
	cancelled int NOT NULL DEFAULT 0 CHECK (cancelled >= 0),
	assigned int NOT NULL DEFAULT 0 CHECK (assigned >= 0),
	submitted int NOT NULL DEFAULT 0 CHECK (submitted >= 0),
	shipped int NOT NULL DEFAULT 0 CHECK (shipped >= 0),
	over_shipped int NOT NULL DEFAULT 0 CHECK (over_shipped >= 0),
	delivered int NOT NULL DEFAULT 0 CHECK (delivered >= 0),
	returned int NOT NULL DEFAULT 0 CHECK (returned >= 0),
	refunded int NOT NULL DEFAULT 0 CHECK (refunded >= 0),
	attributes jsonb NOT NULL DEFAULT '{}',
	PRIMARY KEY (merchant_id, order_id, line),
	FOREIGN KEY (merchant_id, order_id) REFERENCES fulfillment.orders ON DELETE CASCADE,
	FOREIGN KEY (merchant_id, item_id) REFERENCES fulfillment.items,
	CHECK ((kit_line IS NULL) = (lot IS NULL)),
	CHECK (assigned + cancelled <= quantity),
	CHECK (submitted <= assigned),
	CHECK (shipped <= submitted),
	CHECK (delivered <= shipped + over_shipped),
	CHECK (returned <= shipped + over_shipped),
	CHECK (refunded <= quantity + over_shipped)
) WITH (fillfactor = 80);
COMMENT ON TABLE fulfillment.order_lines IS 'Lines of an order; the quantities are what progress is derived from';
COMMENT ON COLUMN fulfillment.order_lines.channel_line_id IS 'The channel''s id of the line';
COMMENT ON COLUMN fulfillment.order_lines.group_key IS 'Lines with the same key leave together or not at all';
COMMENT ON COLUMN fulfillment.order_lines.kit_line IS 'Of a part of a kit: the number of the line that ordered the kit';
COMMENT ON COLUMN fulfillment.order_lines.kit_sku IS 'The kit';
COMMENT ON COLUMN fulfillment.order_lines.lot IS 'Units of it in one kit; kits may leave one by one, a kit leaves whole';
COMMENT ON COLUMN fulfillment.order_lines.assigned IS 'Units that stand in shipments which are not cancelled or rejected';
COMMENT ON COLUMN fulfillment.order_lines.submitted IS 'Assigned units that a provider has accepted';
COMMENT ON COLUMN fulfillment.order_lines.shipped IS 'Units that left, up to what was ordered';
COMMENT ON COLUMN fulfillment.order_lines.over_shipped IS 'Units that left beyond what was ordered: a recorded exception';

CREATE SEQUENCE fulfillment.hold_id_seq;
CREATE TABLE fulfillment.holds (
	merchant_id int NOT NULL,
	hold_id bigint NOT NULL DEFAULT nextval('fulfillment.hold_id_seq'),
	order_id bigint NOT NULL,
	reason text NOT NULL CHECK (reason <> ''),
	until timestamptz,
	placed_at timestamptz NOT NULL DEFAULT now(),
	placed_by text NOT NULL,
	from_channel boolean NOT NULL DEFAULT false,
	released_at timestamptz,
	released_by text,
	PRIMARY KEY (merchant_id, hold_id),
	FOREIGN KEY (merchant_id, order_id) REFERENCES fulfillment.orders ON DELETE CASCADE
);
CREATE INDEX holds_order ON fulfillment.holds (merchant_id, order_id);
CREATE INDEX holds_until ON fulfillment.holds (merchant_id, until) WHERE released_at IS NULL AND until IS NOT NULL;
COMMENT ON TABLE fulfillment.holds IS 'Reasons why an order must not move; it is held while one of them is active';
COMMENT ON COLUMN fulfillment.holds.from_channel IS 'The channel asked for it, and may end it with a newer version';
COMMENT ON COLUMN fulfillment.holds.until IS 'When the hold ends by itself';

CREATE SEQUENCE fulfillment.attachment_id_seq;
CREATE TABLE fulfillment.attachments (
	merchant_id int NOT NULL,
	attachment_id bigint NOT NULL DEFAULT nextval('fulfillment.attachment_id_seq'),
	source regclass NOT NULL,
	lines_source regclass,
	channel_id bigint NOT NULL,
	mapping jsonb NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	created_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (merchant_id, attachment_id),
	UNIQUE (merchant_id, source),
	FOREIGN KEY (merchant_id, channel_id) REFERENCES fulfillment.channels
);
COMMENT ON TABLE fulfillment.attachments IS 'Order tables of the shop whose inserts start fulfillment at commit';
COMMENT ON COLUMN fulfillment.attachments.mapping IS 'From the shop''s columns to the members of an order document';
