# A pod that does not speak to the API server has no token for it.
package plumb.policies.service_account_token

import rego.v1

import data.plumb.pods

violations contains {
	"index": pod.index,
	"path": pod.path,
	"message": "The pod gets a token for the API server",
	"fix": "Set automountServiceAccountToken: false; or give it a serviceAccountName of its own that may do little.",
} if {
	some pod in pods.all
	object.get(pod.spec, "automountServiceAccountToken", true) != false
	object.get(pod.spec, "serviceAccountName", "default") == "default"
}
