-- Messages to customers.

CREATE OR REPLACE FUNCTION fulfillment.render_template(template text, data jsonb, html boolean DEFAULT false) RETURNS text
AS 'MODULE_PATHNAME', 'fulfillment_render_template' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION fulfillment.render_template(text, jsonb, boolean) IS
	'The text a template gives: {{name}}, sections {{#packages}}…{{/packages}} per element, {{^packages}}…{{/packages}} when there is none; in HTML values are escaped';
