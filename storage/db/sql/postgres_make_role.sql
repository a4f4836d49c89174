-- postgres_make_role: whom the registry is in its private server: the owner of
-- its own database, who starts no program and reads no file there.  It may
-- copy the server as a whole (pg_basebackup), and enters when all is made.
CREATE ROLE weighhouse NOLOGIN REPLICATION
