ALTER TABLE request ALTER COLUMN repository RESET (n_distinct);
DROP INDEX repository_downloads, access_grant_request, request_newest,
    request_prefix;
