package tasks

import rego.v1

default allow := false

allow if input.auth.user.privilege == "admin"

allow if {
	input.scope in {"create", "list"}
	input.auth.user.privilege == "user"
}

allow if {
	input.scope == "list"
	input.auth.user.privilege == "worker"
}

# What is one's own may be used; a worker may not delete it.
allow if {
	input.auth.user.privilege == "user"
	input.resource.owner.id == input.auth.user.id
}

allow if {
	input.auth.user.privilege == "worker"
	input.scope in {"view", "update:annotations"}
	input.auth.user.id in {input.resource.owner.id, input.resource.assignee.id}
}

filter := [] if input.auth.user.privilege == "admin"

filter := ["|", {"owner_id": id}, {"assignee_id": id}] if {
	input.auth.user.privilege != "admin"
	id := input.auth.user.id
}
