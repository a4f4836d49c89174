DROP TABLE content_part, content_upload, repository_content, content,
    blob_garbage, blob;
