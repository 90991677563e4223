# Signatures, the vault, redaction and the address rule of src/transport, without a network.

use strict;
use warnings;

use FulfillmentCluster;
use MIME::Base64;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = FulfillmentCluster->start_new(
	'pure',
	extension => 0,
	settings => [ "shared_preload_libraries = 'transport_test'" ]);
$node->psql_ok('CREATE EXTENSION transport_test', 'the test module is installed');

sub answers
{
	my ($sql, $expected, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is($node->value("SELECT $sql"), $expected, $name);
}

# Standard Webhooks: our own vectors and one that the reference libraries agree with.

my $first = 'whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=';
my $second = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';
my $id = 'msg_3f1c7a52f0b94c0d9a';
my $sent_at = 1773000000;
my $body = '{"type":"shipment.goods_issued","timestamp":"2026-03-08T20:00:00Z",'
  . '"data":{"shipment_id":"SHP-20441","order_number":"1001"}}';
my $first_signature = 'v1,RNcM3chSAL/SdAmZ6rVFJ3R6A465UfoCV0qLslfHLDA=';
my $second_signature = 'v1,UnX0A+o+VGb1LGdnPDRykLn6dDQQbN82QeWrBrUElBs=';

my $private = 'whsk_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=';
my $public = 'whpk_ebVWLo/mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ=';
my $ed25519_signature =
  'v1a,m6Ct0k+c3/ffo9wfeiVk5jL7L03ml+5uujKOutnxiCdD/Qz8peOgdFjWhqrJAj6o7YhX5hcaz9zTTWFIWrhECA==';

answers("transport_sign('$first', '$id', $sent_at, '$body')", $first_signature, 'one secret signs');
answers("transport_sign('$first $second', '$id', $sent_at, '$body')",
	"$first_signature $second_signature", 'both secrets of a rotation sign');
answers(
	"transport_sign('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_p5jXN8AQM9LWM0D4loKWxJek',
		1614265330, '{\"test\": 2432232314}')",
	'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=', 'the vector of the reference libraries');
answers("transport_sign('$private', '$id', $sent_at, '$body')", $ed25519_signature,
	'a private key signs by Ed25519');
answers("transport_sign('$public', '$id', $sent_at, '$body') IS NULL", 't', 'a public key does not');
answers("transport_sign('not a key', '$id', $sent_at, '$body') IS NULL", 't', 'no key, no signature');

# Verifies by a scheme; headers and the rest by name.
sub verifies
{
	my ($kind, $expected, $name, %given) = @_;

	my $header = $given{header} // '';
	my $secrets = $given{secrets} // '{}';
	my $headers = $given{headers} // '{}';
	my $text = $given{body} // $body;
	my $now = $given{now} // $sent_at;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return answers(
		"transport_verify('$kind', '$header', '$secrets', '$headers', '$text', $now)",
		$expected, $name);
}

# Twilio's own example, and one with the parameters in another order; the URL is what was configured.
foreach my $case (
	[ 'https://mycompany.com/myapp.php?foo=1&bar=2', '12345', '0/KCTR6DLpKmkAf8muzZqo1nDgQ=',
		'CallSid=CA1234567890ABCDE&Caller=%2B12349013030&Digits=1234&From=%2B12349013030&To=%2B18005551212' ],
	[ 'https://hooks.shop.example/twilio?ep=7', '00112233445566778899aabbccddeeff', 'G3Ics9Jvl4YlXInoIDZS7OYOxlY=',
		'To=%2B46700000001&MessageSid=SM0123456789abcdef0123456789abcdef&ErrorCode=30005&From=%2B46700000099&MessageStatus=undelivered&AccountSid=AC00000000000000000000000000000001' ])
{
	my ($url, $token, $signature, $form) = @$case;
	my @call = ("transport_verify('form', 'X-Twilio-Signature', '{\"secret\": \"$token\", \"address\": \"$url\"}', '{\"x-twilio-signature\": \"$signature\"}', '$form', 0)");

	answers(@call, 'ok', "a signed form to $url");
	answers($call[0] =~ s/Call/Cell/r =~ s/30005/30006/r, 'The signature does not match.', 'a form that was changed');
	answers($call[0] =~ s/https:/http:/r, 'The signature does not match.', 'another URL');
}

my %standard = (
	secrets => qq({"secret": "$first"}),
	headers => qq({"webhook-id": "$id", "webhook-timestamp": "$sent_at",
		"webhook-signature": "v1a,AAAA v1,bad $first_signature"}));
my $mismatch = 'The signature does not match.';
my $not_now = 'The signed time is more than five minutes away from now.';

verifies('standard', 'ok', 'a webhook verifies among foreign signatures', %standard);
verifies('standard', 'ok', 'headers are found in any case', %standard,
	headers => uc_names($standard{headers}));
verifies('standard', 'ok', 'either secret of a list verifies', %standard,
	secrets => qq({"secret": ["$second", "$first"]}));
verifies('standard', 'ok', 'an Ed25519 signature verifies by the public key', %standard,
	secrets => qq({"secret": "$public"}),
	headers => $standard{headers} =~ s/v1a,AAAA/$ed25519_signature/r);
verifies('standard', $mismatch, 'a forged one does not', %standard,
	secrets => qq({"secret": "$public"}),
	headers => $standard{headers} =~ s{v1a,AAAA}{$ed25519_signature =~ s/m6Ct/m7Ct/r}er);
verifies('standard', $mismatch, 'another secret does not', %standard,
	secrets => qq({"secret": "$second"}));
verifies('standard', $mismatch, 'a changed body does not', %standard, body => "$body ");
verifies('standard', 'ok', 'five minutes of difference are allowed', %standard, now => $sent_at + 300);
verifies('standard', $not_now, 'no more', %standard, now => $sent_at + 301);
verifies('standard', $not_now, 'neither from the future', %standard, now => $sent_at - 301);
verifies('standard', $not_now, 'a time must be a number', %standard,
	headers => $standard{headers} =~ s/"$sent_at"/"1773000000x"/r);
verifies('standard', 'The header webhook-id or webhook-timestamp is missing.', 'an id is needed',
	%standard, headers => $standard{headers} =~ s/webhook-id/webhook-no/r);
verifies('standard', 'The connection has no secret to verify with.', 'a secret is needed',
	%standard, secrets => '{}');

my $hex = 'f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8';
my %fox = (
	header => 'X-Sig',
	secrets => '{"secret": "key"}',
	body => 'The quick brown fox jumps over the lazy dog');
verifies('hex', 'ok', 'a hexadecimal HMAC verifies', %fox, headers => qq({"x-sig": "$hex"}));
verifies('hex', 'ok', 'in capitals and with a name before it', %fox,
	headers => '{"x-sig": "hmac-sha256-hex=' . uc($hex) . '"}');
verifies('hex', $mismatch, 'one digit off does not', %fox,
	headers => '{"x-sig": "' . ($hex =~ s/8$/9/r) . '"}');
verifies('hex', 'The signature is not in the expected form.', 'nor half a digest', %fox,
	headers => '{"x-sig": "f7bc83f4"}');
verifies('base64', 'ok', 'a base64 HMAC verifies', %fox,
	headers => '{"X-SIG": "97yD9DBThCSxMpjmqm+xQ+9NWaFJRhdZl0edvC0aPNg="}');
verifies('base64', 'The webhook carries no signature.', 'a header is needed', %fox);

verifies('shared', 'ok', 'a shared secret verifies', %fox, headers => '{"x-sig": "key"}');
verifies('shared', 'ok', 'as a bearer too', %fox, headers => '{"x-sig": "Bearer key"}');
verifies('shared', 'The shared secret does not match.', 'another does not', %fox,
	headers => '{"x-sig": "keys"}');
verifies('none', 'The peer signs nothing.', 'without a scheme nothing is authentic', %fox);

my $timed = 't=1770112233,v1=4137797a80e14708e7d8193fd143920d5c932c9a41e14e0244421a37cf614872';
my %stripe = (
	header => 'Stripe-Signature',
	secrets => '{"secret": "whsec_testsecret0001"}',
	body => '{"id":"evt_1","object":"event","type":"charge.refunded"}',
	now => 1770112240);
verifies('timed', 'ok', 'a timed signature verifies', %stripe,
	headers => qq({"stripe-signature": "v0=00,$timed"}));
verifies('timed', $not_now, 'not later', %stripe, now => 1770113000,
	headers => qq({"stripe-signature": "$timed"}));
verifies('timed', 'The signature is not in the expected form.', 'not without a time', %stripe,
	headers => qq({"stripe-signature": "v1=$hex"}));

my %envelope = (
	header => 'X-HMAC',
	secrets => '{"secret": "0123456789abcdef0123456789abcdef"}',
	body => '{"subscriptionId":"s-1","timestamp":"2026-01-07T20:00:00Z","payload":"{\\"trackingNumber\\":\\"9405511899560001234565\\"}"}');
verifies('envelope', 'ok', 'the time and payload of an envelope verify', %envelope,
	headers => '{"x-hmac": "aOL1qfVRYH17NJ0CsBgL253A0enaz/XjkE5JtWZD+98="}');
verifies('envelope', 'ok', 'and so does the whole body', %envelope,
	headers => '{"x-hmac": "QaZwgNjtksWkExrdmdxSJHxpaZ3LbFYAiboxT1WCwjo="}');
verifies('envelope', 'The signature does not match.', 'but not another time', %envelope,
	body => $envelope{body} =~ s/T20:/T21:/r, headers => '{"x-hmac": "aOL1qfVRYH17NJ0CsBgL253A0enaz/XjkE5JtWZD+98="}');

my %member = (
	header => 'auth',
	secrets => '{"secret": "k3y", "address": "https://shop.example/hooks/a1"}',
	body => '{"auth":"7267b03a95243cb789c80b30fb5465bf","tracking_id":"2CQJADENEAU"}');
verifies('member', 'ok', 'a digest in the body of key and address verifies', %member);
verifies('member', $mismatch, 'not with another address', %member,
	secrets => $member{secrets} =~ s/a1/a2/r);
verifies('member', 'The webhook carries no signature.', 'not without the digest', %member, body => '{}');
verifies('member', 'The connection does not know the address that is signed.',
	'not without the address', %member, secrets => '{"secret": "k3y"}');

# eBay: base64 of JSON around a signature by a key whose public half everybody may know.

my $elliptic = 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEb9kTVK0nnlAQJk5Kj6MyVZUBjOoW'
  . 'r1g5knVgrtmbljSUtCHy9aSe6uVcA3//0P4YLqQ8Az07WnYSJMGwlZqMhA==';
my $claim256 = 'eyJhbGciOiJlY2RzYSIsImtpZCI6Ijk5MzYyNjFhLTdkN2ItNDYyMS1hMGYxLTk2NGVlMWMxIiwic2ln'
  . 'bmF0dXJlIjoiTUVZQ0lRQ1FtV25rUXl1NVB3US9CZ2JMZ2ZjOW5qOGUvVUNncU4zbVkrUm14RzFMVHdJaEFLamlOQmFRVE'
  . 'lwUnpxZ1M3aWNwNEV2a00vZWY3Z2U2RUJUVmlBZ3pXNktvIiwiZGlnZXN0IjoiU0hBMjU2In0=';
my $claim1 = 'eyJhbGciOiJlY2RzYSIsImtpZCI6Ijk5MzYyNjFhLTdkN2ItNDYyMS1hMGYxLTk2NGVlMWMxIiwic2lnbm'
  . 'F0dXJlIjoiTUVVQ0lCMlpsMjE3alc0UlVXTFJ1eTNUdWNuVG9qRHR6Mll3aC81cEZibG1Bb3M1QWlFQTBZZ2UzYXdCbkRm'
  . 'ZFBlenM0UTREZHJJaVNuL0ZiZzNZNm9YQzZTaXFaWmc9IiwiZGlnZXN0IjoiU0hBMSJ9';
my %ebay = (
	header => 'X-EBAY-SIGNATURE',
	secrets => qq({"secret": "-----BEGIN PUBLIC KEY-----$elliptic-----END PUBLIC KEY-----"}),
	headers => qq({"x-ebay-signature": "$claim256"}),
	body => '{"metadata":{"topic":"ORDER_CONFIRMATION","schemaVersion":"1.0","deprecated":false},'
	  . '"notification":{"notificationId":"0d5c-01","eventDate":"2026-02-03T08:10:12.000Z",'
	  . '"publishDate":"2026-02-03T08:10:13.000Z","publishAttemptCount":1,'
	  . '"data":{"orderId":"01-12345-67890"}}}');
verifies('ecdsa', 'ok', 'an ECDSA signature verifies by the public key', %ebay);
verifies('ecdsa', 'ok', 'by SHA-1 too', %ebay, headers => qq({"x-ebay-signature": "$claim1"}));
verifies('ecdsa', 'ok', 'the bare key will do, among others', %ebay,
	secrets => qq({"secret": ["$first", "$elliptic"]}));
verifies('ecdsa', 'ok', 'so will lines of PEM, behind another key', %ebay,
	secrets => qq({"secret": "-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----\\n)
	  . qq(-----BEGIN PUBLIC KEY-----\\n@{[ $elliptic =~ s/(.{64})/$1\\n/r ]}\\n-----END PUBLIC KEY-----\\n"}));
verifies('ecdsa', $mismatch, 'a changed body does not', %ebay, body => "$ebay{body} ");
verifies('ecdsa', $mismatch, 'nor does what is no key', %ebay, secrets => qq({"secret": "$first"}));
verifies('ecdsa', $mismatch, 'nor another digest', %ebay,
	headers => '{"x-ebay-signature": "' . encode_base64(
		decode_base64($claim256) =~ s/SHA256/MD5/r, '') . '"}');
verifies('ecdsa', 'The signature is not in the expected form.', 'nor half a signature', %ebay,
	headers => '{"x-ebay-signature": "e30="}');

# OAuth 1.0a: what a signer written elsewhere makes of the same.

my $nonce = '0123456789abcdef0123456789abcdef';
my $signed = "oauth_consumer_key=ck_a&oauth_nonce=$nonce&oauth_signature_method=HMAC-SHA256"
  . '&oauth_timestamp=1773000000&oauth_signature=';

sub oauth1_is
{
	my ($method, $url, $signature, $name) = @_;
	my $mark = $url =~ /\?/ ? '&' : '?';

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return answers("transport_oauth1('$url', '$method', 'ck_a', 'cs_b', '$nonce', 1773000000)",
		"$url$mark$signed$signature", $name);
}

my $shop_list = 'qBZxX5dqGt3btwx1X8Vw1UxWr0P29Rw0X6NeTwa2c1g%3D';
my $shop_query = 'status=processing%2Con-hold&per_page=100&modified_after=2026-02-03T08%3A00%3A00';
oauth1_is('GET', "http://shop.example/wp-json/wc/v3/orders?$shop_query", $shop_list,
	'a query is signed in the order of its names');
oauth1_is('GET', "HTTP://Shop.Example:80/wp-json/wc/v3/orders?$shop_query", $shop_list,
	'the usual port and capitals in the host are not');
oauth1_is(
	'PUT',
	'http://shop.example:8080/?rest_route=/wc/v3/orders/5501&x+y=a%2bb%20%C3%A5',
	'rLZ%2BM0ndsqQUG3coXsyK1oIrU8KTjpx4NemW1aB3sag%3D',
	'another port and what was encoded differently are');

# The vault.

my $key_file = $node->data_dir . '/fulfillment.key';
ok(!-e $key_file, 'no key is made before it is needed');
like($node->value('SELECT transport_vault_problem()'), qr/does not exist/, 'the vault says so');
$node->psql_fails(q{SELECT transport_open(1, 2, '\x0102')},
	'OF006', qr/could not decrypt/, 'what is no sealed value does not open');
$node->psql_fails(
	q{SELECT transport_open(1, 2, ('\x01' || repeat('00', 40))::bytea)},
	'OF008', qr/could not use key file/, 'nothing opens without a key file');
ok(!-e $key_file, 'opening makes no key');
$node->value(q{CREATE TABLE sealed AS
	SELECT transport_seal(1, 2, '{"password": "geheim"}') AS value, 1 AS round});
is((stat $key_file)[2] & 0777, 0600, 'the key file is its owner\'s alone');
like(slurp_file($key_file), qr/^[0-9a-f]{64}\n$/, 'it holds one key');
answers('transport_vault_problem() IS NULL', 't', 'the vault is ready');
answers('transport_open(1, 2, value) FROM sealed', '{"password": "geheim"}', 'what was sealed opens');
answers(q{position('geheim'::bytea IN value) FROM sealed}, '0', 'the sealed value hides it');
answers(q{transport_seal(1, 2, 'x') <> transport_seal(1, 2, 'x')}, 't', 'no nonce is used twice');
foreach my $row ('2, 2', '1, 3')
{
	$node->psql_fails("SELECT transport_open($row, value) FROM sealed",
		'OF006', qr/could not decrypt/, "it does not open for row $row");
}
$node->psql_fails(
	'SELECT transport_open(1, 2, set_byte(value, length(value) - 1, 0)) FROM sealed',
	'OF006', qr/could not decrypt/, 'nor when a byte was changed');

my $old_key = slurp_file($key_file);
my $new_key = 'ab' x 32 . "\n";
write_key($new_key);
$node->psql_fails('SELECT transport_open(1, 2, value) FROM sealed',
	'OF008', qr/could not decrypt/, 'another key does not open it');
write_key($new_key . $old_key);
answers('transport_open(1, 2, value) FROM sealed', '{"password": "geheim"}',
	'an old key that stands below does');
$node->value(q{INSERT INTO sealed SELECT transport_seal(1, 2, 'new'), 2});
write_key($new_key);
answers('transport_open(1, 2, value) FROM sealed WHERE round = 2', 'new', 'the first key seals');
write_key("$new_key$old_key" . 'zz' x 32 . "\n");
$node->psql_fails(q{SELECT transport_seal(1, 2, 'x')},
	'OF008', qr/could not use key file/, 'a line that is no key is refused');
write_key($new_key);
chmod 0640, $key_file;
$node->psql_fails(q{SELECT transport_seal(1, 2, 'x')},
	'OF008', qr/could not use key file/, 'a file that others may read is refused');
chmod 0600, $key_file;

# Redaction.

my $secrets = '{"password": "S3cr&t\"x", "key": "abc", "list": ["first-secret", "second-secret"]}';

sub redacts_body
{
	my ($text, $expected, $name, $max) = @_;

	$max //= 1000;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return answers("transport_redact_body(convert_to(\$b\$$text\$b\$, 'UTF8'), $max, \$s\$$secrets\$s\$)",
		$expected, $name);
}

redacts_body('{"user":"eva","password":"x","n":1}', '{"user":"eva","password":"***","n":1}',
	'a member is masked');
redacts_body('{"a":{"client_secret" : "x\"y","accessToken":12},"auth":true}',
	'{"a":{"client_secret" : "***","accessToken":"***"},"auth":true}', 'in any style and depth');
redacts_body('{"nextToken":"page2","token_type":"Bearer"}', '{"nextToken":"page2","token_type":"Bearer"}',
	'paging is not');
redacts_body('{"tokens":["a","b"],"b":2}', '{"tokens":["***"],"b":2}', 'a list is masked');
redacts_body('{"inner":"{\"password\":\"x\",\"b\":1}"}', '{"inner":"{\"password\":\"***\",\"b\":1}"}',
	'JSON inside a JSON text is seen');
redacts_body('{"password":"cut off in the mid', '{"password":"***', 'broken JSON too');
redacts_body('grant_type=x&client_secret=y%20z&scope=a', 'grant_type=x&client_secret=***&scope=a',
	'a form is masked');
redacts_body('<r><ns:Password type="a">x</ns:Password><b key="1"/></r>',
	'<r><ns:Password type="a">***</ns:Password><b key="***"/></r>', 'XML is masked');
redacts_body('echo S3cr&t"x and S3cr%26t%22x and S3cr&t\"x and S3cr&#38;t&#34;x',
	'echo *** and *** and *** and ***', 'a secret\'s value is masked in every writing');
redacts_body('first-secret second-secret abc', '*** *** abc', 'each of a list; no short words');
redacts_body('äöü123', 'ä (cut; 9 bytes in all)', 'a text is cut between characters', 3);
redacts_body('see first-secret', 'see *** (cut; 16 bytes in all)',
	'no piece of a secret is left where a text is cut', 8);
answers(q{transport_redact_body('\x00ff10', 100, '{}')}, '(3 bytes that are no text)',
	'what is no text is told by its size');
answers(
	q{transport_redact_url('https://u:p@x.test/a?token=abc&b=first-secret&c=3', '{"s":"first-secret"}')},
	'https://***@x.test/a?token=***&b=***&c=3', 'a URL is masked');
answers(
	q{transport_redact_headers('{"Authorization":"Basic x","X-Shop-Token":"y",
		"webhook-signature":"z","Set-Cookie":"c","X-Current-Token-Count":"7",
		"Idempotency-Key":"k","Link":"<https://x.test/?key=1>"}', '{}')},
	'{"Link": "<https://x.test/?key=***>", "Set-Cookie": "***", "X-Shop-Token": "***",'
	  . ' "Authorization": "***", "Idempotency-Key": "k", "webhook-signature": "***",'
	  . ' "X-Current-Token-Count": "7"}',
	'headers are masked by their names');

# Secrets in messages.

answers(q{transport_expand('{"k":"{{secret:p}}"}', 'application/json', '{"p":"a\"b"}')},
	'{"k":"a\"b"}', 'a secret is quoted for JSON');
answers(q{transport_expand('k={{secret:p}}&k2={{secret:p}}', 'application/x-www-form-urlencoded',
	'{"p":"a&b"}')}, 'k=a%26b&k2=a%26b', 'for a form');
answers(q{transport_expand('<k>{{secret:p}}</k>', 'text/xml', '{"p":"<b>"}')},
	'<k>&#60;b&#62;</k>', 'for XML');
answers(q{transport_expand('{{secret:none}}', '', '{}')}, 'missing: none', 'a missing one is named');
answers(q[transport_expand('{{secret:p}} {{secret:', '', '{"p":"{{secret:p}}"}')],
	'{{secret:p}} {{secret:', 'a secret is not expanded again');
$node->psql_fails(q{SELECT transport_expand('', '', '[1]')},
	'OF006', qr/could not read the secrets/, 'secrets are an object');

# Addresses.

my %public = (
	t => [qw(8.8.8.8 172.32.0.1 100.128.0.1 192.1.0.1 2a00:1450::1 ::ffff:8.8.8.8 64:ff9b::808:808)],
	f => [
		qw(0.0.0.0 10.1.2.3 100.64.0.1 100.127.255.255 127.0.0.1 169.254.169.254 172.16.0.1
		  172.31.255.255 192.0.0.1 192.168.1.1 198.18.0.1 198.19.255.255 224.0.0.1 240.0.0.1
		  255.255.255.255 :: ::1 fc00::1 fd12::1 fe80::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1
		  64:ff9b::a00:1 64:ff9b:1::1 2002:7f00:1::1 2001:0:1::1 ::127.0.0.1 nonsense)
	]);
foreach my $expected (sort keys %public)
{
	my $list = join ',', map { "'$_'" } @{ $public{$expected} };
	answers(
		"string_agg(a, ' ') FROM unnest(ARRAY[$list]) a WHERE transport_public(a) <> '$expected'",
		'', $expected eq 't' ? 'public addresses are public' : 'all others are not');
}

$node->stop;
done_testing();

sub write_key
{
	my ($text) = @_;

	open(my $handle, '>', $key_file) or die "could not write $key_file: $!\n";
	print $handle $text;
	close($handle);
	return;
}

sub uc_names
{
	my ($headers) = @_;
	return $headers =~ s/"(webhook-\w+)":/'"' . uc($1) . '":'/ger;
}
