package plumb.policies.own_namespace_test

import rego.v1

import data.plumb.policies.own_namespace

found(object_) := total if {
	total := count(own_namespace.violations) with input as {"component": {"name": "web", "namespace": "mine"}, "objects": [object_]}
}

test_what_components_consist_of if found({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "mine"}}) == 0

test_another_namespace if found({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "kube-system"}}) == 1

test_a_kind_of_the_platform if found({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "x"}}) == 1

test_somebody_elses_namespace if found({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}}) == 1
