-- A small world to try everything in: no network, no credentials.

CREATE OR REPLACE FUNCTION fulfillment.set_up_sandbox(clock_seconds int DEFAULT 1,
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
