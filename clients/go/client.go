// Package mjproxy draws with an mjproxy server.
//
// A [Client] submits, waits, and watches; everything else of the contract is at hand in [Client.Tasks] and
// [Client.Accounts], the generated clients. Errors of the server come as [*Error], which says what to do.
package mjproxy

import (
	"context"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	pb "github.com/mjproxy/mjproxy/clients/go/mjproxy/v1"
)

// maxTries is how often a call is made that does not reach a working server. With the back-off between them the last
// try comes two to three seconds after the first.
const maxTries = 5

// Client draws with an mjproxy server. It may be used by many goroutines at once.
type Client struct {
	// Tasks has all calls about tasks as the contract has them. They are not repeated by themselves.
	Tasks pb.TaskServiceClient
	// Accounts has all calls about the Discord accounts of the server.
	Accounts pb.AccountServiceClient

	conn *grpc.ClientConn
}

// New prepares a client of the server at target, a "host:port" or any other gRPC target. It connects with the first
// call, unencrypted unless [WithCredentials] says otherwise.
func New(target string, options ...Option) (*Client, error) {
	conn, err := grpc.NewClient(target, dialOptions(options)...)
	if err != nil {
		return nil, err
	}
	return &Client{Tasks: pb.NewTaskServiceClient(conn), Accounts: pb.NewAccountServiceClient(conn), conn: conn}, nil
}

// Close ends the connection and whatever still uses it.
func (c *Client) Close() error { return c.conn.Close() }

// Submit hands in a command and returns when the server has stored it.
//
// While the server cannot be reached it is repeated for a few seconds, always with the same request id, so that
// nothing is drawn twice. A refusal is an [*Error].
func (c *Client) Submit(ctx context.Context, request *pb.SubmitTaskRequest) (*pb.SubmitTaskResponse, error) {
	request = identified(request)
	return repeated(ctx, func() (*pb.SubmitTaskResponse, error) { return c.Tasks.SubmitTask(ctx, request) })
}

// SubmitAndWait submits, and waits as [Client.Wait] does for the (first) task that it made.
func (c *Client) SubmitAndWait(ctx context.Context, request *pb.SubmitTaskRequest) (*pb.Task, error) {
	response, err := c.Submit(ctx, request)
	if err != nil {
		return nil, err
	}
	return c.Wait(ctx, response.GetTasks()[0].GetId())
}

// Wait waits until a task has ended, whatever happens to the connection meanwhile, and returns it.
//
// If it did not succeed, the error is a [*TaskFailedError]. If ctx ends first, the error wraps that of ctx, and the task
// goes on.
func (c *Client) Wait(ctx context.Context, taskID string) (*pb.Task, error) {
	task, revision, err := c.read(ctx, taskID, 0)
	if err != nil || Ended(task.GetStatus()) {
		return result(task, err)
	}
	filter := &pb.WatchFilter{Ids: []string{taskID}}
	for event, watchErr := range c.Watch(ctx, filter, &Position{Revision: revision}) {
		if watchErr != nil {
			return nil, watchErr
		}
		task, err = c.told(ctx, event, task)
		if err != nil || Ended(task.GetStatus()) {
			break
		}
	}
	return result(task, err)
}

// told returns the task as it is after an event.
func (c *Client) told(ctx context.Context, event Event, task *pb.Task) (*pb.Task, error) {
	switch event := event.(type) {
	case Changes:
		for _, change := range event.Changes {
			if change.GetRemovedTaskId() != "" {
				task, _, err := c.read(ctx, task.GetId(), change.GetRevision())
				return task, err
			}
			task = change.GetTask()
		}
	case Reset:
		task, _, err := c.read(ctx, task.GetId(), event.Position.Revision)
		return task, err
	}
	return task, nil
}

func (c *Client) read(ctx context.Context, taskID string, minRevision int64) (*pb.Task, int64, error) {
	request := &pb.GetTaskRequest{Id: taskID, MinRevision: minRevision}
	response, err := repeated(ctx, func() (*pb.GetTaskResponse, error) { return c.Tasks.GetTask(ctx, request) })
	return response.GetTask(), response.GetRevision(), err
}

func result(task *pb.Task, err error) (*pb.Task, error) {
	if err != nil {
		return nil, err
	}
	if task.GetStatus() != pb.TaskStatus_TASK_STATUS_SUCCESS {
		return nil, &TaskFailedError{Task: task}
	}
	return task, nil
}

// Ended says whether a status is an end, which never changes.
func Ended(status pb.TaskStatus) bool {
	switch status {
	case pb.TaskStatus_TASK_STATUS_SUCCESS, pb.TaskStatus_TASK_STATUS_FAILURE, pb.TaskStatus_TASK_STATUS_CANCELLED:
		return true
	default:
		return false
	}
}

// Imagine is the command that draws a prompt, with Midjourney's parameters in it.
func Imagine(prompt string) *pb.SubmitTaskRequest {
	command := &pb.SubmitTaskRequest_Imagine{Imagine: &pb.ImagineCommand{Prompt: prompt}}
	return &pb.SubmitTaskRequest{Command: command}
}

// Upscale is the command that takes picture index, 1 to 4, out of a finished grid.
func Upscale(taskID string, index int32) *pb.SubmitTaskRequest {
	change := &pb.ChangeCommand{TaskId: taskID, Action: pb.Action_ACTION_UPSCALE, Index: index}
	return &pb.SubmitTaskRequest{Command: &pb.SubmitTaskRequest_Change{Change: change}}
}

// identified returns the request with a request id; the caller's own stays as it is.
func identified(request *pb.SubmitTaskRequest) *pb.SubmitTaskRequest {
	if request.GetOptions().GetRequestId() != "" {
		return request
	}
	request = proto.CloneOf(request)
	if request.Options == nil {
		request.Options = &pb.SubmitOptions{}
	}
	request.Options.RequestId = uuid.NewString()
	return request
}

// repeated makes a call, and makes it again while it does not reach a working server.
func repeated[R any](ctx context.Context, call func() (R, error)) (R, error) {
	delays := newBackoff()
	for tries := 1; ; tries++ {
		response, err := call()
		if err == nil {
			return response, nil
		}
		failure := FromError(err)
		if failure.Code != codes.Unavailable || tries == maxTries {
			return response, failure
		}
		if err := sleep(ctx, delays.next()); err != nil {
			return response, FromError(err)
		}
	}
}

// sleep waits, unless ctx ends first; then it returns the error of ctx.
func sleep(ctx context.Context, delay time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(delay):
		return nil
	}
}
