// Command conformance is the runner of the Go client: it does what the lines on its input tell it to, and tells on its
// output what came of it. tests/conformance/README.md says how.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	mjproxy "github.com/mjproxy/mjproxy/clients/go"
	pb "github.com/mjproxy/mjproxy/clients/go/mjproxy/v1"
)

const longestLine = 16 << 20

type command struct {
	Do     string `json:"do"`
	Client string `json:"client"`
	Target string `json:"target"`
	Key    string `json:"key"`
	// Authority is a file of certificates to trust; empty for plain text.
	Authority string          `json:"authority"`
	Method    string          `json:"method"`
	TaskID    string          `json:"task_id"`
	Seconds   float64         `json:"seconds"`
	Request   json.RawMessage `json:"request"`
	Filter    json.RawMessage `json:"filter"`
	After     *position       `json:"after"`
}

type position struct {
	Revision  int64  `json:"revision,string"`
	HistoryID string `json:"history_id"`
}

type object = map[string]any

// caller is a client that was opened, and its watch.
type caller struct {
	*mjproxy.Client
	next func() (mjproxy.Event, error, bool)
	stop func()
}

func main() {
	callers := map[string]*caller{}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		var told command
		if err := json.Unmarshal(lines.Bytes(), &told); err != nil {
			panic(err)
		}
		outcome, err := json.Marshal(outcomeOf(perform(callers, told)))
		if err != nil {
			panic(err)
		}
		fmt.Println(string(outcome))
	}
}

func perform(callers map[string]*caller, told command) (any, error) {
	if told.Do == "open" {
		client, err := opened(told)
		callers[told.Client] = &caller{Client: client, stop: func() {}}
		return nil, err
	}
	caller := callers[told.Client]
	switch told.Do {
	case "close":
		delete(callers, told.Client)
		caller.stop()
		return nil, caller.Close()
	case "watch":
		caller.watch(told)
		return nil, nil
	case "next":
		event, err, _ := caller.next()
		return eventForm(event), err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(told.Seconds*float64(time.Second)))
	defer cancel()
	return caller.call(ctx, told)
}

func opened(told command) (*mjproxy.Client, error) {
	options := []mjproxy.Option{mjproxy.WithKey(told.Key)}
	if told.Authority != "" {
		trusting, err := credentials.NewClientTLSFromFile(told.Authority, "")
		if err != nil {
			return nil, err
		}
		options = append(options, mjproxy.WithCredentials(trusting))
	}
	return mjproxy.New(told.Target, options...)
}

func (c *caller) call(ctx context.Context, told command) (any, error) {
	switch told.Do {
	case "submit":
		return c.Submit(ctx, parsed(told.Request, &pb.SubmitTaskRequest{}))
	case "submit_and_wait":
		return c.SubmitAndWait(ctx, parsed(told.Request, &pb.SubmitTaskRequest{}))
	case "wait":
		return c.Wait(ctx, told.TaskID)
	}
	switch told.Method {
	case "GetTask":
		return c.Tasks.GetTask(ctx, parsed(told.Request, &pb.GetTaskRequest{}))
	case "ListTasks":
		return c.Tasks.ListTasks(ctx, parsed(told.Request, &pb.ListTasksRequest{}))
	case "CancelTask":
		return c.Tasks.CancelTask(ctx, parsed(told.Request, &pb.CancelTaskRequest{}))
	case "DeleteAccount":
		return c.Accounts.DeleteAccount(ctx, parsed(told.Request, &pb.DeleteAccountRequest{}))
	}
	panic("unknown command: " + told.Do + " " + told.Method)
}

func (c *caller) watch(told command) {
	var after *mjproxy.Position
	if told.After != nil {
		after = &mjproxy.Position{Revision: told.After.Revision, HistoryID: told.After.HistoryID}
	}
	filter := parsed(told.Filter, &pb.WatchFilter{})
	c.next, c.stop = iter.Pull2(c.Watch(context.Background(), filter, after))
}

func outcomeOf(answer any, err error) object {
	var failed *mjproxy.TaskFailedError
	var refused *mjproxy.Error
	switch {
	case errors.As(err, &failed):
		return object{"error": object{"reason": failed.Reason(), "message": failed.Error(), "task": form(failed.Task)}}
	case errors.As(err, &refused):
		return object{"error": errorForm(refused)}
	case err != nil:
		panic(err)
	}
	if message, ok := answer.(proto.Message); ok {
		answer = form(message)
	}
	return object{"answer": answer}
}

func eventForm(event mjproxy.Event) object {
	switch event := event.(type) {
	case mjproxy.Changes:
		changes := []json.RawMessage{}
		for _, change := range event.Changes {
			changes = append(changes, form(change))
		}
		return object{"kind": "changes", "changes": changes, "position": positionForm(event.Position)}
	case mjproxy.Reset:
		return object{"kind": "reset", "position": positionForm(event.Position)}
	case mjproxy.Interrupted:
		return object{"kind": "interrupted", "error": errorForm(event.Err)}
	}
	return nil
}

func positionForm(place mjproxy.Position) object {
	return object{"revision": strconv.FormatInt(place.Revision, 10), "history_id": place.HistoryID}
}

func errorForm(err *mjproxy.Error) object {
	described := object{
		"code": codeName(err.Code), "reason": err.Reason, "message": err.Message, "field": err.Field,
		"metadata": err.Metadata, "retry_after": err.RetryAfter.Seconds(), "remedy": err.Remedy(),
	}
	if err.Refusal != nil {
		described["refusal"] = form(err.Refusal)
	}
	return described
}

// codeName is the name of a code as the specification of gRPC has it.
func codeName(code codes.Code) string {
	return map[codes.Code]string{
		codes.InvalidArgument: "INVALID_ARGUMENT", codes.NotFound: "NOT_FOUND", codes.AlreadyExists: "ALREADY_EXISTS",
		codes.FailedPrecondition: "FAILED_PRECONDITION", codes.ResourceExhausted: "RESOURCE_EXHAUSTED",
		codes.OutOfRange: "OUT_OF_RANGE", codes.Unauthenticated: "UNAUTHENTICATED",
		codes.PermissionDenied: "PERMISSION_DENIED", codes.Unavailable: "UNAVAILABLE",
		codes.DeadlineExceeded: "DEADLINE_EXCEEDED", codes.Internal: "INTERNAL", codes.Canceled: "CANCELLED",
	}[code]
}

func form(message proto.Message) json.RawMessage {
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(message)
	if err != nil {
		panic(err)
	}
	return text
}

func parsed[M proto.Message](text json.RawMessage, message M) M {
	if err := protojson.Unmarshal(text, message); err != nil {
		panic(err)
	}
	return message
}
