# Files over real servers, where Debian's packages are there.  The same conversation by FTP and SFTP: an
# order out, published whole; a report in, put away.  A wrong password, a certificate nobody vouches for
# and a host with another key are told at once, and nothing is tried again and again.

use strict;
use warnings;

use FindBin qw($RealBin);
use lib "$RealBin/lib";

use Cwd qw(abs_path);
use File::Path qw(make_path);
use FulfillmentCluster;
use FulfillmentEngine;
use IPC::Run ();
use PostgreSQL::Test::Cluster ();
use Test::More;
use Time::HiRes qw(usleep);

my $python = '/usr/bin/python3';
my $has_ftp = -x $python && system("$python -c 'import pyftpdlib' 2> /dev/null") == 0;
my $has_tls = $has_ftp && system("$python -c 'import OpenSSL' 2> /dev/null") == 0;
my $sshd = -x '/usr/sbin/sshd' ? '/usr/sbin/sshd' : undef;
my ($sftp_server) = grep { -x } qw(/usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server);

plan skip_all => 'skipped: neither python3-pyftpdlib nor openssh-server is installed'
  unless $has_ftp || ($sshd && $sftp_server);

my $node = FulfillmentCluster->start_new('file_servers', workers => 1);
my $engine = FulfillmentEngine->new($node);
my $home = abs_path($node->basedir);
my @servers;

$node->value(q{
	INSERT INTO fulfillment.channels (code, name) VALUES ('shop', 'Shop');
	INSERT INTO fulfillment.items (sku, name, weight_g, value) VALUES ('A', 'Thing A', 500, 10)});

sub share
{
	my ($name) = @_;

	make_path(map { "$home/$name/$_" } qw(out in archive error));
	return "$home/$name";
}

sub wait_for
{
	my ($check) = @_;

	foreach (1 .. 600)
	{
		return 1 if $check->();
		usleep(50_000);
	}
	return 0;
}

sub slurp
{
	my ($file) = @_;

	open my $handle, '<:raw', $file or return '';
	local $/;
	return scalar <$handle>;
}

sub ftp_server
{
	my ($name, @certificate) = @_;

	push @servers, IPC::Run::start([ $python, "$RealBin/lib/ftp_server.py", share($name), "$home/$name.port", @certificate ],
		'<', '/dev/null', '>', "$home/$name.log", '2>&1');
	wait_for(sub { -f "$home/$name.port" }) or die "$name did not start: " . slurp("$home/$name.log");
	return slurp("$home/$name.port");
}

sub partner
{
	my ($code, $config, $secret) = @_;

	$node->value(qq{
		INSERT INTO fulfillment.connections (code, connector, config)
		VALUES ('$code', 'file_exchange', '$config'::jsonb || '{"settle_seconds": 0, "host": "127.0.0.1"}');
		SELECT fulfillment.set_secret('$code', '$secret');
		INSERT INTO fulfillment.providers (code, name, kind, integration, connection_id)
		SELECT '$code', '$code', 'fulfillment_center', 'file', connection_id
		  FROM fulfillment.connections WHERE code = '$code';
		UPDATE fulfillment.locations SET active = false;
		INSERT INTO fulfillment.locations (code, name, provider_id, country, postcode)
		SELECT upper('$code'), '$code', provider_id, 'SE', '11122' FROM fulfillment.providers WHERE code = '$code';
		SELECT fulfillment.receive_stock(upper('$code'), 'A', 100)});
	return;
}

# Out, in, and put away.
sub converse
{
	my ($code, $directory) = @_;
	my $order = $node->value(qq{SELECT fulfillment.submit_order('{"channel": "shop", "number": "$code",
		"placed_at": "2026-01-05T12:00:00Z", "currency": "EUR", "email": "ann\@example.com",
		"ship_to": {"name": "Ann", "street1": "Gata 1", "city": "Malmo", "postcode": "21122", "country": "SE"},
		"lines": [{"line": 1, "sku": "A", "quantity": 2, "unit_price": 10}]}')});

	$node->comes_to("SELECT state FROM fulfillment.shipments WHERE order_id = $order", 'accepted', "$code: an order goes out");
	my $reference = $node->value("SELECT reference FROM fulfillment.shipments WHERE order_id = $order");
	is(join(' ', map { s{.*/}{}r } glob "$directory/out/*"), "order_$reference.xml", "$code: one file, under its own name");
	like(slurp("$directory/out/order_$reference.xml"), qr{<quantity>2</quantity>.*</fulfillmentOrder>\s*\z}s, "$code: whole");
	is($node->value("SELECT string_agg(method || ' ' || status, ', ' ORDER BY call_id) FROM fulfillment.calls WHERE order_id = $order")
		=~ s/2\d\d/2xx/gr, 'PUT 2xx, LIST 2xx, MOVE 2xx', "$code: written, looked at, renamed");
	open my $handle, '>', "$directory/in/status_1.csv" or die $!;
	print {$handle} "order_number;status;timestamp;tracking_number\n$reference;SHIPPED;2026-03-05 14:10:22;37017\n";
	close $handle;
	$node->value("SELECT fulfillment.fetch_files('$code')");
	$node->comes_to("SELECT state FROM fulfillment.shipments WHERE order_id = $order", 'shipped', "$code: a report comes in");
	$engine->comes_to_rest;
	ok(-f "$directory/archive/status_1.csv" && !-f "$directory/in/status_1.csv", "$code: and is put away");
	$node->value("SELECT fulfillment.test_connection('$code')");
	$engine->comes_to_rest;
	is($node->value("SELECT count(*) FROM fulfillment.attention a JOIN fulfillment.connections c USING (merchant_id, connection_id)
		WHERE a.kind = 'connection_test' AND a.resolved_at IS NULL AND c.code = '$code'"), 0,
		"$code: the test of the connection passes");
	return;
}

# What the test of a connection says in the end.
sub complains
{
	my ($code, $pattern, $name) = @_;

	$node->value("SELECT fulfillment.test_connection('$code')");
	$node->comes_to("SELECT count(*) > 0 FROM fulfillment.attention a JOIN fulfillment.connections c USING (merchant_id, connection_id)
		WHERE c.code = '$code' AND a.message ~ '$pattern' AND a.resolved_at IS NULL", 't', $name);
	$node->value(q{DELETE FROM fulfillment.tasks});
	return;
}

SKIP:
{
	skip 'skipped: python3-pyftpdlib is not installed', 1 if !$has_ftp;
	subtest 'FTP' => sub {
		my $port = ftp_server('ftp');

		partner('ftp', qq{{"scheme": "ftp", "port": $port, "allow_plaintext": true}}, '{"user": "shop", "password": "geheim"}');
		converse('ftp', "$home/ftp");
		partner('ftp_wrong', qq{{"scheme": "ftp", "port": $port, "allow_plaintext": true}}, '{"user": "shop", "password": "falsch"}');
		complains('ftp_wrong', 'refused the login', 'a wrong password is told');
		$node->value(q{UPDATE fulfillment.connections SET config = config || '{"remote_dir_in": "nowhere"}' WHERE code = 'ftp'});
		complains('ftp', 'no directory', 'so is a directory that is not there');
	};
}

SKIP:
{
	skip 'skipped: python3-pyftpdlib or python3-openssl is not installed', 1 if !$has_tls;
	subtest 'FTP with TLS' => sub {
		system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
			  . " -addext subjectAltName=DNS:localhost -keyout '$home/tls.pem' -out '$home/tls.crt' 2> /dev/null"
			  . " && cat '$home/tls.crt' >> '$home/tls.pem'");
		my $port = ftp_server('ftps', "$home/tls.pem");

		partner('ftps', qq{{"scheme": "ftps", "port": $port}}, '{"user": "shop", "password": "geheim"}');
		$node->value(q{UPDATE fulfillment.connections SET config = config || '{"host": "localhost"}' WHERE code = 'ftps'});
		complains('ftps', 'certificate', 'a server nobody vouches for is refused');
	};
}

SKIP:
{
	skip 'skipped: openssh-server is not installed', 1 if !$sshd || !$sftp_server;
	subtest 'SFTP' => sub {
		my $port = PostgreSQL::Test::Cluster::get_free_port();
		my $directory = share('sftp');
		my $user = getpwuid $<;

		system("ssh-keygen -q -t ed25519 -N '' -f '$home/host' && ssh-keygen -q -t ed25519 -N '' -f '$home/ours'"
			  . " && ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -f '$home/ours_rsa' && cp '$home/ours_rsa.pub' '$home/authorized'"
			  . " && chmod 600 '$home/authorized'");
		my ($fingerprint) = `ssh-keygen -lf '$home/host.pub'` =~ /SHA256:(\S+)/;
		open my $config, '>', "$home/sshd_config" or die $!;
		print {$config} "Port $port\nListenAddress 127.0.0.1\nHostKey $home/host\nPidFile none\nStrictModes no\nUsePAM no\n"
			. "AuthorizedKeysFile $home/authorized\nPasswordAuthentication no\nPubkeyAcceptedAlgorithms +ssh-rsa,rsa-sha2-256\n"
			. "Subsystem sftp $sftp_server\n";
		close $config;
		push @servers, IPC::Run::start([ $sshd, '-D', '-e', '-f', "$home/sshd_config" ], '<', '/dev/null', '>', "$home/sshd.log", '2>&1');
		wait_for(sub { slurp("$home/sshd.log") =~ /listening on/ }) or plan(skip_all => 'skipped: sshd does not start: ' . slurp("$home/sshd.log"));
		my $settings = qq{"scheme": "sftp", "port": $port, "root_dir": "$directory", "key_file": "$home/ours_rsa"};

		partner('sftp', qq{{$settings, "host_key_sha256": "$fingerprint"}}, qq{{"user": "$user", "password": ""}});
		converse('sftp', $directory);
		partner('sftp_other', qq{{$settings, "host_key_sha256": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}},
			qq{{"user": "$user", "password": ""}});
		complains('sftp_other', 'host key', 'a host with another key is not spoken to');
	};
}

foreach my $server (@servers)
{
	$server->kill_kill;
}
$node->stop;
done_testing();
