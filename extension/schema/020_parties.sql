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
	live_rates boolean NOT NULL DEFAULT false,
	rates_for interval NOT NULL DEFAULT '1 day' CHECK (rates_for > '0'),
	rates_area int CHECK (rates_area > 0),
	rates_wait interval NOT NULL DEFAULT '0' CHECK (rates_wait BETWEEN '0' AND '1 hour'),
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

COMMENT ON COLUMN fulfillment.providers.live_rates IS
	'Prices that it quotes count instead of the price table, and are asked for; where there is none, the table counts';
COMMENT ON COLUMN fulfillment.providers.rates_for IS 'How long a price that it quoted counts';
COMMENT ON COLUMN fulfillment.providers.rates_area IS
	'So many first characters of the postcode say what it quotes, such as 3; NULL: the whole postcode';
COMMENT ON COLUMN fulfillment.providers.rates_wait IS
	'How long an order may wait, once, for prices it is asked for; 0: it goes with those there are, answers are for the next ones';

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
