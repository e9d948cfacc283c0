package nation

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/font"
	"github.com/akashi-id/akashi/internal/document/font/builtin"
	"github.com/akashi-id/akashi/internal/document/press"
	"github.com/akashi-id/akashi/internal/imprint"
	"github.com/akashi-id/akashi/internal/imprint/imprinttest"
	"github.com/akashi-id/akashi/internal/org/issuing"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/printing"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// An issuing server signs documents with a key of the municipality (職責証明書に当たるもの) and prints the mayor's seal on them. Both, and
// the certificate, are handed to the server and to the municipality's counter as files, as a ceremony does: the counter holds documents
// against its own, and not against what the server says.

// documentKey is the name of the key and of its certificate.
const documentKey = "document"

// officeName is the directory of who certifies, in an organisation's own.
const officeName = "office"

// officeFile is who certifies (office.yaml); the seal (公印) lies beside it as seal.png.
type officeFile struct {
	Municipality string `yaml:"municipality"` // 長野県飯田市
	Title        string `yaml:"title"`        // 飯田市長
	Mayor        string `yaml:"mayor"`
}

// foundOffice gives an issuing server and its municipality what they certify with. The mayor of a test country is a specimen, and so is the seal.
func foundOffice(dir string, root *pki.InfrastructureCA, server message.Org, now time.Time) error {
	town := message.Org(string(message.Municipality) + "-" + server.Code())
	code, err := resident.ParseMunicipalityCode(string(server), server.Code())
	if err != nil {
		return err
	}
	place, err := resident.Lookup(string(server), code, resident.DateOf(now))
	if err != nil {
		return err
	}
	der, err := certifyDocuments(dir, root, server, now)
	if err != nil {
		return err
	}
	text, err := yaml.Marshal(officeFile{place.FullName(), place.City + place.Name + "長", "見本　太郎"})
	if err != nil {
		return err
	}
	var seal []byte
	for _, o := range []message.Org{server, town} {
		if err := KeyDir(dir, o).PutCertificates(documentKey, der, root.Certificate()); err != nil {
			return err
		}
		at := filepath.Join(dir, string(o), officeName)
		if _, err := os.Lstat(filepath.Join(at, "office.yaml")); err == nil {
			continue
		}
		if seal == nil {
			drawn, err := imprint.Read("seal", imprinttest.Seal{Millimetres: 21, Face: uint64(len(place.Name)) + 7}.Scan())
			if err != nil {
				return err
			}
			seal = drawn.PNG()
		}
		if err := os.MkdirAll(at, 0o700); err != nil {
			return err
		}
		// The text last: where it is, the seal is too.
		for _, f := range []struct {
			name    string
			content []byte
		}{{"seal.png", seal}, {"office.yaml", text}} {
			path := filepath.Join(at, f.name)
			if err := os.WriteFile(path+".new", f.content, 0o600); err != nil {
				return err
			}
			if err := os.Rename(path+".new", path); err != nil {
				return err
			}
		}
	}
	return nil
}

// certifyDocuments makes the key of an issuing server, sealed, and has it certified.
func certifyDocuments(dir string, root *pki.InfrastructureCA, server message.Org, now time.Time) ([]byte, error) {
	key, err := vaultOf(dir, server).ensure(documentKey)
	if err != nil {
		return nil, err
	}
	if ders, err := KeyDir(dir, server).Certificates(documentKey); err == nil {
		c, err := x509.ParseCertificate(ders[0])
		if err == nil && now.AddDate(0, 1, 0).Before(c.NotAfter) && key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(c.PublicKey) {
			return ders[0], nil
		}
	}
	return root.IssueOrganisation(rand.Reader, now, pki.Organisation{ID: string(server), Usage: pki.ForDocuments, Public: key.Public()})
}

// office is who certifies, as it lies in an organisation's directory.
func (s setting) office() (by document.Issuer, err error) {
	at := filepath.Join(s.dir, officeName)
	text, err := os.ReadFile(filepath.Join(at, "office.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return by, plain.Bad("office", "証明する者のファイル（"+filepath.Join(at, "office.yaml")+"）がありません。municipality、title、mayor を書き、公印の画像を seal.png として同じ場所に置いてください。",
			"there is no file of who certifies ("+filepath.Join(at, "office.yaml")+"): write municipality, title and mayor into it, and put the picture of the seal beside it as seal.png")
	}
	if err != nil {
		return by, fmt.Errorf("couldn't read who certifies: %w", err)
	}
	var f officeFile
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil {
		return by, fmt.Errorf("couldn't read who certifies: %w", err)
	}
	kept, err := os.ReadFile(filepath.Join(at, "seal.png"))
	if err != nil {
		return by, fmt.Errorf("couldn't read the mayor's seal: %w", err)
	}
	seal, err := imprint.Stored(kept)
	return document.Issuer{Municipality: f.Municipality, Title: f.Title, Name: f.Mayor, Seal: seal}, err
}

// fonts are those of documents: the official one where it is installed, else the one that makes samples.
var fonts = sync.OnceValues(func() (document.Fonts, error) {
	official, err := font.OpenFile(font.IPAmj)
	if errors.Is(err, fs.ErrNotExist) {
		return document.Fonts{builtin.Font()}, nil
	}
	return document.Fonts{official}, err
})

// press is with what an issuing server makes documents.
func (s setting) press(ctx context.Context) (p issuing.Press, err error) {
	if p.Office, err = s.office(); err != nil {
		return p, err
	}
	set, err := fonts()
	if err != nil {
		return p, err
	}
	if set.Specimen() {
		s.log.WarnContext(ctx, "the official font is not installed (Debian: fonts-ipamj-mincho): documents bear the mark of a sample")
	}
	chain, err := s.keys().Certificates(documentKey)
	if err != nil {
		return p, err
	}
	c, err := x509.ParseCertificate(chain[0])
	if err != nil {
		return p, err
	}
	var key crypto.Signer
	if s.device != nil {
		if key, err = s.device(documentKey, c.PublicKey); err != nil {
			return p, err
		}
	}
	if key == nil {
		if key, err = s.keys().Signer(documentKey); err != nil {
			return p, err
		}
	}
	p.Verify = verifyAt(s.portal, s.id)
	p.Machine, err = press.New(set, key, chain, s.personas)
	return p, err
}

// verifyAt is below which address the documents of an issuing server are verified.
func verifyAt(portal string, server message.Org) string {
	return portal + "/" + string(server) + "/verify"
}

// documents is what a municipality's counter knows of the documents of its server; nil: it has none.
func (s setting) documents() (*municipality.Documents, error) {
	ders, err := s.keys().Certificates(documentKey)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d := &municipality.Documents{Verify: verifyAt(s.portal, message.Org(string(message.Issuing)+"-"+s.id.Code()))}
	if d.Office, err = s.office(); err != nil {
		return nil, err
	}
	set, err := fonts()
	d.Gate = press.Knowledge{Fonts: set, By: sha256.Sum256(ders[0]), Demo: s.personas}
	return d, err
}

// openPrinter opens the printer of a counter; nil: there is none. It is not asked anything yet.
func (s setting) openPrinter() (printing.Printer, error) {
	if s.printer == "" {
		return nil, nil
	}
	if dir, is := strings.CutPrefix(s.printer, "folder:"); is {
		return printing.NewFolder(dir)
	}
	return printing.NewQueue(printing.QueueConfig{URI: s.printer, User: string(s.id)})
}
