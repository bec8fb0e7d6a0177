# No pod has more rights on its node than it needs: the restricted Pod Security Standard, told at the line.
package plumb.policies.restricted_pods

import rego.v1

import data.plumb.pods

non_root(found) if {
	object.get(found.container, ["securityContext", "runAsNonRoot"], null) == true
}

non_root(found) if {
	object.get(found.container, ["securityContext", "runAsNonRoot"], null) == null
	object.get(found.pod, ["securityContext", "runAsNonRoot"], false) == true
}

confined(found) if found.container.securityContext.seccompProfile.type in {"RuntimeDefault", "Localhost"}

confined(found) if {
	not found.container.securityContext.seccompProfile
	found.pod.securityContext.seccompProfile.type in {"RuntimeDefault", "Localhost"}
}

context(found) := array.concat(found.path, ["securityContext"])

violations contains {
	"index": found.index,
	"path": context(found),
	"message": sprintf("Container %s may run as root", [found.container.name]),
	"fix": "Set runAsNonRoot: true, and runAsUser if the image names no number.",
} if {
	some found in pods.containers
	not non_root(found)
}

violations contains {
	"index": found.index,
	"path": context(found),
	"message": sprintf("Container %s may gain privileges", [found.container.name]),
	"fix": "Set allowPrivilegeEscalation: false.",
} if {
	some found in pods.containers
	object.get(found.container, ["securityContext", "allowPrivilegeEscalation"], true) != false
}

violations contains {
	"index": found.index,
	"path": context(found),
	"message": sprintf("Container %s keeps the default capabilities", [found.container.name]),
	"fix": "Set capabilities: { drop: [ALL] }.",
} if {
	some found in pods.containers
	not "ALL" in object.get(found.container, ["securityContext", "capabilities", "drop"], [])
}

violations contains {
	"index": found.index,
	"path": array.concat(context(found), ["capabilities", "add"]),
	"message": sprintf("Container %s adds the capability %s", [found.container.name, capability]),
	"fix": "Leave it out. A port above 1024 needs none.",
} if {
	some found in pods.containers
	some capability in object.get(found.container, ["securityContext", "capabilities", "add"], [])
	capability != "NET_BIND_SERVICE"
}

violations contains {
	"index": found.index,
	"path": array.concat(context(found), ["privileged"]),
	"message": sprintf("Container %s is privileged: it is root on its node", [found.container.name]),
	"fix": "Leave privileged out.",
} if {
	some found in pods.containers
	object.get(found.container, ["securityContext", "privileged"], false) == true
}

violations contains {
	"index": found.index,
	"path": context(found),
	"message": sprintf("Container %s has no seccomp profile", [found.container.name]),
	"fix": "Set seccompProfile: { type: RuntimeDefault } for the pod.",
} if {
	some found in pods.containers
	not confined(found)
}
