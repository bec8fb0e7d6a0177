# No secret stands in Git, in an argument, in a plain environment value or in a ConfigMap.
package plumb.policies.secrets

import rego.v1

import data.plumb.pods

# Names of things that are secret, but not of where one is or how long it lives.
secret_name := `(?i)(password|passwd|secret|token|api_?key|private_?key|credential)`

harmless_name := `(?i)(_file|_path|_name|_url|_ttl|_expir\w*|_lifetime|_header|_dir|_length|_enabled|_type)$`

# What stands for the value of a secret parameter here.
marker := `\(secret [A-Za-z0-9]+\)`

violations contains {
	"index": index,
	"path": [field, key],
	"message": sprintf("The value of %s of a Secret stands in Git", [key]),
	"fix": "Take it from a secret parameter, or have it made by a GeneratedSecret.",
} if {
	some index, object_ in input.objects
	object_.kind == "Secret"
	some field in ["data", "stringData"]
	some key, value in object.get(object_, field, {})
	value != ""
	value != null
	not regex.match(marker, sprintf("%v", [value]))
}

violations contains {
	"index": found.index,
	"path": array.concat(found.path, ["env", number, "value"]),
	"message": sprintf("The environment variable %s has its value in plain text", [variable.name]),
	"fix": "Take it from a Secret: valueFrom.secretKeyRef.",
} if {
	some found in pods.containers
	some number, variable in object.get(found.container, "env", [])
	regex.match(secret_name, variable.name)
	not regex.match(harmless_name, variable.name)
	object.get(variable, "value", "") != ""
}

# Where text is run or shown: arguments, scripts, configuration.
texts contains {"index": found.index, "path": array.concat(found.path, [list, number]), "text": text} if {
	some found in pods.containers
	some list in ["args", "command"]
	some number, text in object.get(found.container, list, [])
}

texts contains {"index": index, "path": ["data", key], "text": text} if {
	some index, object_ in input.objects
	object_.kind == "ConfigMap"
	some key, text in object.get(object_, "data", {})
}

in_words := {
	`(?i)(^|[\s"'])--?[a-z0-9-]*(password|passwd|secret|token|api-?key|requirepass)(=|\s+)["']?[^\s"'$-][^\s"']*`: "an option with a secret",
	`(?i)\bname:\s*["']?[A-Z0-9_]*(PASSWORD|SECRET|TOKEN|API_KEY)["']?\s*[,\n]\s*value:\s*["']?[^"'\s}{]`: "a variable with a secret",
	`(?i)(password|passwd|secret_key|api_key)["']?\s*(=\s*|:\s+)["'][^"'$<({\s][^"'\s]{3,}["']`: "a secret between quotes",
}

violations contains {
	"index": found.index,
	"path": found.path,
	"message": sprintf("It holds %s, which everybody may read who sees pods or ConfigMaps", [what]),
	"fix": "Pass it in an environment variable or a file from a Secret.",
} if {
	some found in texts
	some pattern, what in in_words
	regex.match(pattern, found.text)
}

# An option and its value may be two arguments.
violations contains {
	"index": found.index,
	"path": array.concat(found.path, [list, number + 1]),
	"message": sprintf("The argument after %s is a secret in plain text", [option]),
	"fix": "Pass it in an environment variable or a file from a Secret.",
} if {
	some found in pods.containers
	some list in ["args", "command"]
	words := object.get(found.container, list, [])
	some number, option in words
	regex.match(`(?i)^--?[a-z0-9-]*(password|passwd|secret|token|api-?key|requirepass)$`, option)
	not startswith(words[number + 1], "-")
}

everywhere contains {"index": index, "path": path, "text": text} if {
	some index, object_ in input.objects
	not object_.kind in {"GeneratedSecret", "KeycloakClient", "PodFile", "Secret"}
	walk(object_, [path, text])
	is_string(text)
}

violations contains {
	"index": found.index,
	"path": found.path,
	"message": "It holds a private key",
	"fix": "Keep it in a Secret that is not in Git.",
} if {
	some found in everywhere
	contains(found.text, "PRIVATE KEY-----")
}

violations contains {
	"index": found.index,
	"path": found.path,
	"message": "It holds an address with a password",
	"fix": "Give the password apart, from a Secret.",
} if {
	some found in everywhere
	regex.match(`[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s:@$({]+@[^\s]`, found.text)
}

violations contains {
	"index": found.index,
	"path": found.path,
	"message": "A secret parameter is put where everybody can read it",
	"fix": "Put it into a GeneratedSecret, and refer to that.",
} if {
	some found in everywhere
	regex.match(marker, found.text)
}
