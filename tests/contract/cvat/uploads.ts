/** Files on their way into a task: forms, and TUS 1.0.0. */
import { Buffer } from "node:buffer";
import { empty, html, json, Refusal } from "./answers.ts";
import type { Faults } from "./faults.ts";
import type { Task } from "./model.ts";

type Bytes = Uint8Array<ArrayBuffer>;

interface Upload {
  readonly name: string;
  readonly task: Task;
  readonly length: number;
  bytes: Bytes;
}

/** Takes files that come in chunks. */
export class Uploads {
  readonly #faults: Faults;
  readonly #uploads = new Map<string, Upload>();

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  /** Begins one, or the session of several; undefined for any other request. @param address what it is to be known by. */
  begin(
    request: Request,
    task: Task,
    user: number,
    address: (id: string) => string,
  ): Response | undefined {
    if (!request.headers.has("upload-length")) {
      return request.headers.has("upload-start") ? empty(202) : undefined;
    }
    const metadata = /filename ([^,]+)/.exec(request.headers.get("upload-metadata") ?? "")?.[1];
    const name = Buffer.from(metadata ?? "", "base64").toString();
    const length = Number(request.headers.get("upload-length"));
    const id = `${user}_${crypto.randomUUID()}`;
    this.#uploads.set(id, { name, task, length, bytes: new Uint8Array() });
    return empty(201, { location: address(id), "upload-filename": name, "tus-resumable": "1.0.0" });
  }

  /** Goes on with one, or tells how far it is. */
  go(id: string, request: Request, body: Bytes): Response {
    const upload = this.#uploads.get(id);
    if (upload === undefined) return empty(404);
    if (request.method === "HEAD") {
      const headers = {
        "upload-offset": String(upload.bytes.byteLength),
        "upload-length": String(upload.length),
      };
      return empty(200, headers);
    }
    if (this.#faults.breaksUploads) throw new Refusal(html("502 Bad Gateway", 502));
    if (Number(request.headers.get("upload-offset")) !== upload.bytes.byteLength) return empty(409);
    const { bytes } = upload;
    upload.bytes = new Uint8Array([...bytes, ...body]);
    if (upload.bytes.byteLength >= upload.length) {
      upload.task.files.set(upload.name, upload.bytes);
      this.#uploads.delete(id);
    }
    return empty(204, { "upload-offset": String(upload.bytes.byteLength) });
  }
}

/** Files of a form, under the names that they have in it. */
export async function filesIn(form: FormData, field: RegExp): Promise<[string, Bytes][]> {
  const files = [...form].flatMap(([name, value]) =>
    field.test(name) && value instanceof File ? [value] : []
  );
  return await Promise.all(
    files.map(async (file) =>
      [file.name.split("/").at(-1) ?? "", new Uint8Array(await file.arrayBuffer())] as [
        string,
        Bytes,
      ]
    ),
  );
}

/** What CVAT says when the quality of pictures is not given. */
export function lacksQuality(): never {
  throw new Refusal(json({ image_quality: ["This field is required."] }, 400));
}
