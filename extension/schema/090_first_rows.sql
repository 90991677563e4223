-- The rows of a fresh installation: merchant 1 and the leave for workers to
-- run here.  A dump carries both tables, so nothing is made while one is being
-- restored; pg_dump turns row_security off before it creates extensions.  A
-- restored or cloned database therefore has no leave, and its workers wait.

INSERT INTO fulfillment.merchants (merchant_id, code, name)
SELECT 1, 'main', 'Main' WHERE current_setting('row_security')::boolean;

-- What customers are told when a connection by e-mail or SMS is made; to be changed at will.
INSERT INTO fulfillment.templates (merchant_id, type, medium, language, subject, body)
SELECT 1, t.* FROM (VALUES
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
 WHERE current_setting('row_security')::boolean;

INSERT INTO fulfillment.activations (system_identifier, database_oid)
SELECT s.system_identifier, d.oid
  FROM pg_catalog.pg_control_system() s, pg_catalog.pg_database d
 WHERE d.datname = pg_catalog.current_database() AND current_setting('row_security')::boolean;
