-- 0011_upload_slot: each daemon counts for itself again.
DROP TABLE upload_slot;
