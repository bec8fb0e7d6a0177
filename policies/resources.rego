# A pod without requests is put anywhere, and one without a memory limit takes its neighbours down.
package plumb.policies.resources

import rego.v1

import data.plumb.pods

wanted := [["requests", "cpu"], ["requests", "memory"], ["limits", "memory"]]

violations contains {
	"index": found.index,
	"path": array.concat(found.path, ["resources"]),
	"message": sprintf("Container %s has no resources.%s", [found.container.name, concat(".", path)]),
	"fix": "Set requests for cpu and memory, and a limit for memory.",
} if {
	some found in pods.containers
	some path in wanted
	object.get(found.container, array.concat(["resources"], path), null) == null
}
