package webui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed html
var htmlFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// assets are the style sheets and scripts, each under a name that contains its hash: "akashi.1f3a….css". A name never
// changes its content, so browsers keep it for good, and a new program is never shown with an old style.
type assets struct {
	byName map[string]string // "akashi.css" → hashed name
	files  map[string][]byte // hashed name → content
}

// theAssets are those of the program, the same for every organisation.
var theAssets = sync.OnceValues(func() (*assets, error) {
	a := &assets{map[string]string{}, map[string][]byte{}}
	names, err := fs.Glob(assetFiles, "assets/*")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		data, err := assetFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(data)
		base, ext := path.Base(name), path.Ext(name)
		hashed := strings.TrimSuffix(base, ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.byName[base], a.files[hashed] = hashed, data
	}
	return a, nil
})

func (a *assets) hashed(name string) (string, error) {
	if h, ok := a.byName[name]; ok {
		return h, nil
	}
	return "", fmt.Errorf("there is no asset %s", name)
}

// ServeHTTP answers with the asset that the last element of the path names.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.URL.Path)
	data, ok := a.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if path.Ext(name) == ".LICENSE" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
}
