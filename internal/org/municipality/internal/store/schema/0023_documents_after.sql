-- What is asked about a document afterwards (事後の調査). Who stands on it, by the register and not by the server that made it, with the versions of
-- their records at the moment at which the counter held the file against the register.
CREATE TABLE document_person(
  request TEXT NOT NULL, seq BIGINT NOT NULL, -- the order on the page
  person BIGINT NOT NULL,
  version BIGINT NOT NULL,             -- of the record that documents are made of
  PRIMARY KEY(request, seq)
);
CREATE INDEX document_person_person ON document_person(person, request);
-- Each job that was given to a printer, with what it said last of it; document_request has the last job alone.
CREATE TABLE document_print(
  job TEXT NOT NULL PRIMARY KEY,       -- the request, and which attempt to print it
  request TEXT NOT NULL,
  at BIGINT NOT NULL,
  state TEXT NOT NULL,                 -- asked, failed, or as the printer says; empty: the file was given to who printed it
  sheets BIGINT NOT NULL, says_ja TEXT NOT NULL, says_en TEXT NOT NULL,
  told_at BIGINT NOT NULL              -- when the printer said so
);
CREATE INDEX document_print_request ON document_print(request);
-- An inquiry (調査) into the documents that were at the counter in a time, for a cause that somebody stated.
CREATE TABLE document_inquiry(
  inquiry TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL, by_whom TEXT NOT NULL,
  cause TEXT NOT NULL,
  from_at BIGINT NOT NULL, until_at BIGINT NOT NULL
);
CREATE INDEX document_inquiry_at ON document_inquiry(at);
-- What was at the counter in a time had not ended before it.
CREATE INDEX document_request_ended ON document_request(ended_at);
