-- 0005_release: publishers' keys, signed releases, the log, the outbox.
CREATE TABLE signing_key (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    namespace bigint NOT NULL REFERENCES account,
    hint text NOT NULL,             -- SHA-256 of the PEM text, hexadecimal
    pem text NOT NULL,
    rotation bytea,                 -- DSSE envelope by the key before it
    registered_by bigint REFERENCES account ON DELETE SET NULL,
    begins_at timestamptz NOT NULL DEFAULT now(),
    ends_at timestamptz,            -- rotated: signs nothing newer
    revoked_at timestamptz,
    revoked_reason text,
    UNIQUE (namespace, hint)
);

CREATE TABLE release (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id text NOT NULL UNIQUE,
    repository bigint REFERENCES repository ON DELETE SET NULL,
    repository_name text NOT NULL,
    tag text NOT NULL,
    commit_oid bytea NOT NULL,
    signing_key bigint NOT NULL REFERENCES signing_key,
    root_digest bytea NOT NULL,     -- the subject of model.sig
    licence bytea,
    files integer NOT NULL,
    size bigint NOT NULL,
    published_by bigint REFERENCES account ON DELETE SET NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    withdrawn_at timestamptz,
    withdrawn_reason text
);
CREATE UNIQUE INDEX release_tag ON release (repository, tag)
    WHERE withdrawn_at IS NULL;
CREATE INDEX release_newest ON release (repository, published_at DESC, id DESC);

-- The exact leaf; index is null until the one sequencer numbers it.
CREATE TABLE log_entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    leaf bytea NOT NULL CHECK (octet_length(leaf) BETWEEN 1 AND 65535),
    index bigint UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX log_entry_waiting ON log_entry (id) WHERE index IS NULL;

-- What a leaf commits to; erasing the row makes the leaf unlinkable.
CREATE TABLE log_record (
    entry bigint PRIMARY KEY REFERENCES log_entry,
    salt bytea NOT NULL CHECK (octet_length(salt) = 32),
    record json NOT NULL            -- exactly as it was committed to
);

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('mail', 'webhook')),
    recipient text NOT NULL,
    subject text NOT NULL DEFAULT '',
    body text NOT NULL,
    dedupe text UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    failed_at timestamptz,
    problem text
);
CREATE INDEX outbox_waiting ON outbox (next_at)
    WHERE sent_at IS NULL AND failed_at IS NULL;
