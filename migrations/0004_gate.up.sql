-- 0004_gate: licences, gates, requests, agreements, grants, deliveries.
-- Evidence outlives what it speaks of: it names models and people in words
-- beside the ids, and no deletion takes it along.
CREATE TABLE licence (
    digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    text bytea NOT NULL,
    label text NOT NULL,
    version text NOT NULL DEFAULT '',
    language text NOT NULL DEFAULT 'en',
    created_by bigint REFERENCES account ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- A repository without a row has an open gate.
CREATE TABLE gate (
    repository bigint PRIMARY KEY REFERENCES repository ON DELETE CASCADE,
    mode text NOT NULL CHECK (mode IN ('open', 'click', 'auto', 'manual',
                                       'quorum')),
    quorum integer NOT NULL DEFAULT 1 CHECK (quorum BETWEEN 1 AND 16),
    licence bytea REFERENCES licence,
    -- json, not jsonb, wherever the order of members is for people to read.
    questions json,                 -- null: those of the card
    form json NOT NULL DEFAULT '{}', -- prompt, heading, description, button
    grant_days integer CHECK (grant_days BETWEEN 1 AND 36500),
    released_at timestamptz,        -- an embargo ends then
    accept_domains text[] NOT NULL DEFAULT '{}',
    refuse_domains text[] NOT NULL DEFAULT '{}',
    accept_organizations bigint[] NOT NULL DEFAULT '{}',
    refuse_organizations bigint[] NOT NULL DEFAULT '{}',
    org_members_gated boolean NOT NULL DEFAULT false,
    notifications_mode text NOT NULL DEFAULT 'real-time'
        CHECK (notifications_mode IN ('bulk', 'real-time')),
    notifications_email text,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE gate_reviewer (
    repository bigint NOT NULL REFERENCES repository ON DELETE CASCADE,
    account bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    PRIMARY KEY (repository, account)
);
CREATE INDEX gate_reviewer_account ON gate_reviewer (account);

-- Who wants no mail about new requests.
CREATE TABLE notice_off (
    account bigint PRIMARY KEY REFERENCES account ON DELETE CASCADE
);

CREATE TABLE request (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id text NOT NULL UNIQUE CHECK (public_id ~ '^[0-9a-f]{24}$'),
    repository bigint REFERENCES repository ON DELETE SET NULL,
    repository_name text NOT NULL,
    account bigint REFERENCES account ON DELETE SET NULL,
    account_name text NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'accepted', 'rejected',
                                           'reset')),
    asked boolean NOT NULL DEFAULT true, -- false: granted without asking
    answers json,
    round integer NOT NULL DEFAULT 1,    -- counts asks; votes belong to one
    asked_at timestamptz NOT NULL DEFAULT now(),
    reviewed_at timestamptz,
    decided_by bigint REFERENCES account ON DELETE SET NULL,
    granted_by bigint REFERENCES account ON DELETE SET NULL,
    reason text,
    withdrawn_at timestamptz
);
CREATE UNIQUE INDEX request_one ON request (repository, account)
    WHERE withdrawn_at IS NULL;
CREATE INDEX request_queue ON request (repository, status, asked_at DESC,
    id DESC) WHERE withdrawn_at IS NULL;
CREATE INDEX request_account ON request (account, asked_at DESC);

-- Every change of a request's state, and each vote of a quorum.
CREATE TABLE decision (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request bigint NOT NULL REFERENCES request,
    round integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('ask', 'vote', 'accept', 'reject',
        'pending', 'reset', 'grant', 'withdraw', 'expire', 'revoke')),
    account bigint REFERENCES account ON DELETE SET NULL,
    account_name text NOT NULL DEFAULT '',
    reason text,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX decision_request ON decision (request, id);
CREATE UNIQUE INDEX decision_vote ON decision (request, round, account)
    WHERE kind = 'vote';

CREATE TABLE agreement (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id text NOT NULL UNIQUE,
    repository bigint REFERENCES repository ON DELETE SET NULL,
    repository_name text NOT NULL,
    account bigint REFERENCES account ON DELETE SET NULL,
    account_name text NOT NULL,
    licence bytea NOT NULL REFERENCES licence,
    revision text NOT NULL,
    answers json,
    how text NOT NULL CHECK (how IN ('terminal', 'page', 'flag', 'api')),
    shown text NOT NULL DEFAULT '',
    key text NOT NULL,              -- PEM: the person's, or the registry's own
    envelope bytea NOT NULL,        -- the exact bytes of the DSSE envelope
    receipt bytea NOT NULL,         -- countersigned: what the person keeps
    agreed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX agreement_account ON agreement (repository, account, licence);

CREATE TABLE access_grant (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id text NOT NULL UNIQUE,
    repository bigint REFERENCES repository ON DELETE SET NULL,
    account bigint REFERENCES account ON DELETE SET NULL,
    request bigint NOT NULL REFERENCES request,
    begins_at timestamptz NOT NULL DEFAULT now(),
    ends_at timestamptz,
    revoked_at timestamptz,
    revoked_reason text,
    granted_by bigint REFERENCES account ON DELETE SET NULL
);
CREATE UNIQUE INDEX access_grant_live ON access_grant (repository, account)
    WHERE revoked_at IS NULL;
CREATE INDEX access_grant_end ON access_grant (ends_at)
    WHERE revoked_at IS NULL AND ends_at IS NOT NULL;

-- A request as lists, pages and reports show it.  Who asked shares name and
-- address; who was granted access without asking shares no address.
CREATE VIEW request_item AS
SELECT q.id, q.public_id, q.repository, r.kind,
       n.name || '/' || r.name AS repository_name, q.account, q.status,
       q.asked_at, q.reviewed_at, q.answers, q.reason,
       a.public_id AS account_public_id, a.name AS account_name,
       COALESCE(NULLIF(a.fullname, ''), a.name) AS fullname,
       CASE WHEN q.asked THEN a.email END AS email,
       g.name AS granted_by,
       COALESCE(NULLIF(g.fullname, ''), g.name) AS granted_by_fullname,
       d.name AS decided_by, x.ends_at AS grant_ends_at,
       encode(c.licence, 'hex') AS licence, c.how, c.agreed_at,
       (SELECT count(*) FROM decision v
         WHERE v.request = q.id AND v.round = q.round AND v.kind = 'vote')
           AS votes
  FROM request q
  JOIN account a ON a.id = q.account
  JOIN repository r ON r.id = q.repository
  JOIN account n ON n.id = r.namespace
  LEFT JOIN account g ON g.id = q.granted_by
  LEFT JOIN account d ON d.id = q.decided_by
  LEFT JOIN access_grant x ON x.request = q.id AND x.revoked_at IS NULL
  LEFT JOIN LATERAL (
       SELECT licence, how, agreed_at
         FROM agreement
        WHERE repository = q.repository AND account = q.account
        ORDER BY id DESC
        LIMIT 1) c ON true
 WHERE q.withdrawn_at IS NULL;

-- Every question to the gate and its answer.
CREATE TABLE gate_question (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    account bigint,
    token bigint,
    address text,
    repository bigint,
    commit_oid bytea,
    path text,
    allowed boolean NOT NULL,
    reason text NOT NULL,
    access_grant bigint,
    http_request text NOT NULL DEFAULT ''
);
CREATE INDEX gate_question_repository ON gate_question (repository, id DESC);

CREATE TABLE delivery (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account bigint NOT NULL,        -- 0: nobody signed in
    account_name text NOT NULL DEFAULT '',
    access_grant bigint,
    agreement bigint,
    reason text NOT NULL,           -- granted, owner, member, open, …
    repository bigint,
    repository_name text NOT NULL,
    commit_oid bytea NOT NULL,
    path text NOT NULL,
    digest bytea,
    size bigint NOT NULL,
    bytes bigint NOT NULL DEFAULT 0, -- that left, over all of its ranges
    complete boolean NOT NULL DEFAULT false,
    address text,
    user_agent text,
    begun_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX delivery_again ON delivery (repository, account, commit_oid, path,
    begun_at DESC);

-- What stops a download under way: one channel, a small JSON object.
CREATE FUNCTION notify_access() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    row jsonb := to_jsonb(COALESCE(NEW, OLD));
BEGIN
    PERFORM pg_notify('access', json_build_object(
        'table', TG_TABLE_NAME,
        'repository', CASE TG_TABLE_NAME WHEN 'repository' THEN row -> 'id'
                      ELSE row -> 'repository' END,
        'account', CASE TG_TABLE_NAME WHEN 'account' THEN row -> 'id'
                   ELSE row -> 'account' END,
        'token', CASE TG_TABLE_NAME WHEN 'token' THEN row -> 'id' END)::text);
    RETURN NULL;
END $$;
CREATE TRIGGER notify_access AFTER UPDATE OR DELETE ON access_grant
    FOR EACH ROW EXECUTE FUNCTION notify_access();
CREATE TRIGGER notify_access AFTER INSERT OR UPDATE OR DELETE ON gate
    FOR EACH ROW EXECUTE FUNCTION notify_access();
CREATE TRIGGER notify_access AFTER DELETE OR UPDATE OF revoked_at, expires_at
    ON token FOR EACH ROW EXECUTE FUNCTION notify_access();
CREATE TRIGGER notify_access AFTER UPDATE OF disabled_at ON account
    FOR EACH ROW EXECUTE FUNCTION notify_access();
CREATE TRIGGER notify_access AFTER DELETE OR UPDATE OF private, disabled_at
    ON repository FOR EACH ROW EXECUTE FUNCTION notify_access();
CREATE TRIGGER notify_access AFTER UPDATE OR DELETE ON membership
    FOR EACH ROW EXECUTE FUNCTION notify_access();
