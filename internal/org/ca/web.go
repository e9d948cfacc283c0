package ca

import "net/http"

func (o *CA) newScreens() (http.Handler, error) { return http.NotFoundHandler(), nil }
