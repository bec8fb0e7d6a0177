# Pods and their containers, wherever an object keeps them.
package plumb.pods

import rego.v1

template_paths := {
	"CronJob": ["spec", "jobTemplate", "spec", "template"],
	"DaemonSet": ["spec", "template"],
	"Deployment": ["spec", "template"],
	"Job": ["spec", "template"],
	"Pod": [],
	"ReplicaSet": ["spec", "template"],
	"ReplicationController": ["spec", "template"],
	"StatefulSet": ["spec", "template"],
}

# Kinds whose pods run until they are stopped.
services := {"DaemonSet", "Deployment", "StatefulSet"}

all contains {"index": index, "kind": object_.kind, "path": array.concat(path, ["spec"]), "spec": spec, "labels": labels} if {
	some index, object_ in input.objects
	path := template_paths[object_.kind]
	spec := object.get(object_, array.concat(path, ["spec"]), {})
	labels := object.get(object_, array.concat(path, ["metadata", "labels"]), {})
}

containers contains {"index": pod.index, "kind": pod.kind, "pod": pod.spec, "path": array.concat(pod.path, [list, number]), "container": container, "initial": list == "initContainers"} if {
	some pod in all
	some list in ["containers", "initContainers", "ephemeralContainers"]
	some number, container in object.get(pod.spec, list, [])
}
