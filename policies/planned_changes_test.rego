package plumb.policies.planned_changes_test

import rego.v1

import data.plumb.policies.planned_changes

change(action, kind) := {"action": action, "reference": {"group": "", "kind": kind, "name": "x"}}

found(plan) := total if {
	total := count(planned_changes.violations) with input as {"objects": [], "plan": plan}
}

test_updates_pass if found([change("update", "PersistentVolumeClaim"), change("delete", "ConfigMap")]) == 0

test_data_stays if found([change("delete", "PersistentVolumeClaim")]) == 1

test_namespaces_stay if found([change("delete", "Namespace")]) == 1

test_sets_are_not_made_anew if found([change("replace", "StatefulSet")]) == 1

test_most_of_it_at_once_is_told if {
	found([change("delete", kind) | some kind in ["A", "B", "C", "D", "E", "F"]]) == 1
}

test_few_of_many_pass if {
	gone := [change("delete", kind) | some kind in ["A", "B", "C", "D", "E", "F"]]
	found(array.concat(gone, [change("unchanged", "G") | some _ in numbers.range(1, 20)])) == 0
}
