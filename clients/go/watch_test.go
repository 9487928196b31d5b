package mjproxy

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/mjproxy/mjproxy/clients/go/mjproxy/v1"
)

type stream = grpc.ServerStreamingServer[pb.WatchTasksResponse]

func TestWatchResumesBehindTheLastMessage(t *testing.T) {
	ctx, server, client := served(t)
	server.watches <- func(_ *pb.WatchTasksRequest, to stream) error {
		_ = to.Send(&pb.WatchTasksResponse{Revision: 5, HistoryId: "first"})
		_ = to.Send(&pb.WatchTasksResponse{Revision: 6, HistoryId: "first", Changes: []*pb.TaskChange{{Revision: 6}}})
		return status.Error(codes.Unavailable, "going down")
	}
	resumed := make(chan *pb.WatchTasksRequest, 1)
	server.watches <- func(request *pb.WatchTasksRequest, to stream) error {
		resumed <- request
		_ = to.Send(&pb.WatchTasksResponse{Revision: 7, HistoryId: "first", Changes: []*pb.TaskChange{{Revision: 7}}})
		<-to.Context().Done()
		return nil
	}
	events := first(t, ctx, client, 4)
	reset, _ := events[0].(Reset)
	before, _ := events[1].(Changes)
	interrupted, _ := events[2].(Interrupted)
	after, _ := events[3].(Changes)
	if reset.Position.Revision != 5 || before.Position.Revision != 6 || after.Position.Revision != 7 {
		t.Errorf("the events are %v", events)
	}
	if interrupted.Err == nil || interrupted.Err.Code != codes.Unavailable || interrupted.RetryIn <= 0 {
		t.Errorf("the interruption is %v", interrupted)
	}
	if request := <-resumed; request.GetAfterRevision() != 6 || request.GetHistoryId() != "first" {
		t.Errorf("it resumed with %v", request)
	}
}

func TestWatchBeginsAnewWhenTheHistoryIsGone(t *testing.T) {
	ctx, server, client := served(t)
	server.revision, server.historyID = 40, "second"
	server.watches <- func(*pb.WatchTasksRequest, stream) error { return status.Error(codes.OutOfRange, "gone") }
	events := first(t, ctx, client, 2)
	if reset, _ := events[1].(Reset); reset.Position != (Position{Revision: 40, HistoryID: "second"}) {
		t.Errorf("the events are %v", events)
	}
}

func TestWatchEndsWhenTheServerWillNotServeIt(t *testing.T) {
	ctx, server, client := served(t)
	server.watches <- func(*pb.WatchTasksRequest, stream) error { return status.Error(codes.Unauthenticated, "no key") }
	for event, err := range client.Watch(ctx, nil, nil) {
		if event != nil || status.Code(err) != codes.Unauthenticated {
			t.Errorf("it brought %v, %v", event, err)
		}
	}
}

func TestLeavingTheLoopEndsTheStream(t *testing.T) {
	ctx, server, client := served(t)
	ended := make(chan struct{})
	server.watches <- func(_ *pb.WatchTasksRequest, to stream) error {
		_ = to.Send(&pb.WatchTasksResponse{Revision: 5})
		<-to.Context().Done()
		close(ended)
		return nil
	}
	first(t, ctx, client, 1)
	select {
	case <-ended:
	case <-ctx.Done():
		t.Error("the stream goes on")
	}
}

// first reads so many events of a watch, then leaves it.
func first(t *testing.T, ctx context.Context, client *Client, count int) []Event {
	t.Helper()
	var events []Event
	for event, err := range client.Watch(ctx, nil, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if events = append(events, event); len(events) == count {
			break
		}
	}
	return events
}
