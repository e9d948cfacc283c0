package pki

import (
	"crypto/tls"
	"errors"
	"fmt"
	"time"
)

// ServerTLS are the settings of a listener that only organisations may reach: TLS 1.3, a client certificate required
// and checked by trust at the time that now gives. Read who called with Peer.
func ServerTLS(own Identity, trust *Trust, now func() time.Time) *tls.Config {
	c := common(own, trust, now)
	c.ClientAuth = tls.RequireAndVerifyClientCert
	c.ClientCAs = trust.pool
	c.VerifyConnection = func(s tls.ConnectionState) error {
		_, err := Peer(s, trust, now())
		return err
	}
	return c
}

// ClientTLS are the settings for calling one organisation: TLS 1.3, our certificate shown, and the peer refused unless its
// certificate names exactly that organisation. The host that is dialled must be in the certificate too.
func ClientTLS(own Identity, trust *Trust, peer string, now func() time.Time) *tls.Config {
	c := common(own, trust, now)
	c.RootCAs = trust.pool
	c.VerifyConnection = func(s tls.ConnectionState) error {
		id, err := Peer(s, trust, now())
		if err != nil {
			return err
		}
		// An address list with two lines exchanged must not deliver one city's residents to another.
		if id.Organisation != peer {
			return fmt.Errorf("called %s, but %s answered", peer, id.Organisation)
		}
		return nil
	}
	return c
}

func common(own Identity, trust *Trust, now func() time.Time) *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{{Certificate: [][]byte{own.Certificate}, PrivateKey: own.Key}},
		Time:         now,
	}
}

// Peer is the organisation at the other end of a connection made with ServerTLS or ClientTLS. It is asked again at every
// resumption and may be asked at every request, so that an expired certificate does not live on in an open connection.
func Peer(s tls.ConnectionState, trust *Trust, at time.Time) (*Identified, error) {
	if len(s.PeerCertificates) == 0 {
		return nil, errors.New("the peer shows no certificate")
	}
	return trust.Identify(s.PeerCertificates[0].Raw, ForTLS, at)
}
