# Nobody gets more than he can name.
package plumb.policies.rbac

import rego.v1

rules contains {"index": index, "kind": object_.kind, "path": ["rules", number], "rule": rule} if {
	some index, object_ in input.objects
	object_.kind in {"ClusterRole", "Role"}
	some number, rule in object.get(object_, "rules", [])
}

violations contains {
	"index": found.index,
	"path": array.concat(found.path, [field]),
	"message": sprintf("A rule allows every one of %s", [field]),
	"fix": "Name what is needed.",
} if {
	some found in rules
	some field in ["verbs", "resources", "apiGroups", "nonResourceURLs"]
	"*" in object.get(found.rule, field, [])
}

violations contains {
	"index": found.index,
	"path": array.concat(found.path, ["verbs"]),
	"message": sprintf("The verb %s lets its holder become anybody", [verb]),
	"fix": "Leave it out.",
} if {
	some found in rules
	some verb in {"bind", "escalate", "impersonate"}
	verb in object.get(found.rule, "verbs", [])
}

violations contains {
	"index": found.index,
	"path": array.concat(found.path, ["resources"]),
	"message": "A ClusterRole reads the Secrets of every namespace",
	"fix": "Use a Role in the namespace, or resourceNames.",
} if {
	some found in rules
	found.kind == "ClusterRole"
	"secrets" in object.get(found.rule, "resources", [])
	count({verb | some verb in found.rule.verbs; verb in {"get", "list", "watch"}}) > 0
	count(object.get(found.rule, "resourceNames", [])) == 0
}

violations contains {
	"index": index,
	"path": ["roleRef"],
	"message": sprintf("%s gives away %s", [object_.kind, object_.roleRef.name]),
	"fix": "Bind a role of the component's own.",
} if {
	some index, object_ in input.objects
	object_.kind in {"ClusterRoleBinding", "RoleBinding"}
	object_.roleRef.name in {"admin", "cluster-admin", "edit"}
}
