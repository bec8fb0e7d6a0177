/** Files into tasks, in the ways that CVAT has for it. @module */
import { Buffer } from "node:buffer";
import { CheckFailure } from "../check.ts";
import { type CvatApi, excerpt } from "./api.ts";

/** A file to upload. */
export interface Upload {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const QUALITY = 95;

/** All files in one request. */
export async function uploadAtOnce(
  api: CvatApi,
  task: number,
  files: readonly Upload[],
): Promise<void> {
  await api.run("import", `/api/tasks/${task}/data/`, { method: "POST", body: formOf(files) });
}

/** Some files in a form and one in chunks of TUS 1.0.0, between a start and a finish. */
export async function uploadInParts(
  api: CvatApi,
  task: number,
  { together, chunked }: { readonly together: readonly Upload[]; readonly chunked: Upload },
): Promise<void> {
  const path = `/api/tasks/${task}/data/`;
  const step = async (header: string, body: FormData | undefined, wanted: number) => {
    const answer = await api.ask(path, {
      method: "POST",
      headers: { [header]: "true" },
      ...(body === undefined ? {} : { body }),
    });
    if (answer.status === wanted) return;
    throw new CheckFailure(
      `${header} answers ${answer.status}, not ${wanted}: ${excerpt(answer)}`,
      {
        probably: answer.status === 413
          ? "A proxy on the way has a lower limit on bodies: proxy-body-size of the ingress."
          : answer.status >= 500
          ? "The upload broke off at the ingress, or the server is not well."
          : "Another release answers than the one that was deployed.",
      },
    );
  };
  await step("Upload-Start", undefined, 202);
  await step("Upload-Multiple", formOf(together), 200);
  await uploadChunks(api, path, chunked);
  const finish = api.json({ image_quality: QUALITY, sorting_method: "lexicographical" }, {
    "Upload-Finish": "true",
  });
  await api.run("import", path, finish);
}

function formOf(files: readonly Upload[]): FormData {
  const form = new FormData();
  form.set("image_quality", String(QUALITY));
  form.set("sorting_method", "lexicographical");
  files.forEach(({ name, bytes }, index) =>
    form.set(`client_files[${index}]`, new Blob([bytes]), name)
  );
  return form;
}

/** Two chunks, with a look at the offset between them as a client does that was cut off. */
async function uploadChunks(api: CvatApi, path: string, { name, bytes }: Upload): Promise<void> {
  const tus = { "Tus-Resumable": "1.0.0" };
  const creation = await api.ask(path, {
    method: "POST",
    headers: {
      ...tus,
      "Upload-Length": String(bytes.byteLength),
      "Upload-Metadata": `filename ${Buffer.from(name).toString("base64")}`,
      // Releases up to 2.50 build the address from it.
      Origin: api.origin,
    },
  });
  const location = creation.headers.get("location");
  if (creation.status !== 201 || location === null) {
    throw new CheckFailure(
      `A TUS upload can't be begun (status ${creation.status}): ${excerpt(creation)}`,
      {
        probably: "The ingress drops its headers, or the server is not well.",
      },
    );
  }
  const middle = Math.floor(bytes.byteLength / 2);
  for (const [from, to] of [[0, middle], [middle, bytes.byteLength]] as const) {
    const answer = await api.ask(location, {
      method: "PATCH",
      headers: {
        ...tus,
        "Upload-Offset": String(from),
        "content-type": "application/offset+octet-stream",
      },
      body: bytes.slice(from, to),
    });
    const offset = Number(answer.headers.get("upload-offset"));
    if (answer.status !== 204 || offset !== to) {
      throw new CheckFailure(
        `A chunk up to byte ${to} is answered ${answer.status} with offset ${offset}: ${
          excerpt(answer)
        }`,
        {
          probably: answer.status >= 500
            ? "The upload broke off at the ingress, or the server is not well."
            : "A chunk was lost or changed on the way.",
        },
      );
    }
    if (to === bytes.byteLength) return;
    const head = await api.ask(location, { method: "HEAD", headers: tus });
    if (Number(head.headers.get("upload-offset")) !== to) {
      throw new CheckFailure(
        `The server has ${head.headers.get("upload-offset") ?? "no"} bytes, not ${to}`,
        {
          probably: "Several servers answer that do not share the data volume.",
        },
      );
    }
  }
}
