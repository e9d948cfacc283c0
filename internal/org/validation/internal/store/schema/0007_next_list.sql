-- Which list of a partition is next, and which of the refused are the newest, without going through all that came.
CREATE INDEX list_offer_next ON list_offer(issuer, municipality, state, delta, number);
