package exchange_test

import "testing/fstest"

// testSchema is the state that the tests' rules keep.
var testSchema = fstest.MapFS{"0001_test.sql": {Data: []byte("CREATE TABLE applied(k TEXT NOT NULL, n BIGINT NOT NULL, PRIMARY KEY(k, n));\n")}}
