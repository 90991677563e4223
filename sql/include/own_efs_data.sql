-- The connector efs once more, as nothing but data: efs_data.
\set ECHO none
\set QUIET on
SELECT fulfillment.register_connector('efs_data', $definition$
{
  "title": "eFulfillment Service, as data",
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
  "maps": {"states": {"pending": "accepted", "in process": "picking", "back order": "on_hold", "on hold": "on_hold",
                      "completed": "shipped", "shipped": "shipped", "canceled": "cancelled", "cancelled": "cancelled", "void": "cancelled"}},
  "let": {"number": "{{shipment.provider_reference|or:shipment.reference}}"},
  "read": {
    "error": ["//ErrorMessage | //Error | //faultstring",
              "//*[self::Result or self::Status][contains(translate(., 'FAIL', 'fail'), 'fail')]/following::*[self::Message or self::Description or self::Reason]",
              "//*[self::Result or self::Status][contains(translate(., 'FAIL', 'fail'), 'fail')]"],
    "said": "//Status | //Result"
  },
  "shared": {
    "credentials": [
      {"if": "$.read.error like_regex \"merchant ?token|merchant ?id|authenti|login|credential|not authorized|unauthorized\" flag \"i\"",
       "result": "unauthorized", "error": {"code": "unauthorized", "message": "{{read.error}}"}}],
    "errors": [
      "credentials",
      {"if": "$.read.error like_regex \"unknown request|invalid request|unsupported|not supported\" flag \"i\"",
       "result": "refused", "error": {"code": "unsupported", "message": "{{read.error}}"}},
      {"if": "$.read.error like_regex \"try again|temporar|maintenance|busy\" flag \"i\"",
       "result": "retry", "error": {"code": "busy", "message": "{{read.error}}"}},
      {"if": "exists($.read.error)", "result": "refused", "error": {"code": "failure", "message": "{{read.error}}", "field": [
        {"line_named_in": "{{read.error}}"},
        {"if": "$.read.error like_regex \"shipping ?method|shipping code\" flag \"i\"", "is": "service"},
        {"if": "$.read.error like_regex \"postal|zip\" flag \"i\"", "is": "ship_to.postcode"},
        {"if": "$.read.error like_regex \"state|province\" flag \"i\"", "is": "ship_to.region"},
        {"if": "$.read.error like_regex \"country\" flag \"i\"", "is": "ship_to.country"},
        {"if": "$.read.error like_regex \"city\" flag \"i\"", "is": "ship_to.city"},
        {"if": "$.read.error like_regex \"name\" flag \"i\"", "is": "ship_to.name"},
        {"if": "$.read.error like_regex \"address\" flag \"i\"", "is": "ship_to.street1"},
        {"if": "$.read.error like_regex \"quantity|sku|item\" flag \"i\"", "is": "lines"}]}}]
  },
  "operations": {
    "create_shipment": {
      "repeat": "with_key",
      "needs": [
        {"path": "exists($.shipment.service) || exists($.config.shipping_method)", "field": "shipment.service", "hint": "EFS ships by a method: name one, or set shipping_method."},
        {"path": "$.shipment.lines[0]", "field": "shipment.lines", "hint": "EFS takes no order without items."}
      ],
      "request": {"method": "POST", "url": "{{&config.base_url}}/xml/orders/", "content_type": "text/xml",
        "body": "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<OrderSubmitRequest><Version>{{#config.test_mode}}TEST{{/config.test_mode}}{{^config.test_mode}}{{config.version}}{{/config.test_mode}}</Version><MerchantId>{{config.merchant_id}}</MerchantId><MerchantName>{{config.merchant_name}}</MerchantName><MerchantToken>{{secret:merchant_token}}</MerchantToken><OrderList><Order><OrderNumber>{{let.number}}</OrderNumber><ReferenceNumber>{{shipment.order_number}}</ReferenceNumber><ShippingMethod>{{shipment.service|swap:config.shipping_methods|or:config.shipping_method}}</ShippingMethod><ShippingOptions><Insurance>{{shipment.options.insurance.amount|money}}</Insurance><CashOnDelivery>{{shipment.options.cod.amount|money}}</CashOnDelivery><DeclaredValue>{{shipment.lines|sum:quantity*unit_price|money}}</DeclaredValue><SignatureRequired>{{#shipment.options.signature}}1{{/shipment.options.signature}}</SignatureRequired></ShippingOptions><Comments>{{shipment.options.instructions|or:shipment.note|plain:250}}</Comments><ShippingAddress><FirstName>{{shipment.ship_to.name|given}}</FirstName><LastName>{{shipment.ship_to.name|family|or:shipment.ship_to.company}}</LastName><Company>{{shipment.ship_to.company}}</Company><Address1>{{shipment.ship_to.street1}}</Address1><Address2>{{shipment.ship_to.street2}}</Address2><City>{{shipment.ship_to.city}}</City><State>{{shipment.ship_to.region}}</State><PostalCode>{{shipment.ship_to.postcode}}</PostalCode><Country>{{shipment.ship_to.country}}</Country><Phone>{{shipment.ship_to.phone}}</Phone><Email>{{shipment.ship_to.email}}</Email></ShippingAddress><ItemList>{{#shipment.lines}}<Item><Sku>{{sku}}</Sku><Quantity>{{quantity}}</Quantity></Item>{{/shipment.lines}}</ItemList></Order></OrderList></OrderSubmitRequest>"},
      "answers": [
        {"if": "$.read.error like_regex \"duplicate\" flag \"i\"", "result": "ok", "outcome": {"shipment": {"state": "accepted", "provider_reference": "{{let.number}}"}}},
        "errors",
        {"if": "$.read.said like_regex \"success|ok|accept\" flag \"i\"", "result": "ok", "outcome": {"shipment": {"state": "accepted", "provider_reference": "{{let.number}}"}}},
        {"result": "unknown", "error": {"code": "unreadable_answer", "message": "The answer says neither success nor failure."}}
      ]
    },
    "get_shipment": {
      "repeat": "safe",
      "needs": [{"path": "$.config.status_request like_regex \"^[A-Za-z][A-Za-z0-9]*$\"", "field": "config.status_request", "hint": "Name an element by letters and digits."}],
      "request": {"method": "POST", "url": "{{&config.base_url}}{{&config.status_path}}", "content_type": "text/xml",
        "body": "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{{config.status_request}}><MerchantId>{{config.merchant_id}}</MerchantId><MerchantToken>{{secret:merchant_token}}</MerchantToken><OrderList><Order><OrderNumber>{{let.number}}</OrderNumber></Order></OrderList></{{config.status_request}}>"},
      "read": {
        "found": "//Order[OrderNumber = $number]/OrderNumber",
        "state": "//Order[OrderNumber = $number]//*[self::OrderStatus or self::Status]",
        "shipped": {"path": "//Order[OrderNumber = $number][Status = 'Completed' or Status = 'Shipped']//ShipDate", "pick": "least"},
        "parcels": {"each": "//Order[OrderNumber = $number]//Shipment[.//TrackingNumber] | //Order[OrderNumber = $number][not(.//Shipment)][.//TrackingNumber]",
                    "read": {"tracking_number": ".//TrackingNumber", "carrier": ".//Carrier"}}
      },
      "answers": [
        {"if": "$.read.error like_regex \"not found|no such|unknown order|does not exist\" flag \"i\"",
         "result": "absent", "error": {"code": "no_order", "message": "EFS has no order of this number."}},
        "errors",
        {"if": "exists($.read.found)", "result": "ok", "outcome": {"shipment": {
          "provider_reference": "{{let.number}}", "state": "{{read.state|map:maps.states}}", "provider_state": "{{read.state}}",
          "unknown": {"code": "{{read.state|unmapped:maps.states}}"},
          "shipped_at": "{{read.shipped|time}}",
          "packages": {"{{#read.parcels}}": {"number": "{{@number|number}}", "tracking_number": "{{tracking_number}}", "carrier": "{{carrier|lower}}"}}}}},
        {"result": "absent", "error": {"code": "no_order", "message": "EFS has no order of this number."}}
      ]
    },
    "cancel_shipment": {
      "repeat": "safe",
      "request": {"method": "POST", "url": "{{&config.base_url}}{{&config.cancel_path}}", "content_type": "text/xml",
        "body": "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{{config.cancel_request}}><MerchantId>{{config.merchant_id}}</MerchantId><MerchantToken>{{secret:merchant_token}}</MerchantToken><OrderList><Order><OrderNumber>{{let.number}}</OrderNumber></Order></OrderList></{{config.cancel_request}}>"},
      "answers": [
        {"if": "$.read.error like_regex \"already cancel|already void\" flag \"i\"", "result": "ok", "outcome": {"shipment": {"state": "cancelled", "provider_reference": "{{let.number}}"}}},
        "errors",
        {"result": "ok", "outcome": {"shipment": {"state": "cancel_requested", "provider_reference": "{{let.number}}"}}}
      ]
    },
    "get_inventory": {
      "repeat": "safe",
      "request": {"method": "POST", "url": "{{&config.base_url}}/xml/inventory/", "content_type": "text/xml",
        "body": "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<InventoryRequest><MerchantId>{{config.merchant_id}}</MerchantId><MerchantToken>{{secret:merchant_token}}</MerchantToken>{{#skus.0}}<Items>{{/skus.0}}{{#skus}}<Item><Sku>{{.}}</Sku></Item>{{/skus}}{{#skus.0}}</Items>{{/skus.0}}</InventoryRequest>"},
      "read": {
        "items": {"each": "//Item[Sku | SKU][Quantity | Available | QtyAvailable | InStock | *[not(self::Sku or self::SKU)][number(.) = number(.)]]",
                  "read": {"sku": "Sku | SKU", "quantity": ["Quantity | Available | QtyAvailable | InStock", "*[not(self::Sku or self::SKU)][number(.) = number(.)]"]}}
      },
      "answers": [
        "errors",
        {"result": "ok", "outcome": {"inventory": {"{{#read.items}}": {"sku": "{{sku}}", "on_hand": "{{quantity|number}}", "available": "{{quantity|number}}", "as_of": "{{now}}"}}}}
      ]
    },
    "test_connection": {
      "repeat": "safe",
      "request": {"method": "POST", "url": "{{&config.base_url}}/xml/inventory/", "content_type": "text/xml",
        "body": "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<InventoryRequest><MerchantId>{{config.merchant_id}}</MerchantId><MerchantToken>{{secret:merchant_token}}</MerchantToken><Items><Item><Sku>TEST</Sku></Item></Items></InventoryRequest>"},
      "answers": [
        "credentials",
        {"if": "$.read.error like_regex \"sku|item\" flag \"i\"", "result": "ok"},
        "errors",
        {"result": "ok"}
      ]
    }
  }
}
$definition$);
\set QUIET off
\set ECHO all
