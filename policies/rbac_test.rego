package plumb.policies.rbac_test

import rego.v1

import data.plumb.policies.rbac

found(object_) := total if {
	total := count(rbac.violations) with input as {"component": {"name": "web", "namespace": "mine"}, "objects": [object_]}
}

test_named_rights_pass if found({"kind": "Role", "metadata": {"name": "r"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}) == 0

test_everything if found({"kind": "Role", "metadata": {"name": "r"}, "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}) == 3

test_becoming_anybody if found({"kind": "Role", "metadata": {"name": "r"}, "rules": [{"apiGroups": [""], "resources": ["users"], "verbs": ["impersonate"]}]}) == 1

test_all_secrets if found({"kind": "ClusterRole", "metadata": {"name": "r"}, "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}]}) == 1

test_cluster_admin if found({"kind": "RoleBinding", "metadata": {"name": "r"}, "roleRef": {"name": "cluster-admin"}}) == 1
