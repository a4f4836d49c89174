-- session_add: begins a session.
--   $1  bigint   account
--   $2  bytea    SHA-256 of the cookie's value
--   $3  bigint   how long it lasts, days
--   $4  text     address
--   $5  text     user agent
INSERT INTO session (account, hash, expires_at, address, user_agent)
VALUES ($1, $2, now() + make_interval(days => $3::bigint::integer), $4, $5)
