# What runs is what was looked at: images are named by tag and digest.
package plumb.policies.pinned_images

import rego.v1

import data.plumb.pods

violations contains {
	"index": found.index,
	"path": array.concat(found.path, ["image"]),
	"message": sprintf("Image %s is not pinned by tag and digest", [image]),
	"fix": "Write it as name:tag@sha256:…; `docker buildx imagetools inspect` shows the digest.",
} if {
	some found in pods.containers
	image := object.get(found.container, "image", "")
	not regex.match(`^[^@]+:[^:@/]+@sha256:[0-9a-f]{64}$`, image)
}

violations contains {
	"index": found.index,
	"path": array.concat(found.path, ["image"]),
	"message": sprintf("Image %s has the tag latest, which is not a version", [found.container.image]),
	"fix": "Name the version that runs, with its digest.",
} if {
	some found in pods.containers
	regex.match(`:latest(@|$)`, found.container.image)
}
