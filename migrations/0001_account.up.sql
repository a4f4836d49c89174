-- 0001_account: people, organisations, and how they prove who they are.
-- Users and organisations share one namespace, so they are one table.
CREATE TABLE account (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id text NOT NULL UNIQUE CHECK (public_id ~ '^[0-9a-f]{24}$'),
    kind text NOT NULL CHECK (kind IN ('user', 'organization')),
    name text NOT NULL,
    name_key text NOT NULL GENERATED ALWAYS AS (lower(name)) STORED UNIQUE,
    fullname text NOT NULL DEFAULT '',
    email text,
    email_verified_at timestamptz,
    password text,                  -- Argon2id in its own text form
    administrator boolean NOT NULL DEFAULT false,
    private_by_default boolean NOT NULL DEFAULT false,
    avatar bytea,
    avatar_type text,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX account_email ON account (lower(email))
    WHERE kind = 'user' AND email IS NOT NULL;

CREATE TABLE membership (
    organization bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    account bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('admin', 'write', 'read')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization, account)
);
CREATE INDEX membership_account ON membership (account);

CREATE TABLE token (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id text NOT NULL UNIQUE,
    account bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    hash bytea NOT NULL UNIQUE,     -- SHA-256 of the token's text
    hint text NOT NULL,             -- "hf_abcd…": what a person recognises
    role text NOT NULL CHECK (role IN ('read', 'write', 'fine-grained')),
    label text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
);
CREATE INDEX token_account ON token (account);

-- What a fine-grained token may: a right on one repository, on all of a
-- namespace, or (both null) on everything that its account may touch.
CREATE TABLE token_right (
    token bigint NOT NULL REFERENCES token ON DELETE CASCADE,
    namespace bigint REFERENCES account ON DELETE CASCADE,
    repository bigint,              -- references repository, see 0002
    "right" text NOT NULL CHECK ("right" IN ('read', 'write', 'gated',
                                             'review', 'manage'))
);
CREATE INDEX token_right_token ON token_right (token);

CREATE TABLE session (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    hash bytea NOT NULL UNIQUE,     -- SHA-256 of the cookie's value
    previous_hash bytea UNIQUE,     -- still taken for a minute after rotation
    created_at timestamptz NOT NULL DEFAULT now(),
    rotated_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    address text,
    user_agent text
);
CREATE INDEX session_account ON session (account);

-- Links that are mailed: to verify an address, to join, to set a password.
CREATE TABLE link (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('verify', 'invite', 'password')),
    hash bytea NOT NULL UNIQUE,
    account bigint REFERENCES account ON DELETE CASCADE,
    email text NOT NULL,
    created_by bigint REFERENCES account ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);

-- Tries that are limited, over all daemons: ('login', 'account:alice', …).
CREATE TABLE attempt (
    kind text NOT NULL,
    key text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX attempt_key ON attempt (kind, key, at);

-- The registry's own keys, sealed under secret_file.
CREATE TABLE secret (
    name text PRIMARY KEY,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
