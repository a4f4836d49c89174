-- delivery_note: adds what has left meanwhile to deliveries, in one batch.
--   $1  json  an array of objects: delivery, bytes, all (one answer was the
--             whole file)
UPDATE delivery d
   SET bytes = d.bytes + note.bytes,
       complete = d.complete OR note."all" OR d.bytes + note.bytes >= d.size,
       updated_at = now()
  FROM json_to_recordset($1) AS note (
           delivery bigint, bytes bigint, "all" boolean)
 WHERE d.id = note.delivery
