package municipality

import "net/http"

func (o *Municipality) screens(cfg Config) (http.Handler, error) { return http.NotFoundHandler(), nil }
