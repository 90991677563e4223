package FulfillmentBenchShop;

# A merchant as load: twenty locations of its own, a thousand items with stock everywhere, one channel,
# and one carrier that calls somebody, nobody, or is told by people.
#
#   my $shop = FulfillmentBenchShop->open($bench, connector => 'ups', config => {...}, secret => {...});
#   $shop->submit(1, 5000);      orders 1 to 5000 of two lines, in blocks of 500, each committed
#
# Function bench.document(n) is the order's document, for statements of a measurement's own.

use strict;
use warnings;

use JSON::PP;

my $JSON = JSON::PP->new->canonical;

sub quote
{
	my ($value) = @_;

	$value = $JSON->encode($value) if ref $value;
	$value =~ s/'/''/g;
	return "'$value'";
}

# A connection without limits of its own, so that the engine is what is measured.
sub connect
{
	my ($self, $code, $connector, $config, $secret) = @_;

	$self->{bench}->value(sprintf 'INSERT INTO fulfillment.connections (code, connector, config, max_concurrency, rate_per_second)
		VALUES (%s, %s, %s, 4096, 1000000)', quote($code), quote($connector), quote($config));
	$self->{bench}->value(sprintf 'SELECT fulfillment.set_secret(%s, %s)', quote($code), quote($secret)) if $secret;
	return;
}

sub open
{
	my ($class, $bench, %options) = @_;
	my $self = bless { bench => $bench }, $class;
	my $connector = $options{connector};
	my $own = $options{kind} // 'carrier';

	$bench->value('CREATE SCHEMA IF NOT EXISTS bench');
	$self->connect('provider', $connector, $options{config} // {}, $options{secret}) if $connector;
	$self->connect('channel', 'woocommerce', $options{channel},
		{ consumer_key => 'ck_bench', consumer_secret => 'cs_bench' })
	  if $options{channel};
	my $integration = $connector ? 'api' : 'manual';
	$bench->value(<<"SQL");
INSERT INTO fulfillment.channels (code, name, connection_id)
SELECT 'shop', 'Shop', (SELECT connection_id FROM fulfillment.connections WHERE code = 'channel');
INSERT INTO fulfillment.providers (code, name, kind, integration, connection_id, label_format)
SELECT 'provider', 'Provider', '$own', '$integration',
	(SELECT connection_id FROM fulfillment.connections WHERE code = 'provider'), 'zpl';
INSERT INTO fulfillment.services (provider_id, code, name, provider_code, transit_days, currency)
SELECT provider_id, 'standard', 'Standard', '11', 2, 'EUR' FROM fulfillment.providers;
INSERT INTO fulfillment.service_prices (service_id, price_per_parcel, price_per_kg)
SELECT service_id, 5, 1 FROM fulfillment.services;
INSERT INTO fulfillment.locations (code, name, country, postcode, handling_cost, address)
SELECT 'L' || n, 'Location ' || n, 'SE', '211' || to_char(n, 'fm00'), n * 0.1,
	jsonb_build_object('name', 'Shop', 'company', 'Shop AB', 'street1', 'Storgatan ' || n, 'city', 'Malmo',
		'postcode', '211' || to_char(n, 'fm00'), 'country', 'SE', 'phone', '+46701234567')
  FROM generate_series(1, 20) n;
INSERT INTO fulfillment.items (sku, name, weight_g, length_mm, width_mm, height_mm, value)
SELECT 'SKU' || n, 'Item ' || n, 250, 200, 150, 50, 12.5 FROM generate_series(1, 1000) n;
SELECT 1 / (count(*) FILTER (WHERE r.outcome <> 'done') = 0)::int FROM fulfillment.locations l, LATERAL
	(SELECT jsonb_agg(jsonb_build_object('location', l.code, 'sku', sku, 'movement', 'receive', 'quantity', 1000000, 'cause', 'bench')) AS rows
	   FROM fulfillment.items) m, LATERAL fulfillment.record_movements(m.rows) r;
-- Two lines; neighbours share few items, as orders of a day do.
CREATE FUNCTION bench.document(n bigint) RETURNS jsonb LANGUAGE sql IMMUTABLE AS \$\$
	SELECT jsonb_build_object('channel', 'shop', 'number', 'B' || n, 'channel_order_id', (100000 + n)::text,
		'placed_at', '2026-01-05T10:00:00Z', 'currency', 'EUR', 'email', 'ann\@example.com', 'phone', '+46701234567',
		'service', 'standard',
		'ship_to', '{"name": "Ann Andersson", "street1": "Gata 1", "city": "Uppsala", "postcode": "75321", "country": "SE"}'::jsonb,
		'lines', jsonb_build_array(
			jsonb_build_object('line', 1, 'sku', 'SKU' || 1 + n * 7 % 1000, 'quantity', 1, 'unit_price', 10, 'channel_line_id', '1'),
			jsonb_build_object('line', 2, 'sku', 'SKU' || 1 + (n * 7 + 3) % 1000, 'quantity', 2, 'unit_price', 20, 'channel_line_id', '2')))
\$\$;
CREATE PROCEDURE bench.submit(low bigint, high bigint, block int) LANGUAGE plpgsql AS \$\$
DECLARE
	refused bigint;
BEGIN
	FOR at IN 0 .. (high - low) / block LOOP
		SELECT count(*) FILTER (WHERE s.outcome <> 'created') INTO refused FROM fulfillment.submit_orders((SELECT jsonb_agg(bench.document(n))
			FROM generate_series(low + at * block, least(high, low + (at + 1) * block - 1)) n)) s;
		IF refused > 0 THEN
			RAISE EXCEPTION '% orders were not taken', refused;
		END IF;
		COMMIT;
	END LOOP;
END \$\$;
SQL
	$bench->value('VACUUM ANALYZE');
	return $self;
}

sub submit
{
	my ($self, $low, $high) = @_;

	$self->{bench}->value("CALL bench.submit($low, $high, 500)");
	return;
}

1;
