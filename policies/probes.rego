# What serves says when it is ready, and is restarted when it hangs.
package plumb.policies.probes

import rego.v1

import data.plumb.pods

served contains found if {
	some found in pods.containers
	found.kind in pods.services
	not found.initial
}

violations contains {
	"index": found.index,
	"path": found.path,
	"message": sprintf("Container %s serves a port without a readinessProbe", [found.container.name]),
	"fix": "Add a readinessProbe that asks what its users need.",
} if {
	some found in served
	count(object.get(found.container, "ports", [])) > 0
	not found.container.readinessProbe
}

violations contains {
	"index": found.index,
	"path": found.path,
	"message": sprintf("Container %s has no livenessProbe and no startupProbe", [found.container.name]),
	"fix": "Add a livenessProbe that asks for nothing but the process itself.",
} if {
	some found in served
	not found.container.livenessProbe
	not found.container.startupProbe
}
