\echo Use "CREATE EXTENSION transport_test" to load this file. \quit

-- Sends requests side by side over the session's wire; one object per request, in the order they
-- came back.  Settings: capacity, cancel_after_ms.
CREATE FUNCTION transport_fetch(requests jsonb, settings jsonb DEFAULT '{}') RETURNS jsonb
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
CREATE FUNCTION transport_forget(merchant int, connection bigint, generation bigint)
	RETURNS void AS 'MODULE_PATHNAME' LANGUAGE C STRICT;

-- The table of tokens at a given time; look_up answers the advice, then the token or the error.
CREATE FUNCTION transport_token_look_up(connection bigint, at timestamptz) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
CREATE FUNCTION transport_token_store(connection bigint, token text, lifetime_s int,
	at timestamptz) RETURNS void AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
CREATE FUNCTION transport_token_fail(connection bigint, error text, retry_after_s int,
	at timestamptz) RETURNS void AS 'MODULE_PATHNAME' LANGUAGE C STRICT;

-- 'ok', or the reason.
CREATE FUNCTION transport_verify(kind text, header text, secrets jsonb, headers jsonb, body text,
	now bigint) RETURNS text AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
CREATE FUNCTION transport_sign(secret text, id text, sent_at bigint, body text) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
CREATE FUNCTION transport_oauth1(url text, method text, key text, secret text, nonce text,
	now bigint) RETURNS text AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
CREATE FUNCTION transport_seal(merchant int, connection bigint, plain text) RETURNS bytea
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
CREATE FUNCTION transport_open(merchant int, connection bigint, sealed bytea) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
CREATE FUNCTION transport_vault_problem() RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
CREATE FUNCTION transport_redact_url(url text, secrets jsonb) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
CREATE FUNCTION transport_redact_headers(headers jsonb, secrets jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
CREATE FUNCTION transport_redact_body(body bytea, max_bytes int, secrets jsonb) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
CREATE FUNCTION transport_expand(plain text, content_type text, secrets jsonb) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
CREATE FUNCTION transport_public(address text) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
