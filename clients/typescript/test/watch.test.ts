import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { MjproxyError } from "../src/errors.js";
import { clientOf } from "./server.js";

test("a watch resumes behind the last message", async () => {
  const asked: unknown[] = [];
  const client = clientOf({
    async *watchTasks({ afterRevision, historyId }) {
      asked.push([afterRevision, historyId]);
      if (afterRevision !== undefined) {
        yield { revision: 7n, historyId: "first", changes: [{ revision: 7n }] };
        return;
      }
      yield { revision: 5n, historyId: "first" };
      yield { revision: 6n, historyId: "first", changes: [{ revision: 6n }] };
      throw new ConnectError("going down", Code.Unavailable);
    },
  });
  const told: unknown[] = [];
  for await (const event of client.watch()) {
    told.push(event.kind === "interrupted" ? event.error.code : event.position.revision);
    if (told.length === 4) {
      break;
    }
  }
  assert.deepEqual(told, [5n, 6n, Code.Unavailable, 7n]);
  assert.deepEqual(asked, [
    [undefined, ""],
    [6n, "first"],
  ]);
});

test("a watch begins anew when the history is gone", async () => {
  const client = clientOf({
    listTasks: () => ({ revision: 40n, historyId: "second" }),
    async *watchTasks() {
      throw new ConnectError("gone", Code.OutOfRange);
    },
  });
  const events = client.watch();
  assert.equal((await events.next()).value.kind, "interrupted");
  assert.deepEqual((await events.next()).value, { kind: "reset", position: { revision: 40n, historyId: "second" } });
  await events.return(undefined as never);
});

test("a watch ends when the server will not serve it", async () => {
  const client = clientOf({
    async *watchTasks() {
      throw new ConnectError("no key", Code.Unauthenticated);
    },
  });
  await assert.rejects(client.watch().next(), (error) => error instanceof MjproxyError && error.remedy === "check_key");
});

test("leaving the loop ends the stream", async () => {
  let end = () => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const client = clientOf({
    async *watchTasks(_, { signal }) {
      signal.addEventListener("abort", () => end());
      yield { revision: 5n };
      await ended;
    },
  });
  for await (const event of client.watch()) {
    assert.equal(event.kind, "reset");
    break;
  }
  await ended;
});
