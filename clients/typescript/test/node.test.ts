import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { test } from "node:test";
import { Code } from "@connectrpc/connect";
import { errorOf } from "../src/errors.js";
import { connect } from "../src/node.js";

test("an attempt to connect ends after five seconds, and the next call makes another", { timeout: 20_000 }, async () => {
  let attempts = 0;
  const silent = createServer((socket) => {
    attempts++;
    socket.on("error", () => {}); // It never answers; whatever the client does then is all the same to it.
  }).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const client = connect(`127.0.0.1:${(silent.address() as AddressInfo).port}`, { tls: true });

  const start = performance.now();
  const waiting = [client.tasks.getTask({}), client.tasks.getTask({})];
  for (const call of await Promise.allSettled(waiting)) {
    assert(call.status === "rejected");
    assert.equal(errorOf(call.reason).code, Code.Unavailable);
    assert.match(errorOf(call.reason).message, /has not answered within 5 seconds/);
  }
  const seconds = (performance.now() - start) / 1000;
  assert(seconds > 4.5 && seconds < 8, `after ${seconds} seconds`);
  assert.equal(attempts, 1);

  const next = client.tasks.getTask({});
  next.catch(() => {});
  await once(silent, "connection");
  client.close();
  await assert.rejects(next);
  silent.close();
});
