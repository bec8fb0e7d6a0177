// kapp, as a program of this module: its own module can't be installed by version alone.
package main

import (
	"os"

	"carvel.dev/kapp/pkg/kapp/cmd"
	"github.com/cppforlife/go-cli-ui/ui"
)

func main() {
	output := ui.NewConfUI(ui.NewNoopLogger())
	err := cmd.NewDefaultKappCmd(output).Execute()
	if err != nil {
		output.ErrorLinef("kapp: %v", err)
	}
	output.Flush()
	if err != nil {
		os.Exit(1)
	}
}
