// Walks the boxes of an ISO base media file (ISO/IEC 14496-12), nothing more.

import { toHex, type Bytes } from "../base/bytes.ts";

export interface Box {
  type: string;
  /** For `uuid` boxes the 16 bytes as hex, otherwise empty. */
  uuid: string;
  /** The whole box, header included. */
  whole: Bytes;
  content: Bytes;
}

/** The boxes that stand one after another in `data`; stops at one that is cut off. */
export function* boxes(data: Bytes): Generator<Box> {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at + 8 <= data.length;) {
    let size = view.getUint32(at);
    let header = 8;
    if (size === 1 && at + 16 <= data.length) {
      size = Number(view.getBigUint64(at + 8));
      header = 16;
    } else if (size === 0) {
      size = data.length - at;
    }
    if (size < header || at + size > data.length) return;
    const type = String.fromCharCode(...data.subarray(at + 4, at + 8));
    let uuid = "";
    if (type === "uuid" && size >= header + 16) {
      uuid = toHex(data.subarray(at + header, at + header + 16));
      header += 16;
    }
    const whole = data.subarray(at, at + size);
    yield { type, uuid, whole, content: whole.subarray(header) };
    at += size;
  }
}

/** The first box under this path of types, or null. */
export function find(data: Bytes, ...path: string[]): Box | null {
  const [type, ...rest] = path;
  for (const box of boxes(data)) {
    if (box.type !== type) continue;
    return rest.length === 0 ? box : find(box.content, ...rest);
  }
  return null;
}
