# A component stays in its namespace, and consists of what components consist of.
package plumb.policies.own_namespace

import rego.v1

# Group and kind. What is not here needs a waiver that says why.
allowed := {
	"/ConfigMap", "/Namespace", "/PersistentVolumeClaim", "/Secret", "/Service", "/ServiceAccount",
	"apps/DaemonSet", "apps/Deployment", "apps/StatefulSet",
	"autoscaling/HorizontalPodAutoscaler",
	"batch/CronJob", "batch/Job",
	"gateway.networking.k8s.io/GRPCRoute", "gateway.networking.k8s.io/HTTPRoute",
	"networking.k8s.io/Ingress", "networking.k8s.io/NetworkPolicy",
	"plumb.thinkube.io/GeneratedSecret", "plumb.thinkube.io/KeycloakClient",
	"plumb.thinkube.io/PodFile", "plumb.thinkube.io/SecretCopy",
	"policy/PodDisruptionBudget",
	"rbac.authorization.k8s.io/Role", "rbac.authorization.k8s.io/RoleBinding",
}

group(object_) := split(object_.apiVersion, "/")[0] if contains(object_.apiVersion, "/")

group(object_) := "" if not contains(object_.apiVersion, "/")

violations contains {
	"index": index,
	"path": ["kind"],
	"message": sprintf("A component has no business with %s", [object_.kind]),
	"fix": "Leave it to the platform. If it must be, a waiver says why and until when.",
} if {
	some index, object_ in input.objects
	not sprintf("%s/%s", [group(object_), object_.kind]) in allowed
}

violations contains {
	"index": index,
	"path": ["metadata", "namespace"],
	"message": sprintf("It is in namespace %s, not in the component's, %s", [namespace, input.component.namespace]),
	"fix": "Leave metadata.namespace out.",
} if {
	some index, object_ in input.objects
	namespace := object.get(object_, ["metadata", "namespace"], input.component.namespace)
	namespace != input.component.namespace
}

violations contains {
	"index": index,
	"path": ["metadata", "name"],
	"message": sprintf("The namespace %s is not the component's, %s", [object_.metadata.name, input.component.namespace]),
	"fix": "A component makes only its own namespace.",
} if {
	some index, object_ in input.objects
	object_.kind == "Namespace"
	object_.metadata.name != input.component.namespace
}
