-- postgres_find: how far the private server is made.
--   ->  has_role boolean, has_database boolean
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'weighhouse') AS has_role,
       EXISTS (SELECT FROM pg_database WHERE datname = 'weighhouse')
           AS has_database
