package nationalcenter

import (
	"net/http"

	"github.com/akashi-id/akashi/internal/reconcile"
)

// UnguardedSearch is the search screen for whoever comes, so that tests can look at it apart from who may.
func (o *Center) UnguardedSearch(cfg Config) (http.Handler, error) {
	w, err := o.newWeb(cfg)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /search", w.showSearch)
	mux.HandleFunc("POST /search", w.runSearch)
	return w.ui.Serve(mux), nil
}

// Tables are the center's books.
func (o *Center) Tables() []reconcile.Table { return o.tables() }
