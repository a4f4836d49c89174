-- upload_list_parts: the parts that are there, in their order.
--   $1  bigint  upload
--   ->  number integer, blob text
SELECT number, blob
  FROM content_part
 WHERE upload = $1
 ORDER BY number
