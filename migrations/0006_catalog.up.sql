-- 0006_catalog: the card in its own order, and commits found at once.
-- A gate's questions are asked in the order of the card, which jsonb loses.
ALTER TABLE catalog ALTER COLUMN card DROP DEFAULT;
ALTER TABLE catalog ALTER COLUMN card TYPE json;
ALTER TABLE catalog ALTER COLUMN card SET DEFAULT '{}';
ALTER TABLE catalog ALTER COLUMN safetensors TYPE json;
ALTER TABLE catalog ALTER COLUMN gguf TYPE json;
CREATE INDEX git_object_commit ON git_object (repository) WHERE kind = 1;
