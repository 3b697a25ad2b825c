package kconfig

// The reasons for which a configuration makes builds differ. Source: Linux,
// Documentation/kbuild/reproducible-builds.rst.
const (
	CauseSeed = "each build generates its own seed for RANDSTRUCT: add scripts/basic/randstruct.seed to the source, by a patch"
	CauseKey  = "each build generates a key to sign modules: set CONFIG_MODULE_SIG_KEY to an existing one, or turn CONFIG_MODULE_SIG off"
)

// NonReproducible returns the options that make a build not reproducible byte by byte, with
// the reason. options is the final configuration.
func NonReproducible(options map[string]string) (list []string) {
	if GeneratesKey(options) {
		list = append(list, "CONFIG_MODULE_SIG: "+CauseKey)
	}
	if options["CONFIG_RANDSTRUCT"] == "y" {
		list = append(list, "CONFIG_RANDSTRUCT: "+CauseSeed)
	}
	return list
}

// GeneratesKey reports whether a build with a configuration generates a key and signs modules with
// it.
func GeneratesKey(options map[string]string) bool {
	return options["CONFIG_MODULE_SIG"] == "y" && Unquote(options["CONFIG_MODULE_SIG_KEY"]) == GeneratedKey
}
