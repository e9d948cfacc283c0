package nation

import "runtime/debug"

// Version is the version of this program: its name, and the revision that it was built of where that is known. An issuing server keeps it with each of its
// decisions.
func Version() string {
	version, revision := "development", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value
			}
		}
	}
	return version + revision
}
