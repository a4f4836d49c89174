-- 0003_content: weights by SHA-256.  A blob exists when its row does.
CREATE TABLE blob (
    name text COLLATE "C" PRIMARY KEY, -- <sha256>.<random>
    size bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Names whose bytes go once the grace time is over.
CREATE TABLE blob_garbage (
    name text COLLATE "C" PRIMARY KEY,
    dropped_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX blob_garbage_dropped ON blob_garbage (dropped_at);

CREATE TABLE content (
    digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    size bigint NOT NULL,
    blob text NOT NULL REFERENCES blob,
    format text NOT NULL DEFAULT 'other', -- storage/model/scan's class
    unsafe boolean NOT NULL DEFAULT false,
    detail jsonb,                   -- what the header says: parameters, …
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX content_blob ON content (blob);

-- Which repository has which object.  "Already there" is judged by this row.
CREATE TABLE repository_content (
    repository bigint NOT NULL REFERENCES repository ON DELETE CASCADE,
    digest bytea NOT NULL REFERENCES content,
    account bigint REFERENCES account ON DELETE SET NULL,
    added_at timestamptz NOT NULL DEFAULT now(),
    committed_at timestamptz,       -- null: no commit has named it yet
    PRIMARY KEY (repository, digest)
);
CREATE INDEX repository_content_digest ON repository_content (digest);
CREATE INDEX repository_content_waiting ON repository_content (added_at)
 WHERE committed_at IS NULL;

CREATE TABLE content_upload (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id text NOT NULL UNIQUE,
    repository bigint NOT NULL REFERENCES repository ON DELETE CASCADE,
    account bigint REFERENCES account ON DELETE CASCADE,
    digest bytea NOT NULL,
    size bigint NOT NULL,
    part_bytes bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX content_upload_repository ON content_upload (repository, digest);
CREATE INDEX content_upload_expires ON content_upload (expires_at);

CREATE TABLE content_part (
    upload bigint NOT NULL REFERENCES content_upload ON DELETE CASCADE,
    number integer NOT NULL,
    blob text NOT NULL REFERENCES blob,
    size bigint NOT NULL,
    PRIMARY KEY (upload, number)
);
CREATE INDEX content_part_blob ON content_part (blob);
