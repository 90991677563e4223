-- The connector efs once more, as two SQL functions: efs_functions.  Wants role :guest, which owns them.
\set ECHO none
\set QUIET on
CREATE SCHEMA own_efs AUTHORIZATION :guest;
SET ROLE :guest;

CREATE FUNCTION own_efs.element(name text, content text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT format('<%s>%s</%1$s>', name, replace(replace(replace(coalesce(content, ''), '&', '&amp;'), '<', '&lt;'), '>', '&gt;'))
$$;

CREATE FUNCTION own_efs.address(name text, a jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT format('<%s>%s</%1$s>', name, concat(
		own_efs.element('FirstName', substring(a ->> 'name' FROM '^(.*) \S+$')),
		own_efs.element('LastName', coalesce(substring(a ->> 'name' FROM '(\S+)$'), a ->> 'company')),
		own_efs.element('Company', a ->> 'company'),
		own_efs.element('Address1', a ->> 'street1'), own_efs.element('Address2', a ->> 'street2'),
		own_efs.element('City', a ->> 'city'), own_efs.element('State', a ->> 'region'),
		own_efs.element('PostalCode', a ->> 'postcode'), own_efs.element('Country', a ->> 'country'),
		own_efs.element('Phone', a ->> 'phone'), own_efs.element('Email', a ->> 'email')))
$$;

-- How each message is called and where it goes.
CREATE FUNCTION own_efs.head(operation text, config jsonb, OUT root text, OUT path text) LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE operation WHEN 'create_shipment' THEN 'OrderSubmitRequest' WHEN 'get_shipment' THEN config ->> 'status_request'
	                      WHEN 'cancel_shipment' THEN config ->> 'cancel_request' ELSE 'InventoryRequest' END,
	       CASE operation WHEN 'create_shipment' THEN '/xml/orders/' WHEN 'get_shipment' THEN config ->> 'status_path'
	                      WHEN 'cancel_shipment' THEN config ->> 'cancel_path' ELSE '/xml/inventory/' END
$$;

CREATE FUNCTION own_efs.order_list(call jsonb) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
	shipment jsonb := call -> 'shipment';
	options jsonb := shipment -> 'options';
	service text := shipment ->> 'service';
	goods numeric := (SELECT CASE WHEN bool_and(l ? 'unit_price') THEN sum((l ->> 'quantity')::numeric * (l ->> 'unit_price')::numeric) END
	                    FROM jsonb_array_elements(shipment -> 'lines') l);
BEGIN
	RETURN concat('<OrderList><Order>',
		own_efs.element('OrderNumber', coalesce(shipment ->> 'provider_reference', shipment ->> 'reference')),
		own_efs.element('ReferenceNumber', shipment ->> 'order_number'),
		own_efs.element('ShippingMethod', coalesce(call -> 'config' -> 'shipping_methods' ->> service, service,
			call -> 'config' ->> 'shipping_method')),
		'<ShippingOptions>',
		own_efs.element('Insurance', round((options -> 'insurance' ->> 'amount')::numeric, 2)::text),
		own_efs.element('CashOnDelivery', round((options -> 'cod' ->> 'amount')::numeric, 2)::text),
		own_efs.element('DeclaredValue', round(goods, 2)::text),
		own_efs.element('SignatureRequired', CASE WHEN (options -> 'signature')::boolean THEN '1' END),
		'</ShippingOptions>',
		own_efs.element('Comments', regexp_replace(regexp_replace(options ->> 'instructions', '<[^>]*>', '', 'g'), '\s+', ' ', 'g')),
		own_efs.address('ShippingAddress', shipment -> 'ship_to'),
		'<ItemList>',
		(SELECT string_agg(concat('<Item>', own_efs.element('Sku', l ->> 'sku'), own_efs.element('Quantity', l ->> 'quantity'), '</Item>'), '')
		   FROM jsonb_array_elements(shipment -> 'lines') l),
		'</ItemList></Order></OrderList>');
END $$;

CREATE FUNCTION own_efs.request(operation text, call jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
	config jsonb := call -> 'config';
	head record := own_efs.head(operation, config);
	submits boolean := operation = 'create_shipment';
	content text;
BEGIN
	IF head.root !~ '^[A-Za-z][A-Za-z0-9]*$' THEN
		RETURN jsonb_build_object('missing', jsonb_build_object('hint', 'Name an element by letters and digits.',
			'field', CASE operation WHEN 'get_shipment' THEN 'config.status_request' ELSE 'config.cancel_request' END));
	ELSIF submits AND coalesce(call -> 'shipment' ->> 'service', config ->> 'shipping_method') IS NULL THEN
		RETURN jsonb_build_object('missing', jsonb_build_object('field', 'shipment.service',
			'hint', 'EFS ships by a method: name one, or set shipping_method.'));
	ELSIF submits AND coalesce(jsonb_array_length(call -> 'shipment' -> 'lines'), 0) = 0 THEN
		RETURN jsonb_build_object('missing', jsonb_build_object('field', 'shipment.lines',
			'hint', 'EFS takes no order without items.'));
	END IF;
	content := CASE
		WHEN submits THEN own_efs.order_list(call)
		WHEN operation = 'test_connection' THEN '<Items><Item><Sku>TEST</Sku></Item></Items>'
		WHEN operation = 'get_inventory' THEN
			(SELECT '<Items>' || string_agg('<Item>' || own_efs.element('Sku', sku) || '</Item>', '') || '</Items>'
			   FROM jsonb_array_elements_text(call -> 'skus') sku)
		ELSE concat('<OrderList><Order>', own_efs.element('OrderNumber',
			coalesce(call -> 'shipment' ->> 'provider_reference', call -> 'shipment' ->> 'reference')), '</Order></OrderList>')
		END;
	RETURN jsonb_build_object('method', 'POST', 'url', concat(config ->> 'base_url', head.path), 'content_type', 'text/xml',
		'body', concat(E'<?xml version="1.0" encoding="UTF-8"?>\n<', head.root, '>',
			CASE WHEN submits THEN own_efs.element('Version', CASE WHEN (config -> 'test_mode')::boolean THEN 'TEST' ELSE config ->> 'version' END) END,
			own_efs.element('MerchantId', config ->> 'merchant_id'),
			CASE WHEN submits THEN own_efs.element('MerchantName', config ->> 'merchant_name') END,
			'<MerchantToken>{{secret:merchant_token}}</MerchantToken>', content, '</', head.root, '>'));
END $$;

-- Texts are an element's own, or what stands beside its attributes.
CREATE FUNCTION own_efs.first(document jsonb, path jsonpath) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE jsonb_typeof(found) WHEN 'object' THEN found ->> '#text' WHEN 'array' THEN found ->> 0 ELSE found #>> '{}' END
	  FROM jsonb_path_query_first(document, path, '{}', true) AS found
$$;

CREATE FUNCTION own_efs.elements(document jsonb, path jsonpath) RETURNS SETOF jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT element FROM jsonb_path_query(document, path, '{}', true) AS found,
	       jsonb_array_elements(CASE jsonb_typeof(found) WHEN 'array' THEN found ELSE jsonb_build_array(found) END) AS element
$$;

CREATE FUNCTION own_efs.refusal(call jsonb, message text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE
		WHEN message ~* 'merchant ?token|merchant ?id|authenti|login|credential|not authorized|unauthorized'
			THEN jsonb_build_object('result', 'unauthorized', 'error', jsonb_build_object('code', 'unauthorized', 'message', message))
		WHEN message ~* 'unknown request|invalid request|unsupported|not supported'
			THEN jsonb_build_object('result', 'refused', 'error', jsonb_build_object('code', 'unsupported', 'message', message))
		WHEN message ~* 'try again|temporar|maintenance|busy'
			THEN jsonb_build_object('result', 'retry', 'error', jsonb_build_object('code', 'busy', 'message', message))
		ELSE jsonb_build_object('result', 'refused', 'error', jsonb_strip_nulls(jsonb_build_object('code', 'failure', 'message', message,
			'field', coalesce(
				(SELECT format('lines.%s.sku', number - 1)
				   FROM jsonb_array_elements(call -> 'shipment' -> 'lines') WITH ORDINALITY l (line, number)
				  WHERE length(line ->> 'sku') > 2 AND position(line ->> 'sku' IN message) > 0 ORDER BY number LIMIT 1),
				(SELECT field FROM (VALUES (1, 'shipping ?method|shipping code', 'service'), (2, 'postal|zip', 'ship_to.postcode'),
					(3, 'state|province', 'ship_to.region'), (4, 'country', 'ship_to.country'), (5, 'city', 'ship_to.city'),
					(6, 'name', 'ship_to.name'), (7, 'address', 'ship_to.street1'), (8, 'quantity|sku|item', 'lines')) AS f (rank, pattern, field)
				  WHERE message ~* pattern ORDER BY rank LIMIT 1))))) END
$$;

CREATE FUNCTION own_efs.shipment(call jsonb, "order" jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
	said text := own_efs.first("order", 'strict $.**.Status');
	state text := '{"pending": "accepted", "in process": "picking", "back order": "on_hold", "on hold": "on_hold", "completed": "shipped",
		"shipped": "shipped", "canceled": "cancelled", "cancelled": "cancelled", "void": "cancelled"}'::jsonb ->> lower(said);
	parcels jsonb[] := ARRAY(SELECT own_efs.elements("order", 'strict $.**.Shipment'));
BEGIN
	IF parcels = '{}' THEN
		parcels := ARRAY["order"];
	END IF;
	RETURN jsonb_strip_nulls(jsonb_build_object(
		'provider_reference', coalesce(call -> 'shipment' ->> 'provider_reference', call -> 'shipment' ->> 'reference'),
		'state', state, 'provider_state', said,
		'unknown', CASE WHEN state IS NULL AND said IS NOT NULL THEN jsonb_build_object('code', said) END,
		'shipped_at', CASE state WHEN 'shipped' THEN (SELECT min(p ->> 'ShipDate') || 'T00:00:00Z' FROM unnest(parcels) p) END,
		'packages', (SELECT coalesce(jsonb_agg(jsonb_build_object('number', number, 'tracking_number', p ->> 'TrackingNumber',
				'carrier', lower(p ->> 'Carrier')) ORDER BY number), '[]')
			FROM unnest(parcels) WITH ORDINALITY u (p, number) WHERE p ? 'TrackingNumber')));
END $$;

CREATE FUNCTION own_efs.outcome(operation text, call jsonb, reply jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
	document jsonb := reply -> 'document';
	number text := coalesce(call -> 'shipment' ->> 'provider_reference', call -> 'shipment' ->> 'reference');
	said text := coalesce(own_efs.first(document, 'strict $.**.Status'), own_efs.first(document, 'strict $.**.Result'));
	failure text := coalesce(own_efs.first(document, 'strict $.**.Error'), CASE WHEN said ~* 'fail|error|invalid' THEN
		coalesce(own_efs.first(document, 'strict $.**.Message'), said) END);
	absent jsonb := '{"result": "absent", "error": {"code": "no_order", "message": "EFS has no order of this number."}}';
	shipment jsonb := jsonb_build_object('provider_reference', number);
	"order" jsonb;
BEGIN
	IF reply -> 'usual' ->> 'result' <> 'ok' OR document IS NULL THEN
		RETURN NULL; -- what it usually means
	ELSIF operation = 'create_shipment' AND failure ~* 'duplicate' OR operation = 'create_shipment' AND failure IS NULL AND said ~* 'success|ok|accept' THEN
		RETURN jsonb_build_object('result', 'ok', 'shipment', shipment || '{"state": "accepted"}');
	ELSIF operation = 'get_shipment' AND failure ~* 'not found|no such|unknown order|does not exist' THEN
		RETURN absent;
	ELSIF operation = 'cancel_shipment' AND failure ~* 'already cancel|already void' THEN
		RETURN jsonb_build_object('result', 'ok', 'shipment', shipment || '{"state": "cancelled"}');
	ELSIF operation = 'test_connection' AND failure ~* 'sku|item' AND failure !~* 'merchant' THEN
		RETURN '{"result": "ok"}';
	ELSIF failure IS NOT NULL THEN
		RETURN own_efs.refusal(call, failure);
	ELSIF operation = 'create_shipment' THEN
		RETURN '{"result": "unknown", "error": {"code": "unreadable_answer", "message": "The answer says neither success nor failure."}}';
	ELSIF operation = 'cancel_shipment' THEN
		RETURN jsonb_build_object('result', 'ok', 'shipment', shipment || '{"state": "cancel_requested"}');
	ELSIF operation = 'get_inventory' THEN
		RETURN jsonb_build_object('result', 'ok', 'inventory', (
			SELECT coalesce(jsonb_agg(jsonb_build_object('sku', sku, 'on_hand', quantity, 'available', quantity, 'as_of', call ->> 'now')), '[]')
			  FROM own_efs.elements(document, 'strict $.**.Item') AS item,
			       LATERAL (SELECT coalesce(item ->> 'Sku', item ->> 'SKU') AS sku,
			                       (SELECT value::int FROM jsonb_each_text(item) WHERE lower(key) <> 'sku' AND value ~ '^\d+$' LIMIT 1) AS quantity) AS found
			 WHERE sku IS NOT NULL AND quantity IS NOT NULL));
	ELSIF operation = 'get_shipment' THEN
		SELECT o INTO "order" FROM own_efs.elements(document, 'strict $.**.Order') AS o WHERE o ->> 'OrderNumber' = number LIMIT 1;
		RETURN CASE WHEN "order" IS NULL THEN absent
		            ELSE jsonb_build_object('result', 'ok', 'shipment', own_efs.shipment(call, "order")) END;
	END IF;
	RETURN '{"result": "ok"}';
END $$;

RESET ROLE;
SELECT fulfillment.register_connector('efs_functions',
	request => 'own_efs.request(text, jsonb)', outcome => 'own_efs.outcome(text, jsonb, jsonb)', definition => $definition$
{
  "title": "eFulfillment Service, as two functions",
  "roles": ["fulfillment_center"],
  "credentials": "MerchantId and MerchantToken stand in the Fulfillment Control Panel.",
  "settings": [
    {"name": "base_url", "type": "url", "default": "https://fcp.efulfillmentservice.com", "description": "Address of the control panel."},
    {"name": "merchant_id", "type": "integer", "required": true, "description": "MerchantId, a number."},
    {"name": "merchant_name", "required": true, "description": "MerchantName as EFS knows the shop."},
    {"name": "version", "default": "0.6", "description": "Version of the order messages."},
    {"name": "test_mode", "type": "boolean", "default": false, "description": "Have orders checked but not made."},
    {"name": "shipping_method", "description": "EFS's code when the order names no service."},
    {"name": "shipping_methods", "type": "object", "description": "EFS's code per service of ours."},
    {"name": "status_request", "default": "OrderStatusRequest", "description": "Root element of the question about an order."},
    {"name": "status_path", "default": "/xml/orders/", "description": "Where that question is sent."},
    {"name": "cancel_request", "default": "OrderCancelRequest", "description": "Root element of a cancellation."},
    {"name": "cancel_path", "default": "/xml/orders/", "description": "Where a cancellation is sent."},
    {"name": "merchant_token", "required": true, "secret": true, "description": "MerchantToken of the control panel."}
  ],
  "limits": {"max_concurrency": 1},
  "format": "xml",
  "operations": {"create_shipment": {"repeat": "with_key"}, "get_shipment": {"repeat": "safe"}, "cancel_shipment": {"repeat": "safe"},
                 "get_inventory": {"repeat": "safe"}, "test_connection": {"repeat": "safe"}}
}
$definition$);
\set QUIET off
\set ECHO all
