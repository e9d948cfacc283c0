package making_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/plain"
)

// TestShownAreTheBoxesOfTheForm: whoever is told which items were on a document is told of every box that its form has, and of no other; what is
// printed only when it is asked for is named only then.
func TestShownAreTheBoxesOfTheForm(t *testing.T) {
	every := making.Names(document.Items{Relation: true, Domicile: true, Number: true, Code: true})
	for _, k := range []making.Kind{making.HouseholdRecord, making.IndividualRecord, making.SealCertificate} {
		data, err := os.ReadFile(filepath.Join("..", "template", "forms", string(k)+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var form any
		if err := json.Unmarshal(data, &form); err != nil {
			t.Fatal(err)
		}
		boxes := map[string]bool{}
		var walk func(v any)
		walk = func(v any) {
			switch v := v.(type) {
			case map[string]any:
				if name, ok := v["name"].(string); ok {
					boxes[name] = true
				}
				for _, text := range []string{"世帯主", "住所"} { // above the boxes, by a line of text
					boxes[text] = boxes[text] || v["text"] == text
				}
				for _, one := range v {
					walk(one)
				}
			case []any:
				for _, one := range v {
					walk(one)
				}
			}
		}
		walk(form)
		if len(boxes) < 5 {
			t.Errorf("%s: the form has the boxes %v: they are not found any more", k, boxes)
		}
		shown := map[string]bool{}
		for _, s := range making.Shown(k, every) {
			if shown[s.JA] || s.EN == "" {
				t.Errorf("%s: %v stands twice, or in one language", k, s)
			}
			shown[s.JA] = true
			if !boxes[s.JA] {
				t.Errorf("%s: %s is no box of the form", k, s.JA)
			}
		}
		for b, there := range boxes {
			if there && !shown[b] {
				t.Errorf("%s: nobody is told of %s", k, b)
			}
		}
	}
	has := func(items []string, name string) bool {
		return slices.ContainsFunc(making.Shown(making.IndividualRecord, items), func(s plain.Sentence) bool { return s.JA == name })
	}
	for item, box := range map[string]string{"relation": "続柄", "domicile": "本籍", "number": "個人番号", "code": "住民票コード"} {
		if has(nil, box) || !has([]string{item}, box) {
			t.Errorf("%s is named without being asked for, or not when it is", box)
		}
	}
	if !making.ShowsNumber(making.HouseholdRecord, every) || making.ShowsNumber(making.HouseholdRecord, []string{"code"}) || making.ShowsNumber(making.SealCertificate, every) {
		t.Error("whether the individual number is on it")
	}
}
