/**
 * Draws a prompt, shows the progress, and prints where the picture is: `node dist/examples/imagine.js "a cat"`.
 *
 * MJPROXY_TARGET is the server's "host:port" (127.0.0.1:50051 by default), MJPROXY_KEY the key, where the server has keys.
 */
import { connect, hasEnded, imagine, MjproxyError, TaskStatus } from "mjproxy/node";
import type { Client } from "mjproxy/node";

const prompt = process.argv.slice(2).join(" ") || "a lighthouse in fog";
const client = connect(process.env["MJPROXY_TARGET"] ?? "127.0.0.1:50051", { key: process.env["MJPROXY_KEY"] });
try {
  await draw(client, prompt);
} catch (error) {
  console.error(error instanceof MjproxyError ? `${error.message}\nwhat to do about it: ${error.remedy}` : error);
  process.exitCode = 1;
} finally {
  client.close();
}

async function draw(client: Client, prompt: string): Promise<void> {
  const { tasks, revision } = await client.submit(imagine(prompt));
  const ids = tasks.map((task) => task.id);
  for await (const event of client.watch({ ids }, { after: { revision, historyId: "" } })) {
    for (const { change } of event.kind === "changes" ? event.changes : []) {
      if (change.case !== "task") {
        return;
      }
      const task = change.value;
      console.log(TaskStatus[task.status], `${task.progress}%`, task.imageUrl);
      if (hasEnded(task)) {
        return;
      }
    }
  }
}
