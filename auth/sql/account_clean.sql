-- account_clean: removes what time has made worthless.
WITH tries AS (
    DELETE FROM attempt WHERE at < now() - interval '1 day'
), sessions AS (
    DELETE FROM session WHERE expires_at < now()
), links AS (
    DELETE FROM link WHERE expires_at < now() - interval '1 day'
), slots AS (
    DELETE FROM upload_slot WHERE leased_until < now() - interval '1 hour'
)
-- Whoever never confirmed an address does not keep a name.
DELETE FROM account a
 WHERE a.kind = 'user'
   AND a.email_verified_at IS NULL
   AND a.created_at < now() - interval '3 days'
   AND NOT EXISTS (SELECT FROM repository r WHERE r.namespace = a.id)
   AND NOT EXISTS (SELECT FROM token t WHERE t.account = a.id)
