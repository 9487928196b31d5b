// Command imagine draws a prompt, shows the progress, and prints where the picture is.
//
//	go run ./examples/imagine "a lighthouse in fog"
//
// MJPROXY_TARGET is the server's "host:port" (127.0.0.1:50051 by default), MJPROXY_KEY the key, where the server has keys.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"

	mjproxy "github.com/mjproxy/mjproxy/clients/go"
	pb "github.com/mjproxy/mjproxy/clients/go/mjproxy/v1"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := draw(ctx, cmp.Or(strings.Join(os.Args[1:], " "), "a lighthouse in fog")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		var refused *mjproxy.Error
		if errors.As(err, &refused) {
			fmt.Fprintln(os.Stderr, "what to do about it:", refused.Remedy())
		}
		os.Exit(1)
	}
}

func draw(ctx context.Context, prompt string) error {
	target := cmp.Or(os.Getenv("MJPROXY_TARGET"), "127.0.0.1:50051")
	client, err := mjproxy.New(target, mjproxy.WithKey(os.Getenv("MJPROXY_KEY")))
	if err != nil {
		return err
	}
	defer client.Close()

	response, err := client.Submit(ctx, mjproxy.Imagine(prompt))
	if err != nil {
		return err
	}
	return show(ctx, client, response.GetTasks()[0].GetId(), response.GetRevision())
}

// show prints each change of a task until it has ended.
func show(ctx context.Context, client *mjproxy.Client, taskID string, revision int64) error {
	filter := &pb.WatchFilter{Ids: []string{taskID}}
	for event, err := range client.Watch(ctx, filter, &mjproxy.Position{Revision: revision}) {
		if err != nil {
			return err
		}
		changes, _ := event.(mjproxy.Changes)
		for _, change := range changes.Changes {
			task := change.GetTask()
			fmt.Printf("%s %3d%% %s\n", task.GetStatus(), task.GetProgress(), task.GetImageUrl())
			if mjproxy.Ended(task.GetStatus()) {
				return nil
			}
		}
	}
	return nil
}
