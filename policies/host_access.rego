# Pods stay away from their node.
package plumb.policies.host_access

import rego.v1

import data.plumb.pods

violations contains {
	"index": pod.index,
	"path": array.concat(pod.path, ["volumes", number]),
	"message": sprintf("Volume %s is the folder %s of the node", [volume.name, volume.hostPath.path]),
	"fix": "Use a PersistentVolumeClaim.",
} if {
	some pod in pods.all
	some number, volume in object.get(pod.spec, "volumes", [])
	volume.hostPath
}

violations contains {
	"index": pod.index,
	"path": array.concat(pod.path, [field]),
	"message": sprintf("%s: true lets the pod see the node and its other pods", [field]),
	"fix": "Leave it out.",
} if {
	some pod in pods.all
	some field in ["hostNetwork", "hostPID", "hostIPC"]
	pod.spec[field] == true
}

violations contains {
	"index": found.index,
	"path": array.concat(found.path, ["ports", number, "hostPort"]),
	"message": sprintf("Port %d of the node is taken by container %s", [port.hostPort, found.container.name]),
	"fix": "Use a Service.",
} if {
	some found in pods.containers
	some number, port in object.get(found.container, "ports", [])
	port.hostPort
}
