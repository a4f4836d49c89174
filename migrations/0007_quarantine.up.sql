-- 0007_quarantine: objects whose bytes the scrub found damaged.
ALTER TABLE content ADD COLUMN quarantined_at timestamptz;
ALTER TABLE content ADD COLUMN quarantine_reason text;
ALTER TABLE content ADD CONSTRAINT content_quarantine
    CHECK ((quarantined_at IS NULL) = (quarantine_reason IS NULL));
