-- Ten times as many locations: each of the day's has nine more like it around it, with as much stock.

SET search_path = bench;
INSERT INTO fulfillment.locations (merchant_id, code, name, country, latitude, longitude, time_zone, cutoff, working_days,
	daily_capacity, handling_cost, pick_cost, hazmat_allowed, ships_abroad, priority)
SELECT merchant_id, code || '-' || n, name, country, latitude + 0.4 * cos(n), longitude + 0.4 * sin(n), time_zone, cutoff,
       working_days, daily_capacity, handling_cost, pick_cost, hazmat_allowed, ships_abroad, priority
  FROM fulfillment.locations, generate_series(1, 9) n WHERE merchant_id = :merchant ORDER BY n, location_id;
INSERT INTO fulfillment.stock_levels (merchant_id, location_id, item_id, on_hand)
SELECT s.merchant_id, n.location_id, s.item_id, s.on_hand
  FROM fulfillment.stock_levels s JOIN fulfillment.locations l USING (merchant_id, location_id)
  JOIN fulfillment.locations n ON n.merchant_id = l.merchant_id AND n.code LIKE l.code || '-_'
 WHERE s.merchant_id = :merchant ORDER BY n.location_id, s.item_id;
ANALYZE;
