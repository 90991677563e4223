\echo Use "CREATE EXTENSION fulfillment" to load this file. \quit
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
-- Who takes part: merchants, connections with their secrets, providers with
-- services and prices, locations, channels.

CREATE TABLE fulfillment.merchants (
	merchant_id int PRIMARY KEY,
	code text NOT NULL UNIQUE,
	name text NOT NULL,
	reference_prefix text NOT NULL DEFAULT 'F' || upper(substr(md5(random()::text), 1, 5))
		CHECK (reference_prefix ~ '^[A-Za-z0-9]{1,8}$'),
	attributes jsonb NOT NULL DEFAULT '{}',
	created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN fulfillment.merchants.reference_prefix IS
	'Begins the references of shipments at providers, so that two installations that share an account never mix them up';
COMMENT ON TABLE fulfillment.merchants IS 'The tenants; every other table is keyed by merchant_id first';

CREATE SEQUENCE fulfillment.connection_id_seq;
CREATE TABLE fulfillment.connections (
	merchant_id int NOT NULL DEFAULT fulfillment.current_merchant() REFERENCES fulfillment.merchants,
	connection_id bigint NOT NULL DEFAULT nextval('fulfillment.connection_id_seq'),
	code text NOT NULL,
	connector text NOT NULL,
	config jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(config) = 'object'),
	state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused')),
	paused_reason text,
	rate_per_second numeric CHECK (rate_per_second > 0),
	max_concurrency int CHECK (max_concurrency > 0),
	timeout_ms int CHECK (timeout_ms > 0),
	events text[] NOT NULL DEFAULT '{}',
	webhooks_refused bigint NOT NULL DEFAULT 0,
	inbox_cursor jsonb,
	attributes jsonb NOT NULL DEFAULT '{}',
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (merchant_id, connection_id),
	UNIQUE (merchant_id, code)
);
COMMENT ON TABLE fulfillment.connections IS 'Endpoints of other systems: connector, settings and limits; secrets stand apart';
COMMENT ON COLUMN fulfillment.connections.config IS 'Settings of the connector (view connectors lists them); never a secret';
COMMENT ON COLUMN fulfillment.connections.rate_per_second IS 'Calls per second at most; NULL: the connector''s own limit';
COMMENT ON COLUMN fulfillment.connections.max_concurrency IS 'Calls at the same time at most; NULL: the connector''s own limit';
COMMENT ON COLUMN fulfillment.connections.timeout_ms IS 'Milliseconds a call may take on the wire; NULL: the connector''s own limit';
COMMENT ON COLUMN fulfillment.connections.events IS
	'Messenger connections: the event types they hear, exact or as prefix (shipment.*); empty is all';
COMMENT ON COLUMN fulfillment.connections.inbox_cursor IS
	'What the last look for files remembers: their sizes, when one came, how many rows the last stock file had';
COMMENT ON COLUMN fulfillment.connections.webhooks_refused IS 'Webhooks refused because their signature was wrong';

CREATE TABLE fulfillment.secrets (
	merchant_id int NOT NULL,
	connection_id bigint NOT NULL,
	ciphertext bytea NOT NULL,
	names text[] NOT NULL,
	set_at timestamptz NOT NULL DEFAULT now(),
	set_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (merchant_id, connection_id),
	FOREIGN KEY (merchant_id, connection_id) REFERENCES fulfillment.connections ON DELETE CASCADE
);
COMMENT ON TABLE fulfillment.secrets IS 'Credentials of connections, encrypted with a key outside the database';
COMMENT ON COLUMN fulfillment.secrets.names IS 'Names of the secrets that are set; never their values';

CREATE SEQUENCE fulfillment.provider_id_seq;
CREATE TABLE fulfillment.providers (
	merchant_id int NOT NULL DEFAULT fulfillment.current_merchant() REFERENCES fulfillment.merchants,
	provider_id bigint NOT NULL DEFAULT nextval('fulfillment.provider_id_seq'),
	code text NOT NULL,
	name text NOT NULL,
	kind text NOT NULL CHECK (kind IN ('carrier', 'fulfillment_center')),
	integration text NOT NULL CHECK (integration IN ('api', 'file', 'manual')),
	connection_id bigint,
	active boolean NOT NULL DEFAULT true,
	countries fulfillment.country_code[],
	max_weight_g int CHECK (max_weight_g > 0),
	max_length_mm int CHECK (max_length_mm > 0),
	max_girth_mm int CHECK (max_girth_mm > 0),
	max_value numeric CHECK (max_value > 0),
	hazmat_allowed boolean NOT NULL DEFAULT false,
	label_format text NOT NULL DEFAULT 'pdf',
	stop_within interval NOT NULL DEFAULT '2 hours',
	notifies_customer boolean NOT NULL DEFAULT false,
	assume_delivered_after interval CHECK (assume_delivered_after > '0'),
	attributes jsonb NOT NULL DEFAULT '{}',
	PRIMARY KEY (merchant_id, provider_id),
	UNIQUE (merchant_id, code),
	FOREIGN KEY (merchant_id, connection_id) REFERENCES fulfillment.connections,
	CHECK (integration = 'manual' OR connection_id IS NOT NULL)
);
COMMENT ON TABLE fulfillment.providers IS
	'Who moves goods: carriers (from our locations) and fulfillment centers (from theirs), by API, file or hand';
COMMENT ON COLUMN fulfillment.providers.countries IS 'Destinations served; NULL is everywhere';
COMMENT ON COLUMN fulfillment.providers.max_weight_g IS 'Heaviest parcel in grams; NULL is no limit';
COMMENT ON COLUMN fulfillment.providers.max_length_mm IS 'Longest side of a parcel in millimetres';
COMMENT ON COLUMN fulfillment.providers.max_girth_mm IS 'Length plus girth of a parcel in millimetres';
COMMENT ON COLUMN fulfillment.providers.max_value IS 'Highest insured value of a shipment';
COMMENT ON COLUMN fulfillment.providers.label_format IS 'Label format to ask for: pdf, zpl, png, gif, epl';
COMMENT ON COLUMN fulfillment.providers.stop_within IS 'How long a request to stop or cancel may stay unanswered';
COMMENT ON COLUMN fulfillment.providers.assume_delivered_after IS
	'Where nobody can be asked for tracking: a shipment counts as delivered this long after it left; NULL: never';
COMMENT ON COLUMN fulfillment.providers.notifies_customer IS 'The provider tells the customer itself, so we do not';

CREATE SEQUENCE fulfillment.service_id_seq;
CREATE TABLE fulfillment.services (
	merchant_id int NOT NULL DEFAULT fulfillment.current_merchant() REFERENCES fulfillment.merchants,
	service_id bigint NOT NULL DEFAULT nextval('fulfillment.service_id_seq'),
	provider_id bigint NOT NULL,
	code text NOT NULL,
	name text NOT NULL,
	provider_code text NOT NULL,
	active boolean NOT NULL DEFAULT true,
	countries fulfillment.country_code[],
	max_weight_g int CHECK (max_weight_g > 0),
	max_length_mm int CHECK (max_length_mm > 0),
	max_girth_mm int CHECK (max_girth_mm > 0),
	max_value numeric CHECK (max_value > 0),
	hazmat_allowed boolean,
	parcel_limit_g int NOT NULL DEFAULT 30000 CHECK (parcel_limit_g > 0),
	weight_step_g int NOT NULL DEFAULT 1 CHECK (weight_step_g > 0),
	max_parcels int CHECK (max_parcels > 0),
	volume_divisor int CHECK (volume_divisor > 0),
	transit_days int NOT NULL DEFAULT 2 CHECK (transit_days >= 0),
	currency fulfillment.currency_code NOT NULL DEFAULT 'EUR',
	attributes jsonb NOT NULL DEFAULT '{}',
	PRIMARY KEY (merchant_id, service_id),
	UNIQUE (merchant_id, provider_id, code),
	FOREIGN KEY (merchant_id, provider_id) REFERENCES fulfillment.providers
);
COMMENT ON TABLE fulfillment.services IS 'Shipping services of a provider, with limits; prices stand in service_prices';
COMMENT ON COLUMN fulfillment.services.code IS 'Our name of the service, what an order asks for: standard, express';
COMMENT ON COLUMN fulfillment.services.provider_code IS 'The provider''s code of the service, as its API wants it';
COMMENT ON COLUMN fulfillment.services.hazmat_allowed IS 'NULL: as the provider';
COMMENT ON COLUMN fulfillment.services.parcel_limit_g IS 'Weight above which goods are split into more parcels';
COMMENT ON COLUMN fulfillment.services.weight_step_g IS 'Billable weight is rounded up to a multiple of this';
COMMENT ON COLUMN fulfillment.services.max_parcels IS 'Parcels in one shipment at most; NULL is no limit';
COMMENT ON COLUMN fulfillment.services.volume_divisor IS
	'Cubic centimetres that count as a kilogram of billable weight, such as 5000; NULL: volume does not count';
COMMENT ON COLUMN fulfillment.services.transit_days IS 'Working days on the way where no price row says otherwise';

CREATE SEQUENCE fulfillment.location_id_seq;
CREATE TABLE fulfillment.locations (
	merchant_id int NOT NULL DEFAULT fulfillment.current_merchant() REFERENCES fulfillment.merchants,
	location_id bigint NOT NULL DEFAULT nextval('fulfillment.location_id_seq'),
	code text NOT NULL,
	name text NOT NULL,
	provider_id bigint,
	provider_code text,
	address jsonb NOT NULL DEFAULT '{}',
	country fulfillment.country_code NOT NULL,
	postcode text,
	latitude double precision,
	longitude double precision,
	time_zone text NOT NULL DEFAULT 'UTC',
	cutoff time NOT NULL DEFAULT '14:00',
	working_days int[] NOT NULL DEFAULT '{1,2,3,4,5}',
	closed_days date[] NOT NULL DEFAULT '{}',
	daily_capacity int CHECK (daily_capacity >= 0),
	handling_cost numeric NOT NULL DEFAULT 0,
	pick_cost numeric NOT NULL DEFAULT 0,
	safety_stock int NOT NULL DEFAULT 0 CHECK (safety_stock >= 0),
	hazmat_allowed boolean NOT NULL DEFAULT true,
	ships_abroad boolean NOT NULL DEFAULT true,
	inventory_mode fulfillment.inventory_mode NOT NULL DEFAULT 'active',
	inventory_cursor jsonb,
	inventory_at timestamptz,
	inventory_complete_at timestamptz,
	priority int NOT NULL DEFAULT 100,
	active boolean NOT NULL DEFAULT true,
	attributes jsonb NOT NULL DEFAULT '{}',
	PRIMARY KEY (merchant_id, location_id),
	UNIQUE (merchant_id, code),
	FOREIGN KEY (merchant_id, provider_id) REFERENCES fulfillment.providers
);
COMMENT ON TABLE fulfillment.locations IS 'Places with stock: our own, from which carriers ship, and those of fulfillment centers';
COMMENT ON COLUMN fulfillment.locations.provider_id IS 'The fulfillment center that runs it; NULL: our own, served by carriers';
COMMENT ON COLUMN fulfillment.locations.provider_code IS 'The provider''s code of this location';
COMMENT ON COLUMN fulfillment.locations.latitude IS 'Degrees north, for distance zones; order documents carry theirs in attributes';
COMMENT ON COLUMN fulfillment.locations.cutoff IS 'Local time until which an order leaves the same working day';
COMMENT ON COLUMN fulfillment.locations.working_days IS 'ISO days of the week on which goods leave, 1 is Monday';
COMMENT ON COLUMN fulfillment.locations.daily_capacity IS 'Shipments a day at most; NULL is no limit';
COMMENT ON COLUMN fulfillment.locations.handling_cost IS 'Cost per shipment';
COMMENT ON COLUMN fulfillment.locations.pick_cost IS 'Cost per order line in a shipment';
COMMENT ON COLUMN fulfillment.locations.inventory_cursor IS 'Where the last finished sync of its stock ended; the next one asks for what changed since';
COMMENT ON COLUMN fulfillment.locations.inventory_at IS 'When that sync began';
COMMENT ON COLUMN fulfillment.locations.inventory_complete_at IS 'When the last sync of all its items began; one a night; NULL: the next sync is one';
COMMENT ON COLUMN fulfillment.locations.safety_stock IS 'Units of every item never promised from here';

CREATE SEQUENCE fulfillment.service_price_id_seq;
CREATE TABLE fulfillment.service_prices (
	merchant_id int NOT NULL DEFAULT fulfillment.current_merchant() REFERENCES fulfillment.merchants,
	service_price_id bigint NOT NULL DEFAULT nextval('fulfillment.service_price_id_seq'),
	service_id bigint NOT NULL,
	location_id bigint,
	country fulfillment.country_code,
	postcode_from text,
	postcode_to text,
	distance_from_km double precision NOT NULL DEFAULT 0,
	distance_to_km double precision,
	weight_from_g int NOT NULL DEFAULT 0,
	weight_to_g int,
	price_per_parcel numeric NOT NULL DEFAULT 0 CHECK (price_per_parcel >= 0),
	price_per_kg numeric NOT NULL DEFAULT 0 CHECK (price_per_kg >= 0),
	surcharge_abroad numeric NOT NULL DEFAULT 0 CHECK (surcharge_abroad >= 0),
	extra_days_abroad int NOT NULL DEFAULT 0 CHECK (extra_days_abroad >= 0),
	transit_days int CHECK (transit_days >= 0),
	PRIMARY KEY (merchant_id, service_price_id),
	FOREIGN KEY (merchant_id, service_id) REFERENCES fulfillment.services ON DELETE CASCADE,
	FOREIGN KEY (merchant_id, location_id) REFERENCES fulfillment.locations ON DELETE CASCADE
);
CREATE INDEX service_prices_service ON fulfillment.service_prices (merchant_id, service_id);
COMMENT ON TABLE fulfillment.service_prices IS
	'Price table of a service by origin, destination, distance and weight; the most specific row that fits applies';
COMMENT ON COLUMN fulfillment.service_prices.location_id IS 'Origin this row is for; NULL is every origin';
COMMENT ON COLUMN fulfillment.service_prices.country IS 'Destination country; NULL is every country';
COMMENT ON COLUMN fulfillment.service_prices.postcode_from IS 'First postcode of the zone, compared as text without blanks';
COMMENT ON COLUMN fulfillment.service_prices.postcode_to IS 'Last postcode of the zone';
COMMENT ON COLUMN fulfillment.service_prices.distance_from_km IS 'Zone by straight distance, this far or farther';
COMMENT ON COLUMN fulfillment.service_prices.distance_to_km IS 'Zone by straight distance, nearer than this; NULL is no end';
COMMENT ON COLUMN fulfillment.service_prices.weight_from_g IS 'Total weight in grams, this heavy or heavier';
COMMENT ON COLUMN fulfillment.service_prices.weight_to_g IS 'Total weight in grams, lighter than this; NULL is no end';
COMMENT ON COLUMN fulfillment.service_prices.surcharge_abroad IS 'Added per shipment that crosses a border';
COMMENT ON COLUMN fulfillment.service_prices.extra_days_abroad IS 'Days added when the shipment crosses a border';

CREATE TABLE fulfillment.location_carriers (
	merchant_id int NOT NULL DEFAULT fulfillment.current_merchant(),
	location_id bigint NOT NULL,
	provider_id bigint NOT NULL,
	PRIMARY KEY (merchant_id, location_id, provider_id),
	FOREIGN KEY (merchant_id, location_id) REFERENCES fulfillment.locations ON DELETE CASCADE,
	FOREIGN KEY (merchant_id, provider_id) REFERENCES fulfillment.providers ON DELETE CASCADE
);
COMMENT ON TABLE fulfillment.location_carriers IS 'Carriers that serve an own location; none listed is every active carrier';

CREATE TABLE fulfillment.location_days (
	merchant_id int NOT NULL,
	location_id bigint NOT NULL,
	day date NOT NULL,
	used int NOT NULL DEFAULT 0 CHECK (used >= 0),
	price double precision NOT NULL DEFAULT 0 CHECK (price >= 0),
	paced_at int NOT NULL DEFAULT 0,
	PRIMARY KEY (merchant_id, location_id, day),
	FOREIGN KEY (merchant_id, location_id) REFERENCES fulfillment.locations ON DELETE CASCADE
);
COMMENT ON TABLE fulfillment.location_days IS 'Shipments assigned per location and day, the counter behind daily_capacity';
COMMENT ON COLUMN fulfillment.location_days.price IS
	'What assignment counts for the next slot: it rises while the location fills faster than the day goes by';
COMMENT ON COLUMN fulfillment.location_days.paced_at IS 'Slots taken at all locations when the price was set';

CREATE SEQUENCE fulfillment.channel_id_seq;
CREATE TABLE fulfillment.channels (
	merchant_id int NOT NULL DEFAULT fulfillment.current_merchant() REFERENCES fulfillment.merchants,
	channel_id bigint NOT NULL DEFAULT nextval('fulfillment.channel_id_seq'),
	code text NOT NULL,
	name text NOT NULL,
	connection_id bigint,
	active boolean NOT NULL DEFAULT true,
	currency fulfillment.currency_code,
	stock_buffer int NOT NULL DEFAULT 0 CHECK (stock_buffer >= 0),
	stock_share numeric NOT NULL DEFAULT 1 CHECK (stock_share > 0 AND stock_share <= 1),
	oversell_guard int NOT NULL DEFAULT 0 CHECK (oversell_guard >= 0),
	partial_updates boolean NOT NULL DEFAULT true,
	create_items boolean NOT NULL DEFAULT false,
	services jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(services) = 'object'),
	order_cursor jsonb,
	fetched_at timestamptz,
	attributes jsonb NOT NULL DEFAULT '{}',
	PRIMARY KEY (merchant_id, channel_id),
	UNIQUE (merchant_id, code),
	FOREIGN KEY (merchant_id, connection_id) REFERENCES fulfillment.connections
);
COMMENT ON TABLE fulfillment.channels IS 'Where orders come from and updates go: a web shop, a marketplace, a point of sale';
COMMENT ON COLUMN fulfillment.channels.connection_id IS 'NULL: orders come by function call or trigger and nobody is told';
COMMENT ON COLUMN fulfillment.channels.stock_buffer IS 'Units of every item kept from this channel';
COMMENT ON COLUMN fulfillment.channels.stock_share IS 'Share of what is available that the channel is told, rounded down; the buffer comes off behind it';
COMMENT ON COLUMN fulfillment.channels.oversell_guard IS 'With so few units left to tell, or fewer, the channel is told 0';
COMMENT ON COLUMN fulfillment.channels.partial_updates IS 'The channel takes one update per shipment; false: one when everything shipped';
COMMENT ON COLUMN fulfillment.channels.create_items IS 'An unknown SKU becomes an item instead of an error';
COMMENT ON COLUMN fulfillment.channels.services IS
	'From the channel''s shipping methods to codes of services ({"flat_rate:3": "standard"}); what is neither here nor a code asks for no service';
COMMENT ON COLUMN fulfillment.channels.order_cursor IS 'Where the last finished fetch ended';
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
-- Shipments, packages, documents, tracking, returns.

CREATE SEQUENCE fulfillment.shipment_id_seq;
CREATE TABLE fulfillment.shipments (
	merchant_id int NOT NULL,
	shipment_id bigint NOT NULL DEFAULT nextval('fulfillment.shipment_id_seq'),
	order_id bigint NOT NULL,
	number int NOT NULL CHECK (number > 0),
	reference text NOT NULL,
	provider_id bigint NOT NULL,
	location_id bigint NOT NULL,
	service_id bigint,
	state fulfillment.shipment_state NOT NULL,
	progress text CHECK (progress IN ('picking', 'packed')),
	stop fulfillment.stop_state,
	stop_at timestamptz,
	stop_deadline timestamptz,
	cancel_pending boolean NOT NULL DEFAULT false,
	attempt int NOT NULL DEFAULT 0 CHECK (attempt >= 0),
	provider_reference text,
	planned_cost numeric,
	capture_amount numeric NOT NULL DEFAULT 0,
	cost numeric,
	currency fulfillment.currency_code,
	capacity_day date,
	estimated_delivery_at timestamptz,
	tracking_status fulfillment.tracking_state,
	shipped_after_cancel boolean NOT NULL DEFAULT false,
	error_code text,
	error_message text,
	created_at timestamptz NOT NULL DEFAULT now(),
	submitted_at timestamptz,
	accepted_at timestamptz,
	confirmed_at timestamptz,
	shipped_at timestamptz,
	delivered_at timestamptz,
	ended_at timestamptz,
	poll_at timestamptz,
	polls int NOT NULL DEFAULT 0,
	attributes jsonb NOT NULL DEFAULT '{}',
	PRIMARY KEY (merchant_id, shipment_id),
	UNIQUE (merchant_id, order_id, number),
	UNIQUE (merchant_id, reference),
	FOREIGN KEY (merchant_id, order_id) REFERENCES fulfillment.orders ON DELETE CASCADE,
	FOREIGN KEY (merchant_id, provider_id) REFERENCES fulfillment.providers,
	FOREIGN KEY (merchant_id, location_id) REFERENCES fulfillment.locations,
	FOREIGN KEY (merchant_id, service_id) REFERENCES fulfillment.services
) WITH (fillfactor = 70);
CREATE INDEX shipments_provider_reference ON fulfillment.shipments (merchant_id, provider_reference)
	WHERE provider_reference IS NOT NULL;
CREATE INDEX shipments_open ON fulfillment.shipments (merchant_id, provider_id, state)
	WHERE state IN ('draft', 'queued', 'submitting', 'unknown', 'accepted', 'cancel_requested', 'rejected', 'attention');
CREATE INDEX shipments_deadline ON fulfillment.shipments (merchant_id, stop_deadline) WHERE stop_deadline IS NOT NULL;
CREATE INDEX shipments_poll ON fulfillment.shipments (merchant_id, poll_at) WHERE poll_at IS NOT NULL;
CREATE INDEX shipments_created ON fulfillment.shipments USING brin (created_at);
COMMENT ON TABLE fulfillment.shipments IS 'Work for one provider from one location: a fulfillment order with its packages';
COMMENT ON COLUMN fulfillment.shipments.reference IS 'Our reference at the provider, by which a lost answer is looked up';
COMMENT ON COLUMN fulfillment.shipments.progress IS 'What the warehouse reported before shipping: picking, packed';
COMMENT ON COLUMN fulfillment.shipments.confirmed_at IS
	'When the provider itself said that it has it; NULL: it was handed over, as a file is, and nobody has confirmed it';
COMMENT ON COLUMN fulfillment.shipments.stop IS 'Answer to the last hold or cancel that came after the shipment left the house';
COMMENT ON COLUMN fulfillment.shipments.stop_at IS 'When that answer was given';
COMMENT ON COLUMN fulfillment.shipments.stop_deadline IS 'When an unanswered request to stop or cancel is given up';
COMMENT ON COLUMN fulfillment.shipments.cancel_pending IS 'Cancel as soon as the outcome of the running call is known';
COMMENT ON COLUMN fulfillment.shipments.attempt IS 'How often this shipment was handed to the provider';
COMMENT ON COLUMN fulfillment.shipments.provider_reference IS 'The provider''s id of this shipment';
COMMENT ON COLUMN fulfillment.shipments.planned_cost IS 'Cost the assignment counted on';
COMMENT ON COLUMN fulfillment.shipments.poll_at IS
	'When a fulfillment center is asked next how far it is; NULL when it has shipped or nobody can be asked';
COMMENT ON COLUMN fulfillment.shipments.polls IS 'Polls since the last change, from which the interval grows';
COMMENT ON COLUMN fulfillment.shipments.capture_amount IS 'Value of the ordered units shipped with it: what may be captured for it, never more';
COMMENT ON COLUMN fulfillment.shipments.cost IS 'Cost the provider reported';
COMMENT ON COLUMN fulfillment.shipments.capacity_day IS 'Day whose capacity this shipment uses';

CREATE TABLE fulfillment.shipment_lines (
	merchant_id int NOT NULL,
	shipment_id bigint NOT NULL,
	line int NOT NULL,
	order_id bigint NOT NULL,
	item_id bigint NOT NULL,
	quantity int NOT NULL CHECK (quantity > 0),
	shipped int NOT NULL DEFAULT 0 CHECK (shipped >= 0),
	short int NOT NULL DEFAULT 0 CHECK (short >= 0),
	over_shipped int NOT NULL DEFAULT 0 CHECK (over_shipped >= 0),
	delivered int NOT NULL DEFAULT 0 CHECK (delivered >= 0),
	PRIMARY KEY (merchant_id, shipment_id, line),
	FOREIGN KEY (merchant_id, shipment_id) REFERENCES fulfillment.shipments ON DELETE CASCADE,
	FOREIGN KEY (merchant_id, order_id, line) REFERENCES fulfillment.order_lines,
	CHECK (shipped + short <= quantity),
	CHECK (delivered <= shipped + over_shipped)
) WITH (fillfactor = 80);
CREATE INDEX shipment_lines_order ON fulfillment.shipment_lines (merchant_id, order_id, line);
COMMENT ON TABLE fulfillment.shipment_lines IS
	'Units of an order line in a shipment; while the shipment is open, quantity - shipped - short of them are reserved';
COMMENT ON COLUMN fulfillment.shipment_lines.short IS
	'Units the warehouse could not find, or that were cancelled out of this shipment';

COMMENT ON COLUMN fulfillment.shipment_lines.over_shipped IS 'Units that left beyond what was planned: a recorded exception';
COMMENT ON COLUMN fulfillment.shipment_lines.delivered IS 'Units in packages that were delivered';

CREATE SEQUENCE fulfillment.package_id_seq;
CREATE TABLE fulfillment.packages (
	merchant_id int NOT NULL,
	package_id bigint NOT NULL DEFAULT nextval('fulfillment.package_id_seq'),
	shipment_id bigint NOT NULL,
	number int NOT NULL CHECK (number > 0),
	contents jsonb NOT NULL DEFAULT '[]',
	weight_g int,
	length_mm int,
	width_mm int,
	height_mm int,
	carrier text,
	tracking_number text,
	tracking_url text,
	status fulfillment.tracking_state,
	status_at timestamptz,
	contradictory boolean NOT NULL DEFAULT false,
	estimated_delivery_at timestamptz,
	delivered_at timestamptz,
	poll_at timestamptz,
	polls int NOT NULL DEFAULT 0,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (merchant_id, package_id),
	UNIQUE (merchant_id, shipment_id, number),
	FOREIGN KEY (merchant_id, shipment_id) REFERENCES fulfillment.shipments ON DELETE CASCADE
) WITH (fillfactor = 70);
CREATE INDEX packages_tracking ON fulfillment.packages (merchant_id, tracking_number) WHERE tracking_number IS NOT NULL;
CREATE INDEX packages_poll ON fulfillment.packages (merchant_id, poll_at) WHERE poll_at IS NOT NULL;
COMMENT ON TABLE fulfillment.packages IS 'Parcels of a shipment; carrier truth lives here, on an axis of its own';
COMMENT ON COLUMN fulfillment.packages.contents IS 'What is inside: [{line, quantity}]';
COMMENT ON COLUMN fulfillment.packages.status_at IS 'Event time of the status, not the time we heard of it';
COMMENT ON COLUMN fulfillment.packages.contradictory IS 'The carrier said things that exclude each other';
COMMENT ON COLUMN fulfillment.packages.poll_at IS 'When tracking is asked for next; NULL when it is final';
COMMENT ON COLUMN fulfillment.packages.polls IS 'Polls since the last change, from which the interval grows';

CREATE SEQUENCE fulfillment.document_id_seq;
CREATE TABLE fulfillment.documents (
	merchant_id int NOT NULL,
	document_id bigint NOT NULL DEFAULT nextval('fulfillment.document_id_seq'),
	shipment_id bigint NOT NULL,
	package_number int,
	kind text NOT NULL,
	format text NOT NULL,
	content bytea,
	url text,
	sha256 bytea,
	created_at timestamptz NOT NULL DEFAULT now(),
	voided_at timestamptz,
	PRIMARY KEY (merchant_id, document_id),
	FOREIGN KEY (merchant_id, shipment_id) REFERENCES fulfillment.shipments ON DELETE CASCADE,
	CHECK (content IS NOT NULL OR url IS NOT NULL)
);
CREATE INDEX documents_shipment ON fulfillment.documents (merchant_id, shipment_id);
COMMENT ON TABLE fulfillment.documents IS 'Labels, customs papers, slips and manifests as bytes, with checksum';
COMMENT ON COLUMN fulfillment.documents.kind IS 'label, invoice, customs, packing_slip, return_label, manifest';
COMMENT ON COLUMN fulfillment.documents.voided_at IS 'When the document became worthless because its shipment was cancelled';

CREATE TABLE fulfillment.tracking_events (
	merchant_id int NOT NULL,
	package_id bigint NOT NULL,
	event_key text NOT NULL,
	occurred_at timestamptz NOT NULL,
	status fulfillment.tracking_state,
	code text,
	description text,
	city text,
	region text,
	postcode text,
	country text,
	received_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (merchant_id, package_id, event_key),
	FOREIGN KEY (merchant_id, package_id) REFERENCES fulfillment.packages ON DELETE CASCADE
);
COMMENT ON TABLE fulfillment.tracking_events IS 'What carriers told about packages, each event once';
COMMENT ON COLUMN fulfillment.tracking_events.event_key IS 'The carrier''s id of the event, else a hash of code, time and place';
COMMENT ON COLUMN fulfillment.tracking_events.status IS 'NULL: informational, changes no status';

CREATE INDEX tracking_events_unknown ON fulfillment.tracking_events (merchant_id, code) WHERE status = 'unknown';

CREATE SEQUENCE fulfillment.return_id_seq;
CREATE TABLE fulfillment.returns (
	merchant_id int NOT NULL,
	return_id bigint NOT NULL DEFAULT nextval('fulfillment.return_id_seq'),
	order_id bigint,
	shipment_id bigint,
	package_id bigint,
	kind fulfillment.return_kind NOT NULL,
	state fulfillment.return_state NOT NULL,
	reason text,
	location_id bigint,
	tracking_number text,
	provider_reference text,
	connection_id bigint,
	fee numeric NOT NULL DEFAULT 0 CHECK (fee >= 0),
	refund_due numeric CHECK (refund_due >= 0),
	refund_asked numeric NOT NULL DEFAULT 0 CHECK (refund_asked >= 0),
	refunded numeric NOT NULL DEFAULT 0 CHECK (refunded >= 0),
	late boolean NOT NULL DEFAULT false,
	candidates jsonb,
	attributes jsonb NOT NULL DEFAULT '{}',
	created_at timestamptz NOT NULL DEFAULT now(),
	ended_at timestamptz,
	PRIMARY KEY (merchant_id, return_id),
	FOREIGN KEY (merchant_id, connection_id) REFERENCES fulfillment.connections,
	FOREIGN KEY (merchant_id, order_id) REFERENCES fulfillment.orders,
	FOREIGN KEY (merchant_id, location_id) REFERENCES fulfillment.locations
);
CREATE INDEX returns_order ON fulfillment.returns (merchant_id, order_id);
COMMENT ON TABLE fulfillment.returns IS 'Goods that come back, asked for or not';
COMMENT ON COLUMN fulfillment.returns.connection_id IS 'Where it was announced: the warehouse that waits for it, or the carrier of its label';
COMMENT ON COLUMN fulfillment.returns.fee IS 'What the customer pays for returning; comes off the refund';
COMMENT ON COLUMN fulfillment.returns.refund_due IS 'What is to be paid back in all for what has come; NULL while lines are not accounted for';
COMMENT ON COLUMN fulfillment.returns.refund_asked IS 'What the gateway, the channel or a person was asked to pay back so far';
COMMENT ON COLUMN fulfillment.returns.refunded IS 'What has been paid back';
COMMENT ON COLUMN fulfillment.returns.late IS 'Goods came although it had not been approved or was over';
COMMENT ON COLUMN fulfillment.returns.candidates IS 'Of a parcel nobody announced: orders it may belong to, best first, [{order_id, number, shipment_id, why, score}]';

CREATE TABLE fulfillment.return_lines (
	merchant_id int NOT NULL,
	return_id bigint NOT NULL,
	line int NOT NULL,
	item_id bigint NOT NULL,
	quantity int NOT NULL CHECK (quantity > 0),
	received int NOT NULL DEFAULT 0 CHECK (received >= 0),
	missing int NOT NULL DEFAULT 0 CHECK (missing >= 0),
	reason text,
	PRIMARY KEY (merchant_id, return_id, line),
	FOREIGN KEY (merchant_id, return_id) REFERENCES fulfillment.returns ON DELETE CASCADE,
	FOREIGN KEY (merchant_id, item_id) REFERENCES fulfillment.items
);
COMMENT ON TABLE fulfillment.return_lines IS 'What a return is expected to hold; line is that of the order when the order has the item';
COMMENT ON COLUMN fulfillment.return_lines.received IS 'Units that came; more than quantity is a surplus, which is not paid';
COMMENT ON COLUMN fulfillment.return_lines.missing IS 'Units that were said to come and were not in the parcel';

CREATE SEQUENCE fulfillment.receipt_id_seq;
CREATE TABLE fulfillment.receipts (
	merchant_id int NOT NULL,
	receipt_id bigint NOT NULL DEFAULT nextval('fulfillment.receipt_id_seq'),
	return_id bigint NOT NULL,
	line int NOT NULL,
	quantity int NOT NULL CHECK (quantity > 0),
	condition text NOT NULL,
	disposition text NOT NULL CHECK (disposition IN ('restock', 'quarantine', 'scrap', 'missing')),
	reference text,
	received_at timestamptz NOT NULL DEFAULT now(),
	received_by text NOT NULL,
	PRIMARY KEY (merchant_id, receipt_id),
	FOREIGN KEY (merchant_id, return_id) REFERENCES fulfillment.returns ON DELETE CASCADE
);
CREATE UNIQUE INDEX receipts_reference ON fulfillment.receipts (merchant_id, return_id, line, reference)
	WHERE reference IS NOT NULL;
COMMENT ON TABLE fulfillment.receipts IS 'What actually arrived of a return, receipt by receipt';
-- Money: what is to be taken, given back or let go at a gateway, each step once.

CREATE SEQUENCE fulfillment.payment_id_seq;
CREATE TABLE fulfillment.payments (
	merchant_id int NOT NULL,
	payment_id bigint NOT NULL DEFAULT nextval('fulfillment.payment_id_seq'),
	order_id bigint NOT NULL,
	kind text NOT NULL CHECK (kind IN ('capture', 'refund', 'void')),
	state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'refused', 'cancelled')),
	reference text NOT NULL,
	amount numeric NOT NULL CHECK (amount > 0),
	currency fulfillment.currency_code,
	connection_id bigint NOT NULL,
	shipment_id bigint,
	return_id bigint,
	capture_id bigint,
	provider_reference text,
	error_code text,
	error_message text,
	created_at timestamptz NOT NULL DEFAULT now(),
	settled_at timestamptz,
	PRIMARY KEY (merchant_id, payment_id),
	FOREIGN KEY (merchant_id, order_id) REFERENCES fulfillment.orders ON DELETE CASCADE,
	FOREIGN KEY (merchant_id, connection_id) REFERENCES fulfillment.connections,
	CHECK (kind <> 'capture' OR shipment_id IS NOT NULL)
);
CREATE INDEX payments_order ON fulfillment.payments (merchant_id, order_id);
CREATE UNIQUE INDEX payments_capture ON fulfillment.payments (merchant_id, shipment_id)
	WHERE kind = 'capture' AND state <> 'cancelled';
CREATE UNIQUE INDEX payments_void ON fulfillment.payments (merchant_id, order_id)
	WHERE kind = 'void' AND state <> 'cancelled';
COMMENT ON TABLE fulfillment.payments IS
	'Steps at payment gateways: captures of what was shipped, refunds of what was captured, the release of the rest';
COMMENT ON COLUMN fulfillment.payments.state IS
	'pending: its call is to be made, or nobody knows yet; refused by the gateway; cancelled before it was sent';
COMMENT ON COLUMN fulfillment.payments.reference IS 'Our reference at the gateway, by which a lost answer is looked up';
COMMENT ON COLUMN fulfillment.payments.shipment_id IS 'The shipment whose goods are paid; captured once';
COMMENT ON COLUMN fulfillment.payments.return_id IS 'The return that is paid back; NULL: the order was cancelled';
COMMENT ON COLUMN fulfillment.payments.capture_id IS
	'The capture a refund gives back a part of; NULL: the channel had taken the money before';
COMMENT ON COLUMN fulfillment.payments.provider_reference IS 'The gateway''s id of this step';
-- The engine: live tasks, calls made, what came in, what waits for a person,
-- history, the clock.

CREATE TABLE fulfillment.activations (
	merchant_id int NOT NULL DEFAULT 0,
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	activated_at timestamptz NOT NULL DEFAULT now(),
	activated_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (merchant_id, system_identifier, database_oid)
);
COMMENT ON TABLE fulfillment.activations IS
	'Databases in which workers may run. A dump carries the row of its origin, so that a restored copy stays paused';
COMMENT ON COLUMN fulfillment.activations.merchant_id IS 'Always 0: the row belongs to the whole database';

CREATE SEQUENCE fulfillment.task_id_seq;
CREATE TABLE fulfillment.tasks (
	merchant_id int NOT NULL,
	task_id bigint NOT NULL DEFAULT nextval('fulfillment.task_id_seq'),
	connection_id bigint NOT NULL,
	operation text NOT NULL,
	subject_kind text NOT NULL CHECK (subject_kind IN
		('order', 'shipment', 'return', 'channel', 'location', 'connection', 'event', 'item')),
	subject_id bigint NOT NULL,
	order_id bigint,
	state text NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'leased', 'parked')),
	due_at timestamptz NOT NULL DEFAULT now(),
	lease bigint,
	leased_until timestamptz,
	in_doubt boolean NOT NULL DEFAULT false,
	attempts int NOT NULL DEFAULT 0,
	crashes int NOT NULL DEFAULT 0,
	idempotency_key text NOT NULL,
	progress jsonb,
	payload jsonb NOT NULL DEFAULT '{}',
	last_error text,
	sent_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (merchant_id, task_id),
	FOREIGN KEY (merchant_id, connection_id) REFERENCES fulfillment.connections,
	CHECK ((state = 'leased') = (lease IS NOT NULL)),
	CHECK ((state = 'parked') = (due_at = 'infinity'))
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500,
	autovacuum_vacuum_cost_delay = 0);
-- No index names a column that claiming changes, so a claim is a heap-only update.
CREATE INDEX tasks_due ON fulfillment.tasks (merchant_id, connection_id, due_at, task_id);
CREATE INDEX tasks_suspects ON fulfillment.tasks (merchant_id, connection_id, due_at, task_id) WHERE crashes > 1;
CREATE INDEX tasks_subject ON fulfillment.tasks (merchant_id, subject_kind, subject_id, connection_id, task_id);
COMMENT ON TABLE fulfillment.tasks IS 'Calls still to make, and only those: a finished task leaves and its story stays in calls';
COMMENT ON COLUMN fulfillment.tasks.subject_id IS
	'What the call is about; tasks of one subject and connection are called in the order of their ids';
COMMENT ON COLUMN fulfillment.tasks.due_at IS 'When it is called next; infinity while it is parked';
COMMENT ON COLUMN fulfillment.tasks.lease IS 'Token of the worker that is making the call; nobody else may settle it';
COMMENT ON COLUMN fulfillment.tasks.leased_until IS 'After this the worker counts as dead and the call as unknown';
COMMENT ON COLUMN fulfillment.tasks.in_doubt IS 'An earlier call may have succeeded: it is looked up before it is repeated';
COMMENT ON COLUMN fulfillment.tasks.crashes IS 'How often a worker died with this task in hand';
COMMENT ON COLUMN fulfillment.tasks.progress IS 'State between the requests of one operation, written by its connector';
COMMENT ON COLUMN fulfillment.tasks.payload IS 'What the call needs beyond its subject';
COMMENT ON COLUMN fulfillment.tasks.sent_at IS 'When the call in doubt was made';

CREATE SEQUENCE fulfillment.call_id_seq;
CREATE TABLE fulfillment.calls (
	merchant_id int NOT NULL,
	call_id bigint NOT NULL DEFAULT nextval('fulfillment.call_id_seq'),
	started_at timestamptz NOT NULL DEFAULT now(),
	task_id bigint NOT NULL,
	connection_id bigint NOT NULL,
	operation text NOT NULL,
	subject_kind text NOT NULL,
	subject_id bigint NOT NULL,
	order_id bigint,
	attempt int NOT NULL,
	method text,
	url text,
	request text,
	status int,
	response text,
	result text NOT NULL,
	error text,
	timings int[]
) PARTITION BY RANGE (started_at);
-- Keys and indexes stand on the partitions: see stock_movements.
CREATE TABLE fulfillment.calls_default PARTITION OF fulfillment.calls DEFAULT;
ALTER TABLE fulfillment.calls_default ADD PRIMARY KEY (merchant_id, call_id, started_at);
CREATE INDEX calls_subject ON fulfillment.calls_default (merchant_id, subject_kind, subject_id);
CREATE INDEX calls_order ON fulfillment.calls_default (merchant_id, order_id) WHERE order_id IS NOT NULL;
CREATE INDEX calls_started ON fulfillment.calls_default (merchant_id, connection_id, started_at);
COMMENT ON TABLE fulfillment.calls IS 'What was sent and answered, secrets masked, bodies capped';
COMMENT ON TABLE fulfillment.calls_default IS 'Calls outside the months that have a partition of their own';
COMMENT ON COLUMN fulfillment.calls.request IS 'Headers and body sent, secrets masked';
COMMENT ON COLUMN fulfillment.calls.response IS 'Headers and body received, secrets masked';
COMMENT ON COLUMN fulfillment.calls.result IS 'ok, retry, refused, unauthorized, unknown, absent, continue';
COMMENT ON COLUMN fulfillment.calls.timings IS 'Milliseconds until name resolved, connected, secured, first byte, end';

CREATE SEQUENCE fulfillment.inbox_id_seq;
CREATE TABLE fulfillment.inbox (
	merchant_id int NOT NULL,
	inbox_id bigint NOT NULL DEFAULT nextval('fulfillment.inbox_id_seq'),
	connection_id bigint NOT NULL,
	event_id text NOT NULL,
	received_at timestamptz NOT NULL DEFAULT now(),
	headers jsonb NOT NULL,
	body bytea NOT NULL,
	state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'applied', 'ignored', 'failed')),
	attempts int NOT NULL DEFAULT 0,
	due_at timestamptz NOT NULL DEFAULT now(),
	repeated int NOT NULL DEFAULT 0,
	error text,
	applied_at timestamptz,
	PRIMARY KEY (merchant_id, inbox_id),
	UNIQUE (merchant_id, connection_id, event_id),
	FOREIGN KEY (merchant_id, connection_id) REFERENCES fulfillment.connections
);
CREATE INDEX inbox_new ON fulfillment.inbox (merchant_id, due_at) WHERE state = 'new';
COMMENT ON TABLE fulfillment.inbox IS 'Webhooks that came in with a good signature: raw, each once, replayable';
COMMENT ON COLUMN fulfillment.inbox.event_id IS 'The sender''s id of the event, else the hash of its body';
COMMENT ON COLUMN fulfillment.inbox.repeated IS 'How often the same event came again';

CREATE SEQUENCE fulfillment.attention_id_seq;
CREATE TABLE fulfillment.attention (
	merchant_id int NOT NULL,
	attention_id bigint NOT NULL DEFAULT nextval('fulfillment.attention_id_seq'),
	kind text NOT NULL,
	order_id bigint,
	shipment_id bigint,
	task_id bigint,
	connection_id bigint,
	subject text,
	message text NOT NULL,
	hint text,
	detail jsonb NOT NULL DEFAULT '{}',
	times int NOT NULL DEFAULT 1,
	opened_at timestamptz NOT NULL DEFAULT now(),
	resolved_at timestamptz,
	resolved_by text,
	resolution text,
	PRIMARY KEY (merchant_id, attention_id)
);
CREATE UNIQUE INDEX attention_open ON fulfillment.attention (merchant_id, kind, order_id, shipment_id, task_id,
	connection_id, subject) NULLS NOT DISTINCT WHERE resolved_at IS NULL;
CREATE INDEX attention_order ON fulfillment.attention (merchant_id, order_id) WHERE order_id IS NOT NULL;
CREATE INDEX attention_waiting ON fulfillment.attention (merchant_id, opened_at) WHERE resolved_at IS NULL;
COMMENT ON TABLE fulfillment.attention IS 'What waits for a person, each thing once, with what to do about it';
COMMENT ON COLUMN fulfillment.attention.connection_id IS 'The connection it is about, when it is about one as a whole';
COMMENT ON COLUMN fulfillment.attention.subject IS 'What it is about when that is no row of ours: a row of a shop''s table';
COMMENT ON COLUMN fulfillment.attention.kind IS 'unknown_outcome, rejected, shipped_after_cancel, over_shipped, too_late, return_to_sender, lost …';

CREATE SEQUENCE fulfillment.event_id_seq;
CREATE TABLE fulfillment.notifications (
	merchant_id int NOT NULL,
	event_id bigint NOT NULL DEFAULT nextval('fulfillment.event_id_seq'),
	type text NOT NULL,
	order_id bigint,
	shipment_id bigint,
	package_id bigint,
	occurred_at timestamptz NOT NULL,
	content_hash text NOT NULL,
	data jsonb NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (merchant_id, event_id)
);
CREATE UNIQUE INDEX notifications_once ON fulfillment.notifications
	(merchant_id, order_id, type, shipment_id, package_id, content_hash) NULLS NOT DISTINCT;
COMMENT ON TABLE fulfillment.notifications IS 'Facts told to client platforms and customers, each once; a corrected fact is told again';
COMMENT ON COLUMN fulfillment.notifications.content_hash IS 'Hash of what is told: the same content is never told twice';

CREATE TABLE fulfillment.templates (
	merchant_id int NOT NULL DEFAULT fulfillment.current_merchant() REFERENCES fulfillment.merchants,
	type text NOT NULL,
	medium text NOT NULL CHECK (medium IN ('email', 'sms')),
	language text NOT NULL DEFAULT 'en',
	subject text,
	body text NOT NULL,
	PRIMARY KEY (merchant_id, type, medium, language)
);
COMMENT ON TABLE fulfillment.templates IS 'Texts of messages to customers by event type, medium and language';

CREATE SEQUENCE fulfillment.history_id_seq;
CREATE TABLE fulfillment.history (
	merchant_id int NOT NULL,
	history_id bigint NOT NULL DEFAULT nextval('fulfillment.history_id_seq'),
	at timestamptz NOT NULL DEFAULT now(),
	subject_kind text NOT NULL,
	subject_id bigint NOT NULL,
	order_id bigint,
	event text NOT NULL,
	from_state text,
	to_state text,
	actor text NOT NULL,
	cause text,
	before jsonb,
	after jsonb
) PARTITION BY RANGE (at);
-- Keys and indexes stand on the partitions: see stock_movements.
CREATE TABLE fulfillment.history_default PARTITION OF fulfillment.history DEFAULT;
ALTER TABLE fulfillment.history_default ADD PRIMARY KEY (merchant_id, history_id, at);
CREATE INDEX history_order ON fulfillment.history_default (merchant_id, order_id, at);
COMMENT ON TABLE fulfillment.history IS 'Who did what, when, why, with before and after; refused events too; never updated';
COMMENT ON TABLE fulfillment.history_default IS 'History outside the months that have a partition of their own';
COMMENT ON COLUMN fulfillment.history.actor IS 'The role that acted, or worker';
COMMENT ON COLUMN fulfillment.history.cause IS 'Why: the reason given, the call or webhook that reported it';

CREATE TABLE fulfillment.schedules (
	merchant_id int NOT NULL,
	job text NOT NULL,
	every interval NOT NULL CHECK (every >= '1 second'),
	next_at timestamptz NOT NULL DEFAULT now(),
	last_at timestamptz,
	last_error text,
	by_cron boolean NOT NULL DEFAULT false,
	PRIMARY KEY (merchant_id, job),
	FOREIGN KEY (merchant_id) REFERENCES fulfillment.merchants
);
COMMENT ON TABLE fulfillment.schedules IS 'The clock of scheduled work; rows kept by pg_cron are left alone by the workers';
COMMENT ON COLUMN fulfillment.schedules.by_cron IS 'pg_cron runs this job; the worker does when it is false';
-- Routing rules, decisions, listings.

CREATE SEQUENCE fulfillment.rule_id_seq;
CREATE TABLE fulfillment.routing_rules (
	merchant_id int NOT NULL DEFAULT fulfillment.current_merchant() REFERENCES fulfillment.merchants,
	rule_id bigint NOT NULL DEFAULT nextval('fulfillment.rule_id_seq'),
	name text NOT NULL,
	priority int NOT NULL DEFAULT 100,
	active boolean NOT NULL DEFAULT true,
	channels text[],
	countries fulfillment.country_code[],
	postcode_from text,
	postcode_to text,
	skus text[],
	services text[],
	min_weight_g int,
	max_weight_g int,
	min_value numeric,
	max_value numeric,
	hazmat boolean,
	location_id bigint,
	provider_id bigint,
	effect text NOT NULL CHECK (effect IN ('allow', 'deny', 'prefer', 'penalise')),
	amount numeric NOT NULL DEFAULT 0 CHECK (amount >= 0),
	PRIMARY KEY (merchant_id, rule_id),
	FOREIGN KEY (merchant_id, location_id) REFERENCES fulfillment.locations ON DELETE CASCADE,
	FOREIGN KEY (merchant_id, provider_id) REFERENCES fulfillment.providers ON DELETE CASCADE,
	CHECK (effect NOT IN ('prefer', 'penalise') OR amount > 0)
);
COMMENT ON TABLE fulfillment.routing_rules IS
	'Rules that forbid, allow, favour or penalise locations and providers for the orders and items they match';
COMMENT ON COLUMN fulfillment.routing_rules.skus IS 'SKUs or prefixes ending in *; NULL is every item';
COMMENT ON COLUMN fulfillment.routing_rules.location_id IS 'Location it is about; NULL is every location';
COMMENT ON COLUMN fulfillment.routing_rules.provider_id IS 'Provider it is about; NULL is every provider';
COMMENT ON COLUMN fulfillment.routing_rules.effect IS
	'deny forbids; allow forbids everything no allow rule names; prefer lowers and penalise raises the cost by amount';

CREATE SEQUENCE fulfillment.wave_id_seq;
CREATE TABLE fulfillment.waves (
	merchant_id int NOT NULL,
	wave_id bigint NOT NULL DEFAULT nextval('fulfillment.wave_id_seq'),
	cause text NOT NULL,
	started_at timestamptz NOT NULL,
	ended_at timestamptz NOT NULL,
	orders int NOT NULL,
	decided int NOT NULL,
	cost numeric NOT NULL,
	bound numeric NOT NULL,
	gap numeric NOT NULL GENERATED ALWAYS AS (cost - bound) STORED,
	rounds int NOT NULL,
	passes int NOT NULL,
	in_time boolean NOT NULL,
	PRIMARY KEY (merchant_id, wave_id)
);
COMMENT ON TABLE fulfillment.waves IS 'Orders that were assigned together, and how far from the best their plans can be';
COMMENT ON COLUMN fulfillment.waves.wave_id IS 'The wave';
COMMENT ON COLUMN fulfillment.waves.cause IS 'What assigned them: assign_orders, submit_orders, due';
COMMENT ON COLUMN fulfillment.waves.started_at IS 'When their rows were read';
COMMENT ON COLUMN fulfillment.waves.ended_at IS 'When their shipments had been written';
COMMENT ON COLUMN fulfillment.waves.orders IS 'Orders that competed';
COMMENT ON COLUMN fulfillment.waves.decided IS 'Orders whose plan was carried out; the others lost a race and were left for their next turn';
COMMENT ON COLUMN fulfillment.waves.cost IS 'What all plans together cost';
COMMENT ON COLUMN fulfillment.waves.bound IS 'Certified: no plans for these orders cost less in all';
COMMENT ON COLUMN fulfillment.waves.gap IS 'At most this much dearer than the optimum';
COMMENT ON COLUMN fulfillment.waves.rounds IS 'Rounds of looking for the worth of stock and slots';
COMMENT ON COLUMN fulfillment.waves.passes IS 'Passes in which plans were taken out and made anew';
COMMENT ON COLUMN fulfillment.waves.in_time IS 'It ended because nothing more was to be gained, not because its time was over';

CREATE SEQUENCE fulfillment.decision_id_seq;
CREATE TABLE fulfillment.decisions (
	merchant_id int NOT NULL,
	decision_id bigint NOT NULL DEFAULT nextval('fulfillment.decision_id_seq'),
	wave_id bigint,
	order_id bigint NOT NULL,
	decided_at timestamptz NOT NULL DEFAULT now(),
	cause text NOT NULL,
	cost numeric,
	exact boolean NOT NULL DEFAULT true,
	gap numeric NOT NULL DEFAULT 0,
	chosen json NOT NULL, -- kept as it is written: every order writes these, people read a few
	alternatives json NOT NULL DEFAULT '[]',
	rejected json NOT NULL DEFAULT '[]',
	waiting json NOT NULL DEFAULT '[]',
	PRIMARY KEY (merchant_id, decision_id),
	FOREIGN KEY (merchant_id, order_id) REFERENCES fulfillment.orders ON DELETE CASCADE
);
CREATE INDEX decisions_order ON fulfillment.decisions (merchant_id, order_id, decision_id);
COMMENT ON TABLE fulfillment.decisions IS 'Every assignment with its cost parts, the next best plans and why other locations lost';
COMMENT ON COLUMN fulfillment.decisions.wave_id IS 'The wave it was made in; NULL: it was made alone';
COMMENT ON COLUMN fulfillment.decisions.gap IS 'At most this much dearer than the optimum; 0 when exact';
COMMENT ON COLUMN fulfillment.decisions.rejected IS 'Locations not chosen with the reason of each';
COMMENT ON COLUMN fulfillment.decisions.waiting IS 'Units that could not be assigned with the reason of each';

CREATE TABLE fulfillment.routing_settings (
	merchant_id int PRIMARY KEY DEFAULT fulfillment.current_merchant() REFERENCES fulfillment.merchants,
	currency fulfillment.currency_code NOT NULL DEFAULT 'EUR',
	split_penalty numeric NOT NULL DEFAULT 1.5 CHECK (split_penalty >= 0),
	late_penalty numeric NOT NULL DEFAULT 4 CHECK (late_penalty >= 0),
	late_penalty_per_day numeric NOT NULL DEFAULT 0 CHECK (late_penalty_per_day >= 0),
	backorder_penalty numeric NOT NULL DEFAULT 1000 CHECK (backorder_penalty >= 0),
	backorder_value_share numeric NOT NULL DEFAULT 0.5 CHECK (backorder_value_share >= 0),
	max_splits int CHECK (max_splits > 0),
	min_part_value numeric NOT NULL DEFAULT 0 CHECK (min_part_value >= 0),
	retry_after interval NOT NULL DEFAULT '15 minutes' CHECK (retry_after > '0'),
	pacing_step numeric NOT NULL DEFAULT 0.15 CHECK (pacing_step >= 0),
	expected_shipments int CHECK (expected_shipments > 0),
	wave_time interval NOT NULL DEFAULT '10 seconds' CHECK (wave_time BETWEEN '0' AND '1 day'),
	learned_prices boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE fulfillment.routing_settings IS 'What splits, lateness and backorders cost a merchant; no row: the defaults';
COMMENT ON COLUMN fulfillment.routing_settings.min_part_value IS 'A shipment worth less is not split off';
COMMENT ON COLUMN fulfillment.routing_settings.retry_after IS 'When units that wait for stock are tried again at the latest';
COMMENT ON COLUMN fulfillment.routing_settings.pacing_step IS
	'How much dearer a location with a daily capacity counts with every shipment it is given, until the day catches up; 0 is no pacing';
COMMENT ON COLUMN fulfillment.routing_settings.expected_shipments IS
	'Shipments of a usual day at locations with a daily capacity; NULL: as learned (table lessons), without a lesson no pacing';
COMMENT ON COLUMN fulfillment.routing_settings.learned_prices IS
	'Whether what job learn_prices found out about the worth of stock and slots counts';
COMMENT ON COLUMN fulfillment.routing_settings.wave_time IS
	'How long a wave may look for better plans; 0: its orders are decided one after the other';

CREATE TABLE fulfillment.lessons (
	merchant_id int PRIMARY KEY REFERENCES fulfillment.merchants,
	learned_at timestamptz NOT NULL,
	days date[] NOT NULL,
	orders int NOT NULL,
	expected_shipments int CHECK (expected_shipments > 0)
);
COMMENT ON TABLE fulfillment.lessons IS 'What job learn_prices learned last of the days a merchant has';
COMMENT ON COLUMN fulfillment.lessons.learned_at IS 'When that was';
COMMENT ON COLUMN fulfillment.lessons.days IS 'The past days it looked at';
COMMENT ON COLUMN fulfillment.lessons.orders IS 'Orders of those days';
COMMENT ON COLUMN fulfillment.lessons.expected_shipments IS
	'Shipments of such a day at locations with a daily capacity; NULL: there were none';

CREATE TABLE fulfillment.stock_prices (
	merchant_id int NOT NULL,
	item_id bigint NOT NULL,
	location_id bigint NOT NULL,
	price double precision NOT NULL CHECK (price > 0),
	PRIMARY KEY (merchant_id, item_id, location_id),
	FOREIGN KEY (merchant_id, location_id) REFERENCES fulfillment.locations ON DELETE CASCADE,
	FOREIGN KEY (merchant_id, item_id) REFERENCES fulfillment.items ON DELETE CASCADE
);
COMMENT ON TABLE fulfillment.stock_prices IS
	'What a unit at a location is worth to orders that are still to come, where that is anything: learned, an estimate';
COMMENT ON COLUMN fulfillment.stock_prices.price IS 'In the currency of routing_settings; counts as scarcity';

CREATE TABLE fulfillment.slot_prices (
	merchant_id int NOT NULL,
	location_id bigint NOT NULL,
	price double precision NOT NULL CHECK (price > 0),
	PRIMARY KEY (merchant_id, location_id),
	FOREIGN KEY (merchant_id, location_id) REFERENCES fulfillment.locations ON DELETE CASCADE
);
COMMENT ON TABLE fulfillment.slot_prices IS
	'What the first slot of a day is worth at a location with a daily capacity; location_days goes on from there';
COMMENT ON COLUMN fulfillment.slot_prices.price IS 'In the currency of routing_settings';

CREATE SEQUENCE fulfillment.listing_id_seq;
CREATE TABLE fulfillment.listings (
	merchant_id int NOT NULL DEFAULT fulfillment.current_merchant(),
	listing_id bigint NOT NULL DEFAULT nextval('fulfillment.listing_id_seq'),
	channel_id bigint NOT NULL,
	item_id bigint NOT NULL,
	channel_sku text NOT NULL,
	product_id text,
	variation_id text,
	published int,
	published_at timestamptz,
	wanted int,
	tried_at timestamptz,
	stock_buffer int CHECK (stock_buffer >= 0),
	read_back int,
	read_back_at timestamptz,
	mismatches int NOT NULL DEFAULT 0,
	PRIMARY KEY (merchant_id, listing_id),
	UNIQUE (merchant_id, channel_id, channel_sku),
	FOREIGN KEY (merchant_id, channel_id) REFERENCES fulfillment.channels ON DELETE CASCADE,
	FOREIGN KEY (merchant_id, item_id) REFERENCES fulfillment.items ON DELETE CASCADE
);
CREATE INDEX listings_item ON fulfillment.listings (merchant_id, item_id);
COMMENT ON TABLE fulfillment.listings IS 'An item as a channel knows it';
COMMENT ON COLUMN fulfillment.listings.channel_sku IS 'The SKU the channel uses in orders';
COMMENT ON COLUMN fulfillment.listings.product_id IS 'The channel''s product id, for stock updates';
COMMENT ON COLUMN fulfillment.listings.variation_id IS 'The channel''s variation id';
COMMENT ON COLUMN fulfillment.listings.published IS 'The available quantity last taken by the channel';
CREATE INDEX listings_due ON fulfillment.listings (merchant_id, channel_id, tried_at NULLS FIRST)
	WHERE published IS DISTINCT FROM wanted;
COMMENT ON COLUMN fulfillment.listings.wanted IS 'What the channel is to be told, as the last look at the stock found it';
COMMENT ON COLUMN fulfillment.listings.tried_at IS 'When the channel was last told, whatever it answered';
COMMENT ON COLUMN fulfillment.listings.stock_buffer IS 'Units kept from the channel; NULL: as the channel says';
COMMENT ON COLUMN fulfillment.listings.read_back IS 'The quantity the channel showed when it last took ours';
COMMENT ON COLUMN fulfillment.listings.read_back_at IS 'When it showed it';
COMMENT ON COLUMN fulfillment.listings.mismatches IS 'How often it showed another quantity than it was told';
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
-- Who may see and do what, which rows a dump carries, row-level security.

CREATE TABLE fulfillment.access (
	merchant_id int NOT NULL,
	role_name name NOT NULL,
	level text NOT NULL CHECK (level IN ('viewer', 'operator', 'admin', 'worker')),
	granted_at timestamptz NOT NULL DEFAULT now(),
	granted_by text NOT NULL DEFAULT session_user,
	PRIMARY KEY (merchant_id, role_name),
	CHECK (level <> 'worker' OR merchant_id = 0)
);
COMMENT ON TABLE fulfillment.access IS 'Roles and the merchants they may work for; merchant 0 is every merchant';
COMMENT ON COLUMN fulfillment.access.level IS
	'viewer reads, operator acts, admin also sets up connections, rules and secrets; worker is what workers connect as';

CREATE FUNCTION fulfillment.access_level(merchant_id int) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_access_level' LANGUAGE C STABLE STRICT PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.access_level(int) IS
	'What the calling role may do for a merchant: viewer, operator, admin, or NULL for nothing';

CREATE FUNCTION fulfillment.visible_merchants() RETURNS int[]
AS 'MODULE_PATHNAME', 'fulfillment_visible_merchants' LANGUAGE C STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.visible_merchants() IS
	'Merchants whose rows the calling role may see; {0} is every merchant';

CREATE FUNCTION fulfillment.managed_merchants() RETURNS int[]
AS 'MODULE_PATHNAME', 'fulfillment_managed_merchants' LANGUAGE C STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.managed_merchants() IS
	'Merchants whose rows the calling role may write where it has the privilege: those it is admin of; {0} is every merchant';

-- Sequences and rows into the dump, and the same policies for every table:
-- read what you may see, write what you manage.  The list is the catalog's: a
-- table that is a member is covered.  Secrets and activations have no policy,
-- because no role is ever granted them but the workers'.
DO $$
DECLARE
	member record;
	which text;
	command text;
BEGIN
	FOR member IN
		SELECT c.oid::regclass AS name, c.relkind, c.relname
		  FROM pg_catalog.pg_class c
		 WHERE c.relnamespace = 'fulfillment'::regnamespace AND c.relkind IN ('r', 'p', 'S')
		 ORDER BY c.relname
	LOOP
		IF member.relkind <> 'p' THEN
			PERFORM pg_catalog.pg_extension_config_dump(member.name, '');
		END IF;
		CONTINUE WHEN member.relkind = 'S' OR member.relname IN ('secrets', 'activations');
		-- who else works for a merchant is for its admins
		which := CASE member.relname WHEN 'access' THEN 'managed_merchants' ELSE 'visible_merchants' END;
		EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', member.name);
		EXECUTE format($policy$
			CREATE POLICY "select" ON %s FOR SELECT USING (
				merchant_id = ANY ((SELECT fulfillment.%2$I())::int[])
				OR 0 = ANY ((SELECT fulfillment.%2$I())::int[]))$policy$, member.name, which);
		FOREACH command IN ARRAY '{INSERT,UPDATE,DELETE}'::text[] LOOP
			EXECUTE format($policy$
				CREATE POLICY %s ON %s FOR %s %s (
					merchant_id = ANY ((SELECT fulfillment.managed_merchants())::int[])
					OR 0 = ANY ((SELECT fulfillment.managed_merchants())::int[]))$policy$,
				quote_ident(lower(command)), member.name, command, CASE command WHEN 'INSERT' THEN 'WITH CHECK' ELSE 'USING' END);
		END LOOP;
	END LOOP;
END
$$;
REVOKE ALL ON ALL TABLES IN SCHEMA fulfillment FROM PUBLIC;
-- What the columns hold that are not explained beside their table: by table and column, or, with *
-- for the table, by the name of a column that means the same wherever it stands.  A column that has
-- a comment keeps it; one that does not exist is an error.

DO $$
DECLARE
	entry record;
BEGIN
	FOR entry IN
		WITH texts (relation_name, column_name, text) AS (VALUES
	('*', 'merchant_id', 'The merchant whose row it is'),
	('*', 'attributes', 'Whatever else is to be kept with the row; the extension does not read it'),
	('*', 'created_at', 'When the row was made'),
	('*', 'code', 'Short name that functions and documents use'),
	('*', 'name', 'Name for people'),
	('*', 'active', 'false: not used any more, kept for what refers to it'),
	('*', 'order_id', 'The order it belongs to or is about'),
	('*', 'shipment_id', 'The shipment it belongs to or is about'),
	('*', 'package_id', 'The package it belongs to or is about'),
	('*', 'item_id', 'The item it is about'),
	('*', 'location_id', 'The location it is about'),
	('*', 'provider_id', 'The provider it belongs to or is about'),
	('*', 'channel_id', 'The channel it belongs to'),
	('*', 'connection_id', 'The connection that is used'),
	('*', 'service_id', 'The shipping service'),
	('*', 'task_id', 'The task it belongs to or is about'),
	('*', 'line', 'Number of the line'),
	('*', 'currency', 'Currency of the amounts in the row'),
	('*', 'length_mm', 'Longest side in millimetres'),
	('*', 'width_mm', 'Second side in millimetres'),
	('*', 'height_mm', 'Third side in millimetres'),
	('*', 'subject_kind', 'What subject_id is an id of'),
	('*', 'subject_id', 'The row it is about'),
	('*', 'resolved_at', 'When it was settled; NULL while it is open'),
	('*', 'resolved_by', 'The role that settled it'),
	('*', 'resolution', 'How it was settled'),

	('merchants', 'merchant_id', 'The merchant; a new installation has merchant 1'),
	('connections', 'connection_id', 'The connection'),
	('connections', 'connector', 'The code that speaks to the other side, as view connectors names it'),
	('connections', 'state', 'active, or paused: its tasks wait'),
	('connections', 'paused_reason', 'Why it is paused'),
	('secrets', 'connection_id', 'The connection whose credentials they are'),
	('secrets', 'ciphertext', 'The credentials, encrypted; readable by the workers alone'),
	('secrets', 'set_at', 'When they were set'),
	('secrets', 'set_by', 'The role that set them'),
	('providers', 'provider_id', 'The provider'),
	('providers', 'kind', 'carrier: goods leave our locations; fulfillment_center: they leave theirs'),
	('providers', 'integration', 'api, file, or manual: people do the steps'),
	('providers', 'connection_id', 'How it is reached; NULL for a manual provider'),
	('providers', 'hazmat_allowed', 'Takes dangerous goods'),
	('services', 'service_id', 'The service'),
	('services', 'provider_id', 'The provider that offers it'),
	('services', 'countries', 'Destinations served; NULL: as the provider'),
	('services', 'max_weight_g', 'Heaviest parcel in grams; NULL: as the provider'),
	('services', 'max_length_mm', 'Longest side of a parcel in millimetres; NULL: as the provider'),
	('services', 'max_girth_mm', 'Length plus girth in millimetres; NULL: as the provider'),
	('services', 'max_value', 'Highest insured value of a shipment; NULL: as the provider'),
	('services', 'currency', 'Currency of its prices'),
	('locations', 'location_id', 'The location'),
	('locations', 'address', 'The address that goods leave from'),
	('locations', 'country', 'Country of the address'),
	('locations', 'postcode', 'Postcode of the address'),
	('locations', 'longitude', 'Degrees east'),
	('locations', 'time_zone', 'Time zone of its cut-off and working days'),
	('locations', 'closed_days', 'Dates on which nothing leaves'),
	('locations', 'hazmat_allowed', 'Handles dangerous goods'),
	('locations', 'ships_abroad', 'Ships to other countries than its own'),
	('locations', 'inventory_mode', 'Whose numbers are the truth'),
	('locations', 'priority', 'The lower one wins among plans of the same cost'),
	('service_prices', 'service_price_id', 'The row of the price table'),
	('service_prices', 'service_id', 'The service whose price it is'),
	('service_prices', 'price_per_parcel', 'Price of every parcel'),
	('service_prices', 'price_per_kg', 'Price of every kilogram of billable weight'),
	('service_prices', 'transit_days', 'Working days on the way; NULL: as the service'),
	('location_carriers', 'provider_id', 'The carrier'),
	('location_days', 'day', 'The day, in the time of the location'),
	('location_days', 'used', 'Shipments that use the capacity of the day'),
	('channels', 'channel_id', 'The channel'),
	('channels', 'currency', 'Currency of orders that name none'),
	('channels', 'fetched_at', 'When orders were last fetched to the end'),

	('items', 'item_id', 'The item'),
	('items', 'sku', 'Stock keeping unit, the name that orders use'),
	('items', 'barcode', 'GTIN or another code that is scanned'),
	('items', 'weight_g', 'Weight of one unit in grams'),
	('items', 'currency', 'Currency of the value'),
	('items', 'hazmat', 'Dangerous goods'),
	('items', 'origin_country', 'Country of origin for customs'),
	('kit_components', 'kit_item_id', 'The kit'),
	('kit_components', 'component_item_id', 'An item inside'),
	('kit_components', 'quantity', 'Units of it in one kit'),
	('stock_levels', 'on_hand', 'Units that are there: the sum of the movements'),
	('stock_levels', 'reserved', 'Units that are promised: the sum of the open reservations'),
	('stock_levels', 'reported_as_of', 'The moment that the last report was about'),
	('stock_levels', 'changed_at', 'When a number last changed'),
	('stock_movements', 'movement_id', 'The movement'),
	('stock_movements', 'moved_at', 'When it was written'),
	('stock_movements', 'kind', 'What happened'),
	('stock_movements', 'on_hand_delta', 'Units that came, or went if negative'),
	('stock_movements', 'reserved_delta', 'Units promised, or set free if negative'),
	('stock_movements', 'line', 'The line of the order'),
	('stock_movements', 'cause', 'Why it happened'),
	('stock_movements', 'actor', 'Who did it'),
	('discrepancies', 'discrepancy_id', 'The discrepancy'),
	('discrepancies', 'state', 'open; explained: no change is needed; adjusted: stock was changed'),
	('discrepancies', 'kind', 'Where it was seen: over_ship, short_pick, count, snapshot'),
	('discrepancies', 'expected', 'Units that we counted on'),
	('discrepancies', 'reported', 'Units that were reported'),
	('discrepancies', 'cause', 'The cause that is likely'),
	('discrepancies', 'first_seen_at', 'When it was first seen'),
	('discrepancies', 'last_seen_at', 'When it was last seen'),
	('discrepancies', 'times_seen', 'How often it was seen'),

	('orders', 'order_id', 'The order'),
	('orders', 'state', 'Stored control state; view order_status adds the progress'),
	('orders', 'placed_at', 'When the customer ordered'),
	('orders', 'currency', 'Currency of its prices'),
	('orders', 'email', 'The customer''s e-mail address'),
	('orders', 'phone', 'The customer''s phone number'),
	('orders', 'language', 'Language for messages to the customer'),
	('orders', 'ship_to', 'Address to deliver to'),
	('orders', 'bill_to', 'Address of the invoice, when it is another'),
	('orders', 'service', 'Shipping service asked for, by our name'),
	('orders', 'promised_by', 'Delivery promised to the customer'),
	('orders', 'ship_complete', 'Nothing ships until everything can'),
	('orders', 'not_before', 'Nothing is assigned earlier'),
	('orders', 'auto_cancel_at', 'What is not assigned by then is cancelled'),
	('orders', 'payment', 'What the channel said of the payment: state, gateway, reference, amount'),
	('orders', 'cancel_reason', 'Why it was cancelled'),
	('orders', 'received_at', 'When it first came in'),
	('orders', 'closed_at', 'When it ended'),
	('order_lines', 'item_id', 'The item ordered'),
	('order_lines', 'sku', 'SKU as ordered'),
	('order_lines', 'name', 'Name of the item as ordered'),
	('order_lines', 'quantity', 'Units ordered'),
	('order_lines', 'unit_price', 'Price of one unit'),
	('order_lines', 'cancelled', 'Units cancelled'),
	('order_lines', 'delivered', 'Units that reached the customer'),
	('order_lines', 'returned', 'Units that came back'),
	('order_lines', 'refunded', 'Units whose price was paid back'),
	('holds', 'hold_id', 'The hold'),
	('holds', 'reason', 'Why the order must not move'),
	('holds', 'placed_at', 'When it was placed'),
	('holds', 'placed_by', 'Who placed it'),
	('holds', 'released_at', 'When it was released; NULL while it is active'),
	('holds', 'released_by', 'Who released it'),
	('attachments', 'attachment_id', 'The attachment'),
	('attachments', 'source', 'The shop''s table of orders'),
	('attachments', 'lines_source', 'The shop''s table of lines'),
	('attachments', 'channel_id', 'The channel its orders belong to'),
	('attachments', 'created_by', 'The role that attached it'),

	('shipments', 'shipment_id', 'The shipment'),
	('shipments', 'number', 'Number within the order'),
	('shipments', 'provider_id', 'The provider that does the work'),
	('shipments', 'location_id', 'The location that goods leave from'),
	('shipments', 'state', 'Where the work stands'),
	('shipments', 'currency', 'Currency of the costs'),
	('shipments', 'estimated_delivery_at', 'Arrival as the provider last estimated it'),
	('shipments', 'tracking_status', 'Status of its packages together'),
	('shipments', 'shipped_after_cancel', 'It left although it had been cancelled'),
	('shipments', 'error_code', 'The provider''s code of its last refusal'),
	('shipments', 'error_message', 'The provider''s words of its last refusal'),
	('shipments', 'submitted_at', 'When it was last handed to the provider'),
	('shipments', 'accepted_at', 'When the provider accepted it'),
	('shipments', 'shipped_at', 'When the goods left'),
	('shipments', 'delivered_at', 'When the last package was delivered'),
	('shipments', 'ended_at', 'When nothing more was to happen to it'),
	('shipment_lines', 'line', 'The line of the order'),
	('shipment_lines', 'quantity', 'Units to ship'),
	('shipment_lines', 'shipped', 'Units that left'),
	('packages', 'package_id', 'The package'),
	('packages', 'number', 'Number within the shipment'),
	('packages', 'weight_g', 'Weight in grams'),
	('packages', 'carrier', 'Who carries it'),
	('packages', 'tracking_number', 'The carrier''s number'),
	('packages', 'tracking_url', 'Page on which the customer can follow it'),
	('packages', 'status', 'Tracking status'),
	('packages', 'estimated_delivery_at', 'Arrival as the carrier last estimated it'),
	('packages', 'delivered_at', 'When it was delivered'),
	('documents', 'document_id', 'The document'),
	('documents', 'package_number', 'Number of the package it belongs to; NULL: the whole shipment'),
	('documents', 'format', 'Format of the bytes: pdf, zpl, png, gif, epl'),
	('documents', 'content', 'The bytes'),
	('documents', 'url', 'Where the provider keeps it, when it sent no bytes'),
	('documents', 'sha256', 'Checksum of the bytes'),
	('tracking_events', 'occurred_at', 'When it happened'),
	('tracking_events', 'code', 'The carrier''s code'),
	('tracking_events', 'description', 'The carrier''s words'),
	('tracking_events', 'city', 'Where it happened: city'),
	('tracking_events', 'region', 'Where it happened: region'),
	('tracking_events', 'postcode', 'Where it happened: postcode'),
	('tracking_events', 'country', 'Where it happened: country'),
	('tracking_events', 'received_at', 'When we heard of it'),
	('returns', 'return_id', 'The return'),
	('returns', 'kind', 'Why goods come back'),
	('returns', 'state', 'Where the return stands'),
	('returns', 'reason', 'The reason given'),
	('returns', 'location_id', 'Where the goods go'),
	('returns', 'tracking_number', 'The carrier''s number of the way back'),
	('returns', 'provider_reference', 'The provider''s id of the return'),
	('returns', 'ended_at', 'When nothing more was to happen to it'),
	('return_lines', 'return_id', 'The return it belongs to'),
	('return_lines', 'quantity', 'Units expected'),
	('return_lines', 'received', 'Units that arrived'),
	('return_lines', 'reason', 'The reason given for this line'),
	('payments', 'payment_id', 'The step'),
	('payments', 'kind', 'capture, refund or void: the release of what will not be captured'),
	('payments', 'amount', 'What it is about'),
	('payments', 'error_code', 'The gateway''s code of a refusal'),
	('payments', 'error_message', 'Why the gateway refused'),
	('payments', 'settled_at', 'When it was done, refused or taken back'),
	('receipts', 'receipt_id', 'The receipt'),
	('receipts', 'return_id', 'The return that arrived'),
	('receipts', 'line', 'The line of the return'),
	('receipts', 'quantity', 'Units that arrived'),
	('receipts', 'condition', 'In which condition'),
	('receipts', 'disposition', 'What becomes of them: restock, quarantine, scrap, missing'),
	('receipts', 'reference', 'The reporter''s id of the receipt; the same one is taken once'),
	('receipts', 'received_at', 'When they arrived'),
	('receipts', 'received_by', 'Who reported it'),

	('activations', 'system_identifier', 'The cluster, as pg_control_system() names it'),
	('activations', 'database_oid', 'The database'),
	('activations', 'activated_at', 'When workers were given leave to run here'),
	('activations', 'activated_by', 'The role that gave it'),
	('tasks', 'task_id', 'The task'),
	('tasks', 'connection_id', 'The connection that is called'),
	('tasks', 'operation', 'What is asked of the other side'),
	('tasks', 'state', 'ready; leased: a worker has it; parked: a person decides'),
	('tasks', 'due_at', 'When it is tried next'),
	('tasks', 'attempts', 'How often it was tried'),
	('tasks', 'idempotency_key', 'The same for every repetition of the call'),
	('tasks', 'last_error', 'Why the last try failed'),
	('calls', 'call_id', 'The call'),
	('calls', 'started_at', 'When it was made'),
	('calls', 'connection_id', 'The connection that was called'),
	('calls', 'operation', 'What was asked of the other side'),
	('calls', 'attempt', 'Which try of the task it was'),
	('calls', 'method', 'HTTP method'),
	('calls', 'url', 'Address, secrets masked'),
	('calls', 'status', 'HTTP status; NULL or 0 when no answer came'),
	('calls', 'error', 'What went wrong, for people'),
	('inbox', 'inbox_id', 'What came in'),
	('inbox', 'connection_id', 'The connection it came by'),
	('inbox', 'received_at', 'When it came in'),
	('inbox', 'headers', 'Headers as received'),
	('inbox', 'body', 'Body as received'),
	('inbox', 'state', 'new; applied; ignored: nothing to do; failed: a person decides'),
	('inbox', 'attempts', 'How often applying it was tried'),
	('inbox', 'due_at', 'When it is tried next'),
	('inbox', 'error', 'Why it could not be applied'),
	('inbox', 'applied_at', 'When it was applied'),
	('attention', 'attention_id', 'The thing that waits'),
	('attention', 'message', 'What happened'),
	('attention', 'hint', 'What to do about it'),
	('attention', 'detail', 'What else is known, for programs'),
	('attention', 'times', 'How often it happened'),
	('attention', 'opened_at', 'When it first happened'),
	('notifications', 'event_id', 'The event'),
	('notifications', 'type', 'Type of the event, as order.confirmed'),
	('notifications', 'occurred_at', 'When it happened'),
	('notifications', 'data', 'What is told'),
	('templates', 'type', 'Type of the event'),
	('templates', 'medium', 'email or sms'),
	('templates', 'language', 'Language of the text'),
	('templates', 'subject', 'Subject line of an e-mail'),
	('templates', 'body', 'The text'),
	('history', 'history_id', 'The entry'),
	('history', 'at', 'When it happened'),
	('history', 'event', 'What happened'),
	('history', 'from_state', 'State before'),
	('history', 'to_state', 'State after; the same when the event was refused'),
	('history', 'before', 'What changed, as it was'),
	('history', 'after', 'What changed, as it is'),
	('schedules', 'job', 'The work to do'),
	('schedules', 'every', 'How often'),
	('schedules', 'next_at', 'When it is done next'),
	('schedules', 'last_at', 'When it was last done'),
	('schedules', 'last_error', 'Why it failed the last time; NULL when it did not'),

	('routing_rules', 'rule_id', 'The rule'),
	('routing_rules', 'priority', 'Order in which rules are shown and named as reasons'),
	('routing_rules', 'channels', 'Channels it is for, by code; NULL is every channel'),
	('routing_rules', 'countries', 'Destinations it is for; NULL is every country'),
	('routing_rules', 'postcode_from', 'First postcode it is for, compared as text'),
	('routing_rules', 'postcode_to', 'Last postcode it is for'),
	('routing_rules', 'services', 'Services it is for, by our name; NULL is every service'),
	('routing_rules', 'min_weight_g', 'Weight of the order in grams, this heavy or heavier'),
	('routing_rules', 'max_weight_g', 'Weight of the order in grams, this heavy or lighter'),
	('routing_rules', 'min_value', 'Value of the order, this much or more'),
	('routing_rules', 'max_value', 'Value of the order, this much or less'),
	('routing_rules', 'hazmat', 'Dangerous goods or not; NULL is both'),
	('routing_rules', 'amount', 'Cost that prefer takes off and penalise adds'),
	('decisions', 'decision_id', 'The decision'),
	('decisions', 'decided_at', 'When it was taken'),
	('decisions', 'cause', 'Why the order was assigned now'),
	('decisions', 'cost', 'Cost of the plan, penalties included'),
	('decisions', 'exact', 'The plan is proved to be the cheapest'),
	('decisions', 'chosen', 'The plan: shipments with their lines and cost parts'),
	('decisions', 'alternatives', 'The next best plans with their cost parts'),
	('routing_settings', 'currency', 'Currency of the penalties'),
	('routing_settings', 'split_penalty', 'Cost of every shipment beyond the first'),
	('routing_settings', 'late_penalty', 'Cost of a shipment that arrives after the promise'),
	('routing_settings', 'late_penalty_per_day', 'Cost of every day after the promise'),
	('routing_settings', 'backorder_penalty', 'Cost of every unit that waits; shipping that costs more than this is not done'),
	('routing_settings', 'backorder_value_share', 'Share of the value of waiting units counted as cost'),
	('routing_settings', 'max_splits', 'Shipments of one order at most; NULL is no limit'),
	('listings', 'listing_id', 'The listing'),
	('listings', 'published_at', 'When the channel last took it'),
	('access', 'role_name', 'The role'),
	('access', 'granted_at', 'When it was let in'),
	('access', 'granted_by', 'The role that let it in')
		)
		SELECT format('fulfillment.%I.%I', relation_name, column_name) AS name, text
		  FROM texts WHERE relation_name <> '*'
		UNION ALL
		SELECT format('fulfillment.%I.%I', c.relname, a.attname), t.text
		  FROM pg_catalog.pg_class c
		  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		  JOIN texts t ON t.relation_name = '*' AND t.column_name = a.attname
		 WHERE c.relnamespace = 'fulfillment'::regnamespace AND c.relkind IN ('r', 'p')
		   AND NOT c.relispartition AND pg_catalog.col_description(c.oid, a.attnum) IS NULL
		   AND NOT EXISTS (SELECT FROM texts o
		                    WHERE o.relation_name = c.relname AND o.column_name = a.attname)
	LOOP
		EXECUTE format('COMMENT ON COLUMN %s IS %L', entry.name, entry.text);
	END LOOP;
END
$$;
-- The rows of a fresh installation: merchant 1 and the leave for workers to
-- run here.  A dump carries both tables, so nothing is made while one is being
-- restored; pg_dump turns row_security off before it creates extensions.  A
-- restored or cloned database therefore has no leave, and its workers wait.

INSERT INTO fulfillment.merchants (merchant_id, code, name)
SELECT 1, 'main', 'Main' WHERE current_setting('row_security')::boolean;

INSERT INTO fulfillment.activations (system_identifier, database_oid)
SELECT s.system_identifier, d.oid
  FROM pg_catalog.pg_control_system() s, pg_catalog.pg_database d
 WHERE d.datname = pg_catalog.current_database() AND current_setting('row_security')::boolean;
-- lifecycle.sql: the state machines as the code has them, and the rules of tracking as pure functions.

CREATE FUNCTION fulfillment.lifecycle_rows(
    OUT priority int, OUT machine text, OUT from_state text, OUT event text, OUT guards text[],
    OUT to_state text, OUT effects text[], OUT step text, OUT description text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'fulfillment_lifecycle_rows'
    LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 400;
COMMENT ON FUNCTION fulfillment.lifecycle_rows() IS
    'every transition of orders, shipments, packages and returns, one row per state it starts from; of rows with the same state and event the first whose guards hold is taken';

CREATE VIEW fulfillment.lifecycle AS
    SELECT machine, from_state, event, array_to_string(guards, ' and ') AS guard, to_state,
           effects, step, description, priority
    FROM fulfillment.lifecycle_rows();
COMMENT ON VIEW fulfillment.lifecycle IS
    'the state machines as the code has them; what is not in here is refused';
COMMENT ON COLUMN fulfillment.lifecycle.machine IS 'order, shipment, package or return';
COMMENT ON COLUMN fulfillment.lifecycle.from_state IS 'none: there is no row yet';
COMMENT ON COLUMN fulfillment.lifecycle.event IS
    'what happens; of a package: what the carrier reports, any being whatever is not named before';
COMMENT ON COLUMN fulfillment.lifecycle.guard IS 'what must hold; empty: nothing';
COMMENT ON COLUMN fulfillment.lifecycle.to_state IS 'the state afterwards';
COMMENT ON COLUMN fulfillment.lifecycle.effects IS 'what is done in the same transaction, in this order';
COMMENT ON COLUMN fulfillment.lifecycle.step IS
    'what is answered: changed, duplicate (done before, not recorded) or ignored (recorded, without effect)';
COMMENT ON COLUMN fulfillment.lifecycle.description IS 'the transition in one sentence';
COMMENT ON COLUMN fulfillment.lifecycle.priority IS 'rows are tried in this order';

CREATE FUNCTION fulfillment.next_tracking_status(
    status text, status_at timestamptz, reported text, reported_at timestamptz,
    OUT next_status text, OUT next_status_at timestamptz, OUT applied boolean, OUT contradicts boolean)
    AS 'MODULE_PATHNAME', 'fulfillment_next_tracking_status'
    LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION fulfillment.next_tracking_status(text, timestamptz, text, timestamptz) IS
    'what a package''s status becomes when the carrier reports another: the newest event wins, delivered is final except for a newer return; applied is whether the report is now what is shown, contradicts whether it is against what was said before';

CREATE FUNCTION fulfillment.shipment_tracking_status(statuses text[])
    RETURNS text
    AS 'MODULE_PATHNAME', 'fulfillment_shipment_tracking_status'
    LANGUAGE C IMMUTABLE PARALLEL SAFE STRICT;
COMMENT ON FUNCTION fulfillment.shipment_tracking_status(text[]) IS
    'the tracking status of a shipment from those of its packages: the worst trouble, else the slowest package; delivered only when all are';

CREATE FUNCTION fulfillment.parse_tracking_number(
    tracking_number text, carriers text[] DEFAULT NULL,
    OUT carrier text, OUT valid boolean, OUT number text, OUT format text, OUT checked boolean,
    OUT tracking_url text, OUT candidates text[])
    AS 'MODULE_PATHNAME', 'fulfillment_parse_tracking_number'
    LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION fulfillment.parse_tracking_number(text, text[]) IS
    'whose tracking number this is: carrier is null when it may be of several (candidates; carriers says which come into question), valid whether its form and check digit are right, checked whether it has a check digit, number the number without blanks and what a barcode carries beside it';
-- progress.sql: how far an order is, as pure functions of what its lines say.

CREATE FUNCTION fulfillment.order_progress(
    state text, ordered bigint, cancelled bigint, assigned bigint, submitted bigint, shipped bigint,
    delivered bigint, returned bigint, backordered bigint, held boolean, exception boolean,
    unfillable bigint DEFAULT 0)
    RETURNS text
    AS 'MODULE_PATHNAME', 'fulfillment_order_progress'
    LANGUAGE C IMMUTABLE PARALLEL SAFE STRICT;
COMMENT ON FUNCTION fulfillment.order_progress(text, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, boolean, boolean, bigint) IS
    'unassigned, backordered, unfillable, assigned, submitted, partially_shipped, shipped, partially_delivered, delivered, cancelled, held or exception, from the sums over an order''s lines (what is delivered counts as shipped, submitted and assigned too)';

CREATE FUNCTION fulfillment.order_flags(
    state text, ordered bigint, cancelled bigint, over_shipped bigint, delivered bigint,
    held boolean, exception boolean, return_open boolean, promised_by timestamptz,
    expected_at timestamptz, as_of timestamptz)
    RETURNS text[]
    AS 'MODULE_PATHNAME', 'fulfillment_order_flags'
    LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION fulfillment.order_flags(text, bigint, bigint, bigint, bigint, boolean, boolean, boolean, timestamptz, timestamptz, timestamptz) IS
    'which of held, at_risk (late, or expected late), exception, returning and over_shipped an order bears';
-- documents.sql: the documents as pure functions.

CREATE FUNCTION fulfillment.check_order(
    order_document jsonb,
    OUT severity text, OUT code text, OUT field text, OUT line int, OUT message text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'fulfillment_check_order'
    LANGUAGE C IMMUTABLE PARALLEL SAFE STRICT ROWS 5;
COMMENT ON FUNCTION fulfillment.check_order(jsonb) IS
    'what is wrong with an order document, as far as that can be seen without a table: refused (cannot be stored), invalid (the order would be parked until it is corrected), note (was read in a lenient way); nothing is stored';

CREATE FUNCTION fulfillment.compare_orders(
    older jsonb, newer jsonb, OUT field text, OUT line int, OUT change text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'fulfillment_compare_orders'
    LANGUAGE C IMMUTABLE PARALLEL SAFE STRICT ROWS 5;
COMMENT ON FUNCTION fulfillment.compare_orders(jsonb, jsonb) IS
    'what differs between two versions of an order document after both are brought to normal form; a line was added, removed, changed, or has more or less quantity';
-- Stock: every change is a movement with a cause.

CREATE FUNCTION fulfillment.receive_stock(location text, sku text, quantity int,
	cause text DEFAULT 'receipt', merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
AS 'MODULE_PATHNAME', 'fulfillment_receive_stock' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.receive_stock(text, text, int, text, int) IS
	'Goods arrived at a location; answers the units now on hand. Orders that wait for them are tried again';

CREATE FUNCTION fulfillment.adjust_stock(location text, sku text, change int,
	cause text, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
AS 'MODULE_PATHNAME', 'fulfillment_adjust_stock' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.adjust_stock(text, text, int, text, int) IS
	'Adds or takes units with a cause (broken, stolen, found); answers the units now on hand';

CREATE FUNCTION fulfillment.count_stock(location text, sku text, counted int,
	cause text DEFAULT 'count', merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
AS 'MODULE_PATHNAME', 'fulfillment_count_stock' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.count_stock(text, text, int, text, int) IS
	'Somebody counted: the number counted becomes the number on hand; answers the difference';

CREATE FUNCTION fulfillment.transfer_stock(from_location text, to_location text, sku text, quantity int,
	cause text DEFAULT 'transfer', merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
AS 'MODULE_PATHNAME', 'fulfillment_transfer_stock' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.transfer_stock(text, text, text, int, text, int) IS
	'Moves units that are not reserved from one location to another';

CREATE FUNCTION fulfillment.check_stock(repair boolean DEFAULT false,
	merchant_id int DEFAULT fulfillment.current_merchant(), OUT location text, OUT sku text, OUT on_hand int,
	OUT ledger_on_hand bigint, OUT reserved int, OUT ledger_reserved bigint, OUT open_reservations bigint,
	OUT quarantine int, OUT ledger_quarantine bigint, OUT damaged int, OUT ledger_damaged bigint, OUT repaired boolean) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'fulfillment_check_stock' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.check_stock(boolean, int) IS
	'Recomputes on hand, quarantine and damaged from the ledger and reserved from the open shipments; answers the levels that differ, and repairs them when told';

CREATE FUNCTION fulfillment.available_to_sell(skus text[],
	merchant_id int DEFAULT fulfillment.current_merchant(), OUT sku text, OUT available bigint) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'fulfillment_available_to_sell' LANGUAGE C STABLE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.available_to_sell(text[], int) IS
	'What may be sold of each SKU over all active locations, kits as their parts allow; a SKU that is not known has no row';

REVOKE ALL ON FUNCTION fulfillment.available_to_sell(text[], int), fulfillment.receive_stock(text, text, int, text, int),
	fulfillment.adjust_stock(text, text, int, text, int), fulfillment.count_stock(text, text, int, text, int),
	fulfillment.transfer_stock(text, text, text, int, text, int), fulfillment.check_stock(boolean, int) FROM PUBLIC;
-- Units beside those on hand, goods to come, and whose numbers are the truth.

CREATE FUNCTION fulfillment.location_id(location text, merchant_id int) RETURNS bigint
AS 'MODULE_PATHNAME', 'fulfillment_location_id' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION fulfillment.location_id(text, int) IS 'The id of a location, or an error';

CREATE FUNCTION fulfillment.item_id(sku text, merchant_id int) RETURNS bigint
AS 'MODULE_PATHNAME', 'fulfillment_item_id' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION fulfillment.item_id(text, int) IS 'The id of an item, or an error';

CREATE FUNCTION fulfillment.caller() RETURNS oid
AS 'MODULE_PATHNAME', 'fulfillment_caller' LANGUAGE C STABLE;
COMMENT ON FUNCTION fulfillment.caller() IS 'The role behind the call, whatever function runs as its owner';

CREATE FUNCTION fulfillment.actor() RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_actor' LANGUAGE C STABLE;
COMMENT ON FUNCTION fulfillment.actor() IS 'Who is written into history and ledger as acting now';

CREATE FUNCTION fulfillment.move_bucket(location text, sku text, movement text, quantity int,
	cause text, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
AS 'MODULE_PATHNAME', 'fulfillment_move_bucket' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.move_bucket(text, text, text, int, text, int) IS
	'Moves units between the buckets of a location: quarantine and damage take them from sale, clear brings them back, condemn makes quarantined goods damaged ones, scrap throws those away, isolate takes goods in that must be looked at first';

CREATE FUNCTION fulfillment.record_movements(movements jsonb,
	merchant_id int DEFAULT fulfillment.current_merchant(), OUT "position" bigint, OUT outcome text, OUT error text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'fulfillment_record_movements' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.record_movements(jsonb, int) IS
	'Many movements [{location, sku, movement, quantity, cause}] at once: receive, adjust, restock or one between buckets; each is done or refused for itself';

CREATE FUNCTION fulfillment.reconcile_levels(location_id bigint, item_ids bigint[], changes int[],
	cause text, merchant_id int) RETURNS bigint[]
AS 'MODULE_PATHNAME', 'fulfillment_reconcile_levels' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION fulfillment.reconcile_levels(bigint, bigint[], int[], text, int) IS
	'Part of reconcile_stock and resolve_discrepancy: changes the units on hand of many items; answers the items that would have gone below zero, which stay as they are';

CREATE FUNCTION fulfillment.expect_receipt(location text, sku text, quantity int,
	expected_at timestamptz, reference text DEFAULT NULL,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	made bigint;
BEGIN
	PERFORM fulfillment.require_access('operator', expect_receipt.merchant_id);
	IF quantity IS NULL OR quantity <= 0 OR expected_at IS NULL THEN
		RAISE EXCEPTION 'an expected receipt needs a quantity and a date' USING ERRCODE = 'OF001',
			HINT = 'Give a quantity above zero and expected_at.';
	END IF;
	INSERT INTO fulfillment.expected_receipts (merchant_id, location_id, item_id, quantity, expected_at, reference, announced_by)
	VALUES (expect_receipt.merchant_id, fulfillment.location_id(location, expect_receipt.merchant_id),
	        fulfillment.item_id(sku, expect_receipt.merchant_id), quantity, expect_receipt.expected_at,
	        expect_receipt.reference, fulfillment.actor())
	RETURNING expected_receipt_id INTO made;
	RETURN made;
END
$$;
COMMENT ON FUNCTION fulfillment.expect_receipt(text, text, int, timestamptz, text, int) IS
	'Announces goods that will come to a location; orders that wait for them get a date (view backorder_dates)';

CREATE FUNCTION fulfillment.receive_expected(expected_receipt_id bigint, quantity int DEFAULT NULL,
	last boolean DEFAULT NULL, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	expected record;
	arrived int;
	on_hand int;
BEGIN
	PERFORM fulfillment.require_access('operator', receive_expected.merchant_id);
	SELECT r.*, l.code, i.sku INTO expected
	  FROM fulfillment.expected_receipts r
	  JOIN fulfillment.locations l ON l.merchant_id = r.merchant_id AND l.location_id = r.location_id
	  JOIN fulfillment.items i ON i.merchant_id = r.merchant_id AND i.item_id = r.item_id
	 WHERE r.merchant_id = receive_expected.merchant_id
	   AND r.expected_receipt_id = receive_expected.expected_receipt_id AND r.state = 'open'
	   FOR UPDATE OF r;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'expected receipt % is not open', expected_receipt_id USING ERRCODE = 'OF002',
			HINT = 'Look at table expected_receipts, or use receive_stock for goods nobody announced.';
	END IF;
	arrived := coalesce(quantity, expected.quantity - expected.received);
	on_hand := fulfillment.receive_stock(expected.code, expected.sku, arrived,
		concat_ws(' ', 'expected receipt', expected.expected_receipt_id::text, expected.reference),
		receive_expected.merchant_id);
	UPDATE fulfillment.expected_receipts r
	   SET received = r.received + arrived,
	       state = CASE WHEN coalesce(last, r.received + arrived >= r.quantity) THEN 'received' ELSE 'open' END
	 WHERE r.merchant_id = receive_expected.merchant_id
	   AND r.expected_receipt_id = receive_expected.expected_receipt_id;
	RETURN on_hand;
END
$$;
COMMENT ON FUNCTION fulfillment.receive_expected(bigint, int, boolean, int) IS
	'Announced goods arrived (quantity NULL: all that is still to come; last: no more will come); answers the units now on hand';

CREATE FUNCTION fulfillment.cancel_expected(expected_receipt_id bigint,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	PERFORM fulfillment.require_access('operator', cancel_expected.merchant_id);
	UPDATE fulfillment.expected_receipts r SET state = 'cancelled'
	 WHERE r.merchant_id = cancel_expected.merchant_id
	   AND r.expected_receipt_id = cancel_expected.expected_receipt_id AND r.state = 'open';
	IF NOT FOUND THEN
		RAISE EXCEPTION 'expected receipt % is not open', expected_receipt_id USING ERRCODE = 'OF002';
	END IF;
END
$$;
COMMENT ON FUNCTION fulfillment.cancel_expected(bigint, int) IS 'Announced goods, or the rest of them, will not come';

CREATE FUNCTION fulfillment.set_inventory_mode(location text, mode text, reason text,
	force boolean DEFAULT false, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	place record;
	open_count bigint;
	level_count bigint;
BEGIN
	PERFORM fulfillment.require_access('admin', set_inventory_mode.merchant_id);
	IF mode IS NULL OR mode NOT IN ('active', 'passive') OR coalesce(reason, '') = '' THEN
		RAISE EXCEPTION 'an inventory mode needs its name and a reason' USING ERRCODE = 'OF001',
			HINT = 'Modes are active (our numbers are the truth) and passive (theirs are).';
	END IF;
	SELECT l.* INTO place FROM fulfillment.locations l
	 WHERE l.merchant_id = set_inventory_mode.merchant_id
	   AND l.location_id = fulfillment.location_id(set_inventory_mode.location, set_inventory_mode.merchant_id)
	   FOR UPDATE;
	SELECT count(*) INTO level_count FROM fulfillment.stock_levels v
	 WHERE v.merchant_id = set_inventory_mode.merchant_id AND v.location_id = place.location_id;
	IF place.inventory_mode = mode THEN
		RETURN 0;
	END IF;
	SELECT count(*) INTO open_count FROM fulfillment.discrepancies d
	 WHERE d.merchant_id = set_inventory_mode.merchant_id AND d.location_id = place.location_id AND d.state = 'open';
	IF mode = 'passive' AND place.provider_id IS NULL AND NOT force THEN
		RAISE EXCEPTION 'location "%" has nobody else who counts its stock', place.code USING ERRCODE = 'OF003',
			HINT = 'Set its provider first, or say force => true when snapshots come by hand.';
	ELSIF mode = 'active' AND open_count > 0 AND NOT force THEN
		RAISE EXCEPTION 'location "%" has open discrepancies', place.code USING ERRCODE = 'OF003',
			DETAIL = format('%s differences would become the truth unexamined.', open_count),
			HINT = 'Settle them with resolve_discrepancy, or say force => true.';
	END IF;
	UPDATE fulfillment.locations l SET inventory_mode = mode
	 WHERE l.merchant_id = set_inventory_mode.merchant_id AND l.location_id = place.location_id;
	INSERT INTO fulfillment.history (merchant_id, subject_kind, subject_id, event, from_state, to_state, actor, cause, after)
	VALUES (set_inventory_mode.merchant_id, 'location', place.location_id, 'inventory_mode', place.inventory_mode, mode,
	        fulfillment.actor(), reason, jsonb_build_object('levels', level_count, 'open_discrepancies', open_count, 'forced', force));
	RETURN level_count;
END
$$;
COMMENT ON FUNCTION fulfillment.set_inventory_mode(text, text, text, boolean, int) IS
	'Says whose numbers are the truth at a location and why, for the record; answers how many levels that is about. Refused where it makes no sense, unless forced';

REVOKE ALL ON FUNCTION fulfillment.move_bucket(text, text, text, int, text, int),
	fulfillment.record_movements(jsonb, int),
	fulfillment.reconcile_levels(bigint, bigint[], int[], text, int),
	fulfillment.expect_receipt(text, text, int, timestamptz, text, int),
	fulfillment.receive_expected(bigint, int, boolean, int), fulfillment.cancel_expected(bigint, int),
	fulfillment.set_inventory_mode(text, text, text, boolean, int), fulfillment.location_id(text, int),
	fulfillment.item_id(text, int), fulfillment.actor(), fulfillment.caller() FROM PUBLIC;
-- Snapshots of another side's stock, compared with our ledger as of their moment.
--
-- reconcile_source is the one mechanism: it reads a source of rows (position, sku, quantity, as_of,
-- error) once, keeps what is not simply equal in a temporary table, and walks that from step to
-- step.  The ledger as of T is what is on hand now without the movements since T.

CREATE FUNCTION fulfillment.guess_cause(expected int, reported int, reserved int, recent jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
	SELECT CASE
		WHEN reported = expected - reserved AND reserved > 0 THEN 'their number seems to leave out what is reserved'
		WHEN missed.id IS NOT NULL THEN format('movement %s (%s) seems not to be booked there', missed.id, missed.kind)
		WHEN reported = 0 THEN 'nothing there: lost, moved, or kept under another SKU'
		WHEN reported < expected THEN 'less there: loss, damage or a miscount'
		ELSE 'more there: a receipt or return that is not booked here' END
	  FROM (SELECT) one
	  LEFT JOIN LATERAL (
		SELECT m.value ->> 'id' AS id, m.value ->> 'kind' AS kind
		  FROM jsonb_array_elements(recent) WITH ORDINALITY AS m (value, n)
		 WHERE (m.value ->> 'units')::int = expected - reported
		 ORDER BY n LIMIT 1) missed ON true
$$;
COMMENT ON FUNCTION fulfillment.guess_cause(int, int, int, jsonb) IS
	'Why a snapshot may differ from the ledger, from the figures and the last movements [{id, kind, units}]';

-- The statement that reads a source.  Of a complete one only rows with something to say come out;
-- items it does not name come as rows without position.
CREATE FUNCTION fulfillment.snapshot_query(source text, complete boolean, by_row boolean, is_unique boolean)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $query$
	SELECT format($statement$
		WITH source (position, sku, quantity, as_of, error) AS (%1$s),
		twice AS (%2$s)
		SELECT s.position, coalesce(s.sku, b.sku) AS sku, b.item_id,
		       CASE WHEN s.sku IS NULL AND b.sku IS NOT NULL THEN 0 ELSE s.quantity END AS reported,
		       coalesce(b.on_hand, 0) - coalesce(l.units, 0)::int AS expected, coalesce(b.reserved, 0) AS reserved,
		       coalesce(s.as_of, $3) AS as_of, b.reported_on_hand AS shown, b.reported_as_of AS shown_as_of,
		       d.discrepancy_id, t.sku IS NOT NULL AS twice, s.error, NULL::text AS outcome, false AS moving
		  FROM %3$s
		  LEFT JOIN twice t ON t.sku = s.sku
		  LEFT JOIN %4$s
		  LEFT JOIN fulfillment.discrepancies d ON d.merchant_id = $1 AND d.location_id = $2 AND d.item_id = b.item_id
		   AND d.kind = 'snapshot' AND (d.state = 'open' OR d.standing)
		 WHERE %5$s$statement$,
		source,
		CASE WHEN is_unique THEN 'SELECT NULL::text AS sku WHERE false'
		     ELSE 'SELECT sku FROM source GROUP BY sku HAVING count(*) > 1' END,
		CASE WHEN complete THEN $from$
		  (SELECT i.sku, v.item_id, v.on_hand, v.reserved, v.reported_on_hand, v.reported_as_of
		     FROM fulfillment.stock_levels v
		     JOIN fulfillment.items i ON i.merchant_id = $1 AND i.item_id = v.item_id
		    WHERE v.merchant_id = $1 AND v.location_id = $2) b
		  FULL JOIN source s ON s.sku = b.sku$from$
		ELSE $from$
		  source s
		  LEFT JOIN (SELECT i.sku, i.item_id, v.on_hand, v.reserved, v.reported_on_hand, v.reported_as_of
		     FROM fulfillment.items i
		     LEFT JOIN fulfillment.stock_levels v ON v.merchant_id = $1 AND v.location_id = $2 AND v.item_id = i.item_id
		    WHERE i.merchant_id = $1) b ON b.sku = s.sku$from$ END,
		CASE WHEN by_row THEN $later$
		  LATERAL (SELECT sum(m.on_hand_delta) AS units FROM fulfillment.stock_movements m
		            WHERE m.merchant_id = $1 AND m.location_id = $2 AND m.item_id = b.item_id
		              AND m.moved_at > coalesce(s.as_of, $3)) l ON true$later$
		ELSE $later$
		  (SELECT m.item_id, sum(m.on_hand_delta) AS units FROM fulfillment.stock_movements m
		    WHERE m.merchant_id = $1 AND m.location_id = $2 AND m.moved_at > $3
		    GROUP BY m.item_id) l ON l.item_id = b.item_id$later$ END,
		CASE WHEN complete THEN $keep$
		       CASE WHEN s.sku IS NULL AND b.sku IS NOT NULL
		            THEN $4 AND (b.on_hand - coalesce(l.units, 0) <> 0 OR d.item_id IS NOT NULL OR b.reported_on_hand <> 0)
		            ELSE b.item_id IS NULL OR t.sku IS NOT NULL OR d.item_id IS NOT NULL OR s.error IS NOT NULL
		                 OR s.quantity IS DISTINCT FROM b.on_hand - coalesce(l.units, 0)
		                 OR s.quantity IS DISTINCT FROM b.reported_on_hand END$keep$
		ELSE 'true' END)
$query$;
COMMENT ON FUNCTION fulfillment.snapshot_query(text, boolean, boolean, boolean) IS
	'Part of reconcile_stock: the statement that compares a source with the levels of location $2 of merchant $1 as of $3; $4: absent is zero';

CREATE FUNCTION fulfillment.snapshot_step(step int, location_id bigint, items bigint, merchant_id int)
RETURNS void AS 'MODULE_PATHNAME', 'fulfillment_snapshot_step' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION fulfillment.snapshot_step(int, bigint, bigint, int) IS
	'Part of reconcile_stock: says how far it is to snapshot_progress; a step beyond the last one ends it';

CREATE FUNCTION fulfillment.snapshot_progress(OUT pid int, OUT merchant_id int, OUT location_id bigint,
	OUT started_at timestamptz, OUT step int, OUT steps int, OUT doing text, OUT items bigint) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'fulfillment_snapshot_steps' LANGUAGE C STABLE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.snapshot_progress() IS
	'Snapshots that sessions of this database compare now: the step they are at, and how many items are not simply equal';
REVOKE ALL ON FUNCTION fulfillment.snapshot_progress(), fulfillment.snapshot_step(int, bigint, bigint, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.reconcile_source(place bigint, source text, snapshot jsonb, as_of timestamptz,
	complete boolean, is_unique boolean, merchant_id int,
	OUT "position" bigint, OUT sku text, OUT outcome text, OUT expected int, OUT reported bigint,
	OUT discrepancy_id bigint, OUT error text) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE
AS $$
#variable_conflict use_column
DECLARE
	policy fulfillment.reconcile_policies;
	newest timestamptz;
	snapshot_id bigint;
	adopted bigint := 0;
	settled_count bigint;
	unlike bigint;
	m constant int := merchant_id;
BEGIN
	IF as_of IS NULL OR as_of > clock_timestamp() + interval '5 minutes' THEN
		RAISE EXCEPTION 'a snapshot of the future cannot be compared' USING ERRCODE = 'OF001',
			DETAIL = format('Field "as_of" is %s.', coalesce(as_of::text, 'missing')),
			HINT = 'Give the moment at which the other side read its stock.';
	END IF;
	PERFORM fulfillment.snapshot_step(0, place, 0, m);
	-- One snapshot of a location at a time.
	PERFORM FROM fulfillment.locations l WHERE l.merchant_id = m AND l.location_id = place FOR NO KEY UPDATE;
	SELECT * INTO policy FROM fulfillment.reconcile_policies p WHERE p.merchant_id = m AND p.location_id = place;
	SELECT max(s.as_of) INTO newest FROM fulfillment.stock_snapshots s
	 WHERE s.merchant_id = m AND s.location_id = place AND s.complete;
	PERFORM fulfillment.snapshot_step(1, place, 0, m);
	EXECUTE 'CREATE TEMP TABLE fulfillment_snapshot ON COMMIT DROP AS'
		|| fulfillment.snapshot_query(source, complete, snapshot IS NOT NULL, is_unique)
		USING m, place, as_of, coalesce(policy.absent_is_zero, true), snapshot;
	GET DIAGNOSTICS unlike = ROW_COUNT;
	PERFORM fulfillment.snapshot_step(2, place, unlike, m);
	-- an item without a level here
	UPDATE pg_temp.fulfillment_snapshot s SET item_id = i.item_id
	  FROM fulfillment.items i WHERE s.item_id IS NULL AND i.merchant_id = m AND i.sku = s.sku;
	UPDATE pg_temp.fulfillment_snapshot s
	   SET error = coalesce(s.error, CASE WHEN s.sku IS NULL OR s.sku = '' THEN 'The row has no SKU.'
	                             WHEN s.item_id IS NULL THEN 'There is no item with this SKU.'
	                             WHEN s.twice THEN 'The SKU stands in the snapshot more than once.'
	                             WHEN s.reported IS NULL THEN 'The quantity is no whole number.'
	                             WHEN s.reported < 0 THEN 'The quantity is negative.'
	                             WHEN s.reported > 2000000000 THEN 'The quantity is too large.' END),
	       outcome = CASE WHEN s.as_of < greatest(s.shown_as_of, newest) THEN 'late'
	                      WHEN s.reported = s.expected THEN 'equal' ELSE 'different' END;
	UPDATE pg_temp.fulfillment_snapshot s SET outcome = 'error' WHERE s.error IS NOT NULL;
	PERFORM fulfillment.reconcile_look_again(place, m);
	PERFORM fulfillment.reconcile_in_flight(place, coalesce(policy.settle_within, '10 minutes'), m);
	PERFORM fulfillment.snapshot_step(3, place, unlike, m);
	PERFORM fulfillment.reconcile_differences(place, m);
	PERFORM fulfillment.snapshot_step(4, place, unlike, m);
	settled_count := fulfillment.reconcile_settled(place, m);
	PERFORM fulfillment.snapshot_step(5, place, unlike, m);
	PERFORM fulfillment.reconcile_shown(place, NOT complete, m);
	PERFORM fulfillment.snapshot_step(6, place, unlike, m);
	IF policy.adopt_after IS NOT NULL OR policy.adopt_confidence IS NOT NULL THEN
		adopted := fulfillment.reconcile_adopt(place, policy.adopt_after, policy.adopt_confidence, m);
	END IF;
	PERFORM fulfillment.snapshot_step(7, place, unlike, m);
	UPDATE fulfillment.attention a
	   SET resolved_at = now(), resolved_by = fulfillment.actor(),
	       resolution = CASE s.outcome WHEN 'adopted' THEN 'adopted by policy' ELSE 'the two sides agree again' END
	  FROM pg_temp.fulfillment_snapshot s, fulfillment.locations l
	 WHERE s.outcome IN ('settled', 'adopted') AND l.merchant_id = m AND l.location_id = place
	   AND a.merchant_id = m AND a.kind = 'stock_discrepancy' AND a.resolved_at IS NULL
	   AND a.subject = format('%s/%s', l.code, s.sku);
	IF policy.alarm_value IS NOT NULL THEN
		INSERT INTO fulfillment.attention (merchant_id, kind, subject, message, hint, detail)
		SELECT m, 'stock_discrepancy', format('%s/%s', l.code, s.sku),
		       format('stock of "%s" at "%s" differs by %s: %s', s.sku, l.code, s.reported - s.expected, d.cause),
		       'Settle it with resolve_discrepancy.',
		       jsonb_build_object('discrepancy_id', d.discrepancy_id, 'value', d.value)
		  FROM pg_temp.fulfillment_snapshot s
		  JOIN fulfillment.discrepancies d ON d.merchant_id = m AND d.discrepancy_id = s.discrepancy_id
		  JOIN fulfillment.locations l ON l.merchant_id = m AND l.location_id = place
		 WHERE s.outcome = 'different' AND d.value >= policy.alarm_value
		ON CONFLICT DO NOTHING;
	END IF;
	INSERT INTO fulfillment.stock_snapshots (merchant_id, location_id, as_of, complete, taken_by, items, errors,
		differences, in_flight, adopted, settled, late)
	SELECT m, place, reconcile_source.as_of, complete AND count(*) FILTER (WHERE s.outcome = 'late') = 0,
	       fulfillment.actor(), count(*),
	       count(*) FILTER (WHERE s.outcome = 'error'), count(*) FILTER (WHERE s.outcome IN ('different', 'adopted')),
	       count(*) FILTER (WHERE s.outcome = 'in_flight'), adopted, settled_count,
	       count(*) FILTER (WHERE s.outcome = 'late')
	  FROM pg_temp.fulfillment_snapshot s;
	RETURN QUERY
		SELECT s.position, s.sku, s.outcome, s.expected, s.reported, s.discrepancy_id, s.error
		  FROM pg_temp.fulfillment_snapshot s WHERE s.outcome <> 'equal' ORDER BY s.position, s.sku;
	DROP TABLE pg_temp.fulfillment_snapshot;
	PERFORM fulfillment.snapshot_step(-1, place, 0, m);
END
$$;
COMMENT ON FUNCTION fulfillment.reconcile_source(bigint, text, jsonb, timestamptz, boolean, boolean, int) IS
	'Part of reconcile_stock: compares one source of rows with a location and acts on what differs';

-- A movement that was under way while the snapshot was compared is part of our book as of its moment,
-- too.  So the levels that seem to differ are locked, which waits for it, and looked at again.
CREATE FUNCTION fulfillment.reconcile_look_again(place bigint, merchant_id int) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
#variable_conflict use_column
BEGIN
	PERFORM FROM fulfillment.stock_levels v
	        JOIN pg_temp.fulfillment_snapshot s ON s.item_id = v.item_id AND s.outcome = 'different'
	  WHERE v.merchant_id = $2 AND v.location_id = $1
	  ORDER BY v.item_id FOR NO KEY UPDATE OF v;
	UPDATE pg_temp.fulfillment_snapshot s
	   SET expected = c.expected, reserved = c.reserved,
	       outcome = CASE WHEN s.reported = c.expected THEN 'equal' ELSE s.outcome END
	  FROM (SELECT v.item_id, v.on_hand - l.units AS expected, v.reserved
	          FROM pg_temp.fulfillment_snapshot d
	          JOIN fulfillment.stock_levels v ON v.merchant_id = $2 AND v.location_id = $1 AND v.item_id = d.item_id
	         CROSS JOIN LATERAL (
			SELECT coalesce(sum(m.on_hand_delta), 0)::int AS units FROM fulfillment.stock_movements m
			 WHERE m.merchant_id = $2 AND m.location_id = $1 AND m.item_id = d.item_id AND m.moved_at > d.as_of) l
	         WHERE d.outcome = 'different') c
	 WHERE s.item_id = c.item_id AND s.outcome = 'different' AND s.expected <> c.expected;
END
$$;
COMMENT ON FUNCTION fulfillment.reconcile_look_again(bigint, int) IS
	'Part of reconcile_stock: waits for movements that are under way, and compares anew what seemed to differ';

-- A difference is in flight when the other side is simply a few movements behind or ahead of us: its
-- number is ours at another moment near the snapshot's.  Corrections made since count as known there.
CREATE FUNCTION fulfillment.reconcile_in_flight(place bigint, settle_within interval, merchant_id int) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
#variable_conflict use_column
BEGIN
	UPDATE pg_temp.fulfillment_snapshot s
	   SET moving = near.units IS NOT NULL,
	       outcome = CASE WHEN s.reported = s.expected + near.corrected THEN 'equal'
	                      WHEN near.met THEN 'in_flight' ELSE s.outcome END
	  FROM (SELECT d.item_id, cuts.units, cuts.corrected, cuts.met
	          FROM pg_temp.fulfillment_snapshot d
	         CROSS JOIN LATERAL (
			SELECT sum(abs(c.on_hand_delta)) AS units,
			       coalesce(sum(c.on_hand_delta) FILTER (WHERE c.later AND c.kind IN ('adjust', 'count', 'reconcile', 'found')), 0) AS corrected,
			       bool_or(d.reported IN (d.expected + c.until, d.expected + c.until - c.on_hand_delta)) FILTER (WHERE c.close) AS met
			  FROM (SELECT v.kind, v.on_hand_delta, v.moved_at > d.as_of AS later, v.moved_at <= d.as_of + $2 AS close,
			               (sum(v.on_hand_delta) OVER (ORDER BY v.moved_at, v.movement_id)
			                - coalesce(sum(v.on_hand_delta) FILTER (WHERE v.moved_at <= d.as_of) OVER (), 0))::bigint AS until
			          FROM fulfillment.stock_movements v
			         WHERE v.merchant_id = $3 AND v.location_id = $1 AND v.item_id = d.item_id
			           AND v.moved_at > d.as_of - $2 AND v.on_hand_delta <> 0) c) cuts
	         WHERE d.outcome = 'different') near
	 WHERE s.outcome = 'different' AND s.item_id = near.item_id;
END
$$;
COMMENT ON FUNCTION fulfillment.reconcile_in_flight(bigint, interval, int) IS
	'Part of reconcile_stock: finds the differences that movements around the snapshot explain';

CREATE FUNCTION fulfillment.reconcile_differences(place bigint, merchant_id int) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
#variable_conflict use_column
BEGIN
	WITH written AS (
		INSERT INTO fulfillment.discrepancies AS d (merchant_id, location_id, item_id, kind, expected, reported, value,
			cause, as_of, confidence, trail, movements)
		SELECT $2, $1, s.item_id, 'snapshot', s.expected, s.reported, abs(s.reported - s.expected) * i.value,
		       fulfillment.guess_cause(s.expected, s.reported::int, s.reserved, coalesce(r.facts, '[]')), s.as_of,
		       CASE WHEN s.moving THEN 0.25 ELSE 0.5 END, ARRAY[s.reported::int - s.expected], coalesce(r.ids, '{}')
		  FROM pg_temp.fulfillment_snapshot s
		  JOIN fulfillment.items i ON i.merchant_id = $2 AND i.item_id = s.item_id
		 CROSS JOIN LATERAL (
			SELECT array_agg(v.movement_id) AS ids,
			       jsonb_agg(jsonb_build_object('id', v.movement_id, 'kind', v.kind, 'units', v.on_hand_delta)) AS facts
			  FROM (SELECT t.movement_id, t.kind, t.on_hand_delta FROM fulfillment.stock_movements t
			         WHERE t.merchant_id = $2 AND t.location_id = $1 AND t.item_id = s.item_id
			           AND t.moved_at <= s.as_of AND t.on_hand_delta <> 0
			         ORDER BY t.moved_at DESC, t.movement_id DESC LIMIT 5) v) r
		 WHERE s.outcome = 'different' ORDER BY s.item_id
		ON CONFLICT (merchant_id, location_id, item_id) WHERE kind = 'snapshot' AND (state = 'open' OR standing)
		DO UPDATE SET expected = excluded.expected, reported = excluded.reported, value = excluded.value,
			cause = excluded.cause, as_of = excluded.as_of, movements = excluded.movements, last_seen_at = now(),
			-- the same snapshot again is no second witness
			times_seen = d.times_seen + (excluded.as_of > d.as_of)::int,
			equal_snapshots = CASE WHEN d.reported - d.expected = excluded.reported - excluded.expected
				THEN d.equal_snapshots + (excluded.as_of > d.as_of)::int ELSE 1 END,
			confidence = CASE WHEN d.reported - d.expected = excluded.reported - excluded.expected
				THEN round((1 - power(0.5, least(d.equal_snapshots + (excluded.as_of > d.as_of)::int, 20)))
					* excluded.confidence * 2, 3) ELSE excluded.confidence END,
			trail = CASE WHEN excluded.as_of > d.as_of
				THEN (d.trail || excluded.trail)[greatest(1, cardinality(d.trail) - 10):] ELSE d.trail END,
			state = CASE WHEN d.reported - d.expected = excluded.reported - excluded.expected THEN d.state ELSE 'open' END,
			standing = d.standing AND d.reported - d.expected = excluded.reported - excluded.expected
		RETURNING d.item_id, d.discrepancy_id, d.state)
	UPDATE pg_temp.fulfillment_snapshot s
	   SET discrepancy_id = w.discrepancy_id, outcome = CASE w.state WHEN 'open' THEN 'different' ELSE 'explained' END
	  FROM written w WHERE s.item_id = w.item_id AND s.outcome = 'different';
END
$$;
COMMENT ON FUNCTION fulfillment.reconcile_differences(bigint, int) IS
	'Part of reconcile_stock: one open discrepancy per item that differs, new or brought up to date';

CREATE FUNCTION fulfillment.reconcile_settled(place bigint, merchant_id int) RETURNS bigint
LANGUAGE plpgsql VOLATILE
AS $$
#variable_conflict use_column
DECLARE
	settled_count bigint;
BEGIN
	WITH ended AS (
		UPDATE fulfillment.discrepancies d
		   SET state = 'explained', standing = false, resolved_at = coalesce(d.resolved_at, now()),
		       resolved_by = coalesce(d.resolved_by, fulfillment.actor()),
		       resolution = coalesce(d.resolution, 'the two sides agree again')
		  FROM pg_temp.fulfillment_snapshot s
		 WHERE s.outcome = 'equal' AND s.discrepancy_id IS NOT NULL AND d.merchant_id = $2
		   AND d.discrepancy_id = s.discrepancy_id
		RETURNING d.item_id)
	UPDATE pg_temp.fulfillment_snapshot s SET outcome = 'settled' FROM ended e WHERE s.item_id = e.item_id;
	GET DIAGNOSTICS settled_count = ROW_COUNT;
	RETURN settled_count;
END
$$;
COMMENT ON FUNCTION fulfillment.reconcile_settled(bigint, int) IS
	'Part of reconcile_stock: ends the discrepancies of items on which both sides agree again';

-- What they say is kept beside our own numbers.  Levels are locked in the ledger's order.
CREATE FUNCTION fulfillment.reconcile_shown(place bigint, note_all boolean, merchant_id int) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
#variable_conflict use_column
BEGIN
	INSERT INTO fulfillment.stock_levels (merchant_id, location_id, item_id)
	SELECT $3, $1, s.item_id FROM pg_temp.fulfillment_snapshot s
	 WHERE s.outcome NOT IN ('error', 'late') AND s.shown IS NULL
	   AND NOT EXISTS (SELECT FROM fulfillment.stock_levels v
	                    WHERE v.merchant_id = $3 AND v.location_id = $1 AND v.item_id = s.item_id)
	 ORDER BY s.item_id
	ON CONFLICT DO NOTHING;
	UPDATE fulfillment.stock_levels v
	   SET reported_on_hand = k.reported, reported_as_of = k.as_of, heard_at = now()
	  FROM (SELECT t.item_id, CASE WHEN n.is_news THEN s.reported ELSE t.reported_on_hand END AS reported,
	               CASE WHEN n.is_news THEN s.as_of ELSE t.reported_as_of END AS as_of
	          FROM fulfillment.stock_levels t
	          JOIN pg_temp.fulfillment_snapshot s ON s.item_id = t.item_id
	         -- what is late or unusable was named all the same
	         CROSS JOIN LATERAL (SELECT s.outcome NOT IN ('late', 'error') AS is_news) n
	         WHERE t.merchant_id = $3 AND t.location_id = $1
	           AND (note_all OR n.is_news AND s.reported IS DISTINCT FROM s.shown)
	         ORDER BY t.item_id FOR UPDATE OF t) k
	 WHERE v.merchant_id = $3 AND v.location_id = $1 AND v.item_id = k.item_id;
END
$$;
COMMENT ON FUNCTION fulfillment.reconcile_shown(bigint, boolean, int) IS
	'Part of reconcile_stock: keeps the other side''s numbers beside ours';

CREATE FUNCTION fulfillment.reconcile_adopt(place bigint, adopt_after int, adopt_confidence numeric,
	merchant_id int) RETURNS bigint
LANGUAGE plpgsql VOLATILE
AS $$
#variable_conflict use_column
DECLARE
	part record;
	stay bigint[];
	adopted bigint := 0;
BEGIN
	FOR part IN
		SELECT array_agg(q.item_id ORDER BY q.item_id) AS items, array_agg(q.change ORDER BY q.item_id) AS changes,
		       array_agg(q.discrepancy_id) AS ids
		  FROM (SELECT s.item_id, (s.reported - s.expected)::int AS change, s.discrepancy_id,
		               row_number() OVER (ORDER BY s.item_id) / 10000 AS part
		          FROM pg_temp.fulfillment_snapshot s
		          JOIN fulfillment.discrepancies d ON d.merchant_id = $4 AND d.discrepancy_id = s.discrepancy_id
		         WHERE s.outcome = 'different'
		           AND (d.equal_snapshots >= $2 OR d.confidence >= $3)) q
		 GROUP BY q.part ORDER BY q.part
	LOOP
		stay := fulfillment.reconcile_levels($1, part.items, part.changes, 'snapshot adopted by policy', $4);
		UPDATE fulfillment.discrepancies d
		   SET state = 'adjusted', resolved_at = now(), resolved_by = fulfillment.actor(), resolution = 'adopted by policy'
		 WHERE d.merchant_id = $4 AND d.discrepancy_id = ANY (part.ids) AND d.item_id <> ALL (stay);
		UPDATE pg_temp.fulfillment_snapshot s SET outcome = 'adopted'
		 WHERE s.outcome = 'different' AND s.item_id = ANY (part.items) AND s.item_id <> ALL (stay);
		adopted := adopted + cardinality(part.items) - cardinality(stay);
	END LOOP;
	RETURN adopted;
END
$$;
COMMENT ON FUNCTION fulfillment.reconcile_adopt(bigint, int, numeric, int) IS
	'Part of reconcile_stock: makes their numbers ours where the location''s policy says so; answers of how many items';

REVOKE ALL ON FUNCTION fulfillment.reconcile_source(bigint, text, jsonb, timestamptz, boolean, boolean, int),
	fulfillment.reconcile_look_again(bigint, int), fulfillment.reconcile_in_flight(bigint, interval, int), fulfillment.reconcile_differences(bigint, int),
	fulfillment.reconcile_settled(bigint, int), fulfillment.reconcile_shown(bigint, boolean, int),
	fulfillment.reconcile_adopt(bigint, int, numeric, int) FROM PUBLIC;
-- How snapshots come in: as documents, as tables, from connectors; and how their differences end.

CREATE FUNCTION fulfillment.moment_or_null(moment text) RETURNS timestamptz
LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED
AS $$
BEGIN
	RETURN moment::timestamptz;
EXCEPTION WHEN data_exception THEN
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION fulfillment.moment_or_null(text) IS 'A time as a document has it; NULL when it is none';

CREATE FUNCTION fulfillment.reconcile_stock(location text, snapshot jsonb, as_of timestamptz DEFAULT now(),
	complete boolean DEFAULT false, merchant_id int DEFAULT fulfillment.current_merchant(),
	OUT "position" bigint, OUT sku text, OUT outcome text, OUT expected int, OUT reported bigint,
	OUT discrepancy_id bigint, OUT error text) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	PERFORM fulfillment.require_access('operator', reconcile_stock.merchant_id);
	IF jsonb_typeof(snapshot) IS DISTINCT FROM 'array' THEN
		RAISE EXCEPTION 'a snapshot is an array of rows' USING ERRCODE = 'OF001',
			HINT = 'Give [{"sku": "A", "on_hand": 5}, …].';
	END IF;
	RETURN QUERY SELECT * FROM fulfillment.reconcile_source(
		fulfillment.location_id(location, reconcile_stock.merchant_id),
		$source$
			SELECT r.n, r.value ->> 'sku', CASE WHEN r.quantity ~ '^-?[0-9]{1,12}(\.0+)?$' THEN r.quantity::numeric::bigint END,
			       CASE WHEN r.moment IS NULL THEN $3 ELSE fulfillment.moment_or_null(r.moment) END,
			       CASE WHEN r.value ->> 'location' IS NOT NULL AND r.value ->> 'location' NOT IN (p.code, coalesce(p.provider_code, p.code))
			            THEN 'The row is about another location.'
			            WHEN r.moment IS NOT NULL AND fulfillment.moment_or_null(r.moment) IS NULL THEN 'Its "as_of" is no time.' END
			  FROM (SELECT e.n, e.value, coalesce(e.value ->> 'on_hand', e.value ->> 'quantity') AS quantity,
			               e.value ->> 'as_of' AS moment
			          FROM jsonb_array_elements($5) WITH ORDINALITY AS e (value, n)) r
			  JOIN fulfillment.locations p ON p.merchant_id = $1 AND p.location_id = $2$source$,
		snapshot, as_of, complete, false, reconcile_stock.merchant_id);
END
$$;
COMMENT ON FUNCTION fulfillment.reconcile_stock(text, jsonb, timestamptz, boolean, int) IS
	'Compares a report [{sku, on_hand, as_of}] of a location''s stock with our ledger as of its moment; answers the rows that are not equal: error, late, in_flight, different, explained, settled, adopted. complete: items it does not name have none';

CREATE FUNCTION fulfillment.reconcile_stock(location text, source regclass, as_of timestamptz,
	sku_column name, quantity_column name, complete boolean DEFAULT false,
	merchant_id int DEFAULT fulfillment.current_merchant(),
	OUT "position" bigint, OUT sku text, OUT outcome text, OUT expected int, OUT reported bigint,
	OUT discrepancy_id bigint, OUT error text) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	source_sku record;
	quantity record;
	unique_sku boolean;
BEGIN
	PERFORM fulfillment.require_access('operator', reconcile_stock.merchant_id);
	SELECT a.attnum, a.atttypid::regtype AS type INTO source_sku FROM pg_attribute a
	 WHERE a.attrelid = source AND a.attname = sku_column AND a.attnum > 0 AND NOT a.attisdropped;
	SELECT a.attnum, a.atttypid::regtype AS type INTO quantity FROM pg_attribute a
	 WHERE a.attrelid = source AND a.attname = quantity_column AND a.attnum > 0 AND NOT a.attisdropped;
	-- It is read with our rights, so it must be nothing that runs somebody's code.
	IF source_sku.type IS NULL OR source_sku.type NOT IN ('text', 'varchar', 'bpchar')
		OR quantity.type IS NULL OR quantity.type NOT IN ('int2', 'int4', 'int8', 'numeric')
		OR NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = source AND c.relkind IN ('r', 'm') AND NOT c.relrowsecurity) THEN
		RAISE EXCEPTION 'cannot read a snapshot from "%"', source USING ERRCODE = 'OF001',
			DETAIL = 'It must be a plain table with a text column of SKUs and a number column of quantities.',
			HINT = 'Copy the rows into such a table first.';
	END IF;
	IF NOT has_table_privilege(fulfillment.caller(), source, 'SELECT') THEN
		RAISE EXCEPTION 'permission denied for table %', source USING ERRCODE = '42501';
	END IF;
	unique_sku := EXISTS (SELECT FROM pg_index x WHERE x.indrelid = source AND x.indisunique AND x.indisvalid
		AND x.indimmediate AND x.indnkeyatts = 1 AND x.indkey[0] = source_sku.attnum AND x.indpred IS NULL
		AND source_sku.type = 'text'::regtype);
	RETURN QUERY SELECT * FROM fulfillment.reconcile_source(
		fulfillment.location_id(location, reconcile_stock.merchant_id),
		format('SELECT NULL::bigint, r.%1$I::text, CASE WHEN %3$s THEN r.%2$I::bigint END, NULL::timestamptz, NULL::text FROM ONLY %4$s r',
			sku_column, quantity_column,
			CASE quantity.type WHEN 'numeric'::regtype
				THEN format('r.%1$I = trunc(r.%1$I) AND abs(r.%1$I) < 1e12', quantity_column) ELSE 'true' END, source),
		NULL, as_of, complete, unique_sku, reconcile_stock.merchant_id);
END
$$;
COMMENT ON FUNCTION fulfillment.reconcile_stock(text, regclass, timestamptz, name, name, boolean, int) IS
	'The same from a plain table, such as one that COPY filled; position is NULL';

CREATE FUNCTION fulfillment.take_inventory(asked bigint, rows jsonb, as_of timestamptz, merchant_id int)
RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	part record;
	unlike int := 0;
BEGIN
	PERFORM fulfillment.require_access('operator', take_inventory.merchant_id);
	-- A row without a location is about the one that was asked for; rows of the provider's others are theirs.
	FOR part IN
		SELECT l.code, jsonb_agg(r.value - 'location' ORDER BY r.n) AS rows
		  FROM jsonb_array_elements(rows) WITH ORDINALITY AS r (value, n)
		  JOIN fulfillment.locations a ON a.merchant_id = take_inventory.merchant_id AND a.location_id = asked
		  JOIN fulfillment.locations l ON l.merchant_id = a.merchant_id
		   AND (l.location_id = asked AND (r.value ->> 'location' IS NULL
		        OR r.value ->> 'location' = coalesce(l.provider_code, r.value ->> 'location'))
		        OR l.provider_id = a.provider_id AND l.provider_code = r.value ->> 'location')
		 WHERE r.value ->> 'on_hand' IS NOT NULL
		 GROUP BY l.location_id, l.code ORDER BY l.location_id
	LOOP
		unlike := unlike + (SELECT count(*) FROM fulfillment.reconcile_stock(part.code, part.rows, as_of,
			merchant_id => take_inventory.merchant_id));
	END LOOP;
	RETURN unlike;
END
$$;
COMMENT ON FUNCTION fulfillment.take_inventory(bigint, jsonb, timestamptz, int) IS
	'What a connector read of a location''s stock, page by page: each location''s rows are compared; answers how many are not equal';

CREATE FUNCTION fulfillment.end_inventory(asked bigint, began_at timestamptz, merchant_id int) RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	absent jsonb;
	place text;
BEGIN
	PERFORM fulfillment.require_access('operator', end_inventory.merchant_id);
	SELECT l.code, jsonb_agg(jsonb_build_object('sku', i.sku, 'on_hand', 0)) INTO place, absent
	  FROM fulfillment.locations l
	  JOIN fulfillment.stock_levels v ON v.merchant_id = l.merchant_id AND v.location_id = l.location_id
	  JOIN fulfillment.items i ON i.merchant_id = v.merchant_id AND i.item_id = v.item_id
	 WHERE l.merchant_id = end_inventory.merchant_id AND l.location_id = asked
	   AND coalesce(v.heard_at, '-infinity') < began_at AND (v.on_hand <> 0 OR v.reported_on_hand <> 0)
	   AND NOT EXISTS (SELECT FROM fulfillment.reconcile_policies p
	                    WHERE p.merchant_id = l.merchant_id AND p.location_id = l.location_id AND NOT p.absent_is_zero)
	 GROUP BY l.code;
	IF absent IS NULL THEN
		RETURN 0;
	END IF;
	RETURN (SELECT count(*) FROM fulfillment.reconcile_stock(place, absent, began_at,
		merchant_id => end_inventory.merchant_id));
END
$$;
COMMENT ON FUNCTION fulfillment.end_inventory(bigint, timestamptz, int) IS
	'The last page of a complete report is in: items none of its pages named have no stock there; answers how many differ';

CREATE FUNCTION fulfillment.resolve_discrepancy(discrepancy_id bigint, resolution text,
	adjust boolean DEFAULT false, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	found_row record;
	ending text := CASE WHEN adjust THEN 'adjusted' ELSE 'explained' END;
BEGIN
	PERFORM fulfillment.require_access('operator', resolve_discrepancy.merchant_id);
	IF coalesce(resolution, '') = '' THEN
		RAISE EXCEPTION 'a discrepancy ends with a reason' USING ERRCODE = 'OF001',
			HINT = 'Say in "resolution" what was found.';
	END IF;
	SELECT d.*, l.code, i.sku INTO found_row
	  FROM fulfillment.discrepancies d
	  JOIN fulfillment.locations l ON l.merchant_id = d.merchant_id AND l.location_id = d.location_id
	  JOIN fulfillment.items i ON i.merchant_id = d.merchant_id AND i.item_id = d.item_id
	 WHERE d.merchant_id = resolve_discrepancy.merchant_id
	   AND d.discrepancy_id = resolve_discrepancy.discrepancy_id AND d.state = 'open'
	   FOR UPDATE OF d;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'discrepancy % is not open', discrepancy_id USING ERRCODE = 'OF002',
			HINT = 'Look at the view fulfillment.open_discrepancies.';
	END IF;
	IF adjust AND found_row.kind <> 'snapshot' THEN
		RAISE EXCEPTION 'discrepancy % changed the stock when it was found', discrepancy_id USING ERRCODE = 'OF003',
			DETAIL = format('Its kind is "%s"; the movements were written with the report.', found_row.kind),
			HINT = 'Explain it, or use adjust_stock for a further change.';
	END IF;
	IF adjust AND cardinality(fulfillment.reconcile_levels(found_row.location_id, ARRAY[found_row.item_id],
		ARRAY[found_row.reported - found_row.expected],
		format('discrepancy %s: %s', found_row.discrepancy_id, resolution), resolve_discrepancy.merchant_id)) > 0 THEN
		RAISE EXCEPTION 'not enough stock' USING ERRCODE = 'OF004',
			DETAIL = format('Location "%s" has less than %s of SKU "%s" now.', found_row.code,
				found_row.expected - found_row.reported, found_row.sku),
			HINT = 'Wait for the next snapshot, or count.';
	END IF;
	UPDATE fulfillment.discrepancies d
	   SET state = ending, resolved_at = now(), resolved_by = fulfillment.actor(),
	       resolution = resolve_discrepancy.resolution, standing = NOT adjust AND d.kind = 'snapshot'
	 WHERE d.merchant_id = resolve_discrepancy.merchant_id
	   AND d.discrepancy_id = resolve_discrepancy.discrepancy_id;
	UPDATE fulfillment.attention a
	   SET resolved_at = now(), resolved_by = fulfillment.actor(), resolution = resolve_discrepancy.resolution
	 WHERE a.merchant_id = resolve_discrepancy.merchant_id AND a.kind = 'stock_discrepancy'
	   AND a.subject = format('%s/%s', found_row.code, found_row.sku) AND a.resolved_at IS NULL;
	INSERT INTO fulfillment.history (merchant_id, subject_kind, subject_id, event, from_state, to_state, actor, cause, after)
	VALUES (resolve_discrepancy.merchant_id, 'discrepancy', found_row.discrepancy_id, 'resolve', 'open', ending,
	        fulfillment.actor(), resolve_discrepancy.resolution,
	        jsonb_build_object('expected', found_row.expected, 'reported', found_row.reported, 'value', found_row.value));
	RETURN ending;
END
$$;
COMMENT ON FUNCTION fulfillment.resolve_discrepancy(bigint, text, boolean, int) IS
	'Ends a discrepancy: explained (it may stay as it is, the same difference is no news) or, with adjust, by a movement that makes their number ours; answers its state';

REVOKE ALL ON FUNCTION fulfillment.reconcile_stock(text, jsonb, timestamptz, boolean, int),
	fulfillment.reconcile_stock(text, regclass, timestamptz, name, name, boolean, int),
	fulfillment.take_inventory(bigint, jsonb, timestamptz, int), fulfillment.end_inventory(bigint, timestamptz, int),
	fulfillment.resolve_discrepancy(bigint, text, boolean, int) FROM PUBLIC;
-- files.sql: what files that came in change.

CREATE FUNCTION fulfillment.added_report(shipment_id bigint, said jsonb, merchant_id int) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	subject record;
	known text[];
	parcels jsonb;
	lines jsonb;
BEGIN
	PERFORM fulfillment.require_access('operator', added_report.merchant_id);
	SELECT s.order_id, s.provider_id, s.state INTO subject FROM fulfillment.shipments s
	 WHERE s.merchant_id = added_report.merchant_id AND s.shipment_id = added_report.shipment_id;
	IF said ->> 'quantities' IS DISTINCT FROM 'added' THEN
		RETURN said;
	END IF;
	-- Parcels of the order that are known have been counted when they were told first.
	SELECT coalesce(array_agg(k.tracking_number), '{}') INTO known
	  FROM fulfillment.shipments s
	  JOIN fulfillment.packages k ON k.merchant_id = s.merchant_id AND k.shipment_id = s.shipment_id
	 WHERE s.merchant_id = added_report.merchant_id AND s.order_id = subject.order_id
	   AND s.provider_id = subject.provider_id AND s.shipped_at IS NOT NULL AND k.tracking_number IS NOT NULL;
	SELECT jsonb_agg(p.value ORDER BY p.n) FILTER (WHERE p.value ->> 'tracking_number' <> ALL (known)) INTO parcels
	  FROM jsonb_array_elements(coalesce(said -> 'packages', '[]')) WITH ORDINALITY AS p (value, n);
	IF jsonb_array_length(coalesce(said -> 'packages', '[]')) > 0 AND parcels IS NULL THEN
		RETURN CASE said ->> 'state' WHEN 'delivered' THEN said - 'lines' - 'packages' END;
	END IF;
	-- Goods without a parcel's number that left at a moment that is known are those of then.
	IF parcels IS NULL AND EXISTS (SELECT FROM fulfillment.shipments s
		WHERE s.merchant_id = added_report.merchant_id AND s.order_id = subject.order_id
		  AND s.provider_id = subject.provider_id
		  AND s.shipped_at = fulfillment.moment_or_null(said ->> 'shipped_at')) THEN
		RETURN CASE said ->> 'state' WHEN 'delivered' THEN said - 'lines' END;
	END IF;
	-- What left already does not leave again; a parcel alone says how much is in it.
	lines := CASE WHEN subject.state NOT IN ('accepted', 'cancel_requested', 'cancelled') THEN '[]'
	              WHEN cardinality(known) > 0 AND parcels IS NOT NULL THEN (
		SELECT coalesce(jsonb_agg(l.value - 'quantity' || jsonb_build_object('shipped', l.value -> 'quantity')), '[]')
		  FROM jsonb_array_elements(parcels) AS p (value),
		       jsonb_array_elements(coalesce(p.value -> 'lines', '[]')) AS l (value))
	              ELSE coalesce(said -> 'lines', '[]') END;
	RETURN said || jsonb_strip_nulls(jsonb_build_object(
		'lines', fulfillment.named_lines(added_report.shipment_id, lines, added_report.merchant_id),
		'packages', (SELECT jsonb_agg(p.value || jsonb_build_object('lines',
		               fulfillment.named_lines(added_report.shipment_id, p.value -> 'lines', added_report.merchant_id)) ORDER BY p.n)
		               FROM jsonb_array_elements(parcels) WITH ORDINALITY AS p (value, n))));
END
$$;
COMMENT ON FUNCTION fulfillment.added_report(bigint, jsonb, int) IS
	'What is new in a file''s report of a shipment, with our line numbers; NULL when all of it is known';

CREATE FUNCTION fulfillment.named_lines(shipment_id bigint, lines jsonb, merchant_id int) RETURNS jsonb
LANGUAGE sql VOLATILE SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
	SELECT coalesce(jsonb_agg(CASE WHEN l.value ? 'line' THEN l.value
	         ELSE l.value || jsonb_build_object('line', (
	           SELECT n.line FROM fulfillment.shipment_lines n
	             JOIN fulfillment.items i ON i.merchant_id = n.merchant_id AND i.item_id = n.item_id
	            WHERE n.merchant_id = named_lines.merchant_id AND n.shipment_id = named_lines.shipment_id
	              AND i.sku = l.value ->> 'sku'
	            ORDER BY n.quantity - n.shipped - n.short DESC, n.line LIMIT 1)) END ORDER BY l.n), '[]')
	  FROM jsonb_array_elements(CASE jsonb_typeof(lines) WHEN 'array' THEN lines ELSE '[]' END)
	       WITH ORDINALITY AS l (value, n)
$$;
COMMENT ON FUNCTION fulfillment.named_lines(bigint, jsonb, int) IS
	'Lines of a report that name an article alone, with the line of the shipment that holds it';

CREATE FUNCTION fulfillment.take_stock_file(connection_id bigint, rows jsonb, facts jsonb, as_of timestamptz,
	merchant_id int) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	before int := (SELECT (c.inbox_cursor ->> 'stock_rows')::int FROM fulfillment.connections c
	                WHERE c.merchant_id = take_stock_file.merchant_id AND c.connection_id = take_stock_file.connection_id);
	count int := (facts ->> 'rows')::int;
	bad jsonb := '[]';
	part record;
BEGIN
	PERFORM fulfillment.require_access('operator', take_stock_file.merchant_id);
	IF count * 100 < before * coalesce((facts ->> 'min_rows_percent')::int, 0) THEN
		RAISE EXCEPTION 'the file has % rows, the last one had %', count, before USING ERRCODE = 'OF003',
			DETAIL = 'A full stock file that has lost so many rows is not believed.',
			HINT = 'If it is right, lower min_rows_percent in the connection''s config and replay it.';
	END IF;
	FOR part IN
		WITH places AS (
			SELECT l.location_id, l.code, l.provider_code, row_number() OVER (ORDER BY l.location_id) AS place
			  FROM fulfillment.providers p
			  JOIN fulfillment.locations l ON l.merchant_id = p.merchant_id AND l.provider_id = p.provider_id AND l.active
			 WHERE p.merchant_id = take_stock_file.merchant_id AND p.connection_id = take_stock_file.connection_id)
		SELECT l.code, jsonb_agg(r.value - 'location' ORDER BY r.n) AS rows
		  FROM jsonb_array_elements(rows) WITH ORDINALITY AS r (value, n)
		  LEFT JOIN places l ON r.value ->> 'location' IS NULL AND l.place = 1
		    OR r.value ->> 'location' = coalesce(l.provider_code, l.code)
		 GROUP BY l.location_id, l.code ORDER BY l.location_id
	LOOP
		IF part.code IS NULL THEN
			bad := bad || (SELECT jsonb_agg(jsonb_build_object('line', r.value -> 'file_line',
				'error', 'The partner has no location of this name here.')) FROM jsonb_array_elements(part.rows) AS r (value));
			CONTINUE;
		END IF;
		bad := bad || (SELECT coalesce(jsonb_agg(jsonb_build_object('line', part.rows -> (r.position - 1)::int -> 'file_line',
			'error', r.error)), '[]')
			FROM fulfillment.reconcile_stock(part.code, part.rows, as_of, coalesce((facts ->> 'complete')::boolean, false),
				merchant_id => take_stock_file.merchant_id) r WHERE r.outcome = 'error');
	END LOOP;
	IF count IS NOT NULL THEN
		UPDATE fulfillment.connections c
		   SET inbox_cursor = coalesce(c.inbox_cursor, '{}') || jsonb_build_object('stock_rows', count)
		 WHERE c.merchant_id = take_stock_file.merchant_id AND c.connection_id = take_stock_file.connection_id;
	END IF;
	RETURN bad;
END
$$;
COMMENT ON FUNCTION fulfillment.take_stock_file(bigint, jsonb, jsonb, timestamptz, int) IS
	'Compares the rows of a stock file with the stock of the provider''s locations; answers the rows that could not be, with their lines';

REVOKE ALL ON FUNCTION fulfillment.added_report(bigint, jsonb, int), fulfillment.named_lines(bigint, jsonb, int),
	fulfillment.take_stock_file(bigint, jsonb, jsonb, timestamptz, int) FROM PUBLIC;
-- connectors.sql: the connectors as pure functions, and what each of them is.

CREATE FUNCTION fulfillment.connector_request(
    connector text, operation text, call jsonb,
    OUT method text, OUT url text, OUT headers jsonb, OUT body text)
    AS 'MODULE_PATHNAME', 'fulfillment_connector_request'
    LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION fulfillment.connector_request(text, text, jsonb) IS
    'the message that a connector would send for a call, credentials masked; nothing is sent (give "now" in the call to fix its time)';

CREATE FUNCTION fulfillment.connector_outcome(
    connector text, operation text, call jsonb, status int, headers jsonb, body text)
    RETURNS jsonb
    AS 'MODULE_PATHNAME', 'fulfillment_connector_outcome'
    LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION fulfillment.connector_outcome(text, text, jsonb, int, jsonb, text) IS
    'what a connector understands from a reply to a call; operation receive translates the body of a webhook';

CREATE FUNCTION fulfillment.connector_can(connector text, operation text, config jsonb) RETURNS boolean
    AS 'MODULE_PATHNAME', 'fulfillment_connector_can'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION fulfillment.connector_can(text, text, jsonb) IS
    'whether a connection of this connector can do an operation with these settings';

CREATE FUNCTION fulfillment.connector_list(
    OUT name text, OUT title text, OUT roles text[], OUT operations text[],
    OUT settings jsonb, OUT limits jsonb, OUT credentials text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'fulfillment_connector_list'
    LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 40;
COMMENT ON FUNCTION fulfillment.connector_list() IS
    'every connector with its roles, operations, settings (secrets included, as names) and default limits';

CREATE VIEW fulfillment.connectors AS
    SELECT name, title, roles, operations, settings, limits, credentials
    FROM fulfillment.connector_list();
COMMENT ON VIEW fulfillment.connectors IS
    'the connectors of this version';
COMMENT ON COLUMN fulfillment.connectors.name IS 'what connections.connector holds';
COMMENT ON COLUMN fulfillment.connectors.title IS 'name for people';
COMMENT ON COLUMN fulfillment.connectors.roles IS 'carrier, fulfillment_center, channel, payment, messenger';
COMMENT ON COLUMN fulfillment.connectors.operations IS 'what it can do; receive means that it takes webhooks';
COMMENT ON COLUMN fulfillment.connectors.settings IS 'settings and secrets: name, type, required, secret, default, description';
COMMENT ON COLUMN fulfillment.connectors.limits IS 'default rate_per_second or rate_per_hour, burst (calls at once after a pause), max_concurrency and timeout_ms; an absent one is the engine''s';
COMMENT ON COLUMN fulfillment.connectors.credentials IS 'how a merchant gets the credentials';
-- routing.sql: why an order ships from where, and what would happen to another.

CREATE FUNCTION fulfillment.routing_reason(reason text) RETURNS text
	AS 'MODULE_PATHNAME', 'fulfillment_routing_reason'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION fulfillment.routing_reason(text) IS
	'What a reason of a routing decision means: no_stock, rule, capacity, dearer …';

CREATE FUNCTION fulfillment.simulate_decision(
	"order" jsonb, at timestamptz DEFAULT now(),
	merchant_id int DEFAULT fulfillment.current_merchant())
	RETURNS jsonb
	AS 'MODULE_PATHNAME', 'fulfillment_simulate_decision'
	LANGUAGE C STABLE STRICT SECURITY DEFINER
	SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.simulate_decision(jsonb, timestamptz, int) IS
	'What would be decided for an order document on the stock of now, as a row of decisions would hold it; writes nothing';

CREATE FUNCTION fulfillment.decision_table(
	chosen jsonb, alternatives jsonb, rejected jsonb, waiting jsonb,
	OUT rank int, OUT verdict text, OUT shipment int, OUT location text, OUT provider text,
	OUT service text, OUT lines text, OUT cost numeric, OUT cost_parts text,
	OUT total numeric, OUT dearer numeric, OUT reason text, OUT explanation text)
	RETURNS SETOF record
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, fulfillment, pg_temp
	AS $$
	WITH plans AS (
		SELECT 1 AS rank, chosen AS plan
		UNION ALL
		SELECT 1 + a.position::int, a.plan
		  FROM jsonb_array_elements(alternatives) WITH ORDINALITY a (plan, position)
	)
	(SELECT p.rank, CASE p.rank WHEN 1 THEN 'chosen' ELSE 'alternative' END,
	        s.position::int, s.part ->> 'location', s.part ->> 'provider', s.part ->> 'service',
	        (SELECT string_agg(format('%s x %s', l.value ->> 'quantity', l.value ->> 'sku'), ', '
	                           ORDER BY l.ordinality)
	           FROM jsonb_array_elements(s.part -> 'lines') WITH ORDINALITY l),
	        (s.part -> 'cost' ->> 'total')::numeric,
	        (SELECT string_agg(format('%s %s', c.name, s.part -> 'cost' ->> c.name), ', '
	                           ORDER BY c.ordinality)
	           FROM unnest('{handling,picking,shipping,surcharge,late,preference,scarcity}'::text[])
	                WITH ORDINALITY c (name, ordinality)
	          WHERE s.part -> 'cost' ? c.name),
	        (p.plan ->> 'total')::numeric,
	        (p.plan ->> 'total')::numeric - (chosen ->> 'total')::numeric,
	        NULL,
	        concat_ws(', ',
	                  CASE WHEN s.part IS NULL THEN 'ships nothing now' END,
	                  'arrives ' || to_char((s.part ->> 'estimated_delivery_at')::timestamptz AT TIME ZONE 'UTC',
	                                        'YYYY-MM-DD'),
	                  'days late ' || (s.part ->> 'days_late'),
	                  'parcels ' || (s.part ->> 'parcels'),
	                  'split ' || (p.plan ->> 'split'),
	                  'backorder ' || (p.plan ->> 'backorder'))
	   FROM plans p
	   LEFT JOIN LATERAL jsonb_array_elements(p.plan -> 'shipments') WITH ORDINALITY s (part, position) ON true
	  ORDER BY p.rank, s.position)
	UNION ALL
	(SELECT NULL, 'waiting', NULL, NULL, NULL, NULL,
	        format('%s x %s', w.value ->> 'quantity', w.value ->> 'sku'), NULL, NULL, NULL, NULL,
	        w.value ->> 'reason', fulfillment.routing_reason(w.value ->> 'reason')
	   FROM jsonb_array_elements(waiting) WITH ORDINALITY w
	  ORDER BY w.ordinality)
	UNION ALL
	(SELECT NULL, 'rejected', NULL, l.code, NULL, NULL, NULL, NULL, NULL, NULL,
	        (r.value ->> 'dearer')::numeric, r.value ->> 'reason',
	        concat_ws(' ', fulfillment.routing_reason(r.value ->> 'reason'),
	                  '(' || (r.value ->> 'rule') || ')')
	   FROM jsonb_array_elements(rejected) WITH ORDINALITY r,
	        jsonb_array_elements_text(r.value -> 'locations') WITH ORDINALITY l (code, position)
	  ORDER BY r.ordinality, l.position)
	$$;
COMMENT ON FUNCTION fulfillment.decision_table(jsonb, jsonb, jsonb, jsonb) IS
	'A decision as a table for people: the plan, the next best ones, what waits and which locations lost, with reasons';

CREATE FUNCTION fulfillment.explain_assignment(
	order_id bigint, merchant_id int DEFAULT fulfillment.current_merchant(),
	OUT rank int, OUT verdict text, OUT shipment int, OUT location text, OUT provider text,
	OUT service text, OUT lines text, OUT cost numeric, OUT cost_parts text,
	OUT total numeric, OUT dearer numeric, OUT reason text, OUT explanation text)
	RETURNS SETOF record
	LANGUAGE sql STABLE
	SET search_path = pg_catalog, fulfillment, pg_temp
	AS $$
	SELECT t.*
	  FROM (SELECT d.* FROM fulfillment.decisions d
	         WHERE d.merchant_id = $2 AND d.order_id = $1
	         ORDER BY d.decision_id DESC LIMIT 1) d,
	       fulfillment.decision_table(d.chosen::jsonb, d.alternatives::jsonb, d.rejected::jsonb, d.waiting::jsonb) t
	$$;
COMMENT ON FUNCTION fulfillment.explain_assignment(bigint, int) IS
	'Why an order ships from where: its last decision with cost parts, the next best plans, what waits, and why other locations lost';

CREATE FUNCTION fulfillment.simulate_assignment(
	"order" jsonb, at timestamptz DEFAULT now(),
	merchant_id int DEFAULT fulfillment.current_merchant(),
	OUT rank int, OUT verdict text, OUT shipment int, OUT location text, OUT provider text,
	OUT service text, OUT lines text, OUT cost numeric, OUT cost_parts text,
	OUT total numeric, OUT dearer numeric, OUT reason text, OUT explanation text)
	RETURNS SETOF record
	LANGUAGE sql STABLE
	SET search_path = pg_catalog, fulfillment, pg_temp
	AS $$
	SELECT t.*
	  FROM fulfillment.simulate_decision($1, $2, $3) d,
	       fulfillment.decision_table(d -> 'chosen', d -> 'alternatives', d -> 'rejected', d -> 'waiting') t
	$$;
COMMENT ON FUNCTION fulfillment.simulate_assignment(jsonb, timestamptz, int) IS
	'What explain_assignment would say if this order document came in now; writes nothing';

REVOKE ALL ON FUNCTION fulfillment.simulate_decision(jsonb, timestamptz, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.replay_orders(
	rules jsonb, "from" timestamptz, "to" timestamptz, merchant_id int DEFAULT fulfillment.current_merchant())
	RETURNS jsonb
	AS 'MODULE_PATHNAME', 'fulfillment_replay_orders'
	LANGUAGE C STABLE STRICT SECURITY DEFINER
	SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.replay_orders(jsonb, timestamptz, timestamptz, int) IS
	'Sums of simulate_routing, before and after, as it computes them';
REVOKE ALL ON FUNCTION fulfillment.replay_orders(jsonb, timestamptz, timestamptz, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.simulate_routing(
	rules jsonb, "from" timestamptz, "to" timestamptz DEFAULT now(),
	merchant_id int DEFAULT fulfillment.current_merchant(),
	OUT measure text, OUT before numeric, OUT after numeric, OUT difference numeric)
	RETURNS SETOF record
	LANGUAGE sql STABLE STRICT
	SET search_path = pg_catalog, fulfillment, pg_temp
	AS $$
	WITH run (side, sums) AS (
		SELECT s.key, s.value FROM jsonb_each(fulfillment.replay_orders($1, $2, $3, $4)) s
	), measured (position, measure, side, value) AS (
		SELECT m.position, m.measure, run.side, round(m.value, 4)
		  FROM run, LATERAL (SELECT nullif((sums -> 'orders')::numeric, 0) AS orders,
		                            nullif((sums -> 'orders shipped')::numeric, 0) AS shipped,
		                            nullif((sums -> 'units')::numeric, 0) AS units) n,
		       LATERAL (VALUES
		           (1, 'orders', (sums -> 'orders')::numeric),
		           (2, 'cost', (sums -> 'cost')::numeric),
		           (3, 'cost per order', (sums -> 'cost')::numeric / orders),
		           (4, '  handling', (sums -> 'handling')::numeric / orders),
		           (5, '  picking', (sums -> 'picking')::numeric / orders),
		           (6, '  shipping', ((sums -> 'shipping')::numeric + (sums -> 'surcharge')::numeric) / orders),
		           (7, '  late', (sums -> 'late')::numeric / orders),
		           (8, '  preference', (sums -> 'preference')::numeric / orders),
		           (9, '  split', (sums -> 'split')::numeric / orders),
		           (10, '  waiting', (sums -> 'waiting')::numeric / orders),
		           (11, 'shipments per order', (sums -> 'shipments')::numeric / shipped),
		           (12, 'split rate %', 100 * (sums -> 'orders split')::numeric / shipped),
		           (13, 'late rate %', 100 * (sums -> 'orders late')::numeric / shipped),
		           (14, 'fill rate %', 100 * (1 - (sums -> 'units waiting')::numeric / units)),
		           (15, 'complete orders %', 100 * (sums -> 'orders complete')::numeric / orders)
		       ) AS m (position, measure, value)
	)
	SELECT b.measure, b.value, a.value, a.value - b.value
	  FROM measured b JOIN measured a USING (position)
	 WHERE b.side = 'before' AND a.side = 'after'
	 ORDER BY position
	$$;
COMMENT ON FUNCTION fulfillment.simulate_routing(jsonb, timestamptz, timestamptz, int) IS
	'Replays the orders that came in from one time until before another under the rules of now and under changed ones, one after the other: what they would cost, how often they would be split, late or incomplete; writes nothing';

CREATE FUNCTION fulfillment.wave_progress(
	OUT pid int, OUT merchant_id int, OUT started_at timestamptz, OUT orders int, OUT phase text,
	OUT done int, OUT cost numeric, OUT bound numeric)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'fulfillment_wave_progress'
	LANGUAGE C STABLE SECURITY DEFINER
	SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.wave_progress() IS
	'Waves that sessions of this database are working on now';
REVOKE ALL ON FUNCTION fulfillment.wave_progress() FROM PUBLIC;
-- Orders: intake, edits, holds, cancellations.

CREATE FUNCTION fulfillment.submit_order("order" jsonb, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS bigint
AS 'MODULE_PATHNAME', 'fulfillment_submit_order' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.submit_order(jsonb, int) IS
	'Takes an order document: validates, stores, assigns and reserves in this transaction. The same channel, number and version again change nothing. An order that cannot be fulfilled as it stands is parked as invalid';
REVOKE ALL ON FUNCTION fulfillment.submit_order(jsonb, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.submit_orders(orders jsonb, merchant_id int DEFAULT fulfillment.current_merchant(), OUT "position" int,
	OUT number text, OUT order_id bigint, OUT outcome text, OUT error jsonb) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'fulfillment_submit_orders' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.submit_orders(jsonb, int) IS
	'Takes an array of order documents, each for itself; outcome is created, invalid, duplicate, updated, late_update or refused';
REVOKE ALL ON FUNCTION fulfillment.submit_orders(jsonb, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.edit_order(order_id bigint, changes jsonb, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
AS 'MODULE_PATHNAME', 'fulfillment_edit_order' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.edit_order(bigint, jsonb, int) IS
	'Changes members of an order that have not been shipped yet, or corrects one that is invalid; addresses by member, lines as a whole';
REVOKE ALL ON FUNCTION fulfillment.edit_order(bigint, jsonb, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.hold_order(order_id bigint, reason text, until timestamptz DEFAULT NULL,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS bigint
AS 'MODULE_PATHNAME', 'fulfillment_hold_order' LANGUAGE C VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.hold_order(bigint, text, timestamptz, int) IS
	'Stops an order everywhere, with a reason and perhaps an end; answers the id of the hold. Column stop of shipment_status says what became of each shipment';
REVOKE ALL ON FUNCTION fulfillment.hold_order(bigint, text, timestamptz, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.release_hold(hold_id bigint, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
AS 'MODULE_PATHNAME', 'fulfillment_release_hold' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.release_hold(bigint, int) IS
	'Ends one hold; with the last one the order goes on';
REVOKE ALL ON FUNCTION fulfillment.release_hold(bigint, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.release_order(order_id bigint, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
AS 'MODULE_PATHNAME', 'fulfillment_release_order' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.release_order(bigint, int) IS
	'Ends every hold of an order; answers how many there were';
REVOKE ALL ON FUNCTION fulfillment.release_order(bigint, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.cancel_order(order_id bigint, reason text DEFAULT NULL, lines jsonb DEFAULT NULL,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_cancel_order' LANGUAGE C VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.cancel_order(bigint, text, jsonb, int) IS
	'Cancels an order, or units of its lines ([{"line": 1, "quantity": 2}]), as far as they have not left; answers the state of the order';
REVOKE ALL ON FUNCTION fulfillment.cancel_order(bigint, text, jsonb, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.supported_actions(order_id bigint, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text[]
AS 'MODULE_PATHNAME', 'fulfillment_supported_actions' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.supported_actions(bigint, int) IS
	'What may be done with an order now, by the same table that decides it';
REVOKE ALL ON FUNCTION fulfillment.supported_actions(bigint, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.expire_due(max int DEFAULT 100, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
AS 'MODULE_PATHNAME', 'fulfillment_expire_due' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.expire_due(int, int) IS
	'What time brings: holds that end, orders that expire, stops nobody answered, orders to be tried again; answers how many things were done';
REVOKE ALL ON FUNCTION fulfillment.expire_due(int, int) FROM PUBLIC;
-- Assignment: who ships what.

CREATE FUNCTION fulfillment.assign_order(order_id bigint, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
AS 'MODULE_PATHNAME', 'fulfillment_assign_order' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.assign_order(bigint, int) IS
	'Assigns what is left to assign of an order now; answers its live shipments';
REVOKE ALL ON FUNCTION fulfillment.assign_order(bigint, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.assign_orders(max_orders int DEFAULT 1000, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
AS 'MODULE_PATHNAME', 'fulfillment_assign_orders' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.assign_orders(int, int) IS
	'A wave: assigns orders that are due, the most urgent first; answers the shipments made';
REVOKE ALL ON FUNCTION fulfillment.assign_orders(int, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.move_shipment(shipment_id bigint, location text, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
AS 'MODULE_PATHNAME', 'fulfillment_move_shipment' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.move_shipment(bigint, text, int) IS
	'Moves a shipment that has not been sent to another location: released here and reserved there in one step';
REVOKE ALL ON FUNCTION fulfillment.move_shipment(bigint, text, int) FROM PUBLIC;
-- Shipments: what people and manual providers report.

CREATE FUNCTION fulfillment.confirm_shipment(shipment_id bigint, packages jsonb DEFAULT NULL,
	shipped_at timestamptz DEFAULT NULL, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_confirm_shipment' LANGUAGE C VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.confirm_shipment(bigint, jsonb, timestamptz, int) IS
	'The goods have left: [{"tracking_number", "carrier", "weight_g", "lines": [{"line", "quantity"}]}]; without lines, all of it. Said again with another number, it corrects the number. Answers the state';
REVOKE ALL ON FUNCTION fulfillment.confirm_shipment(bigint, jsonb, timestamptz, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.report_progress(shipment_id bigint, progress text, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_report_progress' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.report_progress(bigint, text, int) IS
	'The warehouse is picking, or has packed it; answers the state';
REVOKE ALL ON FUNCTION fulfillment.report_progress(bigint, text, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.report_short(shipment_id bigint, lines jsonb, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_report_short' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.report_short(bigint, jsonb, int) IS
	'The warehouse could not find units ([{"line": 1, "quantity": 1}]): they leave the shipment and our stock, and are assigned elsewhere';
REVOKE ALL ON FUNCTION fulfillment.report_short(bigint, jsonb, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.cancel_shipment(shipment_id bigint, reason text DEFAULT 'cancelled', merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_cancel_shipment' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.cancel_shipment(bigint, text, int) IS
	'Cancels a shipment or asks its provider to; its units are assigned anew. Answers the state';
REVOKE ALL ON FUNCTION fulfillment.cancel_shipment(bigint, text, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.undo_shipment(shipment_id bigint, reason text DEFAULT 'reported by mistake', merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_undo_shipment' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.undo_shipment(bigint, text, int) IS
	'Takes a confirmation back that was a mistake: counter-movements are written, nothing is deleted. Refused once a carrier scanned it, money was captured, or after a day';
REVOKE ALL ON FUNCTION fulfillment.undo_shipment(bigint, text, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.report_stop(shipment_id bigint, stopped boolean, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_report_stop' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.report_stop(bigint, boolean, int) IS
	'What the provider said when it was called to stop or cancel a shipment; answers the state';
REVOKE ALL ON FUNCTION fulfillment.report_stop(bigint, boolean, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.report_tracking(tracking_number text, events jsonb, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
AS 'MODULE_PATHNAME', 'fulfillment_report_tracking' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.report_tracking(text, jsonb, int) IS
	'Tracking events by hand: [{"status", "at", "description", "city", "country"}]; answers how many were new';
REVOKE ALL ON FUNCTION fulfillment.report_tracking(text, jsonb, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.documents_of(shipment_id bigint, merchant_id int DEFAULT fulfillment.current_merchant())
RETURNS TABLE (document_id bigint, package_number int, kind text, format text, content bytea, url text, sha256 bytea,
	created_at timestamptz)
LANGUAGE sql STABLE STRICT
SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
	SELECT d.document_id, d.package_number, d.kind, d.format, d.content, d.url, d.sha256, d.created_at
	  FROM fulfillment.documents d
	 WHERE d.merchant_id = documents_of.merchant_id AND d.shipment_id = documents_of.shipment_id
	   AND d.voided_at IS NULL
	 ORDER BY d.document_id
$$;
COMMENT ON FUNCTION fulfillment.documents_of(bigint, int) IS
	'Labels and papers of a shipment that are worth something';
REVOKE ALL ON FUNCTION fulfillment.documents_of(bigint, int) FROM PUBLIC;
-- Returns: asked for, approved, received, matched, closed.

CREATE FUNCTION fulfillment.request_return(order_id bigint, lines jsonb DEFAULT NULL, reason text DEFAULT NULL,
	kind text DEFAULT 'rma', override boolean DEFAULT false, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS bigint
AS 'MODULE_PATHNAME', 'fulfillment_request_return' LANGUAGE C VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.request_return(bigint, jsonb, text, text, boolean, int) IS
	'A customer wants to send goods back ([{"line" or "sku", "quantity", "reason"}]; without lines, all that left): as rma or exchange, within the channel''s return_days unless overridden. Answers the id of the return';
REVOKE ALL ON FUNCTION fulfillment.request_return(bigint, jsonb, text, text, boolean, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.approve_return(return_id bigint, location text DEFAULT NULL, fee numeric DEFAULT NULL,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_approve_return' LANGUAGE C VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.approve_return(bigint, text, numeric, int) IS
	'The goods may come back, to this location (else where they came from), less a fee; the warehouse is told or a label made. Answers the state';
REVOKE ALL ON FUNCTION fulfillment.approve_return(bigint, text, numeric, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.decline_return(return_id bigint, reason text DEFAULT NULL,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_decline_return' LANGUAGE C VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.decline_return(bigint, text, int) IS
	'The goods are not taken back, for a reason; answers the state';
REVOKE ALL ON FUNCTION fulfillment.decline_return(bigint, text, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.receive_return(return_id bigint, lines jsonb DEFAULT NULL, location text DEFAULT NULL,
	reference text DEFAULT NULL, hints jsonb DEFAULT NULL, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS bigint
AS 'MODULE_PATHNAME', 'fulfillment_receive_return' LANGUAGE C VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.receive_return(bigint, jsonb, text, text, jsonb, int) IS
	'Goods came back: [{"line" or "sku", "quantity", "condition", "disposition"}]; without lines, all of it in good order. The same reference is taken once. Without return_id a parcel nobody announced, with hints {"tracking_number", "reference", "order_number", "postcode"}. Answers the id of the return';
REVOKE ALL ON FUNCTION fulfillment.receive_return(bigint, jsonb, text, text, jsonb, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.match_return(return_id bigint, order_id bigint,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_match_return' LANGUAGE C VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.match_return(bigint, bigint, int) IS
	'Says whose a parcel is that nobody announced (column candidates of returns ranks them): its goods go into stock; answers the state';
REVOKE ALL ON FUNCTION fulfillment.match_return(bigint, bigint, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.close_return(return_id bigint, refund numeric DEFAULT NULL, reason text DEFAULT NULL,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_close_return' LANGUAGE C VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.close_return(bigint, numeric, text, int) IS
	'Nothing more will come: what came is paid back, as computed or as said (0: nothing); a return nothing came of is cancelled; one that is paid by hand is paid. Answers the state';
REVOKE ALL ON FUNCTION fulfillment.close_return(bigint, numeric, text, int) FROM PUBLIC;
-- control.sql: what people do to calls, connections, webhooks and the clock.

CREATE FUNCTION fulfillment.retry_task(task_id bigint, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_retry_task'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.retry_task(bigint, int) IS
    'makes a task that waits due at once, with its attempts forgotten; a call in doubt is still looked up before it is repeated';
REVOKE ALL ON FUNCTION fulfillment.retry_task(bigint, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.resolve_attention(attention_id bigint, resolution text, provider_reference text DEFAULT NULL, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_resolve_attention'
    LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.resolve_attention(bigint, text, text, int) IS
    'closes what waited for a person; of a parked call: created (with its reference there), not_created or retry (it is sent again), abandoned; any other word only notes how it ended, and the call leaves';
REVOKE ALL ON FUNCTION fulfillment.resolve_attention(bigint, text, text, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.pause_connection(connection text, reason text, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_pause_connection'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.pause_connection(text, text, int) IS
    'stops calling a connection, named by code or id; its tasks wait';
REVOKE ALL ON FUNCTION fulfillment.pause_connection(text, text, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.resume_connection(connection text, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_resume_connection'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.resume_connection(text, int) IS
    'calls a connection again and forgets its earlier failures';
REVOKE ALL ON FUNCTION fulfillment.resume_connection(text, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.set_secret(connection text, secret jsonb, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_set_secret'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.set_secret(text, jsonb, int) IS
    'encrypts the credentials of a connection, an object with the secrets its connector names; replaces those set before';
REVOKE ALL ON FUNCTION fulfillment.set_secret(text, jsonb, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.test_connection(connection text, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS bigint
    AS 'MODULE_PATHNAME', 'fulfillment_test_connection'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.test_connection(text, int) IS
    'writes a test call and answers its task; the outcome stands in calls and, when it failed, in attention';
REVOKE ALL ON FUNCTION fulfillment.test_connection(text, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.receive_webhook(connection text, headers jsonb, body bytea, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
    AS 'MODULE_PATHNAME', 'fulfillment_receive_webhook'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.receive_webhook(text, jsonb, bytea, int) IS
    'verifies and stores a webhook once and answers the HTTP status for its sender: 200, 401 or 413; a worker applies it';
REVOKE ALL ON FUNCTION fulfillment.receive_webhook(text, jsonb, bytea, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.replay_webhook(inbox_id bigint, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_replay_webhook'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.replay_webhook(bigint, int) IS
    'has a stored webhook applied again';
REVOKE ALL ON FUNCTION fulfillment.replay_webhook(bigint, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.fetch_orders(channel text DEFAULT NULL, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
    AS 'MODULE_PATHNAME', 'fulfillment_fetch_orders'
    LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.fetch_orders(text, int) IS
    'writes the calls that fetch new orders of a channel, or of all; answers how many';
REVOKE ALL ON FUNCTION fulfillment.fetch_orders(text, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.sync_inventory(location text DEFAULT NULL, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
    AS 'MODULE_PATHNAME', 'fulfillment_sync_inventory'
    LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.sync_inventory(text, int) IS
    'writes the calls that ask a location, or the locations of a provider, for their stock, or all; answers how many';
REVOKE ALL ON FUNCTION fulfillment.sync_inventory(text, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.fetch_files(connection text DEFAULT NULL, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
    AS 'MODULE_PATHNAME', 'fulfillment_fetch_files'
    LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.fetch_files(text, int) IS
    'writes the calls that look for the files of a connection, or of all that bring files; answers how many';
REVOKE ALL ON FUNCTION fulfillment.fetch_files(text, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.push_inventory(channel text DEFAULT NULL, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
    AS 'MODULE_PATHNAME', 'fulfillment_push_inventory'
    LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.push_inventory(text, int) IS
    'writes the calls that tell a channel what it may sell, where that has changed, or all; answers how many';
REVOKE ALL ON FUNCTION fulfillment.push_inventory(text, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.poll_tracking(merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
    AS 'MODULE_PATHNAME', 'fulfillment_poll_tracking'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.poll_tracking(int) IS
    'writes the calls that ask for shipments and parcels that are due to be asked for; answers how many';
REVOKE ALL ON FUNCTION fulfillment.poll_tracking(int) FROM PUBLIC;

CREATE FUNCTION fulfillment.schedule_jobs(merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
    AS 'MODULE_PATHNAME', 'fulfillment_schedule_jobs'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.schedule_jobs(int) IS
    'starts the clock of a merchant: fetching, polling, pushing, expiry, retention; by pg_cron where it is installed in this database, else by the workers; answers by whom';
REVOKE ALL ON FUNCTION fulfillment.schedule_jobs(int) FROM PUBLIC;

CREATE FUNCTION fulfillment.unschedule_jobs(merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_unschedule_jobs'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.unschedule_jobs(int) IS
    'stops the clock of a merchant';
REVOKE ALL ON FUNCTION fulfillment.unschedule_jobs(int) FROM PUBLIC;

CREATE FUNCTION fulfillment.run_job(job text, merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_run_job'
    LANGUAGE C VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.run_job(text, int) IS
    'runs one job of the clock now; pg_cron calls this';
REVOKE ALL ON FUNCTION fulfillment.run_job(text, int) FROM PUBLIC;

CREATE FUNCTION fulfillment.maintain_storage(merchant_id int DEFAULT fulfillment.current_merchant())
    RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp SET timezone = 'UTC'
    AS $function$
DECLARE
    kept record;
    part record;
    month timestamptz;
    cutoff timestamptz;
BEGIN
    IF fulfillment.access_level(merchant_id) IS DISTINCT FROM 'admin'
        AND fulfillment.access_level(merchant_id) IS DISTINCT FROM 'operator' THEN
        RAISE EXCEPTION USING ERRCODE = 'OF007',
            MESSAGE = format('role "%s" may not act for merchant %s', session_user, merchant_id),
            DETAIL = 'This needs level "operator".',
            HINT = 'Ask an administrator for fulfillment.grant_access.';
    END IF;
    FOR kept IN
        SELECT * FROM (VALUES
            ('calls', 'started_at', current_setting('fulfillment.retention_calls')::int),
            ('history', 'at', current_setting('fulfillment.retention_history')::int),
            ('stock_movements', 'moved_at', 0)) AS v (name, moment, days)
    LOOP
        -- Partitions for this month and the two after it, unless the default one holds rows of them.
        FOR i IN 0 .. 2 LOOP
            month := date_trunc('month', now(), 'UTC') + make_interval(months => i);
            CONTINUE WHEN to_regclass(format('fulfillment.%I', kept.name || to_char(month, '_YYYY_MM'))) IS NOT NULL;
            EXECUTE format('SELECT 1 FROM fulfillment.%I WHERE %I >= $1 AND %I < $2 LIMIT 1',
                kept.name || '_default', kept.moment, kept.moment)
                INTO part USING month, month + interval '1 month';
            CONTINUE WHEN part IS NOT NULL;
            -- Like the default one, with keys and indexes of its own, so that a dump can be restored.
            EXECUTE format('CREATE TABLE fulfillment.%I (LIKE fulfillment.%I INCLUDING ALL)',
                kept.name || to_char(month, '_YYYY_MM'), kept.name || '_default');
            EXECUTE format('ALTER TABLE fulfillment.%I ATTACH PARTITION fulfillment.%I FOR VALUES FROM (%L) TO (%L)',
                kept.name, kept.name || to_char(month, '_YYYY_MM'), month, month + interval '1 month');
        END LOOP;
        CONTINUE WHEN kept.days = 0;
        cutoff := now() - make_interval(days => kept.days);
        FOR part IN
            SELECT c.oid::regclass AS name
              FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
             WHERE i.inhparent = format('fulfillment.%I', kept.name)::regclass
               AND c.relname ~ '_\d{4}_\d{2}$'
               AND to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' <= cutoff
        LOOP
            EXECUTE format('DROP TABLE %s', part.name);
        END LOOP;
        EXECUTE format('DELETE FROM fulfillment.%I WHERE merchant_id = $1 AND ctid IN (
            SELECT ctid FROM fulfillment.%I WHERE merchant_id = $1 AND %I < $2 LIMIT 50000)',
            kept.name || '_default', kept.name || '_default', kept.moment)
            USING maintain_storage.merchant_id, cutoff;
    END LOOP;
    IF current_setting('fulfillment.retention_calls')::int > 0 THEN
        cutoff := now() - make_interval(days => current_setting('fulfillment.retention_calls')::int);
        DELETE FROM fulfillment.inbox i
         WHERE i.merchant_id = maintain_storage.merchant_id AND i.state IN ('applied', 'ignored')
           AND i.received_at < cutoff;
        DELETE FROM fulfillment.attention a
         WHERE a.merchant_id = maintain_storage.merchant_id AND a.resolved_at < cutoff;
        DELETE FROM fulfillment.notifications n
         WHERE n.merchant_id = maintain_storage.merchant_id AND n.created_at < cutoff
           AND NOT EXISTS (SELECT 1 FROM fulfillment.tasks t
                            WHERE t.merchant_id = maintain_storage.merchant_id
                              AND t.subject_kind = 'event' AND t.subject_id = n.event_id);
    END IF;
END
$function$;
COMMENT ON FUNCTION fulfillment.maintain_storage(int) IS
    'makes the partitions of the coming months and removes what is older than the settings fulfillment.retention_… allow; the job retention';
REVOKE ALL ON FUNCTION fulfillment.maintain_storage(int) FROM PUBLIC;
-- workers.sql: the engine as DBAs see it: workers, limits of connections, and the one
-- command that lets a restored copy go on.

CREATE FUNCTION fulfillment.worker_status(
    OUT pid int, OUT number int, OUT state text, OUT started_at timestamptz, OUT worked_at timestamptz,
    OUT in_flight int, OUT calls bigint, OUT errors bigint)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'fulfillment_worker_status'
    LANGUAGE C VOLATILE ROWS 4;
COMMENT ON FUNCTION fulfillment.worker_status() IS
    'the workers of this database: what each does or waits for, calls on the wire, calls made and rounds that failed since it started';
REVOKE ALL ON FUNCTION fulfillment.worker_status() FROM PUBLIC;

CREATE FUNCTION fulfillment.connection_state(
    OUT merchant_id int, OUT connection_id bigint, OUT breaker text, OUT open_until timestamptz,
    OUT blocked_until timestamptz, OUT failures_in_row int, OUT in_flight int, OUT ok bigint, OUT failed bigint,
    OUT refused bigint, OUT busy bigint, OUT ok_at timestamptz, OUT failed_at timestamptz, OUT last_error text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'fulfillment_connection_state'
    LANGUAGE C VOLATILE SECURITY DEFINER ROWS 20 SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.connection_state() IS
    'limits and breaker of the connections called since the server started, of merchants the calling role may see; counters are those of all workers';
REVOKE ALL ON FUNCTION fulfillment.connection_state() FROM PUBLIC;

CREATE FUNCTION fulfillment.engine_facts(
    OUT preloaded boolean, OUT listed boolean, OUT wanted int, OUT running int, OUT activated boolean,
    OUT copied boolean, OUT key_problem text, OUT library text)
    AS 'MODULE_PATHNAME', 'fulfillment_engine_facts'
    LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.engine_facts() IS
    'whether workers can run here: library preloaded, database listed, workers wanted and running, let go here, copy of another database, why secrets cannot be read (NULL: they can), version of the library';
REVOKE ALL ON FUNCTION fulfillment.engine_facts() FROM PUBLIC;

CREATE FUNCTION fulfillment.resume_workers() RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_resume_workers'
    LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.resume_workers() IS
    'lets the workers go on in this database, after it was restored or copied: from now on it ships for real';
REVOKE ALL ON FUNCTION fulfillment.resume_workers() FROM PUBLIC;

CREATE FUNCTION fulfillment.wake_workers() RETURNS void
    AS 'MODULE_PATHNAME', 'fulfillment_wake_workers'
    LANGUAGE C VOLATILE;
COMMENT ON FUNCTION fulfillment.wake_workers() IS
    'makes the workers of this database look for work at the end of the transaction; never needed, never wrong';
REVOKE ALL ON FUNCTION fulfillment.wake_workers() FROM PUBLIC;

-- Workers that waited for the extension to appear, or to be of their version, look at once.
SELECT fulfillment.wake_workers();
-- Orders straight from a shop's own tables: one INSERT and COMMIT there starts fulfillment.

CREATE FUNCTION fulfillment.attach_orders(source regclass, channel text, mapping jsonb,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS bigint
AS 'MODULE_PATHNAME', 'fulfillment_attach_orders' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.attach_orders(regclass, text, jsonb, int) IS
	'From now on rows written to this table become orders of the channel when their transaction commits; the mapping names a column for each member of the order document. Answers the attachment';

CREATE FUNCTION fulfillment.detach_orders(source regclass,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
AS 'MODULE_PATHNAME', 'fulfillment_detach_orders' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.detach_orders(regclass, int) IS
	'Takes no orders from this table any more; those that were taken go on';

CREATE FUNCTION fulfillment.submit_rows(source regclass, keys text[],
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS int
AS 'MODULE_PATHNAME', 'fulfillment_submit_rows' LANGUAGE C VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.submit_rows(regclass, text[], int) IS
	'Takes rows of an attached table now, as if they had been written: rows older than the attachment, or that could not be taken; answers how many were asked for';

CREATE FUNCTION fulfillment.note_order() RETURNS trigger
AS 'MODULE_PATHNAME', 'fulfillment_note_order' LANGUAGE C;
COMMENT ON FUNCTION fulfillment.note_order() IS
	'Trigger of attached tables: remembers the row until its transaction commits';

CREATE FUNCTION fulfillment.take_orders() RETURNS trigger
AS 'MODULE_PATHNAME', 'fulfillment_take_orders' LANGUAGE C SECURITY DEFINER
SET search_path = pg_catalog, fulfillment, pg_temp;
COMMENT ON FUNCTION fulfillment.take_orders() IS
	'Trigger of attached tables: submits the rows that were remembered, with their lines as they are at commit';

REVOKE ALL ON FUNCTION fulfillment.attach_orders(regclass, text, jsonb, int),
	fulfillment.detach_orders(regclass, int), fulfillment.submit_rows(regclass, text[], int),
	fulfillment.note_order(), fulfillment.take_orders() FROM PUBLIC;
-- What people look at: orders, parcels, stock, and what waits for whom.
--
-- Every view reads with the rights of whoever asks, so row-level security keeps merchants apart.
-- Each begins with a small table (channels, providers, locations) that leads every key, so that a
-- filter on an id or a number alone still finds its row by index.

CREATE VIEW fulfillment.order_status WITH (security_invoker = true) AS
	SELECT o.merchant_id, o.order_id, c.code AS channel, o.number, o.state::text AS state,
	       fulfillment.order_progress(o.state, q.ordered, q.cancelled, q.assigned, q.submitted, q.shipped,
	           q.delivered, q.returned, u.backordered, h.held,
	           o.state = 'invalid' OR s.trouble AND q.delivered = 0 OR a.waiting > 0 AND u.unassigned > 0,
	           u.unfillable) AS progress,
	       fulfillment.order_flags(o.state, q.ordered, q.cancelled, q.over_shipped, q.delivered, h.held,
	           o.state = 'invalid' OR s.trouble OR a.waiting > 0, r.return_open, o.promised_by,
	           s.expected_at, now()) AS flags,
	       h.holds, o.placed_at, o.promised_by, s.expected_at, q.lines, q.ordered, q.cancelled,
	       u.unassigned, CASE WHEN u.unassigned > 0 THEN o.routing_reason END AS waits_because,
	       CASE WHEN u.unassigned > 0 THEN o.next_routing_at END AS next_try_at,
	       q.assigned, q.submitted, q.shipped, q.over_shipped, q.delivered, q.returned,
	       s.shipments, a.waiting AS attention, nullif(jsonb_path_query_array(o.errors, '$[*] ? (@.severity != "note")'), '[]') AS errors, o.received_at, o.closed_at
	  FROM fulfillment.channels c
	  JOIN fulfillment.orders o ON o.merchant_id = c.merchant_id AND o.channel_id = c.channel_id
	 CROSS JOIN LATERAL (
		SELECT count(*) AS lines, coalesce(sum(l.quantity), 0) AS ordered,
		       coalesce(sum(l.cancelled), 0) AS cancelled, coalesce(sum(l.assigned), 0) AS assigned,
		       coalesce(sum(l.submitted), 0) AS submitted, coalesce(sum(l.shipped), 0) AS shipped,
		       coalesce(sum(l.over_shipped), 0) AS over_shipped,
		       coalesce(sum(l.delivered), 0) AS delivered, coalesce(sum(l.returned), 0) AS returned
		  FROM fulfillment.order_lines l
		 WHERE l.merchant_id = o.merchant_id AND l.order_id = o.order_id) q
	 CROSS JOIN LATERAL (
		SELECT open.units AS unassigned,
		       CASE WHEN o.routing_reason IN ('no_stock', 'safety_stock') THEN open.units ELSE 0 END AS backordered,
		       CASE WHEN o.routing_reason NOT IN ('no_stock', 'safety_stock', 'capacity', 'busy', 'not_before', 'held')
		            THEN open.units ELSE 0 END AS unfillable
		  FROM (SELECT CASE WHEN o.state = 'open' THEN q.ordered - q.cancelled - q.assigned ELSE 0 END) open (units)) u
	 CROSS JOIN LATERAL (
		SELECT count(*) > 0 AS held, array_agg(t.reason ORDER BY t.hold_id) AS holds
		  FROM fulfillment.holds t
		 WHERE t.merchant_id = o.merchant_id AND t.order_id = o.order_id AND t.released_at IS NULL) h
	 CROSS JOIN LATERAL (
		SELECT count(*) FILTER (WHERE t.state <> 'cancelled') AS shipments,
		       coalesce(bool_or(t.state IN ('attention', 'returning', 'lost')
		                        OR t.state <> 'delivered' AND t.tracking_status IN ('exception', 'returning', 'lost')),
		                false) AS trouble,
		       max(t.estimated_delivery_at) FILTER (WHERE t.state NOT IN ('cancelled', 'rejected', 'delivered')) AS expected_at
		  FROM fulfillment.shipments t
		 WHERE t.merchant_id = o.merchant_id AND t.order_id = o.order_id) s
	 CROSS JOIN LATERAL (
		SELECT count(*) AS waiting FROM fulfillment.attention t
		 WHERE t.merchant_id = o.merchant_id AND t.order_id = o.order_id AND t.resolved_at IS NULL) a
	 CROSS JOIN LATERAL (
		SELECT EXISTS (SELECT FROM fulfillment.returns t
		                WHERE t.merchant_id = o.merchant_id AND t.order_id = o.order_id
		                  AND t.state NOT IN ('declined', 'resolved', 'cancelled', 'expired')) AS return_open) r;
COMMENT ON VIEW fulfillment.order_status IS
	'How far every order is: its state, the progress and flags derived from its lines, and what it waits for';

CREATE VIEW fulfillment.shipment_status WITH (security_invoker = true) AS
	SELECT s.merchant_id, s.shipment_id, s.order_id, c.code AS channel, o.number AS order_number, s.number,
	       s.reference, p.code AS provider, p.integration, l.code AS location, v.code AS service,
	       s.state::text AS state, s.progress, s.tracking_status::text AS tracking_status,
	       CASE WHEN s.state = 'draft' AND h.held THEN 'hold'
	            WHEN s.state IN ('draft', 'queued') AND o.not_before > now() THEN 'date'
	            WHEN s.state IN ('rejected', 'attention') THEN 'person'
	            WHEN s.state IN ('draft', 'queued', 'accepted', 'cancel_requested') AND p.integration = 'manual' THEN 'person'
	            WHEN s.state IN ('draft', 'queued', 'submitting', 'unknown') THEN 'worker'
	            WHEN s.state IN ('accepted', 'cancel_requested') THEN 'provider'
	            WHEN s.state = 'shipped' THEN 'carrier'
	            WHEN s.state = 'returning' THEN 'return' END AS waits_for,
	       CASE s.state WHEN 'draft' THEN s.created_at WHEN 'queued' THEN s.created_at
	            WHEN 'accepted' THEN s.accepted_at WHEN 'cancel_requested' THEN s.stop_at
	            WHEN 'shipped' THEN s.shipped_at WHEN 'delivered' THEN s.delivered_at
	            ELSE coalesce(s.ended_at, s.submitted_at, s.created_at) END AS since,
	       s.stop::text AS stop, s.stop_at, s.stop_deadline, s.cancel_pending, s.shipped_after_cancel,
	       q.units, q.shipped_units, q.short_units, k.packages, k.tracking_numbers,
	       s.provider_reference, s.planned_cost, s.cost, s.currency::text AS currency,
	       s.created_at, s.submitted_at, s.accepted_at, s.shipped_at, s.delivered_at,
	       s.estimated_delivery_at, s.estimated_delivery_at > o.promised_by AS late,
	       s.attempt AS attempts, s.error_code, s.error_message,
	       s.confirmed_at IS NOT NULL OR s.progress IS NOT NULL OR s.shipped_at IS NOT NULL AS confirmed
	  FROM fulfillment.providers p
	  JOIN fulfillment.shipments s ON s.merchant_id = p.merchant_id AND s.provider_id = p.provider_id
	  JOIN fulfillment.orders o ON o.merchant_id = s.merchant_id AND o.order_id = s.order_id
	  JOIN fulfillment.channels c ON c.merchant_id = o.merchant_id AND c.channel_id = o.channel_id
	  JOIN fulfillment.locations l ON l.merchant_id = s.merchant_id AND l.location_id = s.location_id
	  LEFT JOIN fulfillment.services v ON v.merchant_id = s.merchant_id AND v.service_id = s.service_id
	 CROSS JOIN LATERAL (
		SELECT coalesce(sum(t.quantity), 0) AS units, coalesce(sum(t.shipped + t.over_shipped), 0) AS shipped_units,
		       coalesce(sum(t.short), 0) AS short_units
		  FROM fulfillment.shipment_lines t
		 WHERE t.merchant_id = s.merchant_id AND t.shipment_id = s.shipment_id) q
	 CROSS JOIN LATERAL (
		SELECT count(*) AS packages,
		       array_agg(t.tracking_number ORDER BY t.number) FILTER (WHERE t.tracking_number IS NOT NULL) AS tracking_numbers
		  FROM fulfillment.packages t
		 WHERE t.merchant_id = s.merchant_id AND t.shipment_id = s.shipment_id) k
	 CROSS JOIN LATERAL (
		SELECT EXISTS (SELECT FROM fulfillment.holds t
		                WHERE t.merchant_id = s.merchant_id AND t.order_id = s.order_id
		                  AND t.released_at IS NULL) AS held) h;
COMMENT ON VIEW fulfillment.shipment_status IS
	'How far every shipment is, whose turn it is and since when, and what became of a request to stop it';

CREATE VIEW fulfillment.tracking WITH (security_invoker = true) AS
	SELECT k.merchant_id, k.package_id, o.order_id, c.code AS channel, o.number AS order_number,
	       k.shipment_id, s.reference AS shipment, k.number, k.carrier, k.tracking_number, k.tracking_url,
	       k.status::text AS status, k.status_at, e.description AS last_event, e.city AS last_city,
	       e.country AS last_country, e.occurred_at AS last_event_at, e.received_at AS last_heard_at,
	       k.estimated_delivery_at, o.promised_by, k.delivered_at, k.contradictory, k.poll_at AS next_poll_at
	  FROM fulfillment.merchants m
	  JOIN fulfillment.packages k ON k.merchant_id = m.merchant_id
	  JOIN fulfillment.shipments s ON s.merchant_id = k.merchant_id AND s.shipment_id = k.shipment_id
	  JOIN fulfillment.orders o ON o.merchant_id = s.merchant_id AND o.order_id = s.order_id
	  JOIN fulfillment.channels c ON c.merchant_id = o.merchant_id AND c.channel_id = o.channel_id
	  LEFT JOIN LATERAL (
		SELECT t.* FROM fulfillment.tracking_events t
		 WHERE t.merchant_id = k.merchant_id AND t.package_id = k.package_id
		 ORDER BY t.occurred_at DESC, t.received_at DESC LIMIT 1) e ON true;
COMMENT ON VIEW fulfillment.tracking IS 'Where every parcel is, with the newest thing its carrier said';

CREATE VIEW fulfillment.attention_list WITH (security_invoker = true) AS
	SELECT a.merchant_id, a.attention_id, a.kind, a.message, a.hint, now() - a.opened_at AS age, a.times,
	       a.order_id, c.code AS channel, o.number AS order_number, a.shipment_id, s.reference AS shipment,
	       a.task_id, a.detail, a.opened_at, n.code AS connection, a.subject
	  FROM fulfillment.merchants m
	  JOIN fulfillment.attention a ON a.merchant_id = m.merchant_id
	  LEFT JOIN fulfillment.orders o ON o.merchant_id = a.merchant_id AND o.order_id = a.order_id
	  LEFT JOIN fulfillment.channels c ON c.merchant_id = o.merchant_id AND c.channel_id = o.channel_id
	  LEFT JOIN fulfillment.shipments s ON s.merchant_id = a.merchant_id AND s.shipment_id = a.shipment_id
	  LEFT JOIN fulfillment.connections n ON n.merchant_id = a.merchant_id AND n.connection_id = a.connection_id
	 WHERE a.resolved_at IS NULL;
COMMENT ON VIEW fulfillment.attention_list IS 'What waits for a person, and what to do about it';

CREATE VIEW fulfillment.task_queue WITH (security_invoker = true) AS
	SELECT t.merchant_id, t.task_id, c.code AS connection, c.connector, t.operation, t.subject_kind, t.subject_id,
	       t.order_id, o.number AS order_number,
	       CASE WHEN t.state = 'parked' THEN 'parked'
	            WHEN t.state = 'leased' AND t.leased_until > now() THEN 'on_the_wire'
	            WHEN t.state = 'leased' THEN 'lost'
	            WHEN c.state = 'paused' THEN 'connection_paused'
	            WHEN t.due_at > now() THEN 'later'
	            ELSE 'due' END AS status,
	       t.in_doubt, now() - t.created_at AS age, nullif(t.due_at, 'infinity') AS due_at,
	       CASE WHEN t.due_at < now() THEN now() - t.due_at ELSE '0' END AS overdue, t.attempts, t.crashes, t.leased_until, t.last_error, t.created_at
	  FROM fulfillment.connections c
	  JOIN fulfillment.tasks t ON t.merchant_id = c.merchant_id AND t.connection_id = c.connection_id
	  LEFT JOIN fulfillment.orders o ON o.merchant_id = t.merchant_id AND o.order_id = t.order_id;
COMMENT ON VIEW fulfillment.task_queue IS 'Every call that is still to be made: due, on the wire, in doubt, put off or parked, and since when';

CREATE VIEW fulfillment.connection_health WITH (security_invoker = true) AS
	SELECT c.merchant_id, c.code AS connection, c.connector,
	       CASE WHEN c.state = 'paused' THEN 'paused'
	            WHEN b.breaker IS NULL THEN 'not_called'
	            WHEN b.breaker <> 'closed' THEN 'down'
	            WHEN b.failures_in_row > 0 THEN 'failing'
	            WHEN b.blocked_until IS NOT NULL THEN 'limited'
	            ELSE 'ok' END AS health,
	       c.paused_reason, b.breaker, b.open_until, b.blocked_until, b.failures_in_row, b.in_flight,
	       t.waiting, t.due, t.in_doubt, t.parked, t.oldest, b.ok, b.failed, b.refused, b.busy, b.ok_at, b.failed_at,
	       b.last_error, c.rate_per_second, c.max_concurrency, c.webhooks_refused, c.connection_id
	  FROM fulfillment.connections c
	  LEFT JOIN fulfillment.connection_state() b ON b.merchant_id = c.merchant_id AND b.connection_id = c.connection_id
	 CROSS JOIN LATERAL (
		SELECT count(*) FILTER (WHERE k.state <> 'parked') AS waiting,
		       count(*) FILTER (WHERE k.state = 'ready' AND k.due_at <= now()) AS due,
		       count(*) FILTER (WHERE k.in_doubt) AS in_doubt,
		       count(*) FILTER (WHERE k.state = 'parked') AS parked, min(k.created_at) AS oldest
		  FROM fulfillment.tasks k
		 WHERE k.merchant_id = c.merchant_id AND k.connection_id = c.connection_id) t;
COMMENT ON VIEW fulfillment.connection_health IS
	'How every connection is: reached or not, limited, what waits for it; counters since the server started';
-- Pictures in text, and the arithmetic of what a channel is told.

CREATE FUNCTION fulfillment.bar(part numeric, whole numeric, width int DEFAULT 10) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
	SELECT repeat('█', n) || repeat('░', width - n)
	  FROM (SELECT CASE WHEN whole > 0 THEN least(width, greatest(0, round(coalesce(part, 0) / whole * width)))::int ELSE 0 END) b (n)
$$;
COMMENT ON FUNCTION fulfillment.bar(numeric, numeric, int) IS 'A share as a bar of blocks';

CREATE FUNCTION fulfillment.sparkline(figures int[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
	SELECT string_agg(substr('▁▂▃▄▅▆▇█', 1 + CASE WHEN b.most > b.least
	                                              THEN ((f.value - b.least)::numeric * 7 / (b.most - b.least))::int ELSE 3 END, 1),
	                  '' ORDER BY f.n)
	  FROM unnest(figures) WITH ORDINALITY AS f (value, n),
	       (SELECT min(value), max(value) FROM unnest(figures) AS v (value)) b (least, most)
$$;
COMMENT ON FUNCTION fulfillment.sparkline(int[]) IS 'Figures as a curve of blocks, from the lowest to the highest';

CREATE FUNCTION fulfillment.offered(available bigint, share numeric, buffer int, guard int) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
	SELECT CASE WHEN floor(available * share) - buffer > guard
	            THEN least(floor(available * share) - buffer, 2147483647)::int ELSE 0 END
$$;
COMMENT ON FUNCTION fulfillment.offered(bigint, numeric, int, int) IS
	'What a channel is told: its share of what is available, rounded down, less its buffer; 0 when no more than the guard is left';
-- What can be sold where, what is told to channels, and what a warehouse manager reads.

CREATE VIEW fulfillment.available_stock WITH (security_invoker = true) AS
	WITH plain AS NOT MATERIALIZED (
		SELECT v.merchant_id, v.location_id, v.item_id,
		       greatest(0, v.on_hand - v.reserved - coalesce(v.safety_stock, l.safety_stock)
		           - greatest(0, coalesce(d.expected - d.reported, 0))) AS available
		  FROM fulfillment.locations l
		  JOIN fulfillment.stock_levels v ON v.merchant_id = l.merchant_id AND v.location_id = l.location_id
		  LEFT JOIN fulfillment.discrepancies d ON d.merchant_id = v.merchant_id AND d.location_id = v.location_id
		   AND d.item_id = v.item_id AND d.kind = 'snapshot' AND d.state = 'open'
		 WHERE l.active)
	SELECT p.merchant_id, p.location_id, p.item_id, p.available::bigint AS available, false AS kit
	  FROM plain p
	 WHERE NOT EXISTS (SELECT FROM fulfillment.kit_components c
	                    WHERE c.merchant_id = p.merchant_id AND c.kit_item_id = p.item_id)
	UNION ALL
	-- as many kits as the scarcest component allows; a component without stock here allows none
	SELECT k.merchant_id, l.location_id, k.kit_item_id, min(coalesce(p.available, 0) / k.quantity)::bigint, true
	  FROM fulfillment.kit_components k
	  JOIN fulfillment.locations l ON l.merchant_id = k.merchant_id AND l.active
	  LEFT JOIN plain p ON p.merchant_id = k.merchant_id AND p.location_id = l.location_id AND p.item_id = k.component_item_id
	 GROUP BY k.merchant_id, l.location_id, k.kit_item_id;
COMMENT ON VIEW fulfillment.available_stock IS
	'What may be sold of each item and kit at each location: on hand without reserved, safety stock, and what a snapshot says is missing';

CREATE VIEW fulfillment.channel_stock WITH (security_invoker = true) AS
	SELECT g.merchant_id, c.code AS channel, i.sku, g.channel_sku, a.available, q.quantity, g.published, g.published_at,
	       g.read_back, g.mismatches, g.channel_id, g.listing_id, g.item_id
	  FROM fulfillment.channels c
	  JOIN fulfillment.listings g ON g.merchant_id = c.merchant_id AND g.channel_id = c.channel_id
	  JOIN fulfillment.items i ON i.merchant_id = g.merchant_id AND i.item_id = g.item_id
	 CROSS JOIN LATERAL (
		SELECT coalesce(sum(s.available), 0)::bigint AS available FROM fulfillment.available_stock s
		 WHERE s.merchant_id = g.merchant_id AND s.item_id = g.item_id) a
	 CROSS JOIN LATERAL (
		SELECT fulfillment.offered(a.available, c.stock_share, coalesce(g.stock_buffer, c.stock_buffer),
		                           c.oversell_guard) AS quantity) q;
COMMENT ON VIEW fulfillment.channel_stock IS
	'What each channel is to be told of each listing, and what it took last; published differs from quantity: a push is due';

CREATE VIEW fulfillment.inventory WITH (security_invoker = true) AS
	SELECT v.merchant_id, l.code AS location, i.sku, i.name, l.inventory_mode::text AS mode, v.on_hand, v.reserved,
	       coalesce(v.safety_stock, l.safety_stock) AS safety_stock,
	       v.on_hand - v.reserved - coalesce(v.safety_stock, l.safety_stock) AS available,
	       CASE l.inventory_mode WHEN 'passive' THEN coalesce(v.reported_on_hand, v.on_hand) ELSE v.on_hand END AS displayed,
	       v.reported_on_hand AS reported, v.reported_as_of, d.open_difference, v.changed_at,
	       v.location_id, v.item_id, v.quarantine, v.damaged, coalesce(r.inbound, 0) AS inbound, r.next_inbound_at,
	       fulfillment.bar(v.on_hand - v.reserved, v.on_hand) AS free
	  FROM fulfillment.locations l
	  JOIN fulfillment.stock_levels v ON v.merchant_id = l.merchant_id AND v.location_id = l.location_id
	  JOIN fulfillment.items i ON i.merchant_id = v.merchant_id AND i.item_id = v.item_id
	 CROSS JOIN LATERAL (
		SELECT sum(t.reported - t.expected) AS open_difference FROM fulfillment.discrepancies t
		 WHERE t.merchant_id = v.merchant_id AND t.location_id = v.location_id AND t.item_id = v.item_id
		   AND t.state = 'open') d
	 CROSS JOIN LATERAL (
		SELECT sum(greatest(0, t.quantity - t.received)) AS inbound, min(t.expected_at) AS next_inbound_at
		  FROM fulfillment.expected_receipts t
		 WHERE t.merchant_id = v.merchant_id AND t.item_id = v.item_id AND t.location_id = v.location_id
		   AND t.state = 'open') r;
COMMENT ON VIEW fulfillment.inventory IS
	'Stock by location and item: what is there, what may be promised, what is to come, what the other side says';

CREATE VIEW fulfillment.open_discrepancies WITH (security_invoker = true) AS
	SELECT d.merchant_id, d.discrepancy_id, l.code AS location, i.sku, i.name, d.kind, d.expected, d.reported,
	       d.reported - d.expected AS difference, d.value, i.currency::text AS currency,
	       now() - d.first_seen_at AS age, d.first_seen_at, d.last_seen_at, d.times_seen,
	       d.cause AS likely_cause, d.order_id, d.shipment_id, d.confidence,
	       CASE WHEN cardinality(d.trail) < 2 THEN 'new'
	            WHEN abs(d.trail[cardinality(d.trail)]) > abs(d.trail[1]) THEN 'growing'
	            WHEN abs(d.trail[cardinality(d.trail)]) < abs(d.trail[1]) THEN 'shrinking' ELSE 'steady' END AS trend,
	       fulfillment.sparkline(d.trail) AS curve, d.movements
	  FROM fulfillment.locations l
	  JOIN fulfillment.discrepancies d ON d.merchant_id = l.merchant_id AND d.location_id = l.location_id
	  JOIN fulfillment.items i ON i.merchant_id = d.merchant_id AND i.item_id = d.item_id
	 WHERE d.state = 'open';
COMMENT ON VIEW fulfillment.open_discrepancies IS
	'Differences between our books and what others reported that nobody has settled, with age, value and trend';

CREATE VIEW fulfillment.stock_ageing WITH (security_invoker = true) AS
	SELECT q.merchant_id, l.code AS location, i.sku, i.name, q.on_hand, q.oldest_at, now() - q.oldest_at AS age,
	       q.units_30, q.units_90, q.units_180, q.units_older, q.on_hand * i.value AS value, i.currency::text AS currency,
	       fulfillment.bar(q.units_older, q.on_hand) AS old_share
	  FROM fulfillment.locations l
	  JOIN (SELECT v.merchant_id, v.location_id, v.item_id, v.on_hand, min(f.moved_at) AS oldest_at,
	               coalesce(sum(f.units) FILTER (WHERE f.moved_at > now() - interval '30 days'), 0) AS units_30,
	               coalesce(sum(f.units) FILTER (WHERE f.moved_at <= now() - interval '30 days'
	                                               AND f.moved_at > now() - interval '90 days'), 0) AS units_90,
	               coalesce(sum(f.units) FILTER (WHERE f.moved_at <= now() - interval '90 days'
	                                               AND f.moved_at > now() - interval '180 days'), 0) AS units_180,
	               coalesce(sum(f.units) FILTER (WHERE f.moved_at <= now() - interval '180 days'), 0) AS units_older
	          FROM fulfillment.stock_levels v
	         -- first in, first out: what is there came with the newest arrivals
	         CROSS JOIN LATERAL (
			SELECT m.moved_at, least(m.on_hand_delta, v.on_hand - m.behind) AS units
			  FROM (SELECT t.moved_at, t.on_hand_delta,
			               sum(t.on_hand_delta) OVER (ORDER BY t.moved_at DESC, t.movement_id DESC) - t.on_hand_delta AS behind
			          FROM fulfillment.stock_movements t
			         WHERE t.merchant_id = v.merchant_id AND t.location_id = v.location_id AND t.item_id = v.item_id
			           AND t.on_hand_delta > 0) m
			 WHERE m.behind < v.on_hand) f
	         WHERE v.on_hand > 0
	         GROUP BY v.merchant_id, v.location_id, v.item_id, v.on_hand) q
	    ON q.merchant_id = l.merchant_id AND q.location_id = l.location_id
	  JOIN fulfillment.items i ON i.merchant_id = q.merchant_id AND i.item_id = q.item_id;
COMMENT ON VIEW fulfillment.stock_ageing IS 'How long the units on hand have been there, first in, first out';

CREATE VIEW fulfillment.shrinkage WITH (security_invoker = true) AS
	SELECT m.merchant_id, l.code AS location, date_trunc('month', m.moved_at)::date AS month, m.kind::text AS kind, m.cause,
	       -sum(m.on_hand_delta) FILTER (WHERE m.on_hand_delta < 0) AS lost,
	       sum(m.on_hand_delta) FILTER (WHERE m.on_hand_delta > 0) AS found,
	       sum(m.on_hand_delta * i.value) AS value,
	       fulfillment.bar(coalesce(-sum(m.on_hand_delta * i.value) FILTER (WHERE m.on_hand_delta < 0), 0),
	           max(sum(m.on_hand_delta * -i.value) FILTER (WHERE m.on_hand_delta < 0))
	               OVER (PARTITION BY m.merchant_id)) AS share
	  FROM fulfillment.locations l
	  JOIN fulfillment.stock_movements m ON m.merchant_id = l.merchant_id AND m.location_id = l.location_id
	  JOIN fulfillment.items i ON i.merchant_id = m.merchant_id AND i.item_id = m.item_id
	 WHERE m.kind IN ('adjust', 'count', 'reconcile', 'found', 'damage') AND m.on_hand_delta <> 0
	 GROUP BY m.merchant_id, l.code, date_trunc('month', m.moved_at), m.kind, m.cause;
COMMENT ON VIEW fulfillment.shrinkage IS
	'Units and value that went or turned up without being sold or bought, by location, month and cause';

CREATE VIEW fulfillment.backorder_dates WITH (security_invoker = true) AS
	WITH demand AS (
		SELECT n.merchant_id, n.order_id, o.number, n.line, n.item_id, q.units, o.promised_by,
		       sum(q.units) OVER (PARTITION BY n.merchant_id, n.item_id ORDER BY o.placed_at, n.order_id, n.line) AS up_to
		  FROM fulfillment.channels c
		  JOIN fulfillment.orders o ON o.merchant_id = c.merchant_id AND o.channel_id = c.channel_id AND o.state = 'open'
		   AND o.next_routing_at IS NOT NULL
		  JOIN fulfillment.order_lines n ON n.merchant_id = o.merchant_id AND n.order_id = o.order_id
		 CROSS JOIN LATERAL (SELECT n.quantity - n.cancelled - n.assigned AS units) q
		 WHERE q.units > 0 AND n.item_id IS NOT NULL),
	supply AS (
		SELECT r.merchant_id, r.item_id, r.expected_at, r.location_id,
		       sum(r.quantity - r.received) OVER (PARTITION BY r.merchant_id, r.item_id
		                                          ORDER BY r.expected_at, r.expected_receipt_id) AS up_to
		  FROM fulfillment.expected_receipts r
		 WHERE r.state = 'open' AND r.quantity > r.received)
	SELECT d.merchant_id, d.order_id, d.number AS order_number, d.line, i.sku, d.units, s.expected_at AS ships_from,
	       l.code AS location, d.promised_by, s.expected_at > d.promised_by AS late
	  FROM demand d
	  JOIN fulfillment.items i ON i.merchant_id = d.merchant_id AND i.item_id = d.item_id
	  LEFT JOIN LATERAL (
		SELECT t.expected_at, t.location_id FROM supply t
		 WHERE t.merchant_id = d.merchant_id AND t.item_id = d.item_id AND t.up_to >= d.up_to
		 ORDER BY t.up_to LIMIT 1) s ON true
	  LEFT JOIN fulfillment.locations l ON l.merchant_id = d.merchant_id AND l.location_id = s.location_id;
COMMENT ON VIEW fulfillment.backorder_dates IS
	'When units that wait for stock can go, from the expected receipts, oldest order first; ships_from NULL: nothing announced covers them';
-- What is late or about to be, what people have to do by hand, and how channels and providers fare.

CREATE FUNCTION fulfillment.ship_by(taken_at timestamptz, time_zone text, cutoff time,
	working_days int[], closed_days date[]) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'fulfillment_ship_by' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION fulfillment.ship_by(timestamptz, text, time, int[], date[]) IS
	'The cut-off by which goods leave a location that were taken at this time';

CREATE FUNCTION fulfillment.sla_risks(unscanned_for interval DEFAULT '2 days',
	no_news_for interval DEFAULT '5 days', on_the_way_for interval DEFAULT '14 days',
	OUT merchant_id int, OUT order_id bigint, OUT channel text, OUT order_number text, OUT risk text,
	OUT since timestamptz, OUT promised_by timestamptz, OUT expected_at timestamptz,
	OUT shipment_id bigint, OUT shipment text, OUT provider text, OUT location text,
	OUT tracking_number text, OUT detail text) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
	WITH live AS NOT MATERIALIZED (
		SELECT o.*, c.code AS channel
		  FROM fulfillment.channels c
		  JOIN fulfillment.orders o ON o.merchant_id = c.merchant_id AND o.channel_id = c.channel_id
		 WHERE o.state IN ('received', 'open', 'cancelling')
	), shipments AS NOT MATERIALIZED (
		SELECT o.channel, o.number AS order_number, o.promised_by, p.code AS provider, l.code AS location, s.*,
		       CASE WHEN s.state IN ('draft', 'queued', 'submitting', 'unknown', 'accepted', 'rejected', 'attention')
		            THEN fulfillment.ship_by(greatest(s.created_at, o.not_before), l.time_zone, l.cutoff,
		                                     l.working_days, l.closed_days) END AS ship_by
		  FROM live o
		  JOIN fulfillment.shipments s ON s.merchant_id = o.merchant_id AND s.order_id = o.order_id
		  JOIN fulfillment.providers p ON p.merchant_id = s.merchant_id AND p.provider_id = s.provider_id
		  JOIN fulfillment.locations l ON l.merchant_id = s.merchant_id AND l.location_id = s.location_id
		 WHERE s.state NOT IN ('cancelled', 'delivered')
	)
	SELECT o.merchant_id, o.order_id, o.channel, o.number, 'promise_missed', o.promised_by, o.promised_by,
	       NULL::timestamptz, NULL::bigint, NULL, NULL, NULL, NULL, format('%s units have not arrived', q.missing)
	  FROM live o
	 CROSS JOIN LATERAL (
		SELECT sum(l.quantity - l.cancelled - l.delivered) AS missing FROM fulfillment.order_lines l
		 WHERE l.merchant_id = o.merchant_id AND l.order_id = o.order_id) q
	 WHERE o.promised_by < now() AND q.missing > 0
	UNION ALL
	SELECT o.merchant_id, o.order_id, o.channel, o.number, 'not_assigned', o.placed_at, o.promised_by,
	       NULL, NULL, NULL, NULL, NULL, NULL,
	       format('%s units wait for a location%s', q.missing, ': ' || o.routing_reason)
	  FROM live o
	 CROSS JOIN LATERAL (
		SELECT sum(l.quantity - l.cancelled - l.assigned) AS missing FROM fulfillment.order_lines l
		 WHERE l.merchant_id = o.merchant_id AND l.order_id = o.order_id) q
	 WHERE o.state = 'open' AND q.missing > 0 AND coalesce(o.not_before, now()) <= now()
	   AND coalesce(o.promised_by - interval '1 day' < now(), o.placed_at < now() - interval '1 day')
	UNION ALL
	SELECT s.merchant_id, s.order_id, s.channel, s.order_number, 'will_be_late', s.estimated_delivery_at,
	       s.promised_by, s.estimated_delivery_at, s.shipment_id, s.reference, s.provider, s.location, NULL,
	       'expected after the promise'
	  FROM shipments s WHERE s.estimated_delivery_at > s.promised_by AND s.promised_by >= now()
	UNION ALL
	SELECT s.merchant_id, s.order_id, s.channel, s.order_number, 'not_shipped', s.ship_by, s.promised_by,
	       s.estimated_delivery_at, s.shipment_id, s.reference, s.provider, s.location, NULL,
	       format('should have left; it is %s', s.state)
	  FROM shipments s WHERE s.ship_by < now()
	UNION ALL
	SELECT s.merchant_id, s.order_id, s.channel, s.order_number, r.risk, r.since, s.promised_by,
	       coalesce(k.estimated_delivery_at, s.estimated_delivery_at), s.shipment_id, s.reference, s.provider,
	       s.location, k.tracking_number, r.detail
	  FROM shipments s
	  JOIN fulfillment.packages k ON k.merchant_id = s.merchant_id AND k.shipment_id = s.shipment_id
	 CROSS JOIN LATERAL (
		SELECT 'no_scan', coalesce(k.status_at, k.created_at), 'the label exists and no carrier has scanned it'
		 WHERE coalesce(k.status, 'label_created') IN ('label_created', 'unknown')
		   AND coalesce(k.status_at, k.created_at) < now() - unscanned_for
		UNION ALL
		SELECT 'stuck', k.status_at, format('nothing new since it was %s', k.status)
		 WHERE k.status IN ('in_transit', 'delayed', 'out_for_delivery', 'attempted', 'ready_for_pickup', 'returning')
		   AND k.status_at < now() - no_news_for
		UNION ALL
		SELECT 'carrier_trouble', k.status_at, format('the carrier says %s', k.status)
		 WHERE k.status IN ('exception', 'lost', 'returning', 'returned')
		UNION ALL
		SELECT 'too_long', s.shipped_at, format('on the way for %s days', (now()::date - s.shipped_at::date))
		 WHERE s.state = 'shipped' AND s.shipped_at < now() - on_the_way_for
		   AND k.status IS DISTINCT FROM 'delivered') r (risk, since, detail)
$$;
COMMENT ON FUNCTION fulfillment.sla_risks(interval, interval, interval) IS
	'View sla_at_risk with limits of your own: a label not scanned for, a parcel without news for, on the way for';

CREATE VIEW fulfillment.sla_at_risk WITH (security_invoker = true) AS
	SELECT r.* FROM fulfillment.sla_risks() r;
COMMENT ON VIEW fulfillment.sla_at_risk IS
	'Promises that are broken or in danger, one row for each reason; function sla_risks takes other limits';

CREATE FUNCTION fulfillment.address_label(address jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
	SELECT concat_ws(E'\n', nullif(address ->> 'company', ''), nullif(address ->> 'name', ''),
	                 nullif(address ->> 'street1', ''), nullif(address ->> 'street2', ''),
	                 nullif(concat_ws(' ', address ->> 'postcode', address ->> 'city', address ->> 'region'), ''),
	                 nullif(address ->> 'country', ''))
$$;
COMMENT ON FUNCTION fulfillment.address_label(jsonb) IS 'An address as lines of text, as one writes it on a parcel';

CREATE VIEW fulfillment.work_list WITH (security_invoker = true) AS
	SELECT s.merchant_id, p.code AS provider, l.code AS location,
	       fulfillment.ship_by(greatest(s.created_at, o.not_before), l.time_zone, l.cutoff, l.working_days,
	                           l.closed_days) AS ship_by,
	       s.shipment_id, s.reference, c.code AS channel, o.number AS order_number, s.state::text AS state, s.progress,
	       CASE WHEN s.state = 'cancel_requested' OR s.cancel_pending THEN 'cancelled'
	            WHEN h.reasons IS NOT NULL THEN 'held: ' || h.reasons
	            WHEN s.stop = 'requested' THEN 'stopped' END AS do_not_ship,
	       q.pick, q.units, q.weight_g, coalesce(v.name, o.service) AS service,
	       fulfillment.address_label(o.ship_to) AS address, o.ship_to, q.lines, o.order_id
	  FROM fulfillment.providers p
	  JOIN fulfillment.shipments s ON s.merchant_id = p.merchant_id AND s.provider_id = p.provider_id
	   AND s.state IN ('draft', 'queued', 'submitting', 'unknown', 'accepted', 'cancel_requested', 'rejected', 'attention')
	   AND s.state IN ('queued', 'accepted', 'cancel_requested')
	  JOIN fulfillment.orders o ON o.merchant_id = s.merchant_id AND o.order_id = s.order_id
	  JOIN fulfillment.channels c ON c.merchant_id = o.merchant_id AND c.channel_id = o.channel_id
	  JOIN fulfillment.locations l ON l.merchant_id = s.merchant_id AND l.location_id = s.location_id
	  LEFT JOIN fulfillment.services v ON v.merchant_id = s.merchant_id AND v.service_id = s.service_id
	 CROSS JOIN LATERAL (
		SELECT string_agg(format('%s x %s %s', t.quantity - t.shipped - t.short, i.sku, coalesce(n.name, i.name)), E'\n'
		                  ORDER BY t.line) AS pick,
		       sum(t.quantity - t.shipped - t.short) AS units,
		       sum((t.quantity - t.shipped - t.short)::bigint * i.weight_g) AS weight_g,
		       jsonb_agg(jsonb_build_object('line', t.line, 'sku', i.sku, 'barcode', i.barcode, 'name',
		                 coalesce(n.name, i.name), 'quantity', t.quantity - t.shipped - t.short) ORDER BY t.line) AS lines
		  FROM fulfillment.shipment_lines t
		  JOIN fulfillment.items i ON i.merchant_id = t.merchant_id AND i.item_id = t.item_id
		  LEFT JOIN fulfillment.order_lines n ON n.merchant_id = t.merchant_id AND n.order_id = t.order_id AND n.line = t.line
		 WHERE t.merchant_id = s.merchant_id AND t.shipment_id = s.shipment_id
		   AND t.quantity > t.shipped + t.short) q
	 CROSS JOIN LATERAL (
		SELECT string_agg(t.reason, ', ' ORDER BY t.hold_id) AS reasons FROM fulfillment.holds t
		 WHERE t.merchant_id = s.merchant_id AND t.order_id = s.order_id AND t.released_at IS NULL) h
	 WHERE p.integration = 'manual' AND q.units > 0;
COMMENT ON VIEW fulfillment.work_list IS
	'What people have to pick and ship by hand for manual providers; confirm_shipment reports that it is done';

CREATE VIEW fulfillment.channel_status WITH (security_invoker = true) AS
	SELECT c.merchant_id, c.code AS channel, c.name, c.active, n.code AS connection, n.connector,
	       n.state AS connection_state, c.fetched_at, now() - c.fetched_at AS fetched_ago,
	       q.live_orders, q.invalid_orders, t.waiting_updates, t.parked_updates, t.oldest_update,
	       i.listings, n.webhooks_refused
	  FROM fulfillment.channels c
	  LEFT JOIN fulfillment.connections n ON n.merchant_id = c.merchant_id AND n.connection_id = c.connection_id
	 CROSS JOIN LATERAL (
		SELECT count(*) AS live_orders, count(*) FILTER (WHERE o.state = 'invalid') AS invalid_orders
		  FROM fulfillment.orders o
		 WHERE o.merchant_id = c.merchant_id AND o.channel_id = c.channel_id
		   AND o.state IN ('received', 'invalid', 'open', 'cancelling')) q
	 CROSS JOIN LATERAL (
		SELECT count(*) FILTER (WHERE k.state <> 'parked') AS waiting_updates,
		       count(*) FILTER (WHERE k.state = 'parked') AS parked_updates, min(k.created_at) AS oldest_update
		  FROM fulfillment.tasks k
		 WHERE k.merchant_id = c.merchant_id AND k.connection_id = c.connection_id) t
	 CROSS JOIN LATERAL (
		SELECT count(*) AS listings FROM fulfillment.listings g
		 WHERE g.merchant_id = c.merchant_id AND g.channel_id = c.channel_id) i;
COMMENT ON VIEW fulfillment.channel_status IS 'How every channel is: when it was last read, and what it has not been told yet';

CREATE VIEW fulfillment.provider_scorecard WITH (security_invoker = true) AS
	SELECT p.merchant_id, p.code AS provider, p.kind, p.integration, q.shipments, q.shipped, q.delivered, q.refused,
	       q.cancelled, q.lost, q.returned, q.short_units,
	       round(100.0 * q.on_time / nullif(q.promised, 0), 1) AS on_time_percent,
	       q.hours_to_ship, q.days_in_transit, q.planned_cost, q.cost, q.currency
	  FROM fulfillment.providers p
	 CROSS JOIN LATERAL (
		SELECT count(*) AS shipments, count(*) FILTER (WHERE s.shipped_at IS NOT NULL) AS shipped,
		       count(*) FILTER (WHERE s.state = 'delivered') AS delivered,
		       count(*) FILTER (WHERE s.error_code IS NOT NULL OR s.state = 'rejected') AS refused,
		       count(*) FILTER (WHERE s.state = 'cancelled') AS cancelled,
		       count(*) FILTER (WHERE s.state = 'lost') AS lost,
		       count(*) FILTER (WHERE s.state = 'returning') AS returned,
		       coalesce(sum(n.short), 0) AS short_units,
		       count(*) FILTER (WHERE o.promised_by IS NOT NULL
		                         AND (s.state = 'delivered' OR o.promised_by < now())
		                         AND s.state NOT IN ('cancelled', 'rejected')) AS promised,
		       count(*) FILTER (WHERE s.state = 'delivered' AND s.delivered_at <= o.promised_by) AS on_time,
		       round((extract(epoch FROM avg(s.shipped_at - s.accepted_at)) / 3600)::numeric, 1) AS hours_to_ship,
		       round((extract(epoch FROM avg(s.delivered_at - s.shipped_at)) / 86400)::numeric, 1) AS days_in_transit,
		       sum(s.planned_cost) FILTER (WHERE s.cost IS NOT NULL) AS planned_cost, sum(s.cost) AS cost,
		       min(s.currency::text) AS currency
		  FROM fulfillment.shipments s
		  JOIN fulfillment.orders o ON o.merchant_id = s.merchant_id AND o.order_id = s.order_id
		 CROSS JOIN LATERAL (
			SELECT sum(t.short) AS short FROM fulfillment.shipment_lines t
			 WHERE t.merchant_id = s.merchant_id AND t.shipment_id = s.shipment_id) n
		 WHERE s.merchant_id = p.merchant_id AND s.provider_id = p.provider_id
		   AND s.created_at > now() - interval '30 days') q;
COMMENT ON VIEW fulfillment.provider_scorecard IS
	'How providers did with the shipments of the last 30 days: refusals, losses, punctuality, time and cost';

CREATE VIEW fulfillment.unknown_codes WITH (security_invoker = true) AS
	SELECT m.merchant_id, n.connector, k.carrier, e.code,
	       (array_agg(e.description ORDER BY e.occurred_at DESC))[1] AS description,
	       count(*) AS events, count(DISTINCT e.package_id) AS packages, min(e.occurred_at) AS first_at,
	       max(e.occurred_at) AS last_at,
	       (array_agg(k.tracking_number ORDER BY e.occurred_at DESC))[1] AS tracking_number
	  FROM fulfillment.merchants m
	  JOIN fulfillment.tracking_events e ON e.merchant_id = m.merchant_id AND e.status = 'unknown'
	  JOIN fulfillment.packages k ON k.merchant_id = e.merchant_id AND k.package_id = e.package_id
	  JOIN fulfillment.shipments s ON s.merchant_id = k.merchant_id AND s.shipment_id = k.shipment_id
	  JOIN fulfillment.providers p ON p.merchant_id = s.merchant_id AND p.provider_id = s.provider_id
	  LEFT JOIN fulfillment.connections n ON n.merchant_id = p.merchant_id AND n.connection_id = p.connection_id
	 GROUP BY m.merchant_id, n.connector, k.carrier, e.code;
COMMENT ON VIEW fulfillment.unknown_codes IS
	'Codes that carriers have sent and no table of ours explains: the parcel stays as it was, and the code is counted here';
-- Timeline: everything about one order in the order of time: who did what, when and why.

CREATE VIEW fulfillment.timeline WITH (security_invoker = true) AS
	SELECT o.merchant_id, o.order_id, c.code AS channel, o.number AS order_number, t.at, t.kind, t.what, t.who, t.why,
	       t.shipment_id, t.detail, t.id
	  FROM fulfillment.channels c
	  JOIN fulfillment.orders o ON o.merchant_id = c.merchant_id AND o.channel_id = c.channel_id
	 CROSS JOIN LATERAL (
		SELECT h.at, 'history' AS kind,
		       concat_ws(' ', h.subject_kind, CASE WHEN h.subject_kind <> 'order' THEN h.subject_id END, h.event,
		                 CASE WHEN h.from_state IS DISTINCT FROM h.to_state
		                      THEN format('(%s)', concat_ws(' -> ', h.from_state, h.to_state)) END) AS what,
		       h.actor AS who, h.cause AS why, CASE h.subject_kind WHEN 'shipment' THEN h.subject_id END AS shipment_id,
		       nullif(jsonb_strip_nulls(jsonb_build_object('before', h.before, 'after', h.after)), '{}') AS detail,
		       h.history_id AS id
		  FROM fulfillment.history h WHERE h.merchant_id = o.merchant_id AND h.order_id = o.order_id
		UNION ALL
		SELECT d.decided_at, 'decision', format('assigned at a cost of %s', d.cost), NULL, d.cause, NULL, d.chosen::jsonb,
		       d.decision_id
		  FROM fulfillment.decisions d WHERE d.merchant_id = o.merchant_id AND d.order_id = o.order_id
		UNION ALL
		SELECT m.moved_at, 'stock',
		       concat_ws(' ', m.kind, nullif(abs(m.on_hand_delta), 0), CASE m.on_hand_delta WHEN 0 THEN abs(m.reserved_delta) END,
		                 'x', i.sku, 'at', l.code),
		       m.actor, m.cause, m.shipment_id,
		       jsonb_build_object('on_hand', m.on_hand_delta, 'reserved', m.reserved_delta), m.movement_id
		  FROM fulfillment.stock_movements m
		  JOIN fulfillment.items i ON i.merchant_id = m.merchant_id AND i.item_id = m.item_id
		  JOIN fulfillment.locations l ON l.merchant_id = m.merchant_id AND l.location_id = m.location_id
		 WHERE m.merchant_id = o.merchant_id AND m.order_id = o.order_id
		UNION ALL
		SELECT k.started_at, 'call', concat_ws(' ', k.operation, k.result, CASE WHEN k.status > 0 THEN format('(%s)', k.status) END),
		       n.code, k.error, CASE k.subject_kind WHEN 'shipment' THEN k.subject_id END,
		       jsonb_strip_nulls(jsonb_build_object('method', k.method, 'url', k.url, 'attempt', k.attempt,
		                                            'timings_ms', to_jsonb(k.timings))), k.call_id
		  FROM fulfillment.calls k
		  JOIN fulfillment.connections n ON n.merchant_id = k.merchant_id AND n.connection_id = k.connection_id
		 WHERE k.merchant_id = o.merchant_id AND k.order_id = o.order_id
		UNION ALL
		SELECT w.created_at, 'waiting', concat_ws(' ', w.operation, 'is still to be made', CASE WHEN w.in_doubt THEN '(in doubt)' END),
		       n.code, w.last_error, CASE w.subject_kind WHEN 'shipment' THEN w.subject_id END,
		       jsonb_build_object('state', w.state, 'attempts', w.attempts, 'due_at', nullif(w.due_at, 'infinity')), w.task_id
		  FROM fulfillment.shipments s
		  JOIN fulfillment.tasks w ON w.merchant_id = s.merchant_id AND w.subject_kind = 'shipment' AND w.subject_id = s.shipment_id
		  JOIN fulfillment.connections n ON n.merchant_id = w.merchant_id AND n.connection_id = w.connection_id
		 WHERE s.merchant_id = o.merchant_id AND s.order_id = o.order_id
		UNION ALL
		SELECT w.created_at, 'waiting', concat_ws(' ', w.operation, 'is still to be made', CASE WHEN w.in_doubt THEN '(in doubt)' END),
		       n.code, w.last_error, NULL,
		       jsonb_build_object('state', w.state, 'attempts', w.attempts, 'due_at', nullif(w.due_at, 'infinity')), w.task_id
		  FROM fulfillment.tasks w
		  JOIN fulfillment.connections n ON n.merchant_id = w.merchant_id AND n.connection_id = w.connection_id
		 WHERE w.merchant_id = o.merchant_id AND w.subject_kind = 'order' AND w.subject_id = o.order_id
		UNION ALL
		SELECT e.occurred_at, 'tracking', concat_ws(' ', k.tracking_number, e.status, e.description),
		       k.carrier, nullif(concat_ws(', ', e.city, e.country), ''), s.shipment_id,
		       jsonb_strip_nulls(jsonb_build_object('code', e.code, 'received_at', e.received_at)), k.package_id
		  FROM fulfillment.shipments s
		  JOIN fulfillment.packages k ON k.merchant_id = s.merchant_id AND k.shipment_id = s.shipment_id
		  JOIN fulfillment.tracking_events e ON e.merchant_id = k.merchant_id AND e.package_id = k.package_id
		 WHERE s.merchant_id = o.merchant_id AND s.order_id = o.order_id
		UNION ALL
		SELECT k.created_at, 'document', concat_ws(' ', k.kind, k.format, 'of', s.reference), NULL, NULL, s.shipment_id,
		       jsonb_strip_nulls(jsonb_build_object('package', k.package_number, 'bytes', length(k.content), 'url', k.url,
		                                            'voided_at', k.voided_at)), k.document_id
		  FROM fulfillment.shipments s
		  JOIN fulfillment.documents k ON k.merchant_id = s.merchant_id AND k.shipment_id = s.shipment_id
		 WHERE s.merchant_id = o.merchant_id AND s.order_id = o.order_id
		UNION ALL
		SELECT k.placed_at, 'hold', 'held until ' || coalesce(k.until::text, 'somebody releases it'), k.placed_by, k.reason,
		       NULL, NULL, k.hold_id
		  FROM fulfillment.holds k WHERE k.merchant_id = o.merchant_id AND k.order_id = o.order_id
		UNION ALL
		SELECT k.released_at, 'hold', 'released', k.released_by, k.reason, NULL, NULL, k.hold_id
		  FROM fulfillment.holds k
		 WHERE k.merchant_id = o.merchant_id AND k.order_id = o.order_id AND k.released_at IS NOT NULL
		UNION ALL
		SELECT k.opened_at, 'attention', k.message, NULL, k.hint, k.shipment_id, nullif(k.detail, '{}'), k.attention_id
		  FROM fulfillment.attention k WHERE k.merchant_id = o.merchant_id AND k.order_id = o.order_id
		UNION ALL
		SELECT k.resolved_at, 'attention', 'settled: ' || k.message, k.resolved_by, k.resolution, k.shipment_id, NULL,
		       k.attention_id
		  FROM fulfillment.attention k
		 WHERE k.merchant_id = o.merchant_id AND k.order_id = o.order_id AND k.resolved_at IS NOT NULL
		UNION ALL
		SELECT k.created_at, 'notification', k.type, NULL, NULL, k.shipment_id, k.data, k.event_id
		  FROM fulfillment.notifications k WHERE k.merchant_id = o.merchant_id AND k.order_id = o.order_id
		UNION ALL
		SELECT k.created_at, 'return', concat_ws(' ', 'return', k.kind, 'is', k.state), NULL, k.reason, k.shipment_id,
		       NULL, k.return_id
		  FROM fulfillment.returns k WHERE k.merchant_id = o.merchant_id AND k.order_id = o.order_id
		UNION ALL
		SELECT e.received_at, 'return', format('%s units came back %s: %s', e.quantity, e.condition, e.disposition),
		       e.received_by, e.reference, k.shipment_id, jsonb_build_object('line', e.line), e.receipt_id
		  FROM fulfillment.returns k
		  JOIN fulfillment.receipts e ON e.merchant_id = k.merchant_id AND e.return_id = k.return_id
		 WHERE k.merchant_id = o.merchant_id AND k.order_id = o.order_id) t;
COMMENT ON VIEW fulfillment.timeline IS
	'Everything about an order: events, decisions, stock, calls, tracking, documents, holds, attention, notifications, returns';

CREATE FUNCTION fulfillment.timeline(order_id bigint,
	merchant_id int DEFAULT fulfillment.current_merchant(),
	OUT at timestamptz, OUT kind text, OUT what text, OUT who text, OUT why text, OUT shipment_id bigint,
	OUT detail jsonb) RETURNS SETOF record
LANGUAGE sql STABLE
AS $$
	SELECT t.at, t.kind, t.what, t.who, t.why, t.shipment_id, t.detail
	  FROM fulfillment.timeline t
	 WHERE t.merchant_id = $2 AND t.order_id = $1
	 ORDER BY t.at, array_position('{history,hold,decision,stock}', t.kind), t.kind, t.id
$$;
COMMENT ON FUNCTION fulfillment.timeline(bigint, int) IS
	'One order from its first day to now, in the order of time: what happened, who did it and why';
-- What the columns of views hold: by view and column, or, with * for the view, by the name of a column
-- that means the same wherever it stands.  A column that has a comment keeps it.

DO $$
DECLARE
	entry record;
BEGIN
	FOR entry IN
		WITH texts (relation_name, column_name, text) AS (VALUES
	('*', 'merchant_id', 'The merchant whose row it is'),
	('*', 'order_id', 'The order'),
	('*', 'channel', 'The channel, by its code'),
	('*', 'order_number', 'The number of the order that people use'),
	('*', 'shipment_id', 'The shipment'),
	('*', 'shipment', 'Our reference of the shipment at its provider'),
	('*', 'reference', 'Our reference of the shipment at its provider'),
	('*', 'provider', 'The provider, by its code'),
	('*', 'integration', 'api, file, or manual: people do the steps'),
	('*', 'location', 'The location, by its code'),
	('*', 'service', 'The shipping service, by our name'),
	('*', 'sku', 'Stock keeping unit'),
	('*', 'location_id', 'The location'),
	('*', 'item_id', 'The item'),
	('*', 'channel_id', 'The channel'),
	('*', 'listing_id', 'The listing'),
	('*', 'on_hand', 'Units that are there'),
	('*', 'name', 'Name for people'),
	('*', 'package_id', 'The package'),
	('*', 'tracking_number', 'The carrier''s number of the parcel'),
	('*', 'promised_by', 'Delivery promised to the customer'),
	('*', 'estimated_delivery_at', 'Arrival as the provider or carrier last estimated it'),
	('*', 'shipped_at', 'When the goods left'),
	('*', 'delivered_at', 'When it was delivered'),
	('*', 'created_at', 'When the row was made'),
	('*', 'currency', 'Currency of the amounts in the row'),
	('*', 'cost', 'Cost the provider reported'),
	('*', 'planned_cost', 'Cost the assignment counted on'),
	('*', 'attempts', 'How often it was tried'),
	('*', 'connection', 'The connection, by its code'),
	('*', 'connector', 'The code that speaks to the other side'),

	('order_status', 'number', 'The number that people use'),
	('order_status', 'state', 'Stored control state: received, invalid, open, cancelling, cancelled, closed'),
	('order_status', 'progress', 'How far it is as a whole, from its lines; exception while trouble keeps it from going on, as long as nothing was delivered'),
	('order_status', 'flags', 'Which of held, at_risk, exception, returning and over_shipped it bears'),
	('order_status', 'holds', 'Reasons of the holds that are active; NULL: none'),
	('order_status', 'placed_at', 'When the customer ordered'),
	('order_status', 'expected_at', 'Arrival of the last shipment as it is estimated now'),
	('order_status', 'lines', 'Number of lines'),
	('order_status', 'ordered', 'Units ordered'),
	('order_status', 'cancelled', 'Units cancelled'),
	('order_status', 'unassigned', 'Units that wait for a location'),
	('order_status', 'waits_because', 'Why they wait: no_stock, safety_stock, capacity, rule, held …'),
	('order_status', 'next_try_at', 'When their assignment is tried next; NULL: when something changes'),
	('order_status', 'assigned', 'Units in shipments that are not cancelled or rejected'),
	('order_status', 'submitted', 'Units that a provider has accepted'),
	('order_status', 'shipped', 'Units that left, up to what was ordered'),
	('order_status', 'over_shipped', 'Units that left beyond what was ordered'),
	('order_status', 'delivered', 'Units that reached the customer'),
	('order_status', 'returned', 'Units that came back'),
	('order_status', 'shipments', 'Shipments that are not cancelled'),
	('order_status', 'attention', 'Things about it that wait for a person; attention_list has them'),
	('order_status', 'errors', 'Why it is invalid: [{code, field, line, message}]'),
	('order_status', 'received_at', 'When it first came in'),
	('order_status', 'closed_at', 'When it ended'),

	('shipment_status', 'number', 'Number within the order'),
	('shipment_status', 'state', 'Where the work stands'),
	('shipment_status', 'progress', 'What the warehouse reported before shipping: picking, packed'),
	('shipment_status', 'tracking_status', 'Status of its packages together'),
	('shipment_status', 'waits_for', 'Whose turn it is: hold, date, worker, provider, person, carrier, return; NULL: nobody''s'),
	('shipment_status', 'since', 'Since when it stands there'),
	('shipment_status', 'stop', 'Answer to the last hold or cancel that came after it left the house: requested, stopped, too_late'),
	('shipment_status', 'stop_at', 'When that answer was given'),
	('shipment_status', 'stop_deadline', 'When an unanswered request to stop is given up'),
	('shipment_status', 'cancel_pending', 'It is cancelled as soon as the outcome of the running call is known'),
	('shipment_status', 'shipped_after_cancel', 'It left although it had been cancelled'),
	('shipment_status', 'units', 'Units planned'),
	('shipment_status', 'shipped_units', 'Units that left'),
	('shipment_status', 'short_units', 'Units the warehouse could not find, or that were cancelled out of it'),
	('shipment_status', 'packages', 'Number of packages'),
	('shipment_status', 'tracking_numbers', 'The carrier''s numbers, by package'),
	('shipment_status', 'provider_reference', 'The provider''s id of the shipment'),
	('shipment_status', 'submitted_at', 'When it was last handed to the provider'),
	('shipment_status', 'accepted_at', 'When the provider accepted it'),
	('shipment_status', 'late', 'It is expected after the promise'),
	('shipment_status', 'confirmed', 'The provider itself said that it has it; false: it was only handed over, as a file to a partner that never reports back'),
	('shipment_status', 'error_code', 'The provider''s code of its last refusal'),
	('shipment_status', 'error_message', 'The provider''s words of its last refusal'),

	('tracking', 'number', 'Number of the package within the shipment'),
	('tracking', 'carrier', 'Who carries it'),
	('tracking', 'tracking_url', 'Page on which the customer can follow it'),
	('tracking', 'status', 'Tracking status, the same words for all carriers'),
	('tracking', 'status_at', 'When that happened, by the carrier''s clock'),
	('tracking', 'last_event', 'The newest event in the carrier''s words'),
	('tracking', 'last_city', 'Where it happened: city'),
	('tracking', 'last_country', 'Where it happened: country'),
	('tracking', 'last_event_at', 'When it happened'),
	('tracking', 'last_heard_at', 'When we heard of it'),
	('tracking', 'contradictory', 'The carrier said things that exclude each other'),
	('tracking', 'next_poll_at', 'When the carrier is asked next; NULL: not any more'),

	('inventory', 'mode', 'active: our numbers are the truth; passive: theirs are, and ours are reconciled with them'),
	('inventory', 'on_hand', 'Units that are there, by our books'),
	('inventory', 'reserved', 'Units promised to orders'),
	('inventory', 'safety_stock', 'Units never promised'),
	('inventory', 'available', 'on_hand - reserved - safety_stock; below zero: promised units eat into the safety stock'),
	('inventory', 'displayed', 'What to show as stock: their number at passive locations, ours at active ones'),
	('inventory', 'reported', 'What the other side last reported'),
	('inventory', 'reported_as_of', 'The moment that report was about'),
	('inventory', 'open_difference', 'Reported minus expected, of discrepancies nobody has settled'),
	('inventory', 'changed_at', 'When a number last changed'),
	('inventory', 'location_id', 'The location'),
	('inventory', 'item_id', 'The item'),

	('open_discrepancies', 'discrepancy_id', 'The discrepancy'),
	('open_discrepancies', 'kind', 'Where it was seen: over_ship, short_pick, count, snapshot'),
	('open_discrepancies', 'expected', 'Units that we counted on'),
	('open_discrepancies', 'reported', 'Units that were reported'),
	('open_discrepancies', 'difference', 'Reported minus expected'),
	('open_discrepancies', 'value', 'Value of the difference; never negative'),
	('open_discrepancies', 'age', 'How long it has been open'),
	('open_discrepancies', 'first_seen_at', 'When it was first seen'),
	('open_discrepancies', 'last_seen_at', 'When it was last seen'),
	('open_discrepancies', 'times_seen', 'How often it was seen'),
	('open_discrepancies', 'likely_cause', 'The cause that is likely'),
	('open_discrepancies', 'confidence', 'How sure it is that their number is right, from 0 to 1'),
	('open_discrepancies', 'trend', 'new, growing, shrinking or steady, over the snapshots that showed it'),
	('open_discrepancies', 'curve', 'The same as a picture, oldest first'),
	('open_discrepancies', 'movements', 'The last movements of the item before the snapshot'),
	('inventory', 'quarantine', 'Units beside those on hand that wait for a decision'),
	('inventory', 'damaged', 'Units beside those on hand that will not be sold'),
	('inventory', 'inbound', 'Units that are announced and have not arrived'),
	('inventory', 'next_inbound_at', 'When the next of them should arrive'),
	('inventory', 'free', 'The share of the units on hand that is not reserved, as a bar'),
	('available_stock', 'available', 'Units that may be sold; of kits: how many can be put together'),
	('available_stock', 'kit', 'It is a kit, made from components when it is sold'),
	('channel_stock', 'channel_sku', 'The SKU the channel uses'),
	('channel_stock', 'available', 'Units that may be sold, at all active locations'),
	('channel_stock', 'quantity', 'What the channel is to be told now'),
	('channel_stock', 'published', 'What it last took'),
	('channel_stock', 'published_at', 'When it took it'),
	('channel_stock', 'read_back', 'What it showed then'),
	('channel_stock', 'mismatches', 'How often it showed something else than it was told'),
	('stock_ageing', 'oldest_at', 'When the oldest of the units arrived'),
	('stock_ageing', 'age', 'How long they have been there'),
	('stock_ageing', 'units_30', 'Units that arrived in the last 30 days'),
	('stock_ageing', 'units_90', 'Units that arrived 30 to 90 days ago'),
	('stock_ageing', 'units_180', 'Units that arrived 90 to 180 days ago'),
	('stock_ageing', 'units_older', 'Units that arrived earlier'),
	('stock_ageing', 'value', 'Value of the units on hand'),
	('stock_ageing', 'old_share', 'The share of units older than 180 days, as a bar'),
	('shrinkage', 'month', 'The month'),
	('shrinkage', 'kind', 'The kind of movement'),
	('shrinkage', 'cause', 'The cause that was given'),
	('shrinkage', 'lost', 'Units that went'),
	('shrinkage', 'found', 'Units that turned up'),
	('shrinkage', 'value', 'Value of what turned up less what went'),
	('shrinkage', 'share', 'The loss beside the greatest one, as a bar'),
	('backorder_dates', 'line', 'The line of the order'),
	('backorder_dates', 'units', 'Units that wait'),
	('backorder_dates', 'ships_from', 'When the expected receipt that covers them should be there'),
	('backorder_dates', 'late', 'That is after the date promised'),

	('attention_list', 'attention_id', 'What resolve_attention takes'),
	('attention_list', 'kind', 'What sort of trouble it is: rejected, unknown_outcome, invalid_order …'),
	('attention_list', 'message', 'What happened'),
	('attention_list', 'hint', 'What to do about it'),
	('attention_list', 'age', 'How long it has waited'),
	('attention_list', 'times', 'How often it happened'),
	('attention_list', 'task_id', 'The parked call it is about'),
	('attention_list', 'detail', 'What else is known, for programs'),
	('attention_list', 'subject', 'What it is about when that is no row of ours: a row of a shop''s table'),
	('attention_list', 'opened_at', 'When it first happened'),

	('task_queue', 'task_id', 'What retry_task takes'),
	('task_queue', 'operation', 'What is asked of the other side'),
	('task_queue', 'subject_kind', 'What subject_id is an id of'),
	('task_queue', 'subject_id', 'What the call is about'),
	('task_queue', 'status', 'due, later, on_the_wire, lost (its worker died; it is taken up again), connection_paused, or parked: a person decides'),
	('task_queue', 'in_doubt', 'An earlier call may have succeeded: it is looked up before it is repeated'),
	('task_queue', 'age', 'How long ago it was written'),
	('task_queue', 'due_at', 'When it is tried next; NULL: when a person says so'),
	('task_queue', 'overdue', 'How long it has been due'),
	('task_queue', 'crashes', 'How often a worker died with it in hand'),
	('task_queue', 'leased_until', 'Until when its worker has it'),
	('task_queue', 'last_error', 'Why the last try failed'),

	('connection_health', 'health', 'ok; limited: told to wait; failing: the last call failed; down: left alone for a while; paused; not_called since the server started'),
	('connection_health', 'paused_reason', 'Why it is paused'),
	('connection_health', 'breaker', 'closed: calls are made; open: none; half_open: one is tried'),
	('connection_health', 'open_until', 'When a call is tried again'),
	('connection_health', 'blocked_until', 'Until when the other side asked us to wait'),
	('connection_health', 'failures_in_row', 'Failures since the last success'),
	('connection_health', 'in_flight', 'Calls on the wire'),
	('connection_health', 'waiting', 'Calls that are still to be made'),
	('connection_health', 'due', 'Of them, those that could be made now'),
	('connection_health', 'in_doubt', 'Of them, those that may have succeeded and are looked up first'),
	('connection_health', 'parked', 'Calls that wait for a person'),
	('connection_health', 'oldest', 'When the oldest of them was written'),
	('connection_health', 'ok', 'Calls that succeeded'),
	('connection_health', 'failed', 'Calls that failed, by the other side or on the way'),
	('connection_health', 'refused', 'Calls that the other side refused'),
	('connection_health', 'busy', 'Calls that were told to come later'),
	('connection_health', 'ok_at', 'When a call last succeeded'),
	('connection_health', 'failed_at', 'When a call last failed'),
	('connection_health', 'last_error', 'Why'),
	('connection_health', 'rate_per_second', 'Calls per second at most; NULL: the connector''s own limit'),
	('connection_health', 'max_concurrency', 'Calls at the same time at most; NULL: the connector''s own limit'),
	('connection_health', 'webhooks_refused', 'Webhooks refused because their signature was wrong'),
	('connection_health', 'connection_id', 'The connection'),

	('sla_at_risk', 'risk', 'promise_missed, will_be_late, not_assigned, not_shipped, no_scan, stuck, too_long, carrier_trouble'),
	('sla_at_risk', 'since', 'Since when, or from when on, it is so'),
	('sla_at_risk', 'expected_at', 'Arrival as it is estimated now'),
	('sla_at_risk', 'detail', 'The risk in words'),

	('unknown_codes', 'connector', 'Who spoke; NULL: a person or a program reported it'),
	('unknown_codes', 'carrier', 'Whose parcels'),
	('unknown_codes', 'code', 'As it was sent; NULL: there was none'),
	('unknown_codes', 'description', 'What the newest event with it says in words'),
	('unknown_codes', 'events', 'How often it came'),
	('unknown_codes', 'packages', 'On how many parcels'),
	('unknown_codes', 'first_at', 'When it first came'),
	('unknown_codes', 'last_at', 'When it came last'),
	('unknown_codes', 'tracking_number', 'One of the parcels'),

	('work_list', 'ship_by', 'Cut-off by which it has to leave'),
	('work_list', 'state', 'queued: nobody has begun; accepted: somebody has; cancel_requested: stop it if you can'),
	('work_list', 'progress', 'picking, packed'),
	('work_list', 'do_not_ship', 'Why it must stay: held, stopped or cancelled; NULL: ship it'),
	('work_list', 'pick', 'What to pick, a line for each item'),
	('work_list', 'units', 'Units to pick'),
	('work_list', 'weight_g', 'Their weight in grams'),
	('work_list', 'address', 'The address as lines of text'),
	('work_list', 'ship_to', 'The address by its parts'),
	('work_list', 'lines', 'What to pick, for programs: [{line, sku, barcode, name, quantity}]'),

	('timeline', 'at', 'When it happened'),
	('timeline', 'kind', 'history, hold, decision, stock, call, waiting, tracking, document, attention, notification, return'),
	('timeline', 'what', 'What happened'),
	('timeline', 'who', 'Who did it: a role, worker, a connection, a carrier'),
	('timeline', 'why', 'Why: the cause, the error, or what to do about it'),
	('timeline', 'shipment_id', 'The shipment it is about'),
	('timeline', 'detail', 'What else is known'),
	('timeline', 'id', 'Id of the row in its table'),

	('channel_status', 'active', 'false: not used any more'),
	('channel_status', 'connection_state', 'active, or paused: its tasks wait'),
	('channel_status', 'fetched_at', 'When orders were last fetched to the end'),
	('channel_status', 'fetched_ago', 'How long ago that was'),
	('channel_status', 'live_orders', 'Orders that have not ended'),
	('channel_status', 'invalid_orders', 'Of them, orders parked because something is wrong with them'),
	('channel_status', 'waiting_updates', 'Calls to the channel that are still to be made'),
	('channel_status', 'parked_updates', 'Calls to the channel that wait for a person'),
	('channel_status', 'oldest_update', 'When the oldest of them was written'),
	('channel_status', 'listings', 'Items it lists'),
	('channel_status', 'webhooks_refused', 'Webhooks refused because their signature was wrong'),

	('provider_scorecard', 'kind', 'carrier or fulfillment_center'),
	('provider_scorecard', 'shipments', 'Shipments made in the last 30 days'),
	('provider_scorecard', 'shipped', 'Of them, those that left'),
	('provider_scorecard', 'delivered', 'Of them, those that arrived'),
	('provider_scorecard', 'refused', 'Of them, those it refused'),
	('provider_scorecard', 'cancelled', 'Of them, those that were cancelled'),
	('provider_scorecard', 'lost', 'Of them, those it lost'),
	('provider_scorecard', 'returned', 'Of them, those on their way back'),
	('provider_scorecard', 'short_units', 'Units it could not find'),
	('provider_scorecard', 'on_time_percent', 'Share of promises kept, of those that are decided'),
	('provider_scorecard', 'hours_to_ship', 'Hours from acceptance to departure, on average'),
	('provider_scorecard', 'days_in_transit', 'Days from departure to arrival, on average'),
	('provider_scorecard', 'planned_cost', 'What the shipments with a reported cost were planned at')
		)
		SELECT format('fulfillment.%I.%I', relation_name, column_name) AS name, text
		  FROM texts WHERE relation_name <> '*'
		UNION ALL
		SELECT format('fulfillment.%I.%I', c.relname, a.attname), t.text
		  FROM pg_catalog.pg_class c
		  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
		  JOIN texts t ON t.relation_name = '*' AND t.column_name = a.attname
		 WHERE c.relnamespace = 'fulfillment'::regnamespace AND c.relkind = 'v'
		   AND pg_catalog.col_description(c.oid, a.attnum) IS NULL
		   AND NOT EXISTS (SELECT FROM texts o
		                    WHERE o.relation_name = c.relname AND o.column_name = a.attname)
	LOOP
		EXECUTE format('COMMENT ON COLUMN %s IS %L', entry.name, entry.text);
	END LOOP;
END
$$;
-- A small world to try everything in: no network, no credentials.

CREATE FUNCTION fulfillment.set_up_sandbox(clock_seconds int DEFAULT 1,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	merchant int := set_up_sandbox.merchant_id;
	connection bigint;
	carrier bigint;
	service bigint;
BEGIN
	PERFORM fulfillment.require_access('admin', merchant);
	IF EXISTS (SELECT FROM fulfillment.providers p WHERE p.merchant_id = merchant) THEN
		RAISE EXCEPTION 'merchant % has providers already', merchant USING ERRCODE = 'OF003',
			DETAIL = 'The sandbox is for a merchant that has none.',
			HINT = 'Add a merchant for it to fulfillment.merchants, and set fulfillment.merchant_id.';
	END IF;
	INSERT INTO fulfillment.connections (merchant_id, code, connector, config)
	VALUES (merchant, 'sandbox', 'sandbox', jsonb_build_object('clock_seconds', clock_seconds))
	RETURNING connection_id INTO connection;
	INSERT INTO fulfillment.providers (merchant_id, code, name, kind, integration, connection_id)
	VALUES (merchant, 'sandbox', 'Sandbox carrier', 'carrier', 'api', connection)
	RETURNING provider_id INTO carrier;
	INSERT INTO fulfillment.services (merchant_id, provider_id, code, name, provider_code)
	VALUES (merchant, carrier, 'standard', 'Standard', 'standard') RETURNING service_id INTO service;
	INSERT INTO fulfillment.service_prices (merchant_id, service_id, price_per_parcel, price_per_kg)
	VALUES (merchant, service, 4.90, 0.50);
	INSERT INTO fulfillment.locations (merchant_id, code, name, country, postcode, address)
	VALUES (merchant, 'berlin', 'Warehouse Berlin', 'DE', '10115', '{"name": "Warehouse Berlin", "street1": "Chausseestr. 1",
	        "city": "Berlin", "postcode": "10115", "country": "DE"}'),
	       (merchant, 'lyon', 'Warehouse Lyon', 'FR', '69001', '{"name": "Warehouse Lyon", "street1": "Rue Romarin 1",
	        "city": "Lyon", "postcode": "69001", "country": "FR"}');
	INSERT INTO fulfillment.items (merchant_id, sku, name, weight_g, value)
	VALUES (merchant, 'MUG', 'Mug', 350, 12), (merchant, 'TEA', 'Green tea', 120, 8), (merchant, 'POT', 'Tea pot', 900, 35);
	INSERT INTO fulfillment.channels (merchant_id, code, name) VALUES (merchant, 'shop', 'Shop');
	PERFORM fulfillment.receive_stock(l, s, 100, 'sandbox', merchant)
	   FROM unnest('{berlin,lyon}'::text[]) l, unnest('{MUG,TEA,POT}'::text[]) s;
	PERFORM fulfillment.schedule_jobs(merchant);
	RETURN 'channel shop, locations berlin and lyon, items MUG, TEA and POT, carrier sandbox';
END
$$;
COMMENT ON FUNCTION fulfillment.set_up_sandbox(int, int) IS
	'Gives a merchant that has no provider yet everything it takes to try the extension: a carrier without network whose parcels move one step every clock_seconds, two locations with stock, three items, a channel and a running clock';
REVOKE ALL ON FUNCTION fulfillment.set_up_sandbox(int, int) FROM PUBLIC;
-- Access: what each level may do, and who has which.  Rights are read from the catalog, so an object
-- that is new is covered as soon as somebody is granted access again; doctor() tells who lacks one.

CREATE FUNCTION fulfillment.access_rights(level text,
	OUT kind text, OUT object text, OUT privilege text) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
	WITH levels (name, rank) AS (
		VALUES ('viewer', 1), ('operator', 2), ('admin', 3), ('worker', 4)
	), setup_tables (name, privilege, sequence) AS (
		VALUES ('merchants', 'UPDATE (name, attributes)', NULL),
		       ('connections', 'INSERT, UPDATE, DELETE', 'connection_id_seq'),
		       ('providers', 'INSERT, UPDATE, DELETE', 'provider_id_seq'),
		       ('services', 'INSERT, UPDATE, DELETE', 'service_id_seq'),
		       ('service_prices', 'INSERT, UPDATE, DELETE', 'service_price_id_seq'),
		       ('locations', 'INSERT, UPDATE, DELETE', 'location_id_seq'),
		       ('location_carriers', 'INSERT, UPDATE, DELETE', NULL),
		       ('items', 'INSERT, UPDATE, DELETE', 'item_id_seq'),
		       ('kit_components', 'INSERT, UPDATE, DELETE', NULL),
		       ('stock_levels', 'INSERT (merchant_id, location_id, item_id, safety_stock), UPDATE (safety_stock)', NULL),
		       ('channels', 'INSERT, UPDATE, DELETE', 'channel_id_seq'),
		       ('listings', 'INSERT, UPDATE, DELETE', 'listing_id_seq'),
		       ('reconcile_policies', 'INSERT, UPDATE, DELETE', NULL),
		       ('routing_rules', 'INSERT, UPDATE, DELETE', 'rule_id_seq'),
		       ('routing_settings', 'INSERT, UPDATE, DELETE', NULL),
		       ('templates', 'INSERT, UPDATE, DELETE', NULL)
	), special_functions (name, lowest) AS (
		-- the others: whoever changes something is an operator, whoever only reads a viewer
		VALUES ('supported_actions', 'viewer'), ('check_stock', 'viewer'), ('worker_status', 'viewer'),
		       ('connection_state', 'viewer'), ('engine_facts', 'viewer'), ('doctor', 'viewer'),
		       ('set_secret', 'admin'), ('test_connection', 'admin'), ('pause_connection', 'admin'),
		       ('resume_connection', 'admin'), ('schedule_jobs', 'admin'), ('unschedule_jobs', 'admin'),
		       ('attach_orders', 'admin'), ('set_inventory_mode', 'admin'), ('detach_orders', 'admin'), ('note_order', 'admin'),
		       ('take_orders', 'admin'), ('resume_workers', 'admin'),
		       ('grant_access', 'admin'), ('revoke_access', 'admin'), ('set_up_sandbox', 'admin')
	), relations AS (
		SELECT c.oid, c.relname, c.relkind FROM pg_class c
		 WHERE c.relnamespace = 'fulfillment'::regnamespace AND NOT c.relispartition
	), rights (lowest, kind, object, privilege) AS (
		SELECT 'viewer', 'schema', 'fulfillment', 'USAGE'
		UNION ALL
		SELECT CASE WHEN relname IN ('secrets', 'activations') THEN 'worker'
		            WHEN relname = 'access' THEN 'admin' ELSE 'viewer' END,
		       'table', oid::regclass::text, 'SELECT'
		  FROM relations WHERE relkind IN ('r', 'p', 'v')
		UNION ALL
		SELECT 'admin', 'table', format('fulfillment.%I', name), privilege FROM setup_tables
		UNION ALL
		SELECT 'admin', 'sequence', format('fulfillment.%I', sequence), 'USAGE'
		  FROM setup_tables WHERE sequence IS NOT NULL
		UNION ALL
		SELECT 'worker', 'table', oid::regclass::text, 'INSERT, UPDATE, DELETE'
		  FROM relations WHERE relkind IN ('r', 'p')
		UNION ALL
		SELECT 'worker', 'sequence', oid::regclass::text, 'USAGE' FROM relations WHERE relkind = 'S'
		UNION ALL
		-- What everybody may call needs no grant; what acts without being its owner is a part of other
		-- functions.
		SELECT coalesce(f.lowest, CASE WHEN p.provolatile <> 'v' THEN 'viewer' WHEN p.prosecdef THEN 'operator'
		                               ELSE 'worker' END),
		       'function', p.oid::regprocedure::text, 'EXECUTE'
		  FROM pg_proc p
		  LEFT JOIN special_functions f ON f.name = p.proname
		 WHERE p.pronamespace = 'fulfillment'::regnamespace
		   AND NOT EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
		                    WHERE a.grantee = 0 AND a.privilege_type = 'EXECUTE')
	)
	SELECT r.kind, r.object, r.privilege
	  FROM rights r
	  JOIN levels needed ON needed.name = r.lowest
	  JOIN levels had ON had.name = $1
	 WHERE needed.rank <= had.rank
$$;
COMMENT ON FUNCTION fulfillment.access_rights(text) IS
	'What a role of this level is granted: viewer reads, operator also acts, admin also sets up, worker writes every table';

CREATE FUNCTION fulfillment.renew_access(role text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
DECLARE
	highest text := (SELECT a.level FROM fulfillment.access a WHERE a.role_name = renew_access.role
	                  ORDER BY array_position('{viewer,operator,admin,worker}', a.level) DESC LIMIT 1);
	held record;
BEGIN
	EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA fulfillment FROM %I', role);
	EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA fulfillment FROM %I', role);
	EXECUTE format('REVOKE ALL ON ALL ROUTINES IN SCHEMA fulfillment FROM %I', role);
	EXECUTE format('REVOKE ALL ON SCHEMA fulfillment FROM %I', role);
	FOR held IN SELECT * FROM fulfillment.access_rights(highest) LOOP
		EXECUTE format('GRANT %s ON %s %s TO %I', held.privilege, held.kind, held.object, role);
	END LOOP;
END
$$;
COMMENT ON FUNCTION fulfillment.renew_access(text) IS
	'Brings the privileges of a role in line with table access; what was granted by hand is revoked';

CREATE FUNCTION fulfillment.require_access(level text, merchant_id int) RETURNS void
AS 'MODULE_PATHNAME', 'fulfillment_require_access' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION fulfillment.require_access(text, int) IS
	'An error unless the calling role has at least this level for the merchant';

CREATE FUNCTION fulfillment.grant_access(role text, level text,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	for_merchant int := CASE grant_access.level WHEN 'worker' THEN 0 ELSE grant_access.merchant_id END;
BEGIN
	PERFORM fulfillment.require_access('admin', for_merchant);
	IF grant_access.level IS NULL OR grant_access.level NOT IN ('viewer', 'operator', 'admin', 'worker') THEN
		RAISE EXCEPTION 'there is no level "%"', grant_access.level USING ERRCODE = 'OF002',
			HINT = 'Levels are viewer, operator, admin and worker.';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = grant_access.role) THEN
		RAISE EXCEPTION 'there is no role "%"', grant_access.role USING ERRCODE = 'OF002',
			HINT = 'Create it with CREATE ROLE first.';
	END IF;
	IF for_merchant <> 0 AND NOT EXISTS (SELECT FROM fulfillment.merchants WHERE merchant_id = for_merchant) THEN
		RAISE EXCEPTION 'there is no merchant %', for_merchant USING ERRCODE = 'OF002';
	END IF;
	LOCK TABLE fulfillment.access IN SHARE ROW EXCLUSIVE MODE;
	INSERT INTO fulfillment.access (merchant_id, role_name, level)
	VALUES (for_merchant, grant_access.role, grant_access.level)
	ON CONFLICT (merchant_id, role_name) DO UPDATE
	SET level = excluded.level, granted_at = excluded.granted_at, granted_by = excluded.granted_by;
	PERFORM fulfillment.renew_access(grant_access.role);
END
$$;
COMMENT ON FUNCTION fulfillment.grant_access(text, text, int) IS
	'Lets a role work for a merchant (0: for all): viewer reads, operator acts, admin sets up; worker is for fulfillment.worker_role. Only an admin of the merchant may';

CREATE FUNCTION fulfillment.revoke_access(role text,
	merchant_id int DEFAULT fulfillment.current_merchant()) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	PERFORM fulfillment.require_access('admin', revoke_access.merchant_id);
	LOCK TABLE fulfillment.access IN SHARE ROW EXCLUSIVE MODE;
	DELETE FROM fulfillment.access
	 WHERE merchant_id = revoke_access.merchant_id AND role_name = revoke_access.role;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'role "%" has no access to merchant %', revoke_access.role, revoke_access.merchant_id
			USING ERRCODE = 'OF002';
	END IF;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = revoke_access.role) THEN
		PERFORM fulfillment.renew_access(revoke_access.role);
	END IF;
END
$$;
COMMENT ON FUNCTION fulfillment.revoke_access(text, int) IS
	'Ends what a role may do for a merchant (0: what it was granted for all)';

REVOKE ALL ON FUNCTION fulfillment.renew_access(text), fulfillment.require_access(text, int),
	fulfillment.grant_access(text, text, int), fulfillment.revoke_access(text, int) FROM PUBLIC;
-- doctor.sql: what is wrong with this installation, and the command that mends it.
--
-- A finding is a row of one of two functions: of the server and this database, or of a merchant.
-- A check that finds nothing says nothing.

CREATE FUNCTION fulfillment.server_findings(
	OUT severity text, OUT finding text, OUT command text) RETURNS SETOF record
LANGUAGE sql VOLATILE SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
	WITH facts AS MATERIALIZED (
		SELECT f.*, current_database() AS database, pg_is_in_recovery() AS standby,
		       current_setting('fulfillment.worker_role', true) AS worker_role,
		       e.extversion AS installed
		  FROM fulfillment.engine_facts() f, pg_extension e WHERE e.extname = 'fulfillment'
	), worker AS (
		SELECT f.worker_role AS name, r.oid, r.rolsuper, r.rolcanlogin,
		       EXISTS (SELECT FROM fulfillment.access a
		                WHERE a.merchant_id = 0 AND a.level = 'worker' AND a.role_name = f.worker_role) AS granted
		  FROM facts f LEFT JOIN pg_roles r ON r.rolname = f.worker_role
		 WHERE f.worker_role <> ''
	), lacking AS (
		SELECT a.role_name, a.level, a.merchant_id
		  FROM fulfillment.access a
		  JOIN pg_roles r ON r.rolname = a.role_name
		 WHERE EXISTS (
			SELECT FROM fulfillment.access_rights(a.level) x
			 WHERE CASE x.kind
			       WHEN 'function' THEN NOT has_function_privilege(r.oid, x.object::regprocedure, 'EXECUTE')
			       WHEN 'sequence' THEN NOT has_sequence_privilege(r.oid, x.object::regclass, 'USAGE')
			       WHEN 'table' THEN NOT has_any_column_privilege(r.oid, x.object::regclass,
			                                                      regexp_replace(split_part(x.privilege, ',', 1), '\W.*', ''))
			       ELSE NOT has_schema_privilege(r.oid, x.object, 'USAGE') END)
	)
	SELECT 'error', 'the library is not preloaded, so no worker can run: calls wait',
	       format('ALTER SYSTEM SET shared_preload_libraries = %s;  -- then restart the server',
	              concat_ws(', ', nullif(current_setting('shared_preload_libraries'), ''), 'fulfillment'))
	  FROM facts WHERE NOT preloaded
	UNION ALL
	SELECT 'error', format('no worker serves database %I: it is not in fulfillment.databases', database),
	       format('ALTER SYSTEM SET fulfillment.databases = %L; SELECT pg_reload_conf();',
	              concat_ws(', ', nullif(current_setting('fulfillment.databases', true), ''), quote_ident(database)))
	  FROM facts WHERE preloaded AND NOT listed
	UNION ALL
	SELECT 'error', CASE WHEN copied THEN 'this database is a copy of another one, so its workers wait: nothing may ship twice'
	                     ELSE 'the workers of this database were never let go' END,
	       'SELECT fulfillment.resume_workers();  -- only if this database is the one to go on'
	  FROM facts WHERE NOT activated
	UNION ALL
	SELECT 'note', 'this server is a standby: its workers start when it is promoted', NULL FROM facts WHERE standby
	UNION ALL
	SELECT 'warning', format('%s of %s workers run; the server''s log says why', running, wanted),
	       CASE WHEN wanted - running > 0 THEN 'SHOW max_worker_processes;  -- each worker needs one, and the launcher' END
	  FROM facts WHERE preloaded AND listed AND activated AND NOT standby AND running < wanted
	UNION ALL
	SELECT 'error', format('the library is of version %s, the objects in this database of %s', library, installed),
	       'ALTER EXTENSION fulfillment UPDATE;  -- after the server was restarted with the new library'
	  FROM facts WHERE library <> installed
	UNION ALL
	SELECT 'error', 'secrets cannot be read: ' || key_problem,
	       'SHOW fulfillment.key_file;  -- put the file with the right key there, mode 0600, or set the secrets again'
	  FROM facts WHERE key_problem IS NOT NULL AND EXISTS (SELECT FROM fulfillment.secrets)
	UNION ALL
	SELECT 'warning', 'workers connect as the superuser that created the cluster',
	       'CREATE ROLE fulfillment_worker LOGIN; SELECT fulfillment.grant_access(''fulfillment_worker'', ''worker''); '
	       'ALTER SYSTEM SET fulfillment.worker_role = ''fulfillment_worker''; SELECT pg_reload_conf();'
	  FROM facts WHERE worker_role = ''
	UNION ALL
	SELECT 'error', format('fulfillment.worker_role is "%s", a role that does not exist', name),
	       format('CREATE ROLE %1$I LOGIN; SELECT fulfillment.grant_access(%1$L, ''worker'');', name)
	  FROM worker WHERE oid IS NULL
	UNION ALL
	SELECT 'error', format('role "%s", which workers connect as, may not log in', name), format('ALTER ROLE %I LOGIN;', name)
	  FROM worker WHERE NOT rolcanlogin
	UNION ALL
	SELECT 'warning', format('role "%s", which workers connect as, is a superuser', name),
	       format('ALTER ROLE %1$I NOSUPERUSER; SELECT fulfillment.grant_access(%1$L, ''worker'');', name)
	  FROM worker WHERE rolsuper
	UNION ALL
	SELECT 'error', format('role "%s", which workers connect as, has no access', name),
	       format('SELECT fulfillment.grant_access(%L, ''worker'');', name)
	  FROM worker WHERE oid IS NOT NULL AND NOT rolsuper AND NOT granted
	UNION ALL
	SELECT 'error', format('role "%s" lacks a right that level %s has', role_name, level),
	       format('SELECT fulfillment.grant_access(%L, %L, %s);', role_name, level, merchant_id)
	  FROM lacking
	UNION ALL
	SELECT 'warning', format('access is granted to role "%s", which does not exist', a.role_name),
	       format('SELECT fulfillment.revoke_access(%L, %s);', a.role_name, a.merchant_id)
	  FROM fulfillment.access a WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = a.role_name)
	UNION ALL
	SELECT 'warning', 'calls to private addresses and plain http are allowed, which is for tests',
	       'ALTER SYSTEM RESET fulfillment.allow_private_addresses; SELECT pg_reload_conf();'
	 WHERE current_setting('fulfillment.allow_private_addresses', true)::boolean
	UNION ALL
	SELECT 'warning', format('the encoding of this database is %s: names and addresses of the world need UTF8',
	                         getdatabaseencoding()),
	       format('CREATE DATABASE %I ENCODING ''UTF8'' TEMPLATE template0;  -- then move', current_database() || '_utf8')
	 WHERE getdatabaseencoding() <> 'UTF8'
	UNION ALL
	SELECT 'note', format('table fulfillment.%s has no partition for next month yet', name),
	       'SELECT fulfillment.maintain_storage();  -- the job retention does it'
	  FROM unnest('{calls,history,stock_movements}'::text[]) AS name
	 WHERE to_regclass('fulfillment.' || name || to_char(now() + interval '1 month', '_YYYY_MM')) IS NULL
	   AND EXISTS (SELECT FROM fulfillment.schedules WHERE last_at IS NOT NULL)
	UNION ALL
	SELECT 'warning', format('session %s has kept its snapshot for %s: dead rows of busy tables stay', pid,
	                         date_trunc('second', now() - xact_start)),
	       format('SELECT pg_terminate_backend(%s);', pid)
	  FROM pg_stat_activity
	 WHERE datname = current_database() AND backend_xmin IS NOT NULL AND xact_start < now() - interval '1 hour'
	   AND backend_type = 'client backend'
	UNION ALL
	SELECT 'warning', format('prepared transaction "%s" has been open since %s: dead rows of busy tables stay', gid,
	                         date_trunc('second', prepared)),
	       format('ROLLBACK PREPARED %L;', gid)
	  FROM pg_prepared_xacts WHERE database = current_database() AND prepared < now() - interval '1 hour'
	UNION ALL
	SELECT 'warning', format('replication slot "%s" is not used and keeps dead rows of busy tables', slot_name),
	       format('SELECT pg_drop_replication_slot(%L);', slot_name)
	  FROM pg_replication_slots WHERE NOT active AND (xmin IS NOT NULL OR catalog_xmin IS NOT NULL)
$$;
COMMENT ON FUNCTION fulfillment.server_findings() IS 'What doctor() finds out about the server and this database';

CREATE FUNCTION fulfillment.merchant_findings(merchant_id int,
	OUT severity text, OUT finding text, OUT command text) RETURNS SETOF record
LANGUAGE sql VOLATILE SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
	WITH connections AS MATERIALIZED (
		SELECT c.*, k.name IS NOT NULL AS known, k.settings, k.roles, s.names AS secret_names, b.breaker, b.last_error,
		       b.open_until
		  FROM fulfillment.connections c
		  LEFT JOIN fulfillment.connectors k ON k.name = c.connector
		  LEFT JOIN fulfillment.secrets s ON s.merchant_id = c.merchant_id AND s.connection_id = c.connection_id
		  LEFT JOIN fulfillment.connection_state() b ON b.merchant_id = c.merchant_id AND b.connection_id = c.connection_id
		 WHERE c.merchant_id = $1
	), missing AS (
		SELECT c.code, (s.value ->> 'secret')::boolean AS secret, string_agg(s.value ->> 'name', ', ') AS names,
		       jsonb_object_agg(s.value ->> 'name', '…') AS example
		  FROM connections c, jsonb_array_elements(c.settings) s
		 WHERE (s.value ->> 'required')::boolean
		   AND CASE WHEN (s.value ->> 'secret')::boolean THEN s.value ->> 'name' <> ALL (coalesce(c.secret_names, '{}'))
		            ELSE c.config -> (s.value ->> 'name') IS NULL END
		 GROUP BY 1, 2
	), locations AS MATERIALIZED (
		SELECT * FROM fulfillment.locations l WHERE l.merchant_id = $1 AND l.active
	), carriers AS (
		SELECT p.provider_id FROM fulfillment.providers p WHERE p.merchant_id = $1 AND p.active AND p.kind = 'carrier'
	), tasks AS (
		SELECT count(*) FILTER (WHERE t.state = 'parked') AS parked,
		       count(*) FILTER (WHERE t.state = 'ready' AND t.due_at < now() - interval '15 minutes'
		                              AND c.state = 'active' AND coalesce(c.breaker, 'closed') = 'closed') AS late,
		       count(*) FILTER (WHERE t.state = 'leased' AND t.leased_until < now() - interval '10 minutes') AS lost
		  FROM fulfillment.tasks t JOIN connections c USING (connection_id) WHERE t.merchant_id = $1
	), schedules AS (
		SELECT * FROM fulfillment.schedules s WHERE s.merchant_id = $1
	)
	SELECT 'error', format('connection "%s" names connector "%s", which does not exist', code, connector),
	       'SELECT name FROM fulfillment.connectors;'
	  FROM connections WHERE NOT known
	UNION ALL
	SELECT 'error', format('connection "%s" lacks %s %s', code, CASE WHEN secret THEN 'secret' ELSE 'setting' END, names),
	       CASE WHEN secret THEN format('SELECT fulfillment.set_secret(%L, %L);', code, example)
	            ELSE format('UPDATE fulfillment.connections SET config = config || %L WHERE merchant_id = %s AND code = %L;',
	                        example, $1, code) END
	  FROM missing
	UNION ALL
	SELECT 'warning', format('connection "%s" is paused%s: its calls wait', code, ' (' || paused_reason || ')'),
	       format('SELECT fulfillment.resume_connection(%L);', code)
	  FROM connections WHERE state = 'paused'
	UNION ALL
	SELECT 'warning', format('connection "%s" failed so often that it is left alone until %s: %s', code,
	                         date_trunc('second', open_until), last_error),
	       format('SELECT fulfillment.test_connection(%L);', code)
	  FROM connections WHERE breaker <> 'closed'
	UNION ALL
	SELECT 'note', format('channel "%s" has no connection: nobody is told what becomes of its orders', h.code), NULL
	  FROM fulfillment.channels h
	 WHERE h.merchant_id = $1 AND h.active AND h.connection_id IS NULL
	   AND NOT EXISTS (SELECT FROM fulfillment.attachments a WHERE a.merchant_id = $1 AND a.channel_id = h.channel_id)
	UNION ALL
	SELECT 'error', format('provider "%s" uses connection "%s", whose connector "%s" is no %s', p.code, c.code, c.connector, p.kind),
	       'SELECT name, roles FROM fulfillment.connectors;'
	  FROM fulfillment.providers p JOIN connections c USING (connection_id)
	 WHERE p.merchant_id = $1 AND p.active AND c.known AND p.kind <> ALL (c.roles)
	UNION ALL
	SELECT 'warning', format('provider "%s" has no active service with a price, so it is never chosen', p.code),
	       'INSERT INTO fulfillment.services …; INSERT INTO fulfillment.service_prices …;'
	  FROM fulfillment.providers p
	 WHERE p.merchant_id = $1 AND p.active
	   AND NOT EXISTS (SELECT FROM fulfillment.services s
	                     JOIN fulfillment.service_prices r ON r.merchant_id = s.merchant_id AND r.service_id = s.service_id
	                    WHERE s.merchant_id = $1 AND s.provider_id = p.provider_id AND s.active)
	UNION ALL
	SELECT 'error', 'there is no active location: nothing can be assigned', 'INSERT INTO fulfillment.locations …;'
	 WHERE NOT EXISTS (SELECT FROM locations) AND EXISTS (SELECT FROM fulfillment.channels h WHERE h.merchant_id = $1)
	UNION ALL
	SELECT 'error', format('location "%s" has no active carrier', l.code),
	       format('INSERT INTO fulfillment.location_carriers SELECT merchant_id, l.location_id, p.provider_id'
	              ' FROM fulfillment.locations l JOIN fulfillment.providers p USING (merchant_id)'
	              ' WHERE merchant_id = %s AND l.code = %L AND p.code = ''…'';', $1, l.code)
	  FROM locations l
	 WHERE l.provider_id IS NULL
	   AND NOT EXISTS (SELECT FROM carriers k
	                    WHERE EXISTS (SELECT FROM fulfillment.location_carriers x
	                                   WHERE x.merchant_id = $1 AND x.location_id = l.location_id AND x.provider_id = k.provider_id)
	                       OR NOT EXISTS (SELECT FROM fulfillment.location_carriers x
	                                       WHERE x.merchant_id = $1 AND x.location_id = l.location_id))
	UNION ALL
	SELECT 'note', format('location "%s" has no stock', l.code), format('SELECT fulfillment.receive_stock(%L, …, …);', l.code)
	  FROM locations l
	 WHERE NOT EXISTS (SELECT FROM fulfillment.stock_levels v
	                    WHERE v.merchant_id = $1 AND v.location_id = l.location_id AND v.on_hand > 0)
	UNION ALL
	SELECT 'error', format('location "%s" is in time zone "%s", which does not exist', l.code, l.time_zone),
	       format('UPDATE fulfillment.locations SET time_zone = ''UTC'' WHERE merchant_id = %s AND code = %L;', $1, l.code)
	  FROM locations l WHERE l.time_zone NOT IN (SELECT name FROM pg_timezone_names)
	UNION ALL
	SELECT 'warning', format('%s active items have no weight: parcels and prices are guessed, and carriers refuse', count(*)),
	       'SELECT sku FROM fulfillment.items WHERE active AND weight_g = 0;'
	  FROM fulfillment.items i WHERE i.merchant_id = $1 AND i.active AND i.weight_g = 0 HAVING count(*) > 0
	UNION ALL
	SELECT 'warning', format('%s calls are parked until a person decides', parked),
	       'SELECT * FROM fulfillment.task_queue WHERE status = ''parked'';'
	  FROM tasks WHERE parked > 0
	UNION ALL
	SELECT 'warning', format('%s calls have been due for more than 15 minutes', late),
	       'SELECT * FROM fulfillment.task_queue WHERE status = ''due'' ORDER BY overdue DESC;'
	  FROM tasks WHERE late > 0
	UNION ALL
	SELECT 'warning', format('%s calls were lost with their worker and are not taken up', lost),
	       'SELECT * FROM fulfillment.worker_status();'
	  FROM tasks WHERE lost > 0
	UNION ALL
	SELECT 'note', format('%s things wait for a person, the oldest for %s', count(*), date_trunc('minute', now() - min(a.opened_at))),
	       'SELECT * FROM fulfillment.attention_list ORDER BY age DESC;'
	  FROM fulfillment.attention a WHERE a.merchant_id = $1 AND a.resolved_at IS NULL HAVING count(*) > 0
	UNION ALL
	SELECT 'warning', 'the clock does not run: nothing is fetched, polled or expired', 'SELECT fulfillment.schedule_jobs();'
	 WHERE NOT EXISTS (SELECT FROM schedules)
	UNION ALL
	SELECT 'note', 'the workers keep the clock; pg_cron is not installed in this database and need not be', NULL
	 WHERE EXISTS (SELECT FROM schedules s WHERE NOT s.by_cron)
	   AND NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron')
	UNION ALL
	SELECT 'note', 'pg_cron is installed, but the workers keep the clock', 'SELECT fulfillment.schedule_jobs();'
	 WHERE EXISTS (SELECT FROM schedules s WHERE NOT s.by_cron)
	   AND EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron')
	UNION ALL
	SELECT 'error', 'pg_cron was to keep the clock, and is not installed in this database any more',
	       'SELECT fulfillment.schedule_jobs();'
	 WHERE EXISTS (SELECT FROM schedules s WHERE s.by_cron)
	   AND NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron')
	UNION ALL
	SELECT 'warning', format('job %s failed: %s', s.job, s.last_error), format('SELECT fulfillment.run_job(%L);', s.job)
	  FROM schedules s WHERE s.last_error IS NOT NULL
	UNION ALL
	SELECT 'error', format('table %s is attached and does not exist any more', a.source::oid),
	       format('SELECT fulfillment.detach_orders(%s);', a.source::oid)
	  FROM fulfillment.attachments a
	 WHERE a.merchant_id = $1 AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = a.source)
	UNION ALL
	SELECT 'error', format('table %s is attached, and its triggers are gone or disabled', a.source),
	       format('SELECT fulfillment.detach_orders(%L); SELECT fulfillment.attach_orders(…);', a.source)
	  FROM fulfillment.attachments a
	  JOIN pg_class c ON c.oid = a.source
	 WHERE a.merchant_id = $1
	   AND 3 > (SELECT count(*) FROM pg_trigger t
	             WHERE t.tgrelid = a.source AND t.tgenabled IN ('O', 'A')
	               AND t.tgname ~ format('^fulfillment_%s_', a.attachment_id))
	UNION ALL
	SELECT 'error', format('role "%s", with whose rights attached table %s is read, does not exist any more', a.created_by, a.source),
	       format('SELECT fulfillment.detach_orders(%L); SELECT fulfillment.attach_orders(…);', a.source)
	  FROM fulfillment.attachments a
	 WHERE a.merchant_id = $1 AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = a.created_by)
$$;
COMMENT ON FUNCTION fulfillment.merchant_findings(int) IS 'What doctor() finds out about a merchant';

CREATE FUNCTION fulfillment.doctor(merchant_id int DEFAULT fulfillment.current_merchant(),
	OUT severity text, OUT finding text, OUT command text) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, fulfillment, pg_temp
AS $$
BEGIN
	PERFORM fulfillment.require_access('viewer', merchant_id);
	RETURN QUERY
		WITH found (severity, finding, command) AS MATERIALIZED (
			SELECT * FROM fulfillment.server_findings()
			UNION ALL
			-- for another merchant than the session's, a command says for which
			SELECT m.severity, m.finding,
			       CASE WHEN doctor.merchant_id <> fulfillment.current_merchant()
			            THEN format('SET fulfillment.merchant_id = %s; ', doctor.merchant_id) ELSE '' END || m.command
			  FROM fulfillment.merchant_findings(doctor.merchant_id) m
		)
		SELECT f.* FROM (
			SELECT * FROM found
			UNION ALL
			SELECT 'ok', 'all is well', NULL
			 WHERE NOT EXISTS (SELECT FROM found o WHERE o.severity IN ('error', 'warning'))) f
		 ORDER BY array_position('{error,warning,ok,note}', f.severity), f.finding;
END
$$;
COMMENT ON FUNCTION fulfillment.doctor(int) IS
	'What is wrong with this installation, and the command that mends it; error: something stands still, warning: something may, note: to know; ok stands alone or with notes';

REVOKE ALL ON FUNCTION fulfillment.server_findings(), fulfillment.merchant_findings(int), fulfillment.doctor(int) FROM PUBLIC;
