-- 0011_upload_slot: which uploads an account has under way, over all daemons.
-- A crash of the database may forget them: they are leases of seconds.
CREATE UNLOGGED TABLE upload_slot (
    account bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    slot bigint NOT NULL CHECK (slot > 0), -- up to the limit
    daemon text NOT NULL,                  -- whose upload it is
    leased_until timestamptz NOT NULL,     -- free for anybody from then on
    PRIMARY KEY (account, slot)
);

-- A daemon holds on to all that are its own.
CREATE INDEX upload_slot_daemon ON upload_slot (daemon);
