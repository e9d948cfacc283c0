package nation

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestFormForADeadProcess: whoever sends a form to an organisation whose process is gone is told so, and the line to the portal stays whole for what comes next.
func TestFormForADeadProcess(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	var said bytes.Buffer
	s := httptest.NewUnstartedServer(proxyTo(gone.URL, http.DefaultTransport))
	s.Config.ErrorLog = log.New(&said, "", 0)
	s.Start()
	for range 20 {
		a, err := s.Client().Post(s.URL, "application/x-www-form-urlencoded", strings.NewReader("step=file"))
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, a.Body)
		a.Body.Close()
		if a.StatusCode != http.StatusBadGateway {
			t.Errorf("it is answered %d", a.StatusCode)
		}
	}
	s.Close()
	if said.Len() > 0 {
		t.Errorf("the portal said: %s", said.String())
	}
}
