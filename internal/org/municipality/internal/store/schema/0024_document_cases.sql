-- A job may be a case for more than one reason: what was proven of one says nothing of the next.
CREATE TABLE document_case_each(
  job TEXT NOT NULL,                   -- the request, and which attempt to print it
  request TEXT NOT NULL,
  cause TEXT NOT NULL,                 -- print, stopped, reprint, again
  opened_at BIGINT NOT NULL,
  closed_at BIGINT NOT NULL,           -- 0: open
  closed_by TEXT NOT NULL,
  proof TEXT NOT NULL,
  PRIMARY KEY (job, cause)
);
INSERT INTO document_case_each SELECT job, request, cause, opened_at, closed_at, closed_by, proof FROM document_case;
DROP TABLE document_case;
ALTER TABLE document_case_each RENAME TO document_case;
CREATE INDEX document_case_open ON document_case(opened_at) WHERE closed_at = 0;
CREATE INDEX document_case_request ON document_case(request);
CREATE INDEX document_request_number ON document_request(number) WHERE number <> '';
