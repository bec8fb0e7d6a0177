# What a run is about to do: rather ask once too often than lose data.
package plumb.policies.planned_changes

import rego.v1

plan := object.get(input, "plan", [])

deletions := [change | some change in plan; change.action == "delete"]

total := count([change | some change in plan; change.action != "create"])

violations contains {
	"reference": change.reference,
	"message": sprintf("The plan deletes a %s, which holds data", [change.reference.kind]),
	"fix": "Keep it in Git. To lose its data on purpose, delete it by hand.",
} if {
	some change in deletions
	change.reference.kind in {"PersistentVolume", "PersistentVolumeClaim"}
}

violations contains {
	"reference": change.reference,
	"message": "The plan deletes a namespace, and everything in it that Git does not know",
	"fix": "Keep it in Git; a rollback takes it down with its data kept.",
} if {
	some change in deletions
	change.reference.kind == "Namespace"
	change.reference.group == ""
}

violations contains {
	"reference": change.reference,
	"message": "The plan deletes a StatefulSet in order to make it anew",
	"fix": "Change what may be changed in place, or do it by hand with its claims kept.",
} if {
	some change in plan
	change.action == "replace"
	change.reference.kind == "StatefulSet"
}

# The share that a run may delete without being asked.
most := 0.5

violations contains {
	"reference": deletions[0].reference,
	"level": "warn",
	"message": sprintf("The plan deletes %d of %d objects", [count(deletions), total]),
	"fix": "Look whether the path and the manifests are right.",
} if {
	count(deletions) > 5
	count(deletions) > total * most
}
