package message

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// OneReading checks that every reader of a JSON text comes to the same: one value, in which each object has each of its
// names once, in small letters. Go takes "State" for "state" and the last of two, others the first of two, or both; what
// a person reads in a file that is evidence must be what a program has checked.
func OneReading(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := oneValue(dec); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something behind the value")
	}
	return nil
}

// oneValue reads one value with all that is in it.
func oneValue(dec *json.Decoder) error {
	var in []json.Delim         // the objects and arrays that are open
	var names []map[string]bool // of each, as far as it was read
	for {
		key := len(in) > 0 && in[len(in)-1] == '{' && dec.More()
		token, err := dec.Token()
		if err != nil {
			return fmt.Errorf("it is no JSON: %w", err)
		}
		name, isName := token.(string)
		switch d, _ := token.(json.Delim); {
		case key && isName:
			if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || names[len(names)-1][name] {
				return fmt.Errorf("the name %q stands twice in an object, or has a letter that may not stand in one", name)
			}
			names[len(names)-1][name] = true
			if token, err = dec.Token(); err != nil {
				return fmt.Errorf("it is no JSON: %w", err)
			}
			if d, ok := token.(json.Delim); ok {
				in, names = append(in, d), append(names, map[string]bool{})
			}
		case d == '{' || d == '[':
			in, names = append(in, d), append(names, map[string]bool{})
		case d == '}' || d == ']':
			in, names = in[:len(in)-1], names[:len(names)-1]
		}
		if len(in) == 0 {
			return nil
		}
	}
}
