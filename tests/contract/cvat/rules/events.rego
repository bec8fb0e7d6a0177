package events

import rego.v1

default allow := false

allow if input.auth.user.privilege in {"admin", "user", "worker"}
