-- secret_add: keeps a secret unless another daemon was faster.
--   $1  text   name
--   $2  bytea  the secret, sealed
INSERT INTO secret (name, sealed)
VALUES ($1, $2)
ON CONFLICT (name) DO NOTHING
