-- account_find_by_email: a person by e-mail address.
--   $1  text  address
--   ->  id bigint, public_id text, kind text, name text, fullname text,
--       email text, verified boolean, administrator boolean,
--       disabled boolean, private_by_default boolean, avatar boolean,
--       created_at timestamptz
SELECT id, public_id, kind, name, fullname, email,
       email_verified_at IS NOT NULL, administrator, disabled_at IS NOT NULL,
       private_by_default, avatar IS NOT NULL, created_at
  FROM account
 WHERE kind = 'user'
   AND lower(email) = lower($1)
