package gate_test

import (
	"os"
	"testing"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/documenttest"
	"github.com/akashi-id/akashi/internal/document/gate"
)

func household(id string) document.Paper {
	var persons []document.Person
	for i, name := range documenttest.Names[:4] {
		persons = append(persons, documenttest.Person(i+1, name))
	}
	persons = append(persons, documenttest.Foreigner(8, "MARIA DA SILVA SANTOS"))
	return documenttest.Must(document.ResidentRecord(documenttest.Copy(id), documenttest.Issuer(), persons))
}

func TestX(t *testing.T) {
	fonts := documenttest.Official(t)
	file, m := documenttest.Issue(t, household("r1"), fonts)
	os.WriteFile("/tmp/paper-a.pdf", file, 0o600)
	t.Log(len(file), gate.Check(file, gate.Expected{Manifest: m}))
	p := documenttest.Must(document.SealRegistration(documenttest.Request("r2"), documenttest.Issuer(), documenttest.Person(1, documenttest.Names[0]), document.RegisteredSeal{Imprint: documenttest.Seal(18, 3)}))
	file, m = documenttest.Issue(t, p, fonts)
	os.WriteFile("/tmp/paper-b.pdf", file, 0o600)
	t.Log(len(file), gate.Check(file, gate.Expected{Manifest: m}))
	c := documenttest.Copy("r3")
	c.Form = document.ResidentRecordIndividual
	c.Items = document.Items{}
	pp := documenttest.Must(document.ResidentRecord(c, documenttest.Issuer(), []document.Person{documenttest.Person(1, "葛西　𠮷子")}))
	file, m = documenttest.Issue(t, pp, documenttest.Builtin())
	os.WriteFile("/tmp/paper-c.pdf", file, 0o600)
	t.Log(len(file), gate.Check(file, gate.Expected{Manifest: m, Demo: true}))
}
