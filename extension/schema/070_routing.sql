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

CREATE SEQUENCE fulfillment.rate_request_id_seq;
CREATE TABLE fulfillment.rate_requests (
	merchant_id int NOT NULL,
	rate_request_id bigint NOT NULL DEFAULT nextval('fulfillment.rate_request_id_seq'),
	order_id bigint NOT NULL,
	provider_id bigint NOT NULL,
	location_id bigint NOT NULL,
	country fulfillment.country_code NOT NULL,
	area text NOT NULL,
	residential boolean NOT NULL,
	weight_g bigint NOT NULL,
	volume_mm3 bigint NOT NULL,
	contents jsonb NOT NULL,
	asked_at timestamptz NOT NULL,
	ask_again_at timestamptz NOT NULL,
	answered_at timestamptz,
	problem text,
	PRIMARY KEY (merchant_id, rate_request_id),
	FOREIGN KEY (merchant_id, provider_id) REFERENCES fulfillment.providers ON DELETE CASCADE,
	FOREIGN KEY (merchant_id, location_id) REFERENCES fulfillment.locations ON DELETE CASCADE
);
CREATE INDEX rate_requests_subject ON fulfillment.rate_requests
	(merchant_id, country, area, provider_id, location_id, residential, weight_g, volume_mm3);
COMMENT ON TABLE fulfillment.rate_requests IS
	'What carriers were asked the price of: a weight and volume from a location to a destination; answers stand in rate_quotes';
COMMENT ON COLUMN fulfillment.rate_requests.merchant_id IS 'The merchant whose row it is';
COMMENT ON COLUMN fulfillment.rate_requests.rate_request_id IS 'The request';
COMMENT ON COLUMN fulfillment.rate_requests.provider_id IS 'The carrier that was asked';
COMMENT ON COLUMN fulfillment.rate_requests.location_id IS 'Where it would leave';
COMMENT ON COLUMN fulfillment.rate_requests.country IS 'Where it would go';
COMMENT ON COLUMN fulfillment.rate_requests.asked_at IS 'When it was asked last';
COMMENT ON COLUMN fulfillment.rate_requests.order_id IS 'The order it was asked for last; others use the answer, too';
COMMENT ON COLUMN fulfillment.rate_requests.area IS
	'The postcode without blanks, as much of it as providers.rates_area says; empty: none';
COMMENT ON COLUMN fulfillment.rate_requests.residential IS 'The destination is a home';
COMMENT ON COLUMN fulfillment.rate_requests.weight_g IS 'Weight of the goods in grams';
COMMENT ON COLUMN fulfillment.rate_requests.volume_mm3 IS 'Volume of the goods; 0: not known';
COMMENT ON COLUMN fulfillment.rate_requests.contents IS 'Lines of that order with the quantities asked for';
COMMENT ON COLUMN fulfillment.rate_requests.ask_again_at IS 'Nobody asks the same before that';
COMMENT ON COLUMN fulfillment.rate_requests.answered_at IS
	'When the quotes that stand there were given: they count until providers.rates_for later';
COMMENT ON COLUMN fulfillment.rate_requests.problem IS 'Why there is no answer, or none that names a price';

CREATE TABLE fulfillment.rate_quotes (
	merchant_id int NOT NULL,
	rate_request_id bigint NOT NULL,
	service text NOT NULL,
	name text,
	amount numeric NOT NULL CHECK (amount >= 0),
	currency fulfillment.currency_code NOT NULL,
	transit_days int CHECK (transit_days >= 0),
	arrives text,
	PRIMARY KEY (merchant_id, rate_request_id, service),
	FOREIGN KEY (merchant_id, rate_request_id) REFERENCES fulfillment.rate_requests ON DELETE CASCADE
);
COMMENT ON TABLE fulfillment.rate_quotes IS 'Prices that carriers quoted, service by service, word for word';
COMMENT ON COLUMN fulfillment.rate_quotes.merchant_id IS 'The merchant whose row it is';
COMMENT ON COLUMN fulfillment.rate_quotes.rate_request_id IS 'What was asked';
COMMENT ON COLUMN fulfillment.rate_quotes.name IS 'The carrier''s name of the service';
COMMENT ON COLUMN fulfillment.rate_quotes.currency IS 'The currency of the amount';
COMMENT ON COLUMN fulfillment.rate_quotes.service IS 'The carrier''s code of the service, as services.provider_code has it';
COMMENT ON COLUMN fulfillment.rate_quotes.amount IS 'Price of the whole shipment, with all its parcels';
COMMENT ON COLUMN fulfillment.rate_quotes.transit_days IS 'Days on the way; NULL: not told, those of the price table count';
COMMENT ON COLUMN fulfillment.rate_quotes.arrives IS 'When it would arrive, in the carrier''s own words';

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
