-- 0002_repository: repositories, git's objects and refs, the catalogue.
CREATE TABLE repository (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id text NOT NULL UNIQUE CHECK (public_id ~ '^[0-9a-f]{24}$'),
    kind text NOT NULL CHECK (kind IN ('model', 'dataset', 'space')),
    namespace bigint NOT NULL REFERENCES account,
    name text NOT NULL,
    name_key text NOT NULL GENERATED ALWAYS AS (lower(name)) STORED,
    private boolean NOT NULL DEFAULT false,
    allow_unsafe boolean NOT NULL DEFAULT false, -- formats that can run code
    discussions_disabled boolean NOT NULL DEFAULT false,
    disabled_at timestamptz,
    downloads bigint NOT NULL DEFAULT 0,
    created_by bigint REFERENCES account ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (kind, namespace, name_key)
);
CREATE INDEX repository_namespace ON repository (namespace);
CREATE INDEX repository_updated ON repository (kind, updated_at DESC, id DESC);
CREATE INDEX repository_created ON repository (kind, created_at DESC, id DESC);

ALTER TABLE token_right ADD FOREIGN KEY (repository)
    REFERENCES repository ON DELETE CASCADE;

-- Where a repository that moved is now.
CREATE TABLE repository_redirect (
    kind text NOT NULL,
    namespace_key text NOT NULL,
    name_key text NOT NULL,
    repository bigint NOT NULL REFERENCES repository ON DELETE CASCADE,
    PRIMARY KEY (kind, namespace_key, name_key)
);

CREATE TABLE git_object (
    repository bigint NOT NULL REFERENCES repository ON DELETE CASCADE,
    oid bytea NOT NULL CHECK (octet_length(oid) = 20),
    kind smallint NOT NULL,         -- git's: 1 commit, 2 tree, 3 blob, 4 tag
    size bigint NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (repository, oid)
);

CREATE TABLE git_ref (
    repository bigint NOT NULL REFERENCES repository ON DELETE CASCADE,
    name text COLLATE "C" NOT NULL,
    target bytea CHECK (octet_length(target) = 20),
    symbolic text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (repository, name),
    CHECK ((target IS NULL) <> (symbolic IS NULL))
);

-- What lists and pages show of the newest commit of main.
CREATE TABLE catalog (
    repository bigint PRIMARY KEY REFERENCES repository ON DELETE CASCADE,
    head bytea NOT NULL,
    card json NOT NULL DEFAULT '{}', -- in the order it is written in
    tags text[] NOT NULL DEFAULT '{}',
    pipeline_tag text,
    library_name text,
    license text,
    safetensors jsonb,              -- {parameters, total}
    gguf jsonb,
    used_storage bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX catalog_tags ON catalog USING gin (tags);
