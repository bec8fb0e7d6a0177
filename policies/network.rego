# Who may reach a workload is written down, and nothing is open to the outside but routes.
package plumb.policies.network

import rego.v1

import data.plumb.pods

selectors contains object.get(object_, ["spec", "podSelector", "matchLabels"], {}) if {
	some object_ in input.objects
	object_.kind == "NetworkPolicy"
	count(object.get(object_, ["spec", "podSelector", "matchExpressions"], [])) == 0
}

selected(labels) if {
	some selector in selectors
	every name, value in selector {
		labels[name] == value
	}
}

violations contains {
	"index": pod.index,
	"path": pod.path,
	"message": "No NetworkPolicy of the component selects these pods",
	"fix": "Add one that names who may reach them and whom they may reach.",
} if {
	some pod in pods.all
	not selected(pod.labels)
}

violations contains {
	"index": index,
	"path": ["spec", "type"],
	"message": sprintf("The Service is open to the outside (%s), past every route and login", [object_.spec.type]),
	"fix": "Use ClusterIP with an Ingress or HTTPRoute.",
} if {
	some index, object_ in input.objects
	object_.kind == "Service"
	object_.spec.type in {"LoadBalancer", "NodePort"}
}

violations contains {
	"index": index,
	"path": ["spec", "externalIPs"],
	"message": "The Service takes addresses outside of the cluster",
	"fix": "Leave externalIPs out.",
} if {
	some index, object_ in input.objects
	object_.kind == "Service"
	count(object.get(object_, ["spec", "externalIPs"], [])) > 0
}
