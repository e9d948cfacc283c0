-- A document that was handed over and declared void afterwards (無効・回収): why, and what became of its paper. The document stands as recalled, and as
-- recovered when the paper is back.
CREATE TABLE document_recall(
  request TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL, by_whom TEXT NOT NULL,
  reason TEXT NOT NULL,
  recovered_at BIGINT NOT NULL,        -- 0: the paper is not back
  recovered_by TEXT NOT NULL,
  sheets BIGINT NOT NULL,              -- that came back
  proof TEXT NOT NULL                  -- what became of them
);
CREATE INDEX document_request_recalled ON document_request(at) WHERE state = 'recalled';
