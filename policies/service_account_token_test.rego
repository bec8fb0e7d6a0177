package plumb.policies.service_account_token_test

import rego.v1

import data.plumb.policies.service_account_token

found(object_) := total if {
	total := count(service_account_token.violations) with input as {"component": {"name": "web", "namespace": "mine"}, "objects": [object_]}
}

test_off_passes if found({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"automountServiceAccountToken": false, "containers": [{"name": "app"}]}}}}) == 0

test_its_own_account_passes if found({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"serviceAccountName": "web", "containers": [{"name": "app"}]}}}}) == 0

test_the_default_one_is_refused if found({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app"}]}}}}) == 1
