package mjproxy

import (
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	pb "github.com/mjproxy/mjproxy/clients/go/mjproxy/v1"
)

// scripted is a server of tasks on a real socket. Each call takes the next part of its script, and blocks without one.
type scripted struct {
	pb.UnimplementedTaskServiceServer
	submits chan func(*pb.SubmitTaskRequest) (*pb.SubmitTaskResponse, error)
	watches chan func(*pb.WatchTasksRequest, grpc.ServerStreamingServer[pb.WatchTasksResponse]) error
	task    *pb.Task
	// revision and historyID are those of lists.
	revision  int64
	historyID string
	keys      chan string
}

func (s *scripted) SubmitTask(ctx context.Context, request *pb.SubmitTaskRequest) (*pb.SubmitTaskResponse, error) {
	s.keys <- key(ctx)
	return (<-s.submits)(request)
}

func (s *scripted) GetTask(context.Context, *pb.GetTaskRequest) (*pb.GetTaskResponse, error) {
	return &pb.GetTaskResponse{Task: s.task, Revision: s.revision}, nil
}

func (s *scripted) ListTasks(context.Context, *pb.ListTasksRequest) (*pb.ListTasksResponse, error) {
	return &pb.ListTasksResponse{Revision: s.revision, HistoryId: s.historyID}, nil
}

func (s *scripted) WatchTasks(
	request *pb.WatchTasksRequest, stream grpc.ServerStreamingServer[pb.WatchTasksResponse],
) error {
	s.keys <- key(stream.Context())
	select {
	case script := <-s.watches:
		return script(request, stream)
	case <-stream.Context().Done():
		return stream.Context().Err()
	}
}

func key(ctx context.Context) string {
	sent, _ := metadata.FromIncomingContext(ctx)
	return sent["authorization"][0]
}

// served starts a scripted server, and returns a client of it with a context for its calls.
func served(t *testing.T) (context.Context, *scripted, *Client) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	script := &scripted{
		submits: make(chan func(*pb.SubmitTaskRequest) (*pb.SubmitTaskResponse, error), 10),
		watches: make(chan func(*pb.WatchTasksRequest, grpc.ServerStreamingServer[pb.WatchTasksResponse]) error, 10),
		keys:    make(chan string, 10),
	}
	server := grpc.NewServer()
	pb.RegisterTaskServiceServer(server, script)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	client, err := New(listener.Addr().String(), WithKey("a-key"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx, script, client
}
