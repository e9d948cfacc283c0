package verify

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"mime"
	"net/textproto"
	"strings"
)

// MaxOctets bounds the signature file and the content, each.
const MaxOctets = 32 << 20

// unpack finds the DER of a CMS message in a file of DER, BER, PEM or S/MIME, and in S/MIME perhaps the content beside it.
func unpack(file []byte) (der, content []byte, err error) {
	start := bytes.TrimLeft(file, " \t\r\n")
	switch {
	case len(start) == 0:
		return nil, nil, invalid("署名ファイルが空です。署名ファイルを選び直してください。",
			"The signature file is empty; choose the signature file again.")
	case len(file) > 1 && file[0] == 0x30 && file[1] == 0x80:
		der, err = definite(file)
		return der, nil, err
	case file[0] == 0x30:
		return file, nil, nil
	case bytes.HasPrefix(start, []byte("-----BEGIN ")):
		block, rest := pem.Decode(start)
		if block == nil || block.Type != "CMS" && block.Type != "PKCS7" || len(bytes.TrimSpace(rest)) != 0 {
			return nil, nil, invalid("PEM 形式の署名ファイルではありません（BEGIN CMS または BEGIN PKCS7 が一つだけ必要です）。",
				"This is no PEM signature file; it needs one block, BEGIN CMS or BEGIN PKCS7.")
		}
		return unpackOctets(block.Bytes)
	}
	return unpackMIME(start)
}

func unpackOctets(b []byte) (der, content []byte, err error) {
	if len(b) < 2 || b[0] != 0x30 {
		return nil, nil, errNotCMS()
	}
	return unpack(b)
}

func errNotCMS() error {
	return invalid("署名ファイルの形式が分かりません。CMS（DER、PEM、S/MIME のいずれか）の署名ファイルを指定してください。",
		"The form of the signature file is not known; give a CMS signature in DER, PEM or S/MIME.")
}

// unpackMIME reads S/MIME (RFC 8551): multipart/signed with the content beside the signature (3.5.3), or
// application/pkcs7-mime with the content in it (3.5.2).
func unpackMIME(message []byte) (der, content []byte, err error) {
	media, parameters, encoding, body, err := readHeaderFields(message)
	if err != nil {
		return nil, nil, err
	}
	switch media {
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		der, _, err = decodePart(encoding, body)
		return der, nil, err
	case "multipart/signed":
		parts := split(body, parameters["boundary"])
		if len(parts) != 2 {
			return nil, nil, errNotCMS()
		}
		media, _, encoding, signature, err := readHeaderFields(parts[1])
		if err != nil || media != "application/pkcs7-signature" && media != "application/x-pkcs7-signature" {
			return nil, nil, errNotCMS()
		}
		der, _, err = decodePart(encoding, signature)
		return der, parts[0], err
	}
	return nil, nil, errNotCMS()
}

// readHeaderFields reads the header of a MIME entity and returns its body as it stands.
func readHeaderFields(entity []byte) (media string, parameters map[string]string, encoding string, body []byte, err error) {
	const maxHeader = 8 << 10
	end, skip := bytes.Index(entity, []byte("\n\n")), 2
	if crlf := bytes.Index(entity, []byte("\r\n\r\n")); crlf >= 0 && (end < 0 || crlf < end) {
		end, skip = crlf, 4
	}
	if end < 0 || end > maxHeader {
		return "", nil, "", nil, errNotCMS()
	}
	header, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(bytes.Clone(entity[:end]), "\n\n"...)))).ReadMIMEHeader()
	if err != nil {
		return "", nil, "", nil, errNotCMS()
	}
	media, parameters, err = mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return "", nil, "", nil, errNotCMS()
	}
	return media, parameters, strings.ToLower(header.Get("Content-Transfer-Encoding")), entity[end+skip:], nil
}

func decodePart(encoding string, body []byte) (der, content []byte, err error) {
	if encoding == "base64" {
		// The decoder of the standard library skips line ends and nothing else.
		decoded, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(body)))
		if err != nil {
			return nil, nil, errNotCMS()
		}
		body = decoded
	}
	return unpackOctets(body)
}

// split gives the parts of a multipart body as they stand: the signature covers a part's own header too. The line end
// before a delimiter belongs to the delimiter (RFC 2046 5.1.1).
func split(body []byte, boundary string) [][]byte {
	if boundary == "" {
		return nil
	}
	delimiter := []byte("--" + boundary)
	var parts [][]byte
	from := -1
	for at := 0; at < len(body) && len(parts) < 3; {
		next := len(body)
		if i := bytes.IndexByte(body[at:], '\n'); i >= 0 {
			next = at + i + 1
		}
		line := bytes.TrimRight(body[at:next], " \t\r\n")
		if bytes.Equal(line, delimiter) || bytes.Equal(line, append(bytes.Clone(delimiter), "--"...)) {
			if from >= 0 {
				part := bytes.TrimSuffix(body[from:at], []byte("\n"))
				parts = append(parts, bytes.TrimSuffix(part, []byte("\r")))
			}
			from = next
			if len(line) > len(delimiter) {
				break
			}
		}
		at = next
	}
	return parts
}

// canonical writes every line end as CR LF, as `openssl cms -sign` without -binary does before it signs.
func canonical(content []byte) []byte {
	out := make([]byte, 0, len(content)+len(content)/32)
	for i, b := range content {
		if b == '\n' && (i == 0 || content[i-1] != '\r') {
			out = append(out, '\r')
		}
		out = append(out, b)
	}
	return out
}
