-- What was signed of a document as it came, reckoned by the counter itself (内容のダイジェスト): the server's word for it is content. Where the two differ the paper is
-- not the one that was made for its request, and stays known as such when its bytes are gone. Empty: an older program took it.
ALTER TABLE document_request ADD COLUMN came BYTEA NOT NULL DEFAULT '';
-- Of whom it is: the request that this content was made for.
CREATE INDEX document_request_content ON document_request(content) WHERE number <> '';
