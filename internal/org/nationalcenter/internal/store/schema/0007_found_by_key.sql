-- Names are found by their keys, and births by an index of the table's own mechanism (received 0002).
DROP INDEX resident_name;
DROP INDEX resident_birth;
