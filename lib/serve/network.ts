/** Addresses and ranges of addresses. @module */
import { BlockList, isIP, isIPv4 } from "node:net";
import { PlumbError } from "../errors.ts";

/** Whether an address is among some ranges. */
export type Range = (address: string) => boolean;

/**
 * Ranges as `10.0.0.0/8`, `fd00::/8`, or one address each.
 *
 * @throws {PlumbError} `usage`
 * @example
 * ```ts
 * import { rangesOf } from "./network.ts";
 * import assert from "node:assert/strict";
 *
 * const inside = rangesOf(["10.0.0.0/8", "::1"]);
 * assert.ok(inside("10.1.2.3"));
 * assert.ok(inside("::ffff:10.1.2.3"));
 * assert.ok(!inside("192.0.2.1"));
 * ```
 */
export function rangesOf(texts: readonly string[]): Range {
  const list = new BlockList();
  for (const text of texts) {
    const [address = "", length] = text.split("/");
    const version = isIP(address);
    const bits = version === 4 ? 32 : 128;
    const prefix = length === undefined ? bits : /^\d{1,3}$/.test(length) ? Number(length) : NaN;
    if (version === 0 || !(prefix <= bits)) {
      throw new PlumbError("usage", `${text} is no range of addresses`, {
        hint: "Write it as 10.0.0.0/8, fd00::/8, or one address.",
      });
    }
    list.addSubnet(address, prefix, version === 4 ? "ipv4" : "ipv6");
  }
  return (address) => {
    const plain = plainAddress(address);
    return isIP(plain) !== 0 && list.check(plain, isIPv4(plain) ? "ipv4" : "ipv6");
  };
}

/** Whether an address is this machine's own. */
export const isLoopback: Range = rangesOf(["127.0.0.0/8", "::1"]);

/** A socket for both families shows IPv4 addresses as `::ffff:192.0.2.1`. */
function plainAddress(address: string): string {
  return address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
}
