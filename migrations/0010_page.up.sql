-- 0010_page: what a page, a search and a removal cost does not grow with the
-- registry.
CREATE EXTENSION IF NOT EXISTS pg_trgm; -- any database's owner may

-- Rows are written anew below: the fewer indexes by then, the sooner.
DROP INDEX repository_updated, repository_created, repository_downloads,
    repository_namespace, request_queue, request_account, request_prefix,
    request_newest;

-- "namespace/name" in lower case, for searches.  An account keeps its name.
ALTER TABLE repository ADD COLUMN full_key text;
UPDATE repository r
   SET full_key = n.name_key || '/' || r.name_key
  FROM account n
 WHERE n.id = r.namespace;
ALTER TABLE repository ALTER COLUMN full_key SET NOT NULL;
-- How rare a part of a name is decides between two indexes.
ALTER TABLE repository ALTER COLUMN full_key SET STATISTICS 1000;
CREATE FUNCTION repository_set_full_key() RETURNS trigger LANGUAGE plpgsql
AS $$
BEGIN
    NEW.full_key := (SELECT name_key FROM account WHERE id = NEW.namespace)
        || '/' || lower(NEW.name);
    RETURN NEW;
END $$;
CREATE TRIGGER repository_set_full_key
    BEFORE INSERT OR UPDATE OF namespace, name ON repository
    FOR EACH ROW EXECUTE FUNCTION repository_set_full_key();

-- Everybody's lists are public rows in an order; private ones are few to each
-- who sees them, and found by their namespace.
CREATE INDEX repository_updated ON repository
    (kind, updated_at DESC, id DESC) WHERE NOT private;
CREATE INDEX repository_created ON repository
    (kind, created_at DESC, id DESC) WHERE NOT private;
CREATE INDEX repository_downloads ON repository
    (kind, downloads DESC, id DESC) WHERE NOT private;
CREATE INDEX repository_namespace ON repository
    (namespace, kind, updated_at DESC, id DESC);
CREATE INDEX repository_private ON repository (namespace) WHERE private;
CREATE INDEX repository_search ON repository USING gin (full_key gin_trgm_ops)
    WITH (fastupdate = off);

-- A namespace's requests in order, however many models they are for.
ALTER TABLE request ADD COLUMN namespace bigint;
UPDATE request q
   SET namespace = r.namespace
  FROM repository r
 WHERE r.id = q.repository;
CREATE FUNCTION request_set_namespace() RETURNS trigger LANGUAGE plpgsql
AS $$
BEGIN
    NEW.namespace := (SELECT namespace FROM repository
                       WHERE id = NEW.repository
                         FOR KEY SHARE); -- a move at this time waits, or we do
    RETURN NEW;
END $$;
CREATE TRIGGER request_set_namespace
    BEFORE INSERT OR UPDATE OF repository ON request
    FOR EACH ROW EXECUTE FUNCTION request_set_namespace();
CREATE FUNCTION repository_move_requests() RETURNS trigger LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE request SET namespace = NEW.namespace WHERE repository = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER repository_move_requests AFTER UPDATE OF namespace ON repository
    FOR EACH ROW WHEN (OLD.namespace <> NEW.namespace)
    EXECUTE FUNCTION repository_move_requests();
CREATE INDEX request_queue ON request
    (repository, status, asked_at DESC, id DESC) WHERE withdrawn_at IS NULL;
CREATE INDEX request_account ON request (account, asked_at DESC);
CREATE INDEX request_prefix ON request (public_id text_pattern_ops);
CREATE INDEX request_namespace ON request
    (namespace, status, asked_at DESC, id DESC) WHERE withdrawn_at IS NULL;
ALTER TABLE request ALTER COLUMN namespace SET (n_distinct = -0.001);
CREATE INDEX request_waiting ON request (asked_at)
    WHERE status = 'pending' AND withdrawn_at IS NULL;
CREATE INDEX request_decided ON request (repository, reviewed_at DESC)
    INCLUDE (asked_at)
    WHERE asked AND decided_by IS NOT NULL AND withdrawn_at IS NULL;

-- What jobs look for.
CREATE INDEX attempt_at ON attempt (at);
CREATE INDEX session_expires ON session (expires_at);
CREATE INDEX link_expires ON link (expires_at);
CREATE INDEX account_unverified ON account (created_at)
    WHERE kind = 'user' AND email_verified_at IS NULL;
CREATE INDEX gate_bulk ON gate (repository) WHERE notifications_mode = 'bulk';
CREATE INDEX outbox_dedupe ON outbox (dedupe text_pattern_ops)
    WHERE dedupe IS NOT NULL;

-- A row that goes is looked for in each table that may refer to it.
CREATE INDEX request_newest ON request (repository, asked_at DESC, id DESC);
CREATE INDEX request_decided_by ON request (decided_by)
    WHERE decided_by IS NOT NULL;
CREATE INDEX request_granted_by ON request (granted_by)
    WHERE granted_by IS NOT NULL;
CREATE INDEX decision_account ON decision (account) WHERE account IS NOT NULL;
CREATE INDEX agreement_person ON agreement (account) WHERE account IS NOT NULL;
CREATE INDEX access_grant_repository ON access_grant (repository)
    WHERE repository IS NOT NULL;
CREATE INDEX access_grant_account ON access_grant (account)
    WHERE account IS NOT NULL;
CREATE INDEX access_grant_granted_by ON access_grant (granted_by)
    WHERE granted_by IS NOT NULL;
CREATE INDEX repository_created_by ON repository (created_by)
    WHERE created_by IS NOT NULL;
CREATE INDEX repository_content_account ON repository_content (account)
    WHERE account IS NOT NULL;
CREATE INDEX content_upload_account ON content_upload (account)
    WHERE account IS NOT NULL;
CREATE INDEX repository_redirect_to ON repository_redirect (repository);
CREATE INDEX token_right_namespace ON token_right (namespace)
    WHERE namespace IS NOT NULL;
CREATE INDEX token_right_repository ON token_right (repository)
    WHERE repository IS NOT NULL;
CREATE INDEX link_account ON link (account) WHERE account IS NOT NULL;
CREATE INDEX link_created_by ON link (created_by)
    WHERE created_by IS NOT NULL;
CREATE INDEX licence_created_by ON licence (created_by)
    WHERE created_by IS NOT NULL;
CREATE INDEX release_published_by ON release (published_by)
    WHERE published_by IS NOT NULL;
CREATE INDEX signing_key_registered_by ON signing_key (registered_by)
    WHERE registered_by IS NOT NULL;

-- Room in each page for what requests write again and again: a new version
-- beside the old one touches no index.
ALTER TABLE delivery SET (fillfactor = 80);
ALTER TABLE token SET (fillfactor = 80);
