-- 0008_growth: what a registry of a million models is asked for, by an index.
CREATE INDEX repository_downloads ON repository
    (kind, downloads DESC, id DESC);
CREATE INDEX access_grant_request ON access_grant (request);
CREATE INDEX request_newest ON request (repository, asked_at DESC, id DESC)
    WHERE withdrawn_at IS NULL;
-- Ids are given by their beginning, too.
CREATE INDEX request_prefix ON request (public_id text_pattern_ops);

-- Requests bunch up at few models.  A plan that is made for an average model,
-- which has none or two, would sort all that a sought one has.
ALTER TABLE request ALTER COLUMN repository SET (n_distinct = -0.001);
