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
	unknown_code text,
	unknown_text text,
	unknown_at timestamptz,
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
CREATE INDEX shipments_unknown ON fulfillment.shipments (merchant_id, unknown_code) WHERE unknown_code IS NOT NULL;
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
COMMENT ON COLUMN fulfillment.shipments.unknown_code IS
	'The newest status of the provider''s that no table of ours explains; it stays when others follow, so that it is counted';
COMMENT ON COLUMN fulfillment.shipments.unknown_text IS 'The provider''s words for it';
COMMENT ON COLUMN fulfillment.shipments.unknown_at IS 'When it first came';
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
	poll_at timestamptz,
	PRIMARY KEY (merchant_id, return_id),
	FOREIGN KEY (merchant_id, connection_id) REFERENCES fulfillment.connections,
	FOREIGN KEY (merchant_id, order_id) REFERENCES fulfillment.orders,
	FOREIGN KEY (merchant_id, location_id) REFERENCES fulfillment.locations
);
CREATE INDEX returns_order ON fulfillment.returns (merchant_id, order_id);
CREATE INDEX returns_poll ON fulfillment.returns (merchant_id, poll_at) WHERE poll_at IS NOT NULL;
COMMENT ON TABLE fulfillment.returns IS 'Goods that come back, asked for or not';
COMMENT ON COLUMN fulfillment.returns.connection_id IS 'Where it was announced: the warehouse that waits for it, or the carrier of its label';
COMMENT ON COLUMN fulfillment.returns.fee IS 'What the customer pays for returning; comes off the refund';
COMMENT ON COLUMN fulfillment.returns.refund_due IS 'What is to be paid back in all for what has come; NULL while lines are not accounted for';
COMMENT ON COLUMN fulfillment.returns.refund_asked IS 'What the gateway, the channel or a person was asked to pay back so far';
COMMENT ON COLUMN fulfillment.returns.refunded IS 'What has been paid back';
COMMENT ON COLUMN fulfillment.returns.late IS 'Goods came although it had not been approved or was over';
COMMENT ON COLUMN fulfillment.returns.poll_at IS 'When whoever waits for it is asked next what has come; NULL when nobody is';
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
