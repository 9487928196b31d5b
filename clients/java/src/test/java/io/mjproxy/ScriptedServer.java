package io.mjproxy;

import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.stub.StreamObserver;
import io.mjproxy.v1.GetTaskRequest;
import io.mjproxy.v1.GetTaskResponse;
import io.mjproxy.v1.ListTasksRequest;
import io.mjproxy.v1.ListTasksResponse;
import io.mjproxy.v1.SubmitTaskRequest;
import io.mjproxy.v1.SubmitTaskResponse;
import io.mjproxy.v1.Task;
import io.mjproxy.v1.TaskServiceGrpc.TaskServiceImplBase;
import io.mjproxy.v1.TaskStatus;
import io.mjproxy.v1.WatchTasksRequest;
import io.mjproxy.v1.WatchTasksResponse;
import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiConsumer;

/** A server of tasks on a real socket, which answers each submission and each watch with the next part of its script. */
final class ScriptedServer extends TaskServiceImplBase implements AutoCloseable {
    final Queue<BiConsumer<SubmitTaskRequest, StreamObserver<SubmitTaskResponse>>> submissions =
            new ConcurrentLinkedQueue<>();
    final Queue<BiConsumer<WatchTasksRequest, StreamObserver<WatchTasksResponse>>> watches = new ConcurrentLinkedQueue<>();
    volatile TaskStatus status = TaskStatus.TASK_STATUS_IN_PROGRESS;

    private final Server server;

    ScriptedServer() throws IOException {
        server = Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create()).addService(this).build().start();
    }

    MjproxyClient client() {
        return MjproxyClient.connect("127.0.0.1:" + server.getPort());
    }

    @Override
    public void close() {
        server.shutdownNow();
    }

    @Override
    public void submitTask(SubmitTaskRequest request, StreamObserver<SubmitTaskResponse> to) {
        submissions.remove().accept(request, to);
    }

    @Override
    public void watchTasks(WatchTasksRequest request, StreamObserver<WatchTasksResponse> to) {
        watches.remove().accept(request, to);
    }

    @Override
    public void getTask(GetTaskRequest request, StreamObserver<GetTaskResponse> to) {
        Task task = Task.newBuilder().setId(request.getId()).setStatus(status).build();
        to.onNext(GetTaskResponse.newBuilder().setTask(task).setRevision(1).build());
        to.onCompleted();
    }

    /** Lists as a server does whose history is another one than before. */
    @Override
    public void listTasks(ListTasksRequest request, StreamObserver<ListTasksResponse> to) {
        to.onNext(ListTasksResponse.newBuilder().setRevision(40).setHistoryId("second").build());
        to.onCompleted();
    }
}
