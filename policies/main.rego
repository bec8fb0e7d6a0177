# What Plumb asks for: every violation of every policy, with the policy's name.
#
# A policy is a package below plumb.policies with a set of violations: {index, path, message, fix}, where index is the
# object's place in input.objects and path leads to the field in it; or {reference, message, fix} for a planned change. A violation
# is a refusal unless its level says "warn".
package plumb

import rego.v1

violations contains violation if {
	some name
	some raw in data.plumb.policies[name].violations
	violation := object.union({"level": "deny", "policy": replace(name, "_", "-")}, raw)
}
