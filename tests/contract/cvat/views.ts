/** How CVAT shows what it knows. */
import { EXPORTERS } from "./archives.ts";
import type { Account, Annotations, BackgroundRequest, Task } from "./model.ts";

/** JSON. */
export type View = Readonly<Record<string, unknown>>;

/** An account as others see it. */
export function briefly({ id, username }: Account, base: string): View {
  return { url: `${base}/api/users/${id}`, id, username, first_name: "", last_name: "" };
}

/** An account as it sees itself. */
export function whole(account: Account, base: string): View {
  const isAdmin = account.group === "admin";
  return {
    ...briefly(account, base),
    email: `${account.username}@example.com`,
    groups: [account.group],
    is_staff: isAdmin,
    is_superuser: isAdmin,
    is_active: true,
    last_login: null,
    date_joined: "2026-01-01T00:00:00Z",
    has_analytics_access: isAdmin,
  };
}

/** A task. */
export function taskView(task: Task, base: string): View {
  const { id, frames } = task;
  return {
    url: `${base}/api/tasks/${id}`,
    id,
    name: task.name,
    project_id: null,
    project_name: null,
    mode: frames === undefined ? "" : task.isVideo ? "interpolation" : "annotation",
    owner: briefly(task.owner, base),
    assignee: null,
    bug_tracker: "",
    created_date: task.created,
    updated_date: task.created,
    overlap: null,
    segment_size: frames?.length ?? 0,
    status: "annotation",
    dimension: "2d",
    subset: "",
    organization: null,
    organization_id: null,
    target_storage: null,
    source_storage: null,
    guide_id: null,
    assignee_updated_date: null,
    validation_mode: null,
    consensus_enabled: false,
    data: frames === undefined ? null : id,
    ...(frames === undefined ? {} : {
      size: frames.length,
      image_quality: task.quality,
      data_chunk_size: 72,
      data_original_chunk_type: task.isVideo ? "video" : "imageset",
      data_compressed_chunk_type: "imageset",
      data_cloud_storage_id: null,
    }),
    jobs: {
      count: frames === undefined ? 0 : 1,
      completed: 0,
      validation: 0,
      url: `${base}/api/jobs?task_id=${id}`,
    },
    labels: { url: `${base}/api/labels?task_id=${id}` },
  };
}

/** The only job of a task. */
export function jobView(task: Task, base: string): View {
  const size = task.frames?.length ?? 0;
  return {
    url: `${base}/api/jobs/${task.id}`,
    id: task.id,
    task_id: task.id,
    task_name: task.name,
    project_id: null,
    project_name: null,
    assignee: null,
    guide_id: null,
    dimension: "2d",
    bug_tracker: null,
    status: "annotation",
    stage: "annotation",
    state: "new",
    mode: task.isVideo ? "interpolation" : "annotation",
    frame_count: size,
    start_frame: 0,
    stop_frame: size - 1,
    data_chunk_size: 72,
    data_compressed_chunk_type: "imageset",
    data_original_chunk_type: task.isVideo ? "video" : "imageset",
    created_date: task.created,
    updated_date: task.created,
    issues: { url: `${base}/api/issues?job_id=${task.id}`, count: 0 },
    labels: { url: `${base}/api/labels?job_id=${task.id}` },
    type: "annotation",
    organization: null,
    target_storage: null,
    source_storage: null,
    assignee_updated_date: null,
    parent_job_id: null,
    consensus_replicas: 0,
    replicas_count: 0,
  };
}

/** What is known of a task's pictures. */
export function metaView({ frames = [], quality, isVideo }: Task): View {
  const shown = (isVideo ? frames.slice(0, 1) : frames).map(({ name, width, height }) => (
    { name, width, height, related_files: 0, has_related_context: false }
  ));
  return {
    chapters: null,
    chunks_updated_date: "2026-01-01T00:00:00Z",
    chunk_size: 72,
    size: frames.length,
    image_quality: quality,
    start_frame: 0,
    stop_frame: frames.length - 1,
    frame_filter: "",
    frames: isVideo ? shown.map((frame) => ({ ...frame, name: "video.avi" })) : shown,
    deleted_frames: [],
    included_frames: null,
    storage: "local",
    cloud_storage_id: null,
  };
}

/** Annotations with all that CVAT adds. */
export function annotationsView({ tags, shapes, tracks }: Annotations): View {
  const common = { group: 0, source: "manual", attributes: [] };
  const drawn = { occluded: false, z_order: 0, rotation: 0, attributes: [] };
  return {
    version: 0,
    tags: tags.map((tag) => ({ ...common, ...tag })),
    shapes: shapes.map((shape) => ({ ...common, ...drawn, score: 1, elements: [], ...shape })),
    tracks: tracks.map((track) => ({
      ...common,
      elements: [],
      ...track,
      shapes: track.shapes.map((shape) => ({ ...drawn, ...shape })),
    })),
  };
}

/** A request. */
export function requestView(request: BackgroundRequest, base: string): View {
  const { id, type, task, format, owner, status, message, resultPath } = request;
  return {
    status,
    message,
    id,
    operation: {
      type,
      target: "task",
      project_id: null,
      task_id: task,
      job_id: null,
      format,
      function_id: null,
      lightweight: null,
    },
    progress: 0,
    created_date: request.created,
    started_date: request.started,
    finished_date: request.finished,
    expiry_date: null,
    owner: { id: owner.id, username: owner.username },
    result_url: status === "finished" && resultPath !== null ? base + resultPath : null,
    result_id: status === "finished" && type === "create:task" ? task : null,
  };
}

/** The formats that it knows. */
export function formatsView(): View {
  const format = (name: string) => (
    { name, ext: "ZIP", version: name.split(" ").at(-1) ?? "", enabled: true, dimension: "2d" }
  );
  return { importers: [format("CVAT 1.1")], exporters: [...EXPORTERS.keys()].map(format) };
}

/** A page of a list. */
export function page(results: readonly unknown[]): View {
  return { count: results.length, next: null, previous: null, results };
}
