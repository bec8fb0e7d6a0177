package plumb.policies.resources_test

import rego.v1

import data.plumb.policies.resources

found(object_) := total if {
	total := count(resources.violations) with input as {"component": {"name": "web", "namespace": "mine"}, "objects": [object_]}
}

test_all_pass if found({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"memory": "1Mi"}}}]}}}}) == 0

test_each_missing_one_is_told if found({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "resources": {"requests": {"cpu": "1m"}}}]}}}}) == 2
