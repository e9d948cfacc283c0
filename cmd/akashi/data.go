package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// dataFlag is where the country is that a command asks.
func dataFlag(fs *flag.FlagSet, data *string) {
	fs.StringVar(data, "data", defaultData, "国のデータの場所 / the country's data directory")
}

func jsonFlag(fs *flag.FlagSet, asJSON *bool) {
	fs.BoolVar(asJSON, "json", false, "JSONで出す / print JSON")
}

// dataFlags are those of a command that asks a country and can answer in JSON.
func dataFlags(fs *flag.FlagSet, data *string, asJSON *bool) {
	dataFlag(fs, data)
	jsonFlag(fs, asJSON)
}

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

// post sends a country something to do and reads the answer, when there is one to be read.
func post(ctx context.Context, client *http.Client, path string, what, into any) error {
	body, err := json.Marshal(what)
	if err != nil {
		return err
	}
	return call(ctx, client, http.MethodPost, path, bytes.NewReader(body), into)
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

// everywhere puts a question to every organisation of the country, or to the one that is named, and joins the lists. With
// errDidNotHold the lists are those of the organisations that run.
func everywhere[T any](ctx context.Context, data, at, path string, log io.Writer) ([]T, error) {
	client, done, err := country(ctx, data, log)
	if err != nil {
		return nil, err
	}
	defer done()
	orgs, err := organisationsOf(data, at)
	if err != nil {
		return nil, err
	}
	var missing error
	if at == "" {
		if orgs, missing = running(ctx, client, orgs, log); missing != nil && !errors.Is(missing, errDidNotHold) {
			return nil, missing
		}
	}
	all := []T{}
	for _, o := range orgs {
		var some []T
		if err := get(ctx, client, "/"+string(o)+path, &some); err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, missing
}

// running leaves out those who do not answer, and names them: they keep nobody from what the others have to say. The error
// is errDidNotHold when there are such.
func running(ctx context.Context, client *http.Client, orgs []message.Org, log io.Writer) (left []message.Org, missing error) {
	var all []nation.Standing
	if err := get(ctx, client, "/standing", &all); err != nil {
		return nil, err
	}
	for _, s := range all {
		switch {
		case !slices.Contains(orgs, s.Organisation):
		case s.State == nation.Runs:
			left = append(left, s.Organisation)
		default:
			say(log, plain.Bad(string(s.Organisation), "この団体は答えません。この団体の分は出ていません。`akashi doctor` を見てください。",
				"it does not answer, and its part is missing here: see `akashi doctor`"))
			missing = errDidNotHold
		}
	}
	return left, missing
}
