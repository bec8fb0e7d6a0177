import assert from "node:assert/strict";
import fc from "fast-check";
import { EventParser } from "../../../../lib/serve/page/state/event_parser.ts";

const TEXT = 'id: 1\ndata: {"a":1}\n\n: still here\n\nid: 2\r\ndata: one\r\ndata: two\r\n\r\n' +
  "event: else\ndata:three\n\ndata\n\nid: 3\n\n";
const EVENTS = [
  { id: "1", data: '{"a":1}' },
  { id: "2", data: "one\ntwo" },
  { id: "2", data: "three" },
  { id: "2", data: "" },
];

Deno.test("events are the same however the stream is cut", () => {
  fc.assert(fc.property(fc.array(fc.nat(TEXT.length), { maxLength: 8 }), (cuts) => {
    const parser = new EventParser();
    const places = [0, ...cuts.toSorted((left, right) => left - right), TEXT.length];
    const pieces = places.slice(1).map((place, index) => TEXT.slice(places[index], place));
    assert.deepEqual(pieces.flatMap((piece) => parser.push(piece)), EVENTS);
  }));
});

Deno.test("an event that is not complete is not told", () => {
  assert.deepEqual(new EventParser().push("id: 1\ndata: half"), []);
});
