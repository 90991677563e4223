-- From 0.1 to 0.2: what changes in tables, types and rights.  Functions and views follow from api/,
-- which is run after this; one whose arguments or result changed, or that is gone, is dropped here.

-- Messages to customers, and who gets none.
ALTER TABLE fulfillment.templates ADD COLUMN html text;
COMMENT ON COLUMN fulfillment.templates.html IS 'The same text as HTML, for e-mail; NULL: plain text alone';
CREATE TABLE fulfillment.messages (
	merchant_id int NOT NULL,
	event_id bigint NOT NULL,
	connection_id bigint NOT NULL,
	order_id bigint,
	medium text NOT NULL CHECK (medium IN ('email', 'sms')),
	recipient text,
	state text NOT NULL CHECK (state IN ('queued', 'sending', 'accepted', 'delivered', 'failed', 'suppressed', 'skipped', 'unknown')),
	provider_reference text,
	error_code text,
	error_message text,
	created_at timestamptz NOT NULL DEFAULT now(),
	changed_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (merchant_id, event_id, connection_id),
	FOREIGN KEY (merchant_id, event_id) REFERENCES fulfillment.notifications ON DELETE CASCADE,
	FOREIGN KEY (merchant_id, connection_id) REFERENCES fulfillment.connections
);
CREATE INDEX messages_reference ON fulfillment.messages (merchant_id, connection_id, provider_reference)
	WHERE provider_reference IS NOT NULL;
CREATE INDEX messages_order ON fulfillment.messages (merchant_id, order_id) WHERE order_id IS NOT NULL;
COMMENT ON TABLE fulfillment.messages IS 'What customers were told by e-mail and SMS, one row per event and connection, and whether it reached them';
COMMENT ON COLUMN fulfillment.messages.recipient IS 'Address or number; NULL when the order has none';
COMMENT ON COLUMN fulfillment.messages.state IS
	'queued, sending; accepted: the provider took it; delivered; failed for good; suppressed: the recipient is not written to any more; skipped: there was nothing to say; unknown: the answer was lost';
COMMENT ON COLUMN fulfillment.messages.provider_reference IS 'The provider''s id of the message';

CREATE TABLE fulfillment.suppressions (
	merchant_id int NOT NULL DEFAULT fulfillment.current_merchant() REFERENCES fulfillment.merchants,
	medium text NOT NULL CHECK (medium IN ('email', 'sms')),
	recipient text NOT NULL,
	code text,
	reason text NOT NULL,
	since timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (merchant_id, medium, recipient)
);
COMMENT ON TABLE fulfillment.suppressions IS 'Addresses and numbers that do not exist or do not want to be written to; delete a row to try again';

COMMENT ON COLUMN fulfillment.messages.merchant_id IS 'The merchant whose row it is';
COMMENT ON COLUMN fulfillment.messages.connection_id IS 'The connection that is used';
COMMENT ON COLUMN fulfillment.messages.order_id IS 'The order it belongs to or is about';
COMMENT ON COLUMN fulfillment.messages.created_at IS 'When the row was made';
COMMENT ON COLUMN fulfillment.suppressions.merchant_id IS 'The merchant whose row it is';
COMMENT ON COLUMN fulfillment.messages.event_id IS 'The notification that was told';
COMMENT ON COLUMN fulfillment.messages.medium IS 'email or sms';
COMMENT ON COLUMN fulfillment.messages.error_code IS 'The provider''s code of a failure';
COMMENT ON COLUMN fulfillment.messages.error_message IS 'Why it failed';
COMMENT ON COLUMN fulfillment.messages.changed_at IS 'When its state changed';
COMMENT ON COLUMN fulfillment.suppressions.medium IS 'email or sms';
COMMENT ON COLUMN fulfillment.suppressions.recipient IS 'Address or number';
COMMENT ON COLUMN fulfillment.suppressions.code IS 'The provider''s code that says so';
COMMENT ON COLUMN fulfillment.suppressions.reason IS 'Why';
COMMENT ON COLUMN fulfillment.suppressions.since IS 'When it was found out';
REVOKE ALL ON fulfillment.messages, fulfillment.suppressions FROM PUBLIC;

-- Into the dump, and under the policies of every table.
DO $$
DECLARE
	member text;
	command text;
BEGIN
	FOREACH member IN ARRAY '{messages,suppressions}'::text[] LOOP
		PERFORM pg_catalog.pg_extension_config_dump(format('fulfillment.%I', member)::regclass, '');
		EXECUTE format('ALTER TABLE fulfillment.%I ENABLE ROW LEVEL SECURITY', member);
		EXECUTE format($policy$
			CREATE POLICY "select" ON fulfillment.%I FOR SELECT USING (
				merchant_id = ANY ((SELECT fulfillment.visible_merchants())::int[])
				OR 0 = ANY ((SELECT fulfillment.visible_merchants())::int[]))$policy$, member);
		FOREACH command IN ARRAY '{INSERT,UPDATE,DELETE}'::text[] LOOP
			EXECUTE format($policy$
				CREATE POLICY %I ON fulfillment.%I FOR %s %s (
					merchant_id = ANY ((SELECT fulfillment.managed_merchants())::int[])
					OR 0 = ANY ((SELECT fulfillment.managed_merchants())::int[]))$policy$,
				lower(command), member, command, CASE command WHEN 'INSERT' THEN 'WITH CHECK' ELSE 'USING' END);
		END LOOP;
	END LOOP;
END
$$;

-- What customers are told when a connection by e-mail or SMS is made; to be changed at will.
INSERT INTO fulfillment.templates (merchant_id, type, medium, language, subject, body)
SELECT m.merchant_id, t.* FROM fulfillment.merchants m CROSS JOIN (VALUES
	('shipment.goods_issued', 'email', 'en', 'Your order {{order_number}} is on its way', $text$Hello {{name}},

your order {{order_number}} has left our warehouse:
{{#lines}}  {{quantity}} x {{name}}
{{/lines}}{{#packages}}
Parcel {{number}}{{#tracking_number}}: {{carrier}} {{tracking_number}}{{/tracking_number}}
{{tracking_url}}
{{/packages}}
$text$),
	('shipment.goods_issued', 'sms', 'en', NULL,
	 'Your order {{order_number}} is on its way{{#packages}}: {{tracking_number}} {{tracking_url}}{{/packages}}'),
	('return.announced', 'email', 'en', 'Your return for order {{order_number}}', $text$Hello {{name}},

we expect your return {{number}} for order {{order_number}}.{{#tracking_number}}
Its label has the number {{tracking_number}}.{{/tracking_number}}{{#label_url}}
Print it here: {{label_url}}{{/label_url}}
$text$),
	('return.refunded', 'email', 'en', 'We have refunded your return for order {{order_number}}', $text$Hello {{name}},

thank you for sending return {{number}} back. We have refunded {{refunded}} {{currency}}.
$text$)) t
 WHERE m.merchant_id = 1
ON CONFLICT DO NOTHING;

-- What fulfillment centers say that nobody understands.
ALTER TABLE fulfillment.shipments
	ADD COLUMN unknown_code text,
	ADD COLUMN unknown_text text,
	ADD COLUMN unknown_at timestamptz;
CREATE INDEX shipments_unknown ON fulfillment.shipments (merchant_id, unknown_code) WHERE unknown_code IS NOT NULL;
COMMENT ON COLUMN fulfillment.shipments.unknown_code IS
	'The newest status of the provider''s that no table of ours explains; it stays when others follow, so that it is counted';
COMMENT ON COLUMN fulfillment.shipments.unknown_text IS 'The provider''s words for it';
COMMENT ON COLUMN fulfillment.shipments.unknown_at IS 'When it first came';
DROP VIEW fulfillment.unknown_codes;

-- Prices that carriers quote.

ALTER TABLE fulfillment.providers
	ADD COLUMN live_rates boolean NOT NULL DEFAULT false,
	ADD COLUMN rates_for interval NOT NULL DEFAULT '1 day' CHECK (rates_for > '0'),
	ADD COLUMN rates_area int CHECK (rates_area > 0),
	ADD COLUMN rates_wait interval NOT NULL DEFAULT '0' CHECK (rates_wait BETWEEN '0' AND '1 hour');
COMMENT ON COLUMN fulfillment.providers.live_rates IS
	'Prices that it quotes count instead of the price table, and are asked for; where there is none, the table counts';
COMMENT ON COLUMN fulfillment.providers.rates_for IS 'How long a price that it quoted counts';
COMMENT ON COLUMN fulfillment.providers.rates_area IS
	'So many first characters of the postcode say what it quotes, such as 3; NULL: the whole postcode';
COMMENT ON COLUMN fulfillment.providers.rates_wait IS
	'How long an order may wait, once, for prices it is asked for; 0: it goes with those there are, answers are for the next ones';

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

DO $$
DECLARE
	name regclass;
	command text;
BEGIN
	PERFORM pg_catalog.pg_extension_config_dump('fulfillment.rate_request_id_seq', '');
	FOREACH name IN ARRAY '{fulfillment.rate_requests,fulfillment.rate_quotes}'::regclass[] LOOP
		PERFORM pg_catalog.pg_extension_config_dump(name, '');
		EXECUTE format('REVOKE ALL ON TABLE %s FROM PUBLIC', name);
		EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
		EXECUTE format($policy$
			CREATE POLICY "select" ON %s FOR SELECT USING (
				merchant_id = ANY ((SELECT fulfillment.visible_merchants())::int[])
				OR 0 = ANY ((SELECT fulfillment.visible_merchants())::int[]))$policy$, name);
		FOREACH command IN ARRAY '{INSERT,UPDATE,DELETE}'::text[] LOOP
			EXECUTE format($policy$
				CREATE POLICY %s ON %s FOR %s %s (
					merchant_id = ANY ((SELECT fulfillment.managed_merchants())::int[])
					OR 0 = ANY ((SELECT fulfillment.managed_merchants())::int[]))$policy$,
				quote_ident(lower(command)), name, command, CASE command WHEN 'INSERT' THEN 'WITH CHECK' ELSE 'USING' END);
		END LOOP;
	END LOOP;
END
$$;

-- Explanations tell how far from the optimum a plan may be.

DROP FUNCTION fulfillment.decision_table(jsonb, jsonb, jsonb, jsonb);

-- Warehouses are asked what has come of announced returns.
ALTER TABLE fulfillment.returns ADD COLUMN poll_at timestamptz;
CREATE INDEX returns_poll ON fulfillment.returns (merchant_id, poll_at) WHERE poll_at IS NOT NULL;
COMMENT ON COLUMN fulfillment.returns.poll_at IS 'When whoever waits for it is asked next what has come; NULL when nobody is';
UPDATE fulfillment.returns r SET poll_at = now() FROM fulfillment.connections k
 WHERE k.merchant_id = r.merchant_id AND k.connection_id = r.connection_id AND k.connector IN ('ongoing_wms', 'amazon_mcf', 'sandbox')
   AND r.state IN ('expected', 'in_transit', 'receiving');

-- Connectors that users register: two functions, or nothing but data.  They serve every merchant, so
-- their rows are of merchant 0, as those of access that are for all.
CREATE TABLE fulfillment.own_connectors (
	merchant_id int NOT NULL DEFAULT 0 CHECK (merchant_id = 0),
	name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_]{1,62}$'),
	definition jsonb NOT NULL,
	request_function text,
	outcome_function text,
	run_as name,
	registered_at timestamptz NOT NULL DEFAULT now(),
	registered_by text NOT NULL,
	PRIMARY KEY (merchant_id, name),
	CHECK ((request_function IS NULL) = (outcome_function IS NULL) AND (request_function IS NULL) = (run_as IS NULL))
);
COMMENT ON TABLE fulfillment.own_connectors IS 'Connectors registered with register_connector: two SQL functions each, or data alone';
COMMENT ON COLUMN fulfillment.own_connectors.merchant_id IS 'Always 0: they are for every merchant';
COMMENT ON COLUMN fulfillment.own_connectors.name IS 'What connections.connector holds';
COMMENT ON COLUMN fulfillment.own_connectors.definition IS 'What it is, and of data what it sends and understands';
COMMENT ON COLUMN fulfillment.own_connectors.request_function IS 'Signature of the function that makes requests; NULL: it is only data';
COMMENT ON COLUMN fulfillment.own_connectors.outcome_function IS 'Signature of the function that reads answers';
COMMENT ON COLUMN fulfillment.own_connectors.run_as IS 'The role whose rights the functions have';
COMMENT ON COLUMN fulfillment.own_connectors.registered_at IS 'When it was registered last';
COMMENT ON COLUMN fulfillment.own_connectors.registered_by IS 'Who registered it';

SELECT pg_catalog.pg_extension_config_dump('fulfillment.own_connectors', '');
ALTER TABLE fulfillment.own_connectors ENABLE ROW LEVEL SECURITY;
CREATE POLICY "select" ON fulfillment.own_connectors FOR SELECT USING (
	merchant_id = ANY ((SELECT fulfillment.visible_merchants())::int[])
	OR 0 = ANY ((SELECT fulfillment.visible_merchants())::int[]));
CREATE POLICY "insert" ON fulfillment.own_connectors FOR INSERT WITH CHECK (
	merchant_id = ANY ((SELECT fulfillment.managed_merchants())::int[])
	OR 0 = ANY ((SELECT fulfillment.managed_merchants())::int[]));
CREATE POLICY "update" ON fulfillment.own_connectors FOR UPDATE USING (
	merchant_id = ANY ((SELECT fulfillment.managed_merchants())::int[])
	OR 0 = ANY ((SELECT fulfillment.managed_merchants())::int[]));
CREATE POLICY "delete" ON fulfillment.own_connectors FOR DELETE USING (
	merchant_id = ANY ((SELECT fulfillment.managed_merchants())::int[])
	OR 0 = ANY ((SELECT fulfillment.managed_merchants())::int[]));
REVOKE ALL ON fulfillment.own_connectors FROM PUBLIC;
