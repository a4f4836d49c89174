-- question_remove: the oldest questions, where they are as old.  Ids are in the
-- order of time, up to the seconds in which a daemon writes a batch.
--   $1  bigint  days that a question is kept
--   $2  bigint  how many at most
DELETE FROM gate_question
 WHERE id = ANY (ARRAY(SELECT id
                         FROM (SELECT id, at
                                 FROM gate_question
                                ORDER BY id
                                LIMIT $2) oldest
                        WHERE at < now() - $1::bigint * interval '1 day'))
