import { afterEach, describe, expect, test, vi } from "vitest";
import { backoffMs, EventStreamParser, followEvents } from "../../static/shared/sse.js";

describe("the parser", () => {
  test("gives the same events wherever the stream is cut", () => {
    const text = "id: 1\nevent: message.created\ndata: {\"a\":1}\n\n: comment\n\nid: 2\r\nevent: ping\r\ndata:\r\n\r\ndata: one\rdata: two\r\r\n";
    const whole = new EventStreamParser().push(text);
    expect(whole).toEqual([
      { id: "1", event: "message.created", data: "{\"a\":1}" },
      { id: "2", event: "ping", data: "" },
      { id: "2", event: "message", data: "one\ntwo" },
    ]);
    for (let cut = 1; cut < text.length; cut += 1) {
      const parser = new EventStreamParser();
      expect([...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))], `cut at ${cut}`).toEqual(whole);
    }
  });

  test("holds an event back until its empty line", () => {
    const parser = new EventStreamParser();
    expect(parser.push("data: half\n")).toEqual([]);
    expect(parser.push("\n")).toEqual([{ id: "", event: "message", data: "half" }]);
  });

  test("drops an event without data, and keeps its id for the next", () => {
    expect(new EventStreamParser().push("id: 7\n\ndata: x\n\n")).toEqual([{ id: "7", event: "message", data: "x" }]);
  });

  test("refuses an event past the bound and accepts one at it", () => {
    expect(new EventStreamParser().push("data".padEnd(1_000_000, "x"))).toEqual([]);
    expect(() => new EventStreamParser().push("data".padEnd(1_000_001, "x"))).toThrow(RangeError);
    expect(() => new EventStreamParser().push(`data: ${"x".repeat(600_000)}\n`.repeat(2))).toThrow(RangeError);
  });
});

describe("the wait before a new attempt", () => {
  test("doubles, is half random, and has a bound", () => {
    expect([0, 1, 2, 6, 50].map((attempt) => [backoffMs(attempt, 0), backoffMs(attempt, 0.999)].map(Math.round)))
      .toEqual([[250, 500], [500, 1000], [1000, 1999], [15_000, 29_985], [15_000, 29_985]]);
  });
});

describe("following", () => {
  afterEach(() => vi.useRealTimers());

  /** @param {string[]} pieces */
  const body = (pieces) => new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });

  test("comes back with the id of the last event, and stops when refused", async () => {
    vi.useFakeTimers();
    /** @type {(string | undefined)[]} */
    const asked = [];
    const answers = [
      () => new Response(body(["id: 4\ndata: a\n\n", "id: 5\nda", "ta: b\n\n"])),
      () => { throw new TypeError("network"); },
      () => new Response("", { status: 503 }),
      () => new Response("", { status: 404 }),
    ];
    /** @type {string[]} */
    const events = [];
    /** @type {string[]} */
    const states = [];
    followEvents({
      url: "/events", token: () => "t", random: () => 0,
      fetch: /** @type {any} */ (async (/** @type {string} */ _url, /** @type {any} */ { headers }) => {
        asked.push(headers["Last-Event-ID"]);
        return answers.shift()?.();
      }),
      on_event: ({ data }) => events.push(data), on_state: (state) => states.push(state),
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toEqual([undefined, "5", "5", "5"]);
    expect(events).toEqual(["a", "b"]);
    expect(states).toEqual(["open", "retrying", "retrying", "retrying", "refused"]);
  });

  test("gives up a connection that stays silent past three pings", async () => {
    vi.useFakeTimers();
    let connections = 0;
    const stream = followEvents({
      url: "/events", token: () => "t", random: () => 0,
      fetch: /** @type {any} */ (async (/** @type {string} */ _url, /** @type {any} */ { signal }) => {
        connections += 1;
        return new Response(new ReadableStream({ start: (controller) => signal.addEventListener("abort", () => controller.error(new Error("aborted"))) }));
      }),
      on_event: () => {}, on_state: () => {},
    });
    await vi.advanceTimersByTimeAsync(44_000);
    expect(connections).toBe(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(connections).toBe(2);
    stream.close();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(connections).toBe(2);
  });
});
