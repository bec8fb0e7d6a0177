package server

import rego.v1

default allow := false

allow if input.scope == "view"

allow if {
	input.scope == "list:content"
	input.auth.user.privilege in {"admin", "user"}
}
