package verify

// maxDepth bounds the nesting of indefinite lengths; `openssl cms -stream` nests six.
const maxDepth = 16

// definite turns a BER encoding with indefinite lengths (X.690 8.1.3.6), as `openssl cms -stream` writes it, into one with
// definite lengths. It changes nothing else: what has a definite length is copied as it is and must then be DER, so that
// the bytes that were signed stay the bytes that were sent.
func definite(in []byte) ([]byte, error) {
	out, rest, err := convert(nil, in, 0)
	if err != nil {
		return nil, err
	}
	if len(rest) != 0 {
		return nil, errBER()
	}
	return out, nil
}

func errBER() error {
	return invalid("署名データの符号化（ASN.1）が壊れています。ファイルを取り直してください。",
		"The encoding (ASN.1) of the signature file is broken; get the file again.")
}

// convert appends the first element of in to out, and returns what follows it.
func convert(out, in []byte, depth int) (converted, rest []byte, err error) {
	if depth > maxDepth || len(in) < 2 || in[0]&0x1f == 0x1f { // tag numbers above 30 stand nowhere in CMS
		return nil, nil, errBER()
	}
	tag, header, length, err := readHeader(in)
	if err != nil {
		return nil, nil, err
	}
	if length >= 0 {
		if len(in)-header < length {
			return nil, nil, errBER()
		}
		return append(out, in[:header+length]...), in[header+length:], nil
	}
	if tag&0x20 == 0 { // only constructed elements may have an indefinite length
		return nil, nil, errBER()
	}
	octets := tag == 0x24 // an OCTET STRING in pieces becomes one piece
	var content []byte
	for rest = in[header:]; ; {
		if len(rest) >= 2 && rest[0] == 0 && rest[1] == 0 {
			rest = rest[2:]
			break
		}
		if octets {
			t, h, l, err := readHeader(rest)
			if err != nil || t != 0x04 || l < 0 || len(rest)-h < l {
				return nil, nil, errBER()
			}
			content, rest = append(content, rest[h:h+l]...), rest[h+l:]
			continue
		}
		if content, rest, err = convert(content, rest, depth+1); err != nil {
			return nil, nil, err
		}
	}
	if octets {
		tag = 0x04
	}
	return append(appendHeader(out, tag, len(content)), content...), rest, nil
}

// readHeader reads tag and length; the length is -1 when it is indefinite. A length that is longer than it need be is
// refused, as in DER.
func readHeader(in []byte) (tag byte, header, length int, err error) {
	if len(in) < 2 {
		return 0, 0, 0, errBER()
	}
	tag = in[0]
	switch first := in[1]; {
	case first == 0x80:
		return tag, 2, -1, nil
	case first < 0x80:
		return tag, 2, int(first), nil
	default:
		n := int(first & 0x7f)
		if n > 4 || len(in) < 2+n || in[2] == 0 {
			return 0, 0, 0, errBER()
		}
		for _, b := range in[2 : 2+n] {
			length = length<<8 | int(b)
		}
		if length < 0x80 || length > MaxOctets {
			return 0, 0, 0, errBER()
		}
		return tag, 2 + n, length, nil
	}
}

func appendHeader(out []byte, tag byte, length int) []byte {
	out = append(out, tag)
	if length < 0x80 {
		return append(out, byte(length))
	}
	var octets []byte
	for n := length; n > 0; n >>= 8 {
		octets = append([]byte{byte(n)}, octets...)
	}
	return append(append(out, 0x80|byte(len(octets))), octets...)
}
