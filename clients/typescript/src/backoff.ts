const FIRST_MS = 200;
const LIMIT_MS = 10_000;

/**
 * How long to wait before the next try, in milliseconds: doubling, jittered, bounded.
 *
 * Each delay lies between half of the present step and the whole of it, so that clients that lost their server together
 * do not return to it together.
 */
export class Backoff {
  #step = FIRST_MS;

  constructor(private readonly random: () => number = Math.random) {}

  next(): number {
    const step = this.#step;
    this.#step = Math.min(2 * step, LIMIT_MS);
    return (step / 2) * (1 + this.random());
  }

  /** Begins again with the first delay; to be called when a try succeeded. */
  reset(): void {
    this.#step = FIRST_MS;
  }
}

/** Waits, unless the signal ends first; then it throws the signal's reason. */
export function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const ended = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", ended);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", ended, { once: true });
  });
}
