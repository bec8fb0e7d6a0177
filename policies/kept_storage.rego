# Data outlives everything that Plumb or Kubernetes does by itself.
package plumb.policies.kept_storage

import rego.v1

data_kinds := {"PersistentVolume", "PersistentVolumeClaim", "StatefulSet"}

violations contains {
	"index": index,
	"path": ["metadata", "annotations", "plumb.thinkube.io/replace"],
	"message": sprintf("The %s may be deleted to be made anew, and its data with it", [object_.kind]),
	"fix": "Leave the annotation out.",
} if {
	some index, object_ in input.objects
	object_.kind in data_kinds
	object_.metadata.annotations["plumb.thinkube.io/replace"] == "allowed"
}

violations contains {
	"index": index,
	"path": ["spec", "persistentVolumeClaimRetentionPolicy", when],
	"message": sprintf("Claims are deleted with the StatefulSet (%s)", [when]),
	"fix": "Set it to Retain.",
} if {
	some index, object_ in input.objects
	object_.kind == "StatefulSet"
	some when in ["whenDeleted", "whenScaled"]
	object_.spec.persistentVolumeClaimRetentionPolicy[when] == "Delete"
}

violations contains {
	"index": index,
	"path": ["spec", "persistentVolumeReclaimPolicy"],
	"message": "The volume's data is deleted with its claim",
	"fix": "Set persistentVolumeReclaimPolicy: Retain.",
} if {
	some index, object_ in input.objects
	object_.kind == "PersistentVolume"
	object.get(object_, ["spec", "persistentVolumeReclaimPolicy"], "Retain") != "Retain"
}

violations contains {
	"index": index,
	"path": ["reclaimPolicy"],
	"message": "Volumes of this class are deleted with their claims",
	"fix": "Set reclaimPolicy: Retain.",
} if {
	some index, object_ in input.objects
	object_.kind == "StorageClass"
	object.get(object_, "reclaimPolicy", "Delete") != "Retain"
}
