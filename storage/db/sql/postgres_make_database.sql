-- postgres_make_database: the registry's own database.
CREATE DATABASE weighhouse OWNER weighhouse
