-- The plan of merchant :merchant in :file, as the judge of the workload reads it.

CREATE TEMP VIEW plan AS
	SELECT o.number AS "order", s.number AS shipment, l.code AS location, p.code AS service, i.sku, sl.quantity
	  FROM fulfillment.shipments s
	  JOIN fulfillment.orders o USING (merchant_id, order_id)
	  JOIN fulfillment.locations l USING (merchant_id, location_id)
	  JOIN fulfillment.providers p ON p.merchant_id = s.merchant_id AND p.provider_id = s.provider_id
	  JOIN fulfillment.shipment_lines sl ON sl.merchant_id = s.merchant_id AND sl.shipment_id = s.shipment_id
	  JOIN fulfillment.items i ON i.merchant_id = s.merchant_id AND i.item_id = sl.item_id
	 WHERE s.merchant_id = :merchant AND s.state <> 'cancelled';
\o :file
COPY (SELECT * FROM plan ORDER BY 1, 2, 5) TO STDOUT CSV HEADER;
\o
