package plumb.policies.host_access_test

import rego.v1

import data.plumb.policies.host_access

found(object_) := total if {
	total := count(host_access.violations) with input as {"component": {"name": "web", "namespace": "mine"}, "objects": [object_]}
}

test_claims_pass if found({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}], "containers": [{"name": "app"}]}}}}) == 0

test_host_path if found({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"volumes": [{"name": "v", "hostPath": {"path": "/"}}], "containers": [{"name": "app"}]}}}}) == 1

test_host_network_and_port if found({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"hostNetwork": true, "containers": [{"name": "app", "ports": [{"hostPort": 80}]}]}}}}) == 2
