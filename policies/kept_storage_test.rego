package plumb.policies.kept_storage_test

import rego.v1

import data.plumb.policies.kept_storage

found(object_) := total if {
	total := count(kept_storage.violations) with input as {"component": {"name": "web", "namespace": "mine"}, "objects": [object_]}
}

test_claims_pass if found({"kind": "PersistentVolumeClaim", "metadata": {"name": "c"}, "spec": {}}) == 0

test_replaced_claims if found({"kind": "PersistentVolumeClaim", "metadata": {"name": "c", "annotations": {"plumb.thinkube.io/replace": "allowed"}}}) == 1

test_claims_that_go_with_their_set if found({"kind": "StatefulSet", "metadata": {"name": "s"}, "spec": {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}}) == 1

test_volumes_that_go_with_their_claim if found({"kind": "PersistentVolume", "metadata": {"name": "v"}, "spec": {"persistentVolumeReclaimPolicy": "Delete"}}) == 1
