import assert from "node:assert/strict";
import { emptyJournal } from "../../../lib/apply/journal.ts";
import { rejectionIn, wayBack } from "../../../lib/apply/undo.ts";

const url = "https://git.example.com/web.git";
const commit = (digit: string) => digit.repeat(40);
const desired = (digit: string) => ({
  url,
  revision: commit(digit),
  key: `key ${digit}`,
  at: "2026-01-01T00:00:00Z",
});
const journal = { ...emptyJournal("web"), good: desired("1") };
const options = {
  source: { url, revision: commit("2") },
  open: () => Promise.reject(new Error("not here")),
  undo: true,
  retry: false,
};

Deno.test("there is a way back to another revision that was good, and else a reason why not", () => {
  const known = { journal, key: "key 2" };
  assert.deepEqual(wayBack(known, options), { state: "open", good: journal.good });
  assert.deepEqual(wayBack(known, { ...options, undo: false }), { state: "off" });
  const reasonOf = (...given: Parameters<typeof wayBack>) => {
    const way = wayBack(...given);
    return way.state === "closed" ? way.reason : way.state;
  };
  assert.match(reasonOf({ ...known, journal: emptyJournal("web") }, options), /no revision was/);
  const { open: _, ...local } = options;
  assert.match(reasonOf(known, local), /local folder/);
  const folder = { ...desired("1"), revision: "local (4f1c02d)" };
  assert.match(reasonOf({ ...known, journal: { ...journal, good: folder } }, options), /local/);
  // The same files at another commit, and other parameters at the same one.
  assert.match(reasonOf({ ...known, key: "key 1" }, options), /was good before/);
  const same = { ...options, source: { url, revision: commit("1") } };
  assert.match(reasonOf(known, same), /was good before/);
});

Deno.test("what failed is known by its files and parameters, wherever Git is by now", () => {
  const rejected = { ...desired("2"), reason: "no image" };
  const known = { journal: { ...journal, rejected }, key: "key 2" };
  const elsewhere = { ...options, source: { url, revision: commit("3") } };
  assert.deepEqual(rejectionIn(known, elsewhere), { good: journal.good, rejected });
  assert.equal(rejectionIn({ ...known, key: "key 3" }, options), undefined);
  assert.equal(rejectionIn(known, { ...options, retry: true }), undefined);
  assert.equal(rejectionIn({ ...known, journal }, options), undefined);
  const { key: _, ...unkeyed } = rejected;
  const byHand = { journal: { ...journal, rejected: unkeyed }, key: "key 9" };
  assert.ok(rejectionIn(byHand, options));
  assert.equal(rejectionIn(byHand, elsewhere), undefined);
});
