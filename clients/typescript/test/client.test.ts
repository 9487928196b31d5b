import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { imagine } from "../src/client.js";
import { TaskFailedError } from "../src/errors.js";
import { TaskStatus } from "../src/gen/mjproxy/v1/task_pb.js";
import { SubmitTaskRequestSchema } from "../src/gen/mjproxy/v1/task_service_pb.js";
import { clientOf } from "./server.js";

test("a submission is repeated with the same request id", async () => {
  const ids: (string | undefined)[] = [];
  const client = clientOf({
    submitTask({ options }) {
      ids.push(options?.requestId);
      if (ids.length === 1) {
        throw new ConnectError("not yet", Code.Unavailable);
      }
      return { revision: 7n };
    },
  });
  const submission = imagine("a cat");
  assert.equal((await client.submit(submission)).revision, 7n);
  assert.equal(ids.length, 2);
  assert.match(ids[0] ?? "", /^[0-9a-f-]{36}$/);
  assert.equal(ids[0], ids[1]);
  assert.deepEqual(submission, imagine("a cat"));
});

test("a message that is submitted stays as it is", async () => {
  const ids: (string | undefined)[] = [];
  const client = clientOf({
    submitTask({ options }) {
      ids.push(options?.requestId);
      return {};
    },
  });
  const message = create(SubmitTaskRequestSchema, { ...imagine("a cat"), options: { state: "mine" } });
  await client.submit(message);
  await client.submit(message);
  assert.equal(message.options?.requestId, "");
  assert.notEqual(ids[0], ids[1]);
});

test("the caller's own request id stays", async () => {
  const client = clientOf({ submitTask: ({ options }) => ({ description: options?.requestId ?? "" }) });
  const answer = await client.submit({ ...imagine("a cat"), options: { requestId: "mine" } });
  assert.equal(answer.description, "mine");
});

test("a refusal is not repeated", async () => {
  let calls = 0;
  const client = clientOf({
    submitTask() {
      calls++;
      throw new ConnectError("no", Code.InvalidArgument);
    },
  });
  await assert.rejects(client.submit(imagine("")), { name: "MjproxyError", code: Code.InvalidArgument });
  assert.equal(calls, 1);
});

test("waiting reads again when the history is gone", async () => {
  let status = TaskStatus.IN_PROGRESS;
  const client = clientOf({
    getTask: () => ({ task: { id: "1", status }, revision: 1n }),
    listTasks: () => ({ revision: 40n, historyId: "second" }),
    async *watchTasks() {
      status = TaskStatus.SUCCESS;
      throw new ConnectError("compacted", Code.OutOfRange);
    },
  });
  assert.equal((await client.wait("1")).status, TaskStatus.SUCCESS);
});

test("waiting for a task that was cancelled is an error", async () => {
  const client = clientOf({ getTask: () => ({ task: { id: "1", status: TaskStatus.CANCELLED } }) });
  await assert.rejects(client.wait("1"), TaskFailedError);
});

test("waiting ends with its time", async () => {
  const client = clientOf({
    getTask: () => ({ task: { id: "1" } }),
    async *watchTasks(_, { signal }) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  });
  await assert.rejects(client.wait("1", { timeoutMs: 50 }), { name: "MjproxyError", code: Code.DeadlineExceeded });
});
