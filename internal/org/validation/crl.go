package validation

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// serveList answers "202029.crl", the full list for signature certificates, "202029.delta.crl", what was revoked since, and both below
// "signature/" and "authentication/"; and of a CA that is named, "ca-13/signature/131211.crl".
func (o *Validation) serveList(w http.ResponseWriter, r *http.Request, path string) {
	ca, path := o.caAt(path)
	kind, file, named := strings.Cut(path, "/")
	if !named {
		kind, file = cert.Signature.String(), path
	}
	code, crl := strings.CutSuffix(file, ".crl")
	code, delta := strings.CutSuffix(code, ".delta")
	p, err := cert.ParseProfile(kind)
	m, err2 := resident.ParseMunicipalityCode("municipality", code)
	if err != nil || err2 != nil || !crl {
		http.NotFound(w, r)
		return
	}
	var newest store.List
	body := &listBody{ctx: r.Context(), o: o}
	err = o.Store.View(r.Context(), func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		tx := o.in(raw)
		newest = store.List{}
		for _, root := range o.roots {
			// What names no CA is the first's that has a list, so that none hides another's: the others have addresses of their own.
			if root.profile != p || ca != nil && root.ca != ca || newest.Issuer != "" && o.owners[newest.Issuer] != root.ca.org {
				continue
			}
			l, found, err := tx.Published(ctx, root.id, m)
			if err != nil {
				return err
			}
			if found && (newest.Issuer == "" || l.ThisUpdate.After(newest.ThisUpdate)) {
				newest = l
			}
		}
		if delta && newest.Issuer != "" {
			// RFC 5280 5.2.4: a delta list adds to a full list of the same issuer. After a change of keys the old key's may be the younger
			// one, and would add nothing to the full list that is served beside it.
			l, found, err := tx.Delta(ctx, newest.Issuer, m)
			if newest = l; err != nil || !found {
				return err
			}
		}
		if newest.Issuer == "" {
			return nil
		}
		return body.open(ctx, tx, newest)
	})
	switch {
	case err != nil:
		o.Log.ErrorContext(r.Context(), "a revocation list could not be read", "error", err)
		http.Error(w, "失効リストを読めませんでした。\nThe revocation list could not be read.", http.StatusServiceUnavailable)
	case newest.Issuer == "":
		http.NotFound(w, r)
	default:
		tag := newest.Issuer[:8] + "-" + strconv.FormatInt(newest.Number, 10)
		if delta {
			tag += "-delta"
		}
		w.Header().Set("Content-Type", "application/pkix-crl") // RFC 2585 4.2
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", `"`+tag+`"`)
		http.ServeContent(w, r, "", newest.PublishedAt, body)
	}
}

// onlyRead answers what is published to those who read it. Nobody puts or deletes a list here.
func onlyRead(w http.ResponseWriter, r *http.Request, answer func()) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		answer()
		return
	}
	w.Header().Set("Allow", "GET, HEAD")
	http.Error(w, "公表しているファイルは、GETかHEADで読んでください。\nRead what is published by GET or HEAD.", http.StatusMethodNotAllowed)
}

// serveRoot answers "signature.cer", the first CA's certificate (DER), and "signature.pem", all its generations; the same for
// authentication, and "ca-13/signature.cer" for another CA.
func (o *Validation) serveRoot(w http.ResponseWriter, r *http.Request, file string) {
	ca, file := o.caAt(file)
	if ca == nil {
		ca = o.cas[0]
	}
	name, form, _ := strings.Cut(file, ".")
	var ders [][]byte
	for _, root := range ca.roots {
		if root.profile.String() == name {
			ders = append(ders, root.certificate.Raw)
		}
	}
	switch {
	case len(ders) == 0 || form != "cer" && form != "pem":
		http.NotFound(w, r)
	case form == "cer":
		w.Header().Set("Content-Type", "application/pkix-cert")
		w.Write(ders[0])
	default:
		w.Header().Set("Content-Type", "application/x-pem-file")
		w.Write(pki.EncodeCertificates(ders...))
	}
}
