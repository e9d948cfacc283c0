package message

import "strings"

// IsProgram tells whether a program is of a version, both as `akashi version` says them: "v1.2 1f0c…" is of v1.2, of 1f0c…, and of the two together. A program
// that did not say its version is of none.
func IsProgram(program, version string) bool {
	name, revision, _ := strings.Cut(program, " ")
	return program != "" && (version == program || version == name || version == revision)
}
