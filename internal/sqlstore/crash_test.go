package sqlstore_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// childEnv makes the test binary the writing child of TestKilledWriterLosesNothing; it holds the URL of the store.
const childEnv = "AKASHI_SQLSTORE_CHILD"

func TestMain(m *testing.M) {
	if url := os.Getenv(childEnv); url != "" {
		writeForEver(url)
	}
	os.Exit(m.Run())
}

// writeForEver writes pairs of rows from several goroutines, so that they share groups, and prints the number of each
// pair when it was told that it is durable.
func writeForEver(url string) {
	fail := func(err error) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	c := context.Background()
	s, err := sqlstore.Open(c, url, sqlstore.Options{}, testSchema)
	if err != nil {
		fail(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				var k int64
				err := s.Update(c, func(c ctx, x tx) error {
					k = x.Serial()
					x.Collect("item", "k, v", k, "first of two")
					_, err := x.Exec(c, "INSERT INTO event(n, at) VALUES ($1, $2)", k, x.Now())
					return err
				})
				if err != nil {
					fail(err)
				}
				fmt.Println(k)
			}
		})
	}
	wg.Wait()
}

func TestKilledWriterLosesNothing(t *testing.T) {
	sqlstoretest.Both(t, func(t *testing.T, url string) {
		acknowledged := map[int64]bool{}
		for round := range 5 {
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), childEnv+"="+url)
			child.Stderr = os.Stderr
			out, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			for n := 0; lines.Scan(); n++ {
				k, err := strconv.ParseInt(lines.Text(), 10, 64)
				if err != nil {
					break // a line that the kill cut in two
				}
				acknowledged[k] = true
				if n == 100+37*round {
					child.Process.Kill() // SIGKILL; what it had printed until then is read to the end
				}
			}
			child.Wait()
		}
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		rows := items(t, s)
		for k := range acknowledged {
			if rows[k] == "" {
				t.Errorf("row %d was acknowledged and is lost", k)
			}
		}
		var torn int64
		err := s.View(t.Context(), func(c ctx, x tx) error {
			return x.QueryRow(c, `SELECT (SELECT count(*) FROM item WHERE k NOT IN (SELECT n FROM event)) +
				(SELECT count(*) FROM event WHERE n NOT IN (SELECT k FROM item))`).Scan(&torn)
		})
		if err != nil || torn != 0 {
			t.Errorf("%d transactions were torn in two: %v", torn, err)
		}
		if len(acknowledged) < 500 {
			t.Errorf("only %d rows were acknowledged", len(acknowledged))
		}
		t.Logf("%d acknowledged, %d rows", len(acknowledged), len(rows))
	})
}
