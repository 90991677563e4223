package FulfillmentShop;

# A small shop, its carrier, its warehouse and its courier, for the demonstration and for tests of
# the main job: a WooCommerce shop, UPS, one Ongoing warehouse (all played by the simulator), two
# locations of its own, and a courier without any link who is told by people.
#
#   my $shop = FulfillmentShop->open($node, $sim);
#   $shop->seed(orders => 200);           orders at the shop
#   $shop->work(sub { ... });             lets the engine work until the condition holds
#   $shop->pass(24);                      hours pass at the peers: parcels move
#
# $node is a FulfillmentCluster, $sim a FulfillmentSimulator.  Everything it sets up is what a
# merchant would type.

use strict;
use warnings;

use JSON::PP;
use Time::HiRes qw(usleep time);

my $JSON = JSON::PP->new->utf8(0)->canonical;

sub open
{
	my ($class, $node, $sim) = @_;
	my $self = bless { node => $node, sim => $sim }, $class;

	$self->connect_peers;
	$self->add_providers;
	$self->add_items;
	return $self;
}

sub sql
{
	my ($self, $sql) = @_;

	return $self->{node}->safe_psql('postgres', $sql);
}

sub quote
{
	my ($value) = @_;

	$value = $JSON->encode($value) if ref $value;
	$value =~ s/'/''/g;
	return "'$value'";
}

# A connection with its settings and secrets.
sub connect
{
	my ($self, $code, $connector, $config, $secret) = @_;

	$self->sql(sprintf 'INSERT INTO fulfillment.connections (code, connector, config)
		VALUES (%s, %s, %s)', quote($code), quote($connector), quote($config));
	$self->sql(sprintf 'SELECT fulfillment.set_secret(%s, %s)', quote($code), quote($secret))
	  if $secret;
	return;
}

sub connect_peers
{
	my ($self) = @_;
	my $sim = $self->{sim};

	$self->connect('shop', 'woocommerce',
		{ base_url => $sim->url('woocommerce'), confirm_with => 'fulfillments' },
		{ consumer_key => 'ck_demo', consumer_secret => 'cs_demo', webhook_secret => 'hook' });
	$self->connect('ups', 'ups',
		{ base_url => $sim->url('ups'), account_number => 'A1B2C3', label_format => 'ZPL' },
		{ client_id => 'demo', client_secret => 'demo' });
	$self->connect('warehouse', 'ongoing_wms',
		{ base_url => $sim->url('ongoing'), goods_owner_id => 159 },
		{ user => 'demo', password => 'demo' });
	# This shop is on a machine of its own; the connector's default spares shared hosting.
	$self->sql("UPDATE fulfillment.connections SET rate_per_second = 100, max_concurrency = 8 WHERE code = 'shop'");
	$sim->settings('ongoing', { auto_articles => JSON::PP::true });
	return;
}

sub add_providers
{
	my ($self) = @_;

	$self->sql(<<'SQL');
INSERT INTO fulfillment.channels (code, name, connection_id, services)
SELECT 'woo', 'The web shop', connection_id, '{"flat_rate:3": "standard", "flat_rate:4": "express"}' FROM fulfillment.connections WHERE code = 'shop';

INSERT INTO fulfillment.providers (code, name, kind, integration, connection_id, label_format)
SELECT 'ups', 'UPS', 'carrier', 'api', connection_id, 'zpl' FROM fulfillment.connections WHERE code = 'ups';
INSERT INTO fulfillment.providers (code, name, kind, integration, connection_id, countries, assume_delivered_after)
SELECT 'boras', 'Warehouse in Borås', 'fulfillment_center', 'api', connection_id, '{SE,NO,DK,FI}', '10 seconds'
  FROM fulfillment.connections WHERE code = 'warehouse';
INSERT INTO fulfillment.providers (code, name, kind, integration, hazmat_allowed)
VALUES ('courier', 'Cycle courier and hazardous goods by road', 'carrier', 'manual', true);

INSERT INTO fulfillment.services (provider_id, code, name, provider_code, transit_days, currency, countries)
SELECT provider_id, v.code, v.name, v.provider_code, v.days, 'EUR', v.countries::text[]
  FROM fulfillment.providers p
  JOIN (VALUES ('ups', 'standard', 'UPS Standard', '11', 3, '{SE,DK,FI,DE,NL,FR,PL}'),
               ('ups', 'express', 'UPS Saver', '65', 1, NULL),
               ('boras', 'standard', 'MyPack', 'MYPACK', 2, NULL),
               ('courier', 'standard', 'By road', 'ROAD', 4, '{SE,NO,DK,FI,DE}'))
       AS v (provider, code, name, provider_code, days, countries) ON v.provider = p.code;
INSERT INTO fulfillment.service_prices (service_id, country, price_per_parcel, price_per_kg, surcharge_abroad)
SELECT s.service_id, NULL, v.parcel, v.kg, v.abroad
  FROM fulfillment.services s JOIN fulfillment.providers p USING (merchant_id, provider_id)
  JOIN (VALUES ('ups', 'standard', 6.20, 0.90, 4.00), ('ups', 'express', 14.50, 1.80, 9.00),
               ('boras', 'standard', 5.10, 0.70, 3.50), ('courier', 'standard', 11.00, 1.20, 25.00))
       AS v (provider, code, parcel, kg, abroad) ON v.provider = p.code AND v.code = s.code;

INSERT INTO fulfillment.locations (code, name, provider_id, country, postcode, time_zone, cutoff, daily_capacity,
                                   handling_cost, pick_cost, address)
SELECT v.code, v.name, p.provider_id, 'SE', v.postcode, 'Europe/Stockholm', '16:00', v.capacity, v.handling, v.pick,
       jsonb_build_object('name', 'Hem & Kök AB', 'company', 'Hem & Kök AB', 'street1', v.street, 'city', v.city,
                          'postcode', v.postcode, 'country', 'SE', 'phone', '+46701234567', 'email', 'lager@example.com')
  FROM (VALUES ('malmo', 'Own warehouse in Malmö', NULL, '21122', 'Storgatan 1', 'Malmö', 500, 1.10, 0.25),
               ('stockholm', 'Shop in Stockholm', NULL, '11122', 'Kungsgatan 5', 'Stockholm', 60, 2.40, 0.70),
               ('boras', 'Third-party warehouse in Borås', 'boras', '50330', 'Lagergatan 9', 'Borås', NULL, 1.60, 0.30))
       AS v (code, name, provider, postcode, street, city, capacity, handling, pick)
  LEFT JOIN fulfillment.providers p ON p.code = v.provider;
SQL
	return;
}

# Every article of the shop's catalogue, with stock here and there.
sub add_items
{
	my ($self) = @_;
	my @goods = @{ $self->{sim}->get('/woocommerce/catalogue')->{catalogue} };
	my @rows;

	for my $i (0 .. $#goods)
	{
		my $item = $goods[$i];

		push @rows, {
			sku => $item->{sku},
			name => $item->{name},
			weight_g => $item->{weight_g},
			length_mm => $item->{length_mm},
			width_mm => $item->{width_mm},
			height_mm => $item->{height_mm},
			value => $item->{price},
			hazmat => $item->{hazmat} ? JSON::PP::true : JSON::PP::false,
			hs_code => $item->{hs_code},
			origin_country => $item->{origin_country},
			malmo => 40 + 7 * $i % 60,
			stockholm => $i % 3 == 0 ? 12 : 0,
			boras => $item->{hazmat} || $i % 4 == 3 ? 0 : 25 + 5 * $i % 40,
		};
	}
	$self->sql(sprintf <<'SQL', quote(\@rows));
CREATE TEMP TABLE goods AS
SELECT * FROM jsonb_to_recordset(%s) AS g (sku text, name text, weight_g int, length_mm int, width_mm int,
	height_mm int, value numeric, hazmat boolean, hs_code text, origin_country text, malmo int, stockholm int, boras int);
INSERT INTO fulfillment.items (sku, name, weight_g, length_mm, width_mm, height_mm, value, hazmat, hs_code, origin_country)
SELECT sku, name, weight_g, length_mm, width_mm, height_mm, value, coalesce(hazmat, false), hs_code, origin_country FROM goods;
SELECT count(fulfillment.receive_stock(v.location, g.sku, v.units, 'opening stock'))
  FROM goods g, LATERAL (VALUES ('malmo', g.malmo), ('stockholm', g.stockholm), ('boras', g.boras)) AS v (location, units)
 WHERE v.units > 0;
SQL
	return;
}

sub seed
{
	my ($self, %wish) = @_;

	return $self->{sim}->post('/woocommerce/seed', \%wish);
}

sub fetch
{
	my ($self) = @_;

	return $self->sql("SELECT fulfillment.fetch_orders('woo')");
}

# Waits until the query answers t; says no after the time given.
sub until_true
{
	my ($self, $query, $seconds) = @_;
	my $end = time + ($seconds // 120);

	while (time < $end)
	{
		return 1 if $self->sql($query) eq 't';
		usleep(200_000);
	}
	return 0;
}

# Hours pass at the peers, and everything under way is asked for anew.
sub pass
{
	my ($self, $hours) = @_;

	$self->{sim}->post('/clock', { advance_h => $hours });
	$self->ask;
	return;
}

sub ask
{
	my ($self) = @_;

	$self->sql(<<'SQL');
UPDATE fulfillment.packages SET poll_at = now() WHERE poll_at IS NOT NULL;
UPDATE fulfillment.shipments SET poll_at = now() WHERE poll_at IS NOT NULL;
SELECT fulfillment.poll_tracking();
SQL
	return;
}

# No call is left to make, but those that wait for a person.
sub quiet
{
	my ($self, $seconds) = @_;

	return $self->until_true(
		"SELECT NOT EXISTS (SELECT FROM fulfillment.tasks WHERE state <> 'parked')", $seconds);
}

1;
