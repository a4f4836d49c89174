-- 0006_catalog: cards go back to jsonb.
DROP INDEX git_object_commit;
ALTER TABLE catalog ALTER COLUMN gguf TYPE jsonb;
ALTER TABLE catalog ALTER COLUMN safetensors TYPE jsonb;
ALTER TABLE catalog ALTER COLUMN card DROP DEFAULT;
ALTER TABLE catalog ALTER COLUMN card TYPE jsonb;
ALTER TABLE catalog ALTER COLUMN card SET DEFAULT '{}';
