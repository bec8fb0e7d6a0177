package plumb.policies.network_test

import rego.v1

import data.plumb.policies.network

found(object_) := total if {
	total := count(network.violations) with input as {"component": {"name": "web", "namespace": "mine"}, "objects": [object_]}
}

test_inside_passes if found({"kind": "Service", "metadata": {"name": "s"}, "spec": {"type": "ClusterIP"}}) == 0

test_node_ports if found({"kind": "Service", "metadata": {"name": "s"}, "spec": {"type": "NodePort"}}) == 1

test_external_addresses if found({"kind": "Service", "metadata": {"name": "s"}, "spec": {"externalIPs": ["192.0.2.1"]}}) == 1

test_a_pod_without_a_policy if found({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app"}]}}}}) == 1

test_a_pod_of_a_policy_passes if {
	pod := {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}}
	policy := {"kind": "NetworkPolicy", "metadata": {"name": "web"}, "spec": {"podSelector": {"matchLabels": {"app": "web"}}}}
	count(network.violations) == 0 with input as {"objects": [pod, policy]}
}
