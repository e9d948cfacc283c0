package verifier

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// connection notes the deadline that is set on it.
type connection struct {
	http.ResponseWriter
	ended bool
}

func (c *connection) SetReadDeadline(t time.Time) error {
	c.ended = t.Before(time.Now())
	return nil
}

// TestGate: so many large uploads are inside at a time, the next one is told so, and a slow sender is not waited for.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		enter := func(length int64) (c *connection, allRead, leave func(), err error) {
			r := httptest.NewRequest(http.MethodPost, "/", nil).WithContext(t.Context())
			r.ContentLength = length
			c = &connection{ResponseWriter: httptest.NewRecorder()}
			allRead, leave, err = g.enter(c, r)
			return c, allRead, leave, err
		}
		var leaves []func()
		var slow, quick *connection
		for i := range maxLarge {
			c, allRead, leave, err := enter([]int64{-1, maxUpload}[i%2])
			if err != nil {
				t.Fatal(err)
			}
			leaves = append(leaves, leave)
			if slow = c; i == 0 {
				quick = c
				allRead()
			}
		}
		began := time.Now()
		if _, _, _, err := enter(largeUpload + 1); !errors.Is(err, errBusy) || time.Since(began) != patienceAtGate {
			t.Errorf("one too many: %v after %s", err, time.Since(began))
		}
		if _, _, leave, err := enter(largeUpload); err != nil {
			t.Errorf("a small one: %v", err)
		} else {
			leave()
		}
		time.Sleep(patienceInside)
		synctest.Wait()
		if !slow.ended || quick.ended {
			t.Errorf("the slow sender was ended: %v, the one that had sent all: %v", slow.ended, quick.ended)
		}
		leaves[0]()
		if _, _, leave, err := enter(-1); err != nil {
			t.Errorf("after one has left: %v", err)
		} else {
			leave()
		}
		for _, leave := range leaves[1:] {
			leave()
		}
	})
}
