-- secret_find: a sealed secret.
--   $1  text  name
--   ->  sealed bytea
SELECT sealed
  FROM secret
 WHERE name = $1
