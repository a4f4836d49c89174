-- access_add: a new request, pending; no row when there is one already.
--   $1  text     public id
--   $2  bigint   repository
--   $3  text     the repository's name
--   $4  bigint   account
--   $5  text     the account's name
--   $6  boolean  whether the person asked
--   ->  id bigint, public_id text, account bigint, account_name text,
--       status text, round integer
INSERT INTO request (public_id, repository, repository_name, account,
                     account_name, status, asked)
VALUES ($1, $2, $3, $4, $5, 'pending', $6)
    ON CONFLICT DO NOTHING
RETURNING id, public_id, account, account_name, status, round
