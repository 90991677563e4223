-- Days before the one of load.sql: from a longer workload of the same seed, the orders after its
-- first :orders, as many on each of the four last days.  Variables: folder, merchant, orders.

\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
SET search_path = bench;
DROP TABLE IF EXISTS past_orders, past_lines;
CREATE TABLE past_orders (number text, country text, x_km float8, y_km float8, promise_days int);
CREATE TABLE past_lines ("order" text, line int, sku text, quantity int);
\cd :folder
\copy past_orders FROM orders.csv CSV HEADER
\copy past_lines FROM order_lines.csv CSV HEADER
CREATE TABLE past AS
SELECT o.*, now() - interval '1 day' * ceil((substr(o.number, 2)::int - :orders) / :orders::float8) AS received_at
  FROM past_orders o WHERE substr(o.number, 2)::int > :orders;

INSERT INTO fulfillment.orders (merchant_id, channel_id, number, state, placed_at, received_at, promised_by, ship_to,
	attributes, document)
SELECT :merchant, c.channel_id, 'past ' || p.number, 'closed', p.received_at, p.received_at,
       ((p.received_at AT TIME ZONE zone())::date + p.promise_days + time '23:00') AT TIME ZONE zone(),
       jsonb_build_object('country', p.country),
       jsonb_build_object('latitude', (p.y_km - 1000) / 10 / 111.195, 'longitude', (p.x_km - 1000) / 10 / 111.195), '{}'
  FROM past p, fulfillment.channels c WHERE c.merchant_id = :merchant;
INSERT INTO fulfillment.order_lines (merchant_id, order_id, line, item_id, sku, quantity, unit_price)
SELECT :merchant, o.order_id, l.line, i.item_id, l.sku, l.quantity, i.value
  FROM past p
  JOIN fulfillment.orders o ON o.merchant_id = :merchant AND o.number = 'past ' || p.number
  JOIN past_lines l ON l."order" = p.number
  JOIN fulfillment.items i ON i.merchant_id = :merchant AND i.sku = l.sku;
DROP TABLE past, past_orders, past_lines;
ANALYZE;
