package io.mjproxy.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.mjproxy.MjproxyClient;
import io.mjproxy.MjproxyException;
import io.mjproxy.Position;
import io.mjproxy.TaskFailedException;
import io.mjproxy.TaskWatch;
import io.mjproxy.WatchEvent;
import io.mjproxy.v1.CancelTaskRequest;
import io.mjproxy.v1.DeleteAccountRequest;
import io.mjproxy.v1.GetTaskRequest;
import io.mjproxy.v1.ListTasksRequest;
import io.mjproxy.v1.SubmitTaskRequest;
import io.mjproxy.v1.TaskChange;
import io.mjproxy.v1.WatchFilter;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The runner of the Java client: it does what the lines on its input tell it to, and tells on its output what came of it.
 * tests/conformance/README.md says how.
 */
public final class Runner {
    private static final JsonFormat.Parser PARSER = JsonFormat.parser();
    private static final JsonFormat.Printer PRINTER = JsonFormat.printer().preservingProtoFieldNames();

    private final Map<String, Caller> callers = new HashMap<>();

    public static void main(String[] arguments) throws Exception {
        Runner runner = new Runner();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonObject outcome = runner.outcome(JsonParser.parseString(line).getAsJsonObject());
            System.out.write((outcome + "\n").getBytes(StandardCharsets.UTF_8));
            System.out.flush();
        }
    }

    private JsonObject outcome(JsonObject command) throws InterruptedException, IOException {
        JsonObject outcome = new JsonObject();
        try {
            outcome.add("answer", perform(command));
        } catch (StatusRuntimeException error) {
            outcome.add("error", form(MjproxyException.of(error)));
        } catch (MjproxyException error) {
            outcome.add("error", form(error));
        } catch (TaskFailedException error) {
            outcome.add("error", form(error));
        }
        return outcome;
    }

    private JsonElement perform(JsonObject command) throws InterruptedException, IOException {
        String name = command.get("client").getAsString();
        switch (command.get("do").getAsString()) {
            case "open" -> callers.put(name, new Caller(command));
            case "close" -> callers.remove(name).close();
            default -> {
                return callers.get(name).perform(command);
            }
        }
        return new JsonObject();
    }

    /** A client that was opened, and its watch. */
    private static final class Caller {
        private final MjproxyClient client;
        private TaskWatch watch;

        Caller(JsonObject command) throws IOException {
            String target = command.get("target").getAsString();
            client = MjproxyClient.connect(target, command.get("key").getAsString(), credentials(command.get("authority")));
        }

        void close() {
            if (watch != null) {
                watch.close();
            }
            client.close();
        }

        JsonElement perform(JsonObject command) throws InterruptedException, IOException {
            return switch (command.get("do").getAsString()) {
                case "submit" -> form(client.submit(submission(command), limit(command)));
                case "submit_and_wait" -> form(client.submitAndWait(submission(command), limit(command)));
                case "wait" -> form(client.await(command.get("task_id").getAsString(), limit(command)));
                case "call" -> form(call(command.get("method").getAsString(), command));
                case "watch" -> watch(command);
                case "next" -> form(watch.next());
                default -> throw new IllegalArgumentException("unknown command: " + command);
            };
        }

        private Message call(String method, JsonObject command) throws IOException {
            String request = command.get("request").toString();
            long millis = limit(command).toMillis();
            var tasks = client.tasks().withDeadlineAfter(millis, TimeUnit.MILLISECONDS);
            return switch (method) {
                case "GetTask" -> tasks.getTask(parsed(request, GetTaskRequest.newBuilder()).build());
                case "ListTasks" -> tasks.listTasks(parsed(request, ListTasksRequest.newBuilder()).build());
                case "CancelTask" -> tasks.cancelTask(parsed(request, CancelTaskRequest.newBuilder()).build());
                case "DeleteAccount" -> client.accounts()
                        .withDeadlineAfter(millis, TimeUnit.MILLISECONDS)
                        .deleteAccount(parsed(request, DeleteAccountRequest.newBuilder()).build());
                default -> throw new IllegalArgumentException("unknown method: " + method);
            };
        }

        private JsonElement watch(JsonObject command) throws IOException {
            WatchFilter filter = parsed(command.get("filter").toString(), WatchFilter.newBuilder()).build();
            watch = client.watch(filter, position(command.get("after")));
            return new JsonObject();
        }
    }

    /** Credentials that trust what is in a file; plain text without one. */
    private static ChannelCredentials credentials(JsonElement authority) throws IOException {
        if (authority.isJsonNull()) {
            return InsecureChannelCredentials.create();
        }
        return TlsChannelCredentials.newBuilder().trustManager(new File(authority.getAsString())).build();
    }

    private static SubmitTaskRequest submission(JsonObject command) throws IOException {
        return parsed(command.get("request").toString(), SubmitTaskRequest.newBuilder()).build();
    }

    private static Duration limit(JsonObject command) {
        return Duration.ofMillis((long) (command.get("seconds").getAsDouble() * 1000));
    }

    private static <B extends Message.Builder> B parsed(String json, B builder) throws InvalidProtocolBufferException {
        PARSER.merge(json, builder);
        return builder;
    }

    private static Position position(JsonElement after) {
        if (after.isJsonNull()) {
            return null;
        }
        JsonElement historyId = after.getAsJsonObject().get("history_id");
        long revision = after.getAsJsonObject().get("revision").getAsLong();
        return new Position(revision, historyId == null ? "" : historyId.getAsString());
    }

    private static JsonElement form(Message message) throws InvalidProtocolBufferException {
        return JsonParser.parseString(PRINTER.print(message));
    }

    private static JsonElement form(WatchEvent event) throws InvalidProtocolBufferException {
        JsonObject form = new JsonObject();
        form.addProperty("kind", event.getClass().getSimpleName().toLowerCase(Locale.ROOT));
        if (event instanceof WatchEvent.Changes batch) {
            form.add("changes", JsonParser.parseString("[]"));
            for (TaskChange change : batch.changes()) {
                form.getAsJsonArray("changes").add(form(change));
            }
            form.add("position", form(batch.position()));
        } else if (event instanceof WatchEvent.Reset reset) {
            form.add("position", form(reset.position()));
        } else if (event instanceof WatchEvent.Interrupted interrupted) {
            form.add("error", form(interrupted.error()));
        }
        return form;
    }

    private static JsonElement form(Position position) {
        JsonObject form = new JsonObject();
        form.addProperty("revision", Long.toString(position.revision()));
        form.addProperty("history_id", position.historyId());
        return form;
    }

    private static JsonElement form(TaskFailedException error) throws InvalidProtocolBufferException {
        JsonObject form = new JsonObject();
        form.addProperty("reason", error.reason());
        form.addProperty("message", error.getMessage());
        form.add("task", form(error.task()));
        return form;
    }

    private static JsonElement form(MjproxyException error) throws InvalidProtocolBufferException {
        JsonObject form = new JsonObject();
        form.addProperty("code", error.code().name());
        form.addProperty("reason", error.reason());
        form.addProperty("message", error.getMessage());
        form.addProperty("field", error.field());
        form.addProperty("retry_after", error.retryAfter().toSeconds());
        form.addProperty("remedy", error.remedy().name().toLowerCase(Locale.ROOT));
        form.add("metadata", new JsonObject());
        error.metadata().forEach((name, value) -> form.getAsJsonObject("metadata").addProperty(name, value));
        if (error.refusal().isPresent()) {
            form.add("refusal", form(error.refusal().get()));
        }
        return form;
    }
}
