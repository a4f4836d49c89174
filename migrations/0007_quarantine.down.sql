-- 0007_quarantine: damage is known no more.
ALTER TABLE content DROP CONSTRAINT content_quarantine;
ALTER TABLE content DROP COLUMN quarantine_reason;
ALTER TABLE content DROP COLUMN quarantined_at;
