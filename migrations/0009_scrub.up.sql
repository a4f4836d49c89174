-- 0009_scrub: how far the scrub in the background is, one row once it began.
CREATE TABLE scrub (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    daemon text,              -- whose round it is, while its lease holds
    leased_until timestamptz,
    began_at timestamptz,     -- null: no round is under way
    ended_at timestamptz,     -- of the last round that was finished
    last_digest bytea,        -- of the object judged last; null: none yet
    objects bigint NOT NULL DEFAULT 0, -- of this round, else of the last
    bytes bigint NOT NULL DEFAULT 0,
    damaged bigint NOT NULL DEFAULT 0
);

-- Damage is counted for whoever watches; there is little of it.
CREATE INDEX content_quarantined ON content (quarantined_at)
    WHERE quarantined_at IS NOT NULL;
