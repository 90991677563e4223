# A fulfillment center that is reached by files alone, in a directory of this machine: orders out,
# each whole or not at all; reports in, each once, whatever is wrong with one row of them; nobody
# waits for ever for a confirmation; a hold reaches it by a file, or by a person.

use strict;
use warnings;

use FindBin qw($RealBin);
use lib "$RealBin/lib";

use Cwd qw(abs_path);
use Encode qw(encode);
use File::Path qw(make_path);
use FulfillmentCluster;
use FulfillmentEngine;
use Test::More;

my $node = FulfillmentCluster->start_new('files', workers => 1);
my $engine = FulfillmentEngine->new($node);
my $share = abs_path($node->basedir) . '/share';

make_path(map { "$share/$_" } qw(out in archive error));
$node->append_conf('postgresql.conf', "fulfillment.file_directories = '/nowhere, $share'");
$node->reload;

sub partner
{
	my ($code, $config) = @_;

	$node->value(qq{
		INSERT INTO fulfillment.connections (code, connector, config)
		VALUES ('$code', 'file_exchange', jsonb_build_object('scheme', 'file', 'root_dir', '$share', 'settle_seconds', 0)
			|| '$config');
		INSERT INTO fulfillment.providers (code, name, kind, integration, connection_id)
		SELECT '$code', '$code', 'fulfillment_center', 'file', connection_id
		  FROM fulfillment.connections WHERE code = '$code';
		INSERT INTO fulfillment.locations (code, name, provider_id, provider_code, country, postcode)
		SELECT upper('$code'), '$code', provider_id, 'SE1', 'SE', '11122' FROM fulfillment.providers WHERE code = '$code';
		SELECT fulfillment.receive_stock(upper('$code'), sku, 100) FROM fulfillment.items});
	return;
}

sub submit
{
	my ($number, %lines) = @_;
	my $lines = join ', ', map { qq{{"line": $_->[0], "sku": "$_->[1]", "quantity": $_->[2], "unit_price": 10}} }
		@{$lines{lines} // [[1, 'A', 2]]};

	return $node->value(qq{SELECT fulfillment.submit_order('{"channel": "shop", "number": "$number",
		"placed_at": "2026-01-05T12:00:00Z", "currency": "EUR", "email": "ann\@example.com",
		"ship_to": {"name": "Åsa & <Öberg>", "street1": "Gata 1", "city": "Malmö", "postcode": "21122",
			"country": "SE"}, "lines": [$lines]}')});
}

sub shipment
{
	my ($order, $column) = @_;

	return $node->value("SELECT $column FROM fulfillment.shipment_status WHERE order_id = $order ORDER BY number LIMIT 1");
}

sub slurp
{
	my ($file) = @_;

	open my $handle, '<:raw', $file or return;
	local $/;
	return scalar <$handle>;
}

sub put
{
	my ($name, $content) = @_;

	open my $handle, '>:raw', "$share/in/$name" or die "$name: $!";
	print {$handle} $content;
	close $handle;
	return;
}

sub files
{
	my ($directory) = @_;

	return join ' ', sort map { s{.*/}{}r } glob "$share/$directory/*";
}

# Looks for files and waits until they are applied.
sub fetch
{
	my ($name) = @_;

	$node->value('SELECT fulfillment.fetch_files()');
	$engine->comes_to_rest;
	$node->comes_to(q{SELECT count(*) FROM fulfillment.inbox WHERE state = 'new'}, 0, $name);
	return;
}

my $header = 'order_number;status;timestamp;carrier;tracking_number;tracking_url;line_no;sku;quantity;message';

$node->value(q{
	INSERT INTO fulfillment.channels (code, name) VALUES ('shop', 'Shop');
	INSERT INTO fulfillment.items (sku, name, weight_g, value) VALUES ('A', 'Thing A', 500, 10), ('B', 'Thing B', 1500, 20)});

subtest 'A directory that no setting lists is not touched' => sub {
	$node->value(q{INSERT INTO fulfillment.connections (code, connector, config)
		VALUES ('outside', 'file_exchange', '{"scheme": "file", "root_dir": "/tmp"}')});
	$node->value(q{SELECT fulfillment.test_connection('outside')});
	$node->comes_to(q{SELECT count(*) FROM fulfillment.calls WHERE error LIKE '%is not one of fulfillment.file_directories%'},
		1, 'the call says which setting');
	$node->value(q{DELETE FROM fulfillment.tasks});
};

partner('depot', '{"ack": "file", "supports_cancel": true}');
my $first = submit('1001');
$node->comes_to("SELECT state FROM fulfillment.shipments WHERE order_id = $first", 'accepted', 'the order is handed over');
my $reference = shipment($first, 'reference');

subtest 'The order file' => sub {
	is(files('out'), "order_$reference.xml", 'stands there alone, under its own name');
	my $xml = slurp("$share/out/order_$reference.xml");
	like($xml, qr{<orderNumber>\Q$reference\E</orderNumber>}, 'with its number');
	like($xml, qr{<name>\xc3\x85sa &amp; &lt;\xc3\x96berg&gt;</name>}, 'escaped, in UTF-8');
	like($xml, qr{<line no="1"><sku>A</sku>.*<quantity>2</quantity>}, 'and its lines');
	is(shipment($first, 'confirmed'), 'f', 'nobody has confirmed it');
};

subtest 'A confirmation that does not come' => sub {
	$node->value('SELECT fulfillment.run_job(\'fetch_files\', 1)');
	$engine->comes_to_rest;
	is($node->value(q{SELECT count(*) FROM fulfillment.attention WHERE kind = 'not_confirmed'}), 0, 'is not missed at once');
	$node->value("UPDATE fulfillment.shipments SET accepted_at = accepted_at - interval '5 hours'");
	$node->value('SELECT fulfillment.run_job(\'fetch_files\', 1)') for 1 .. 2;
	$engine->comes_to_rest;
	is($node->value(q{SELECT string_agg(message, ',') FROM fulfillment.attention WHERE kind = 'not_confirmed'}),
		"depot has not confirmed shipment $reference for 300 minutes", 'a person is told, once');
	put('ack_1.csv', "order_number;result;partner_number;message\r\n$reference;OK;DL-778;\r\n");
	fetch('the confirmation is read');
	is(shipment($first, 'confirmed'), 't', 'the partner has it');
	is(files('in'), '', 'the file was put away');
	is(files('archive'), 'ack_1.csv', 'into the archive');
};

subtest 'Half a file, a file again, rows that are wrong' => sub {
	my $rows = "$header\r\n$reference;SHIPPED;2026-03-05 14:10:22;Bring;370000000000000017;https://t.example/37;1;A;1;\r\n"
		. "NEVER-1;SHIPPED;2026-03-05 14:10:22;;;;;;;\r\n$reference;WHATEVER;2026-03-05 14:10:22;;;;;;;\r\n";

	put('status_1.csv.part', $rows);
	fetch('a file that is not complete');
	is(files('in'), 'status_1.csv.part', 'is left alone');
	rename "$share/in/status_1.csv.part", "$share/in/status_1.csv";
	fetch('when it is complete');
	is(shipment($first, 'state'), 'shipped', 'it is applied');
	is($node->value("SELECT string_agg(state || ' ' || units || ' ' || shipped_units, ', ' ORDER BY number)
		FROM fulfillment.shipment_status WHERE order_id = $first"), 'shipped 1 1, accepted 1 0', 'one of two has left');
	is($node->value(q{SELECT error FROM fulfillment.inbox WHERE event_id LIKE 'status_1.csv %'}),
		qq{line 3: Order "NEVER-1" is none of ours.\nline 4: Its status "WHATEVER" is not known.},
		'each bad row is named with its line');
	put('status_1.csv', $rows);
	fetch('the same file again');
	is($node->value(q{SELECT string_agg(repeated::text, ',') FROM fulfillment.inbox WHERE event_id LIKE 'status_1.csv %'}),
		'1', 'is known');
	put('status_2.csv', $rows);
	fetch('the same rows under another name');
	is($node->value("SELECT sum(shipped_units) FROM fulfillment.shipment_status WHERE order_id = $first"), 1,
		'ship nothing a second time');
	put('status_3.csv',
		"$header\r\n$reference;SHIPPED;2026-03-06 10:00:00;Bring;370000000000000024;;;A;1;\r\n");
	fetch('the rest of it');
	is($node->value("SELECT string_agg(state || ' ' || units || ' ' || shipped_units, ', ' ORDER BY number)
		FROM fulfillment.shipment_status WHERE order_id = $first"), 'shipped 1 1, shipped 1 1', 'has left, too');
	like(files('archive'), qr/\d{14}\.status_1\.csv/, 'a name that the archive has already gets a date');
};

subtest 'Encodings' => sub {
	my %encoded = ('status_4.csv' => encode('UTF-16LE', "\x{feff}$header\r\nNEVER-4;SHIPPED;;;;;;;;Sk\x{e5}ne\r\n"),
		'status_5.csv' => "\xef\xbb\xbf$header\r\nNEVER-5;SHIPPED;;;;;;;;Sk\xc3\xa5ne\r\n",
		'status_6.csv' => "$header\r\nNEVER-6;SHIPPED;;;;;;;;Sk\xe5ne\r\n",
		'status_7.xml' => qq{<?xml version="1.0" encoding="ISO-8859-1"?><orderStatus><orderNumber>NEVER-7-\xe5</orderNumber>}
			. '<status>SHIPPED</status></orderStatus>',
		'status_8.xml' => '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><orderStatus><orderNumber>&e;</orderNumber>'
			. '<status>SHIPPED</status></orderStatus>');

	put($_, $encoded{$_}) foreach sort keys %encoded;
	fetch('files in many encodings');
	is($node->value(q{SELECT string_agg(substring(event_id from '\d') || ' ' || state || ' ' || error, E'\n' ORDER BY event_id)
		FROM fulfillment.inbox WHERE event_id ~ '^status_[4-8]'}), join("\n",
		'4 applied line 2: Order "NEVER-4" is none of ours.', '5 applied line 2: Order "NEVER-5" is none of ours.',
		'6 failed Byte 123 is no UTF-8.', "7 applied line 1: Order \"NEVER-7-\xc3\xa5\" is none of ours.",
		'8 failed it has a DTD, or no root'), 'are read, or refused as a whole');
	is(files('error'), 'status_6.csv status_8.xml', 'what cannot be read is put where people look');
	is($node->value(q{SELECT count(*) FROM fulfillment.attention WHERE kind = 'file_refused' AND resolved_at IS NULL}), 1,
		'and they are told');
};

subtest 'Stock' => sub {
	my @rows = map { sprintf 'S-%05d;7;SE1;', $_ } 1 .. 300;

	$node->value(q{INSERT INTO fulfillment.items (sku, name) SELECT 'S-' || to_char(i, 'FM00000'), 'x' FROM generate_series(1, 300) i});
	put('stock_1.csv', join "\r\n", 'sku;quantity;warehouse;timestamp', 'A;40;SE1;', 'B;;SE1;', 'A;37;SE1;', 'NONE;5;SE1;',
		'B;1,5;SE1;', 'B;9;XX;', @rows);
	fetch('a stock file');
	like($node->value(q{SELECT error FROM fulfillment.inbox WHERE event_id LIKE 'stock_1%'}), qr/line 6: Its quantity "1,5" is no whole number\./,
		'a row that is wrong is named with its line');
	like($node->value(q{SELECT error FROM fulfillment.inbox WHERE event_id LIKE 'stock_1%'}), qr/line 5: .*\n?line 7: /s,
		'so are an article and a place nobody knows');
	is($node->value(q{SELECT reported_on_hand FROM fulfillment.stock_levels v JOIN fulfillment.items USING (merchant_id, item_id)
		WHERE sku = 'A' AND location_id = (SELECT location_id FROM fulfillment.locations WHERE code = 'DEPOT')}), 37,
		'the last row of an article counts');
	is($node->value(q{SELECT count(*) FROM fulfillment.stock_levels v JOIN fulfillment.items USING (merchant_id, item_id)
		WHERE sku LIKE 'S-%' AND reported_on_hand = 7}), 300, 'all others are in');
	put('stock_2.csv', "sku;quantity;warehouse;timestamp\nA;1;SE1;\n");
	fetch('a file with almost nothing in it');
	is($node->value(q{SELECT state FROM fulfillment.inbox WHERE event_id LIKE 'stock_2%'}), 'failed', 'is not believed');
	is($node->value(q{SELECT fulfillment.sync_inventory('DEPOT')}), 1, 'sync_inventory looks for stock files');
	$engine->comes_to_rest;
};

subtest 'Goods that came back' => sub {
	my $order = submit('R-1', lines => [[1, 'A', 2], [2, 'B', 1]]);
	my $columns = 'rma_number;order_number;line_no;sku;quantity_received;condition;restocked;timestamp';
	my $receipts = sub {
		my ($return) = @_;
		return $node->value("SELECT string_agg(line || ' ' || quantity || ' ' || condition || ' ' || disposition, ', ' ORDER BY receipt_id)
			FROM fulfillment.receipts WHERE return_id = $return");
	};

	$node->comes_to("SELECT state FROM fulfillment.shipments WHERE order_id = $order", 'accepted', 'handed over');
	$node->value("SELECT fulfillment.confirm_shipment(shipment_id) FROM fulfillment.shipments WHERE order_id = $order");
	my $return = $node->value("SELECT fulfillment.request_return($order)");
	$node->value("SELECT fulfillment.approve_return($return)");
	$engine->comes_to_rest;
	my $number = $node->value("SELECT reference_prefix || '-R$return' FROM fulfillment.merchants");
	ok(-f "$share/out/return_$number.csv", 'the partner is told to wait for them');
	put('receipt_1.csv', join "\r\n", $columns, "$number;;1;A;1;;;", "$number;;2;B;1;broken;0;", '');
	fetch('the partner has unpacked some');
	is($receipts->($return), '1 1 good restock, 2 1 broken quarantine', 'what came is received, by its condition');
	put('receipt_2.csv', join "\r\n", $columns, "$number;;1;A;1;good;;", '');
	fetch('and the rest');
	is($receipts->($return), '1 1 good restock, 2 1 broken quarantine, 1 1 good restock', 'a row is what came with it');
	isnt($node->value("SELECT state FROM fulfillment.returns WHERE return_id = $return"), 'receiving', 'all of it is there');
	is($node->value("SELECT poll_at FROM fulfillment.returns WHERE return_id = $return"), '', 'nobody asks for what files tell');
	put('receipt_3.csv', join "\r\n", $columns, 'FOREIGN-1;R-1;;A;1;good;;', '');
	fetch('a parcel that nobody announced');
	is($node->value(q{SELECT kind || ' ' || state || ' ' || (candidates -> 0 ->> 'number') FROM fulfillment.returns
		ORDER BY return_id DESC LIMIT 1}), 'blind matching R-1', 'lies there, and whose it may be is told');
	put('receipt_4.csv', join "\r\n", $columns, 'FOREIGN-2;R-1;;NOTHING;1;good;;', '');
	fetch('goods nobody knows');
	is($node->value(q{SELECT count(*) FROM fulfillment.attention WHERE kind = 'return_announced'}), 1, 'wait for a person');
};

subtest 'Scenario 15 with a partner of files' => sub {
	my $order = submit('1002');

	$node->comes_to("SELECT state FROM fulfillment.shipments WHERE order_id = $order", 'accepted', 'handed over');
	my $name = shipment($order, 'reference');
	$node->value("SELECT fulfillment.hold_order($order, 'address')");
	$engine->comes_to_rest;
	ok(-f "$share/out/order_${name}_cancel.xml", 'a hold becomes a file that stops it');
	is(shipment($order, 'stop'), 'requested', 'it is asked, not stopped');
	isnt(shipment($order, 'stop_at'), '', 'with its time');
	put('status_9.csv', "$header\r\n$name;CANCELLED;2026-03-07 10:00:00;;;;;;;\r\n");
	fetch('the partner says that it stopped');
	is(shipment($order, 'state'), 'cancelled', 'it stopped');
};

subtest 'A partner that never reports back' => sub {
	$node->value(q{UPDATE fulfillment.locations SET active = false});
	partner('bonver', '{"one_way": true, "format": "csv", "encoding": "iso-8859-1", "atomic": "marker"}');
	my $order = submit('1003', lines => [[1, 'A', 1], [2, 'B', 3]]);
	my $before = $node->value('SELECT count(*) FROM fulfillment.calls');

	$node->comes_to("SELECT state FROM fulfillment.shipments WHERE order_id = $order", 'accepted', 'handed over');
	my $name = shipment($order, 'reference');
	my @rows = split /\r\n/, slurp("$share/out/order_$name.csv");
	is(scalar @rows, 3, 'a row for each line, and one of names');
	like($rows[2], qr/^new;\Q$name\E;2;B;3;\xc5sa & <\xd6berg>;/, 'in its encoding');
	ok(-f "$share/out/order_$name.csv.done", 'a marker says that it is whole');
	is(shipment($order, 'confirmed'), 'f', 'it is never shown as confirmed');
	is($node->value(q{SELECT fulfillment.fetch_files('bonver')}), 0, 'and nobody looks for its files');
	$node->value("SELECT fulfillment.hold_order($order, 'fraud')");
	$engine->comes_to_rest;
	is($node->value("SELECT count(*) FROM fulfillment.attention WHERE kind = 'call_provider' AND order_id = $order"), 1,
		'to stop it is a task for a person');
};

subtest 'A lost answer' => sub {
	$node->value(q{UPDATE fulfillment.locations SET active = code = 'DEPOT'});
	$node->value(q{SELECT fulfillment.pause_connection('depot', 'a test')});
	my $order = submit('1004');
	my $name = shipment($order, 'reference');

	# as if the file had been published and the worker had died
	$node->value("UPDATE fulfillment.shipments SET state = 'unknown', attempt = 1 WHERE order_id = $order;
		UPDATE fulfillment.tasks SET in_doubt = true, sent_at = now() - interval '1 minute' WHERE order_id = $order");
	$node->value(q{SELECT fulfillment.resume_connection('depot')});
	$node->comes_to("SELECT state FROM fulfillment.shipments WHERE order_id = $order", 'accepted',
		'what was not there is written');
	my $inode = (stat "$share/out/order_$name.xml")[1];
	$node->value("UPDATE fulfillment.shipments SET state = 'unknown' WHERE order_id = $order;
		INSERT INTO fulfillment.tasks (merchant_id, connection_id, operation, subject_kind, subject_id, order_id, in_doubt, sent_at, idempotency_key)
		SELECT merchant_id, (SELECT connection_id FROM fulfillment.connections WHERE code = 'depot'), 'create_shipment', 'shipment',
		       shipment_id, order_id, true, now() - interval '1 minute', 'again' FROM fulfillment.shipments WHERE order_id = $order;
		SELECT fulfillment.resume_connection('depot')");
	$node->comes_to("SELECT state FROM fulfillment.shipments WHERE order_id = $order", 'accepted', 'what was there is found');
	is((stat "$share/out/order_$name.xml")[1], $inode, 'and not written again');
	is($node->value("SELECT count(*) FROM fulfillment.calls WHERE method = 'MOVE' AND order_id = $order"), 1,
		'one file was published');
};

$node->stop;
done_testing();
