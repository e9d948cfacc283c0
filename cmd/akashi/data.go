package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/plain"
)

// country returns a client for the country of a data directory: the running one, or one opened here meanwhile.
func country(ctx context.Context, data string, log io.Writer) (*http.Client, func(), error) {
	if !exists(data) {
		return nil, nil, plain.Bad("--data",
			"データの場所「"+data+"」がありません。`akashi up` で国を作るか、場所を確かめてください。",
			"there is no data directory "+data+": start a country with `akashi up`, or check the path")
	}
	return nation.Client(ctx, data, func(ctx context.Context) (*nation.Country, error) {
		spec, err := countryOf(data, "")
		if err != nil {
			return nil, err
		}
		return nation.Open(ctx, nation.Options{Dir: data, Spec: spec, Listen: "127.0.0.1:0", Log: logger(log, false)})
	})
}

// ask puts a question to the country of a data directory and reads the answer.
func ask(ctx context.Context, data, path string, into any) error {
	client, done, err := country(ctx, data, io.Discard)
	if err != nil {
		return err
	}
	defer done()
	return get(ctx, client, path, into)
}

func get(ctx context.Context, client *http.Client, path string, into any) error {
	return call(ctx, client, http.MethodGet, path, nil, into)
}

// post sends a country something to do.
func post(ctx context.Context, client *http.Client, path string, what any) error {
	body, err := json.Marshal(what)
	if err != nil {
		return err
	}
	return call(ctx, client, http.MethodPost, path, bytes.NewReader(body), nil)
}

// call asks a country. What it refuses comes as the sentence that it says.
func call(ctx context.Context, client *http.Client, method, path string, body io.Reader, into any) error {
	r, err := http.NewRequestWithContext(ctx, method, "http://country"+path, body)
	if err != nil {
		return err
	}
	resp, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("couldn't ask the country: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
		return fmt.Errorf("the country answered %d: %s", resp.StatusCode, bytes.TrimSpace(text))
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

// everywhere puts a question to every organisation of the country, or to the one that is named, and joins the lists.
func everywhere[T any](ctx context.Context, data, at, path string, log io.Writer) ([]T, error) {
	client, done, err := country(ctx, data, log)
	if err != nil {
		return nil, err
	}
	defer done()
	orgs, err := organisationsOf(data, at)
	all := []T{}
	for _, o := range orgs {
		var some []T
		if err := get(ctx, client, "/"+string(o)+path, &some); err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, err
}
