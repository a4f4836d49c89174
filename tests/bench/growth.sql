-- growth: a registry of :count models, with requests, grants and what else a
-- registry of that age has.  One namespace, lab, has 100 models, and half of all
-- requests: a twentieth of all waits for the first of them alone.  The account
-- :named decides on 20 of these.  Others have ten models each.  Ids below 1000
-- are those of what was made through the registry itself.
SET session_replication_role = replica; -- no trigger, no check of a key
SET synchronous_commit = off;
SET maintenance_work_mem = '256MB';

-- Indexes that no constraint needs are made at the end, at a stroke.
CREATE TEMPORARY TABLE left_out AS
SELECT indexrelid::regclass AS name, pg_get_indexdef(indexrelid) AS definition
  FROM pg_index
 WHERE NOT indisunique
   AND indrelid IN (SELECT oid
                      FROM pg_class
                     WHERE relkind = 'r'
                       AND relnamespace = current_schema()::regnamespace);
SELECT format('DROP INDEX %s', name) FROM left_out \gexec

INSERT INTO account (id, public_id, kind, name, email)
OVERRIDING SYSTEM VALUE
SELECT 1000 + i, lpad(to_hex(1000 + i), 24, '0'), 'user', 'user' || i,
       'user' || i || '@example.org'
  FROM generate_series(1, greatest(:count / 10, 100)) AS i;

INSERT INTO repository (id, public_id, kind, namespace, name, full_key,
                        private, downloads, created_at, updated_at)
OVERRIDING SYSTEM VALUE
SELECT 1000 + i, lpad(to_hex(1000 + i), 24, '0'), 'model',
       CASE WHEN i <= 100 THEN :lab ELSE 1000 + 1 + i % (:count / 10) END,
       'model' || i,
       CASE WHEN i <= 100 THEN 'lab' ELSE 'user' || 1 + i % (:count / 10) END
           || '/model' || i,
       i % 10 = 0, i::bigint * 7919 % 100000,
       now() - i * interval '61 seconds',
       now() - (i::bigint * 7919 % :count) * interval '37 seconds'
  FROM generate_series(1, :count) AS i;

INSERT INTO gate (repository, mode)
SELECT 1000 + i, CASE WHEN i % 3 = 0 THEN 'open' ELSE 'manual' END
  FROM generate_series(1, :count) AS i;

INSERT INTO catalog (repository, head, card, tags, license)
SELECT 1000 + i, decode(lpad(to_hex(i), 40, '0'), 'hex'),
       '{"license":"mit"}', ARRAY['license:mit', 'tag' || i % 50], 'mit'
  FROM generate_series(1, :count) AS i;

INSERT INTO git_object (repository, oid, kind, size, data)
SELECT 1000 + i, decode(lpad(to_hex(i), 40, '0'), 'hex'), 1, 12, '\x00'
  FROM generate_series(1, :count) AS i;

INSERT INTO git_ref (repository, name, target)
SELECT 1000 + i, 'refs/heads/main', decode(lpad(to_hex(i), 40, '0'), 'hex')
  FROM generate_series(1, :count) AS i;

-- Five in four, so that the accepted ones, four in five, are :count.
INSERT INTO request (id, public_id, repository, namespace, repository_name,
                     account, account_name, status, asked_at, reviewed_at,
                     decided_by)
OVERRIDING SYSTEM VALUE
SELECT 1000 + i, lpad(to_hex(1000 + i), 24, '0'), r.id, r.namespace,
       'generated', 1001 + CASE WHEN i % 20 = 0 THEN i / 20 ELSE i / 200 END,
       'generated', CASE WHEN i % 5 = 0 THEN 'pending' ELSE 'accepted' END,
       now() - (:count * 5 / 4 - i) * interval '29 seconds',
       CASE WHEN i % 5 <> 0
            THEN now() - (:count * 5 / 4 - i) * interval '17 seconds' END,
       CASE WHEN i % 5 <> 0
            THEN CASE WHEN i % 2 = 0 THEN :reviewer
                      ELSE 1001 + i % greatest(:count / 10, 100) END END
  FROM generate_series(1, :count * 5 / 4) AS i
  JOIN repository r ON r.id = 1000 + CASE WHEN i % 20 = 0 THEN 1
                                          WHEN i % 2 = 0 THEN 1 + i / 2 % 100
                                          ELSE 1 + i::bigint * 7919 % :count END
    ON CONFLICT DO NOTHING;

INSERT INTO decision (request, round, kind)
SELECT id, 1, 'ask' FROM request WHERE id > 1000;

INSERT INTO access_grant (public_id, repository, account, request, ends_at)
SELECT lpad(to_hex(id), 24, '0'), repository, account, id,
       now() + id % 1000 * interval '1 day' + interval '1 hour'
  FROM request
 WHERE id > 1000 AND status = 'accepted'
    ON CONFLICT DO NOTHING;

INSERT INTO licence (digest, text, label)
SELECT sha256('licence'), 'licence', 'generated';

INSERT INTO agreement (public_id, repository, repository_name, account,
                       account_name, licence, revision, how, key, envelope,
                       receipt)
SELECT lpad(to_hex(id), 24, '0'), repository, 'generated', account,
       'generated', sha256('licence'), '', 'api', '', '\x00', '\x00'
  FROM request
 WHERE id > 1000;

INSERT INTO membership (organization, account, role)
SELECT 1000 + i, 1001 + i, 'write'
  FROM generate_series(1, greatest(:count / 10, 100) - 1) AS i;

INSERT INTO gate_reviewer (repository, account)
SELECT 1000 + i * 10, 1000 + i
  FROM generate_series(1, greatest(:count / 10, 100)) AS i;

INSERT INTO gate_reviewer (repository, account)
SELECT 1001 + i * 5, :named
  FROM generate_series(1, 20) AS i
    ON CONFLICT DO NOTHING;

INSERT INTO notice_off (account)
SELECT 1000 + i
  FROM generate_series(1, greatest(:count / 10, 100)) AS i;

INSERT INTO delivery (account, access_grant, reason, repository,
                      repository_name, commit_oid, path, size, begun_at)
SELECT account, id, 'granted', repository, 'generated', '\x00',
       'model.safetensors', 1, now() - id * interval '3 seconds'
  FROM access_grant
 WHERE request > 1000;

INSERT INTO token (public_id, account, hash, hint, role)
SELECT lpad(to_hex(i), 24, '0'), 1000 + i, sha256(('token' || i)::bytea),
       'hf_…', 'read'
  FROM generate_series(1, greatest(:count / 10, 100)) AS i;

INSERT INTO session (account, hash, expires_at)
SELECT 1000 + i, sha256(('session' || i)::bytea), now() + interval '30 days'
  FROM generate_series(1, greatest(:count / 10, 100)) AS i;

INSERT INTO attempt (kind, key)
SELECT 'login', 'account:user' || i
  FROM generate_series(1, greatest(:count / 10, 100)) AS i;

INSERT INTO blob (name, size)
SELECT encode(sha256(i::text::bytea), 'hex') || '.0000000000000000', 1
  FROM generate_series(1, :count) AS i;

INSERT INTO content (digest, size, blob)
SELECT sha256(i::text::bytea), 1,
       encode(sha256(i::text::bytea), 'hex') || '.0000000000000000'
  FROM generate_series(1, :count) AS i;

INSERT INTO repository_content (repository, digest, committed_at)
SELECT 1000 + i, sha256(i::text::bytea), now()
  FROM generate_series(1, :count) AS i;

INSERT INTO repository_redirect (kind, namespace_key, name_key, repository)
SELECT 'model', 'user' || i, 'was' || i, 1000 + i
  FROM generate_series(1, greatest(:count / 10, 100)) AS i;

INSERT INTO token_right (token, "right", repository)
SELECT i, 'read', 1000 + i
  FROM generate_series(1, greatest(:count / 10, 100)) AS i;

INSERT INTO content_upload (public_id, repository, digest, size, part_bytes,
                            expires_at)
SELECT lpad(to_hex(i), 24, '0'), 1000 + i, '\x00', 1, 1,
       now() + i * interval '1 hour'
  FROM generate_series(1, greatest(:count / 10, 100)) AS i;

INSERT INTO blob_garbage (name, dropped_at)
SELECT 'dropped' || i, now() - i * interval '1 second'
  FROM generate_series(1, greatest(:count / 10, 100)) AS i;

INSERT INTO outbox (kind, recipient, body, dedupe, sent_at)
SELECT 'mail', 'user' || i || '@example.org', '', 'link:' || i, now()
  FROM generate_series(1, :count) AS i;

INSERT INTO log_entry (kind, leaf, index)
SELECT 'request', '\x00', 1000000000 + i
  FROM generate_series(1, :count) AS i;

INSERT INTO log_record (entry, salt, record)
SELECT id, sha256(id::text::bytea), '{}'
  FROM log_entry
 WHERE index >= 1000000000;

INSERT INTO gate_question (at, account, repository, allowed, reason)
SELECT now() - (:count - i) * interval '31 seconds', 1001 + i % (:count / 10),
       1001 + i::bigint * 7919 % :count, true, 'granted'
  FROM generate_series(1, :count) AS i;

INSERT INTO link (kind, hash, account, email, expires_at)
SELECT 'verify', sha256(('link' || i)::bytea), 1000 + i,
       'user' || i || '@example.org', now() + i * interval '1 hour'
  FROM generate_series(1, greatest(:count / 10, 100)) AS i;

INSERT INTO content_part (upload, number, blob, size)
SELECT id, 1, encode(sha256(id::text::bytea), 'hex') || '.0000000000000000', 1
  FROM content_upload
 WHERE digest = '\x00';

INSERT INTO signing_key (id, namespace, hint, pem)
OVERRIDING SYSTEM VALUE
SELECT 1000 + i, 1000 + i, 'hint' || i, ''
  FROM generate_series(1, greatest(:count / 10, 100)) AS i;

INSERT INTO release (public_id, repository, repository_name, tag, commit_oid,
                     signing_key, root_digest, files, size)
SELECT lpad(to_hex(i), 24, '0'), 1000 + i, 'generated', 'v1', '\x00',
       1001 + i % (:count / 10), '\x00', 1, 1
  FROM generate_series(1, :count) AS i;

RESET session_replication_role;
SELECT definition FROM left_out \gexec
VACUUM ANALYZE;
