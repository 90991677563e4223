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
