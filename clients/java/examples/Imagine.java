import io.mjproxy.Commands;
import io.mjproxy.MjproxyClient;
import io.mjproxy.MjproxyException;
import io.mjproxy.Position;
import io.mjproxy.TaskWatch;
import io.mjproxy.WatchEvent;
import io.mjproxy.v1.SubmitTaskResponse;
import io.mjproxy.v1.Task;
import io.mjproxy.v1.TaskChange;
import io.mjproxy.v1.WatchFilter;
import java.time.Duration;
import java.util.Map;

/**
 * Draws a prompt, shows the progress, and prints where the picture is.
 *
 * <p>MJPROXY_TARGET is the server's "host:port" (127.0.0.1:50051 by default), MJPROXY_KEY the key, where the server has
 * keys.
 */
public final class Imagine {
    public static void main(String[] words) throws InterruptedException {
        Map<String, String> environment = System.getenv();
        String target = environment.getOrDefault("MJPROXY_TARGET", "127.0.0.1:50051");
        String prompt = words.length == 0 ? "a lighthouse in fog" : String.join(" ", words);
        try (MjproxyClient client = MjproxyClient.connect(target, environment.getOrDefault("MJPROXY_KEY", ""))) {
            draw(client, prompt);
        } catch (MjproxyException error) {
            System.err.println(error.getMessage() + "\nwhat to do about it: " + error.remedy());
            System.exit(1);
        }
    }

    private static void draw(MjproxyClient client, String prompt) throws InterruptedException {
        SubmitTaskResponse submitted = client.submit(Commands.imagine(prompt), Duration.ofSeconds(30));
        WatchFilter filter = WatchFilter.newBuilder().addIds(submitted.getTasks(0).getId()).build();
        try (TaskWatch watch = client.watch(filter, new Position(submitted.getRevision(), ""))) {
            while (!shown(watch.next())) {}
        }
    }

    /** Shows what an event brings, and tells whether it was the end. */
    private static boolean shown(WatchEvent event) {
        boolean ended = false;
        if (event instanceof WatchEvent.Changes batch) {
            for (TaskChange change : batch.changes()) {
                Task task = change.getTask();
                System.out.printf("%s %3d%% %s%n", task.getStatus(), task.getProgress(), task.getImageUrl());
                ended |= change.hasRemovedTaskId() || MjproxyClient.hasEnded(task);
            }
        }
        return ended;
    }
}
