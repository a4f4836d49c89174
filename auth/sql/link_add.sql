-- link_add: keeps a link that is about to be mailed.
--   $1  text    kind: verify, invite, password
--   $2  bytea   SHA-256 of its text
--   $3  bigint  account; null for none
--   $4  text    e-mail address
--   $5  bigint  who made it; null for nobody
--   $6  bigint  how long it is good, hours
INSERT INTO link (kind, hash, account, email, created_by, expires_at)
VALUES ($1, $2, $3, $4, $5,
        now() + make_interval(hours => $6::bigint::integer))
