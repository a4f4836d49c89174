-- postgres_find_database: whether the registry's own database is there.
--   ->  integer
SELECT 1
  FROM pg_database
 WHERE datname = 'weighhouse'
