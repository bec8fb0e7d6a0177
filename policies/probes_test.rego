package plumb.policies.probes_test

import rego.v1

import data.plumb.policies.probes

found(object_) := total if {
	total := count(probes.violations) with input as {"component": {"name": "web", "namespace": "mine"}, "objects": [object_]}
}

test_both_pass if found({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "ports": [{"containerPort": 80}], "readinessProbe": {}, "livenessProbe": {}}]}}}}) == 0

test_without_ports_no_readiness if found({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "startupProbe": {}}]}}}}) == 0

test_both_are_missing if found({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "ports": [{"containerPort": 80}]}]}}}}) == 2

test_jobs_need_none if found({"apiVersion": "apps/v1", "kind": "Job", "metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app"}]}}}}) == 0
