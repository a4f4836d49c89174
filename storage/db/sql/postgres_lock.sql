-- postgres_lock: all is made.  Nobody is the superuser from here on, but for
-- who may stop the server and start it with --single.
DO $$
BEGIN
    ALTER ROLE weighhouse LOGIN;
    ALTER ROLE postgres NOLOGIN;
END $$
