ALTER TABLE token RESET (fillfactor);
ALTER TABLE delivery RESET (fillfactor);
DROP INDEX request_decided_by, request_granted_by, decision_account,
    agreement_person, access_grant_repository, access_grant_account,
    access_grant_granted_by, repository_created_by, repository_content_account,
    content_upload_account, repository_redirect_to, token_right_namespace,
    token_right_repository, link_account, link_created_by, licence_created_by,
    release_published_by, signing_key_registered_by, request_newest;
CREATE INDEX request_newest ON request (repository, asked_at DESC, id DESC)
    WHERE withdrawn_at IS NULL;
DROP INDEX attempt_at, session_expires, link_expires, account_unverified,
    gate_bulk, outbox_dedupe, request_waiting, request_decided;
DROP TRIGGER repository_move_requests ON repository;
DROP TRIGGER request_set_namespace ON request;
DROP FUNCTION repository_move_requests(), request_set_namespace();
ALTER TABLE request DROP COLUMN namespace; -- and the index on it
DROP TRIGGER repository_set_full_key ON repository;
DROP FUNCTION repository_set_full_key();
ALTER TABLE repository DROP COLUMN full_key; -- and the index on it
DROP INDEX repository_updated, repository_created, repository_downloads,
    repository_namespace, repository_private;
CREATE INDEX repository_namespace ON repository (namespace);
CREATE INDEX repository_updated ON repository (kind, updated_at DESC, id DESC);
CREATE INDEX repository_created ON repository (kind, created_at DESC, id DESC);
CREATE INDEX repository_downloads ON repository
    (kind, downloads DESC, id DESC);
DO $$
BEGIN
    -- One that somebody else made stays.
    IF EXISTS (SELECT FROM pg_extension
                WHERE extname = 'pg_trgm'
                  AND pg_get_userbyid(extowner) = current_user) THEN
        DROP EXTENSION pg_trgm;
    END IF;
END $$;
