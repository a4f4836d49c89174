-- statistics_find: what waits and how much there is, one row, for /metrics.
-- What waits is counted to 1,000.  Blobs are counted to 1 MiB of their table,
-- and estimated from a sample of as many pages when it is larger.
--   ->  requests bigint, requests_seconds bigint, mails bigint,
--       mails_seconds bigint, entries bigint, entries_seconds bigint,
--       blobs bigint, blob_bytes bigint, garbage bigint,
--       quarantined bigint, scrubbed_at timestamptz
WITH page AS (
    SELECT greatest(1.0, pg_relation_size('blob') / 1048576.0) AS scale
), waiting AS (
    SELECT count(*) AS count,
           extract(epoch FROM now() - min(asked_at))::bigint AS seconds
      FROM (SELECT asked_at
              FROM request
             WHERE status = 'pending' AND withdrawn_at IS NULL
             ORDER BY asked_at
             LIMIT 1000) first
), mail AS (
    SELECT count(*) AS count,
           extract(epoch FROM now() - min(created_at))::bigint AS seconds
      FROM (SELECT created_at
              FROM outbox
             WHERE sent_at IS NULL AND failed_at IS NULL
             ORDER BY next_at
             LIMIT 1000) first
), entry AS (
    SELECT count(*) AS count,
           extract(epoch FROM now() - min(created_at))::bigint AS seconds
      FROM (SELECT created_at
              FROM log_entry
             WHERE index IS NULL
             ORDER BY id
             LIMIT 1000) first
), sample AS (
    SELECT count(*) AS count, coalesce(sum(size), 0) AS bytes
      FROM blob TABLESAMPLE SYSTEM ((SELECT 100 / scale FROM page))
           REPEATABLE (1)
)
SELECT waiting.count, coalesce(waiting.seconds, 0), mail.count,
       coalesce(mail.seconds, 0), entry.count, coalesce(entry.seconds, 0),
       (sample.count * page.scale)::bigint,
       (sample.bytes * page.scale)::bigint,
       (SELECT count(*)
          FROM (SELECT
                  FROM blob_garbage
                 ORDER BY dropped_at
                 LIMIT 1000) first),
       (SELECT count(*) FROM content WHERE quarantined_at IS NOT NULL)
           AS quarantined,
       (SELECT ended_at FROM scrub) AS scrubbed_at
  FROM page, waiting, mail, entry, sample
