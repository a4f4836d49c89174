-- account_find_avatar: an account's picture.
--   $1  text  name
--   ->  avatar bytea, avatar_type text
SELECT avatar, avatar_type
  FROM account
 WHERE name_key = lower($1)
   AND avatar IS NOT NULL
