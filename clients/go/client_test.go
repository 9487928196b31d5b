package mjproxy

import (
	"errors"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/mjproxy/mjproxy/clients/go/mjproxy/v1"
)

func TestSubmissionIsRepeatedWithTheSameRequestID(t *testing.T) {
	ctx, server, client := served(t)
	var ids []string
	server.submits <- func(request *pb.SubmitTaskRequest) (*pb.SubmitTaskResponse, error) {
		ids = append(ids, request.GetOptions().GetRequestId())
		return nil, status.Error(codes.Unavailable, "not yet")
	}
	server.submits <- func(request *pb.SubmitTaskRequest) (*pb.SubmitTaskResponse, error) {
		ids = append(ids, request.GetOptions().GetRequestId())
		return &pb.SubmitTaskResponse{Revision: 7}, nil
	}
	request := Imagine("a cat")
	response, err := client.Submit(ctx, request)
	if err != nil || response.GetRevision() != 7 {
		t.Errorf("the answer is %v, %v", response, err)
	}
	if len(ids) != 2 || ids[0] == "" || ids[0] != ids[1] {
		t.Errorf("the request ids are %q", ids)
	}
	if request.GetOptions() != nil {
		t.Errorf("the caller's own request became %v", request)
	}
	if key := <-server.keys; key != "Bearer a-key" {
		t.Errorf("the key is %q", key)
	}
}

func TestCallersOwnRequestIDStays(t *testing.T) {
	ctx, server, client := served(t)
	server.submits <- func(request *pb.SubmitTaskRequest) (*pb.SubmitTaskResponse, error) {
		return &pb.SubmitTaskResponse{Description: request.GetOptions().GetRequestId()}, nil
	}
	request := Imagine("a cat")
	request.Options = &pb.SubmitOptions{RequestId: "mine"}
	if response, err := client.Submit(ctx, request); err != nil || response.GetDescription() != "mine" {
		t.Errorf("the answer is %v, %v", response, err)
	}
}

func TestRefusalIsNotRepeated(t *testing.T) {
	ctx, server, client := served(t)
	server.submits <- func(*pb.SubmitTaskRequest) (*pb.SubmitTaskResponse, error) {
		return nil, status.Error(codes.InvalidArgument, "no")
	}
	_, err := client.Submit(ctx, Imagine(""))
	var refusal *Error
	if !errors.As(err, &refusal) || refusal.Code != codes.InvalidArgument || len(server.keys) != 1 {
		t.Errorf("it ended with %v after %d calls", err, len(server.keys))
	}
}

func TestWaitingReadsAgainWhenTheHistoryIsGone(t *testing.T) {
	ctx, server, client := served(t)
	server.task = &pb.Task{Id: "1", Status: pb.TaskStatus_TASK_STATUS_IN_PROGRESS}
	server.watches <- func(*pb.WatchTasksRequest, grpc.ServerStreamingServer[pb.WatchTasksResponse]) error {
		server.task = &pb.Task{Id: "1", Status: pb.TaskStatus_TASK_STATUS_SUCCESS}
		return status.Error(codes.OutOfRange, "compacted")
	}
	if task, err := client.Wait(ctx, "1"); err != nil || task.GetStatus() != pb.TaskStatus_TASK_STATUS_SUCCESS {
		t.Errorf("it ended with %v, %v", task, err)
	}
}

func TestWaitingForATaskThatFailedIsAnError(t *testing.T) {
	ctx, server, client := served(t)
	server.task = &pb.Task{Id: "1", Status: pb.TaskStatus_TASK_STATUS_CANCELLED}
	_, err := client.Wait(ctx, "1")
	var failed *TaskFailedError
	if !errors.As(err, &failed) || failed.Task.GetId() != "1" {
		t.Errorf("it ended with %v", err)
	}
}
