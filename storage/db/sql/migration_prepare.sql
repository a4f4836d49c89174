-- migration_prepare: where migrations are recorded, if it is not there yet.
CREATE TABLE IF NOT EXISTS migration (
    level integer PRIMARY KEY,
    name text NOT NULL,
    digest text NOT NULL,           -- SHA-256 of the .up.sql file
    applied_at timestamptz NOT NULL DEFAULT now()
)
