-- account_add: adds a person or an organisation, unless something is taken.
--   $1   text     public id
--   $2   text     kind: user, organization
--   $3   text     name
--   $4   text     full name
--   $5   text     e-mail address; null for none
--   $6   text     Argon2id hash of the password; null for none
--   $7   boolean  the address counts as verified
--   $8   boolean  administrator of the registry
--   $9   boolean  private_by_default
--   $10  bytea    avatar; null for none
--   $11  text     its type
--   ->  id bigint: null when something was taken, and what was: name boolean,
--       email boolean, public_id boolean
WITH added AS (
    INSERT INTO account (public_id, kind, name, fullname, email, password,
                         email_verified_at, administrator, private_by_default,
                         avatar, avatar_type)
    VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $7 THEN now() END, $8, $9, $10,
            $11)
    ON CONFLICT DO NOTHING
    RETURNING id
)
SELECT (SELECT id FROM added),
       EXISTS (SELECT FROM account WHERE name_key = lower($3)),
       EXISTS (SELECT FROM account
                WHERE kind = 'user' AND lower(email) = lower($5)),
       EXISTS (SELECT FROM account WHERE public_id = $1)
