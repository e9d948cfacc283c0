package imprint

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// signatureLength is that of what every PNG begins with (PNG 5.2); behind it stand chunks: length, type, data, CRC.
const signatureLength = 8

// resolution is what a PNG says of its pixels per metre (pHYs, PNG 11.3.4.3); false when it says nothing, or of pixels that are no squares.
func resolution(file []byte) (perMetre uint32, stated bool) {
	for rest := file[min(len(file), signatureLength):]; len(rest) >= 12; {
		n := uint64(binary.BigEndian.Uint32(rest))
		if n+12 > uint64(len(rest)) {
			return 0, false
		}
		kind, data := string(rest[4:8]), rest[8:8+n]
		if kind == "pHYs" && n == 9 {
			x, y := binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:])
			return x, x == y && data[8] == 1 // 1: metre
		}
		if kind == "IDAT" {
			return 0, false
		}
		rest = rest[n+12:]
	}
	return 0, false
}

// withResolution puts the resolution behind the first chunk, which is IHDR (PNG 5.6).
func withResolution(file []byte, perMetre uint32) []byte {
	head := signatureLength + 12 + int(binary.BigEndian.Uint32(file[signatureLength:]))
	data := binary.BigEndian.AppendUint32([]byte("pHYs"), perMetre)
	data = append(binary.BigEndian.AppendUint32(data, perMetre), 1)
	chunk := append(binary.BigEndian.AppendUint32(nil, uint32(len(data)-4)), data...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(data))
	return bytes.Join([][]byte{file[:head], chunk, file[head:]}, nil)
}
