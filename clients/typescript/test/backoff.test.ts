import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff, sleep } from "../src/backoff.js";

test("delays double up to the limit", () => {
  const delays = new Backoff(() => 1);
  const got = Array.from({ length: 8 }, () => delays.next());
  assert.deepEqual(got, [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
});

test("delays lie between half of the step and the whole", () => {
  const got = [0, 0.5, 1].map((random) => new Backoff(() => random).next());
  assert.deepEqual(got, [100, 150, 200]);
});

test("delays begin again after a success", () => {
  const delays = new Backoff(() => 1);
  delays.next();
  delays.next();
  delays.reset();
  assert.equal(delays.next(), 200);
});

test("a sleep ends with its signal", async () => {
  const caller = new AbortController();
  const slept = sleep(60_000, caller.signal);
  caller.abort(new Error("enough"));
  await assert.rejects(slept, /enough/);
  await assert.rejects(sleep(0, caller.signal), /enough/);
});
