package mjproxy

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/mjproxy/mjproxy/clients/go/mjproxy/v1"
)

func TestRemedies(t *testing.T) {
	for code, want := range map[codes.Code]Remedy{
		codes.InvalidArgument:    RemedyCorrect,
		codes.FailedPrecondition: RemedyCorrect,
		codes.NotFound:           RemedyCorrect,
		codes.ResourceExhausted:  RemedyCorrect,
		codes.Unavailable:        RemedyRetry,
		codes.DeadlineExceeded:   RemedyRetry,
		codes.OutOfRange:         RemedyRelist,
		codes.Unauthenticated:    RemedyCheckKey,
		codes.PermissionDenied:   RemedyCheckKey,
		codes.Internal:           RemedyReport,
	} {
		if got := (&Error{Code: code}).Remedy(); got != want {
			t.Errorf("the remedy of %v is %q, not %q", code, got, want)
		}
	}
	if got := (&Error{Code: codes.ResourceExhausted, Reason: "QUEUE_FULL"}).Remedy(); got != RemedyRetry {
		t.Errorf("the remedy of a full queue is %q", got)
	}
}

func TestErrorHasTheDetailsOfItsStatus(t *testing.T) {
	failure := FromError(refused(t, codes.ResourceExhausted, "the queue is full",
		&errdetails.ErrorInfo{Reason: "QUEUE_FULL", Metadata: map[string]string{"queue_size": "10"}},
		&errdetails.RetryInfo{RetryDelay: durationpb.New(1500 * time.Millisecond)},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "options"}}},
		&pb.SubmitRefusal{TaskId: "1"},
	))
	if failure.Reason != "QUEUE_FULL" || failure.Metadata["queue_size"] != "10" || failure.Field != "options" {
		t.Errorf("it is %+v", failure)
	}
	if failure.RetryAfter != 1500*time.Millisecond || failure.Refusal.GetTaskId() != "1" {
		t.Errorf("it is %+v", failure)
	}
	if got := failure.Error(); got != "QUEUE_FULL: the queue is full" {
		t.Errorf("it reads %q", got)
	}
}

func TestErrorIsReadByTheToolsOfTheLanguage(t *testing.T) {
	failure := FromError(context.DeadlineExceeded)
	if !errors.Is(failure, context.DeadlineExceeded) || status.Code(failure) != codes.DeadlineExceeded {
		t.Errorf("it is %+v", failure)
	}
	if FromError(failure) != failure || FromError(nil) != nil {
		t.Error("an error is wrapped twice, or there is one of nothing")
	}
}

func TestFailedTaskTellsWhy(t *testing.T) {
	moderated := &pb.Failure{Reason: pb.ErrorReason_ERROR_REASON_MODERATED, Title: "Action needed", Description: "no"}
	failed := &TaskFailedError{Task: &pb.Task{Failure: moderated}}
	if failed.Reason() != "MODERATED" || failed.Error() != "Action needed: no" {
		t.Errorf("it says %q, %q", failed.Reason(), failed)
	}
	cancelled := &TaskFailedError{Task: &pb.Task{}}
	if cancelled.Reason() != "" || cancelled.Error() != "the task was cancelled" {
		t.Errorf("it says %q, %q", cancelled.Reason(), cancelled)
	}
}

func refused(t *testing.T, code codes.Code, message string, details ...protoadapt.MessageV1) error {
	t.Helper()
	refusal, err := status.New(code, message).WithDetails(details...)
	if err != nil {
		t.Fatal(err)
	}
	return refusal.Err()
}
