// The opa program, whose module can't be installed by itself since it replaces others.
package main

import (
	"os"

	"github.com/open-policy-agent/opa/cmd"
)

func main() {
	if cmd.RootCommand.Execute() != nil {
		os.Exit(1)
	}
}
