// Program plumb-sandbox is a whole control plane in one file: the first argument names the program to be,
// the others are that program's own. Sharing one binary shares the build, which is the costly part.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	_ "time/tzdata" // CronJobs name time zones

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kwokconfig "sigs.k8s.io/kwok/pkg/config"
	kwok "sigs.k8s.io/kwok/pkg/kwok/cmd"
	kwoklog "sigs.k8s.io/kwok/pkg/log"
	"sigs.k8s.io/kwok/pkg/utils/signals"
)

const usage = "usage: plumb-sandbox etcd|kube-apiserver|kube-controller-manager|kube-scheduler|kwok [FLAG ...]"

func main() {
	if len(os.Args) < 2 {
		fail(errors.New(usage))
	}
	name := os.Args[1]
	os.Args = append([]string{name}, os.Args[2:]...)
	switch name {
	case "etcd":
		etcdmain.Main(os.Args)
	case "kube-apiserver":
		runCommand(apiserver.NewAPIServerCommand())
	case "kube-controller-manager":
		runCommand(controllermanager.NewControllerManagerCommand())
	case "kube-scheduler":
		runCommand(scheduler.NewSchedulerCommand())
	case "kwok":
		runKwok()
	default:
		fail(fmt.Errorf("unknown program %q; %s", name, usage))
	}
}

func runCommand(command *cobra.Command) {
	os.Exit(cli.Run(command))
}

// runKwok reads the log and configuration flags ahead of the others, since kwok's command takes its
// defaults from the configuration files that they name.
func runKwok() {
	// Kubernetes has registered a --version of its own for all commands of the process.
	pflag.CommandLine = pflag.NewFlagSet("kwok", pflag.ExitOnError)
	flags := pflag.NewFlagSet("global", pflag.ContinueOnError)
	flags.ParseErrorsAllowlist.UnknownFlags = true
	flags.Usage = func() {}
	ctx, _ := kwoklog.InitFlags(signals.SetupSignalContext(), flags)
	ctx, err := kwokconfig.InitFlags(ctx, flags)
	if err != nil {
		fail(err)
	}
	command := kwok.NewCommand(ctx)
	command.PersistentFlags().AddFlagSet(flags)
	if err := command.ExecuteContext(ctx); err != nil && !errors.Is(err, context.Canceled) {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "plumb-sandbox:", err)
	os.Exit(1)
}
