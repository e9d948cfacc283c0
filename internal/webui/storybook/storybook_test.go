package storybook

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestStorybookServes(t *testing.T) {
	h, err := Handler()
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	defer s.Close()
	for _, path := range []string{"/", "/flow", "/trace", "/session", "/form"} {
		resp, err := http.Get(s.URL + Base + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != 200 {
			t.Errorf("%s: %d\n%s", path, resp.StatusCode, body)
		}
	}
}
