package municipality

import (
	"slices"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/resident"
)

// TestWards: a designated city keeps its records by ward, and its wards have days of their own.
func TestWards(t *testing.T) {
	hamamatsu := &Municipality{code: body("221309")}
	for _, test := range []struct {
		code, on, want string // want: the full name, or part of the refusal
		refused        bool
	}{
		{"221384", "2024-01-01", "静岡県浜松市中央区", false},
		{"221384", "2023-12-31", "静岡県浜松市中央区(221384)は令和6年1月1日にできたもの", true},
		{"221317", "2023-12-31", "静岡県浜松市中区", false},
		{"221317", "2024-01-01", "もうありません", true},
		{"221309", "2024-01-01", "区を選んでください", true},
		{"", "2024-01-01", "区を選んでください", true},
		{"202029", "2024-01-01", "長野県松本市", true},
	} {
		var code resident.MunicipalityCode
		if test.code != "" {
			code = body(test.code)
		}
		m, err := hamamatsu.body("municipality", code, ok(resident.ParseDate("on", test.on)))
		switch {
		case test.refused:
			if got := fieldsOf(t, err); !slices.Equal(got, []string{"municipality"}) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s on %s: %v", test.code, test.on, err)
			}
		case err != nil || m.FullName() != test.want:
			t.Errorf("%s on %s: %s, %v", test.code, test.on, m.FullName(), err)
		}
	}
	matsumoto := &Municipality{code: body("202029")}
	if m, err := matsumoto.body("municipality", resident.MunicipalityCode{}, today); err != nil || m.Name != "松本市" {
		t.Errorf("%s, %v", m.Name, err)
	}
}
