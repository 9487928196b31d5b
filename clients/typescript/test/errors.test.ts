import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Remedy } from "../src/errors.js";
import { errorOf, MjproxyError, TaskFailedError } from "../src/errors.js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../src/gen/google/rpc/error_details_pb.js";
import { ErrorReason } from "../src/gen/mjproxy/v1/error_reason_pb.js";
import { TaskSchema } from "../src/gen/mjproxy/v1/task_pb.js";
import { SubmitRefusalSchema } from "../src/gen/mjproxy/v1/task_service_pb.js";

const REMEDIES: [Code, Remedy][] = [
  [Code.InvalidArgument, "correct"],
  [Code.FailedPrecondition, "correct"],
  [Code.NotFound, "correct"],
  [Code.ResourceExhausted, "correct"],
  [Code.Unavailable, "retry"],
  [Code.DeadlineExceeded, "retry"],
  [Code.OutOfRange, "relist"],
  [Code.Unauthenticated, "check_key"],
  [Code.PermissionDenied, "check_key"],
  [Code.Internal, "report"],
];

for (const [code, remedy] of REMEDIES) {
  test(`the remedy of ${Code[code]} is ${remedy}`, () => {
    assert.equal(new MjproxyError("", code).remedy, remedy);
  });
}

test("an error has the details of its status", () => {
  const error = errorOf(
    new ConnectError("the queue is full", Code.ResourceExhausted, undefined, [
      { desc: ErrorInfoSchema, value: { reason: "QUEUE_FULL", metadata: { queue_size: "10" } } },
      { desc: RetryInfoSchema, value: { retryDelay: { seconds: 1n, nanos: 500_000_000 } } },
      { desc: BadRequestSchema, value: { fieldViolations: [{ field: "options" }] } },
      { desc: SubmitRefusalSchema, value: { taskId: "1" } },
    ]),
  );
  const { refusal, ...details } = error.details;
  assert.deepEqual(details, {
    reason: "QUEUE_FULL",
    metadata: { queue_size: "10" },
    field: "options",
    retryAfterMs: 1500,
  });
  assert.equal(refusal?.taskId, "1");
  assert.equal(error.message, "the queue is full");
  assert.equal(error.remedy, "retry");
});

test("a connection that broke or could not be made is unavailable", () => {
  const distrust = Object.assign(new Error("unable to verify"), { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" });
  assert.equal(errorOf(ConnectError.from(distrust, Code.Internal)).code, Code.Unavailable);
  assert.equal(errorOf(new ConnectError("aborted", Code.Aborted)).code, Code.Unavailable);
  assert.equal(errorOf(new ConnectError("a bug", Code.Internal)).code, Code.Internal);
});

test("what its caller has ended says so", () => {
  const caller = new AbortController();
  caller.abort();
  assert.equal(errorOf(new Error("any"), caller.signal).code, Code.Canceled);
});

test("a failed task tells why", () => {
  const failure = { reason: ErrorReason.MODERATED, title: "Action needed", description: "no" };
  const failed = new TaskFailedError(create(TaskSchema, { failure }));
  assert.deepEqual([failed.reason, failed.message], ["MODERATED", "Action needed: no"]);
  const cancelled = new TaskFailedError(create(TaskSchema));
  assert.deepEqual([cancelled.reason, cancelled.message], ["", "the task was cancelled"]);
});
