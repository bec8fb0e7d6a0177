/**
 * Traces and metrics over OTLP, through Deno's own OpenTelemetry: with `OTEL_DENO=true` it sends what the API is told,
 * and the requests of a run by itself. Without it nothing of this is loaded.
 * @module
 */
import type { Span } from "@opentelemetry/api";
import type { Emit, Event } from "../event.ts";
import type { CommandContext } from "./command.ts";
import { VERSION } from "./version.ts";

/** Runs a command within a span, and makes spans and metrics of its events. @returns its exit code. */
export async function traced(
  command: string,
  context: CommandContext,
  run: (context: CommandContext) => Promise<number>,
): Promise<number> {
  if (context.environment["OTEL_DENO"] !== "true") return await run(context);
  const api = await import("@opentelemetry/api");
  return await api.trace.getTracer("plumb", VERSION).startActiveSpan(
    `plumb ${command}`,
    async (root) => {
      const telemetry = new Telemetry(api, root);
      try {
        const code = await run({ ...context, listen: telemetry.listen });
        root.setAttribute("plumb.exit_code", code);
        if (code === 1) root.setStatus({ code: api.SpanStatusCode.ERROR });
        return code;
      } finally {
        telemetry.end();
        root.end();
      }
    },
  );
}

type Api = typeof import("@opentelemetry/api");

/** Spans of the stages and checks of a run, and its numbers. */
class Telemetry {
  readonly #api: Api;
  readonly #root: Span;
  readonly #checks = new Map<string, Span>();
  #stage: Span | undefined;
  #component = "";

  constructor(api: Api, root: Span) {
    this.#api = api;
    this.#root = root;
  }

  readonly listen: Emit = (event) => {
    switch (event.type) {
      case "run":
        this.#component = event.component;
        this.#root.setAttributes({ "plumb.component": event.component, "plumb.mode": event.mode });
        break;
      case "source":
        this.#root.setAttribute("plumb.revision", event.revision);
        break;
      case "stage":
        this.#stage?.end();
        this.#stage = this.#start(event.stage);
        break;
      case "plan":
        this.#meter.createGauge("plumb.drifted.objects").record(event.drifted ?? 0, this.#labels);
        break;
      case "check":
        this.#listenToCheck(event);
        break;
      case "result": {
        this.#root.setAttribute("plumb.outcome", event.outcome);
        const labels = { ...this.#labels, outcome: event.outcome };
        this.#meter.createCounter("plumb.runs").add(1, labels);
        this.#meter.createHistogram("plumb.run.duration", { unit: "s" })
          .record(event.seconds, labels);
        break;
      }
    }
  };

  end(): void {
    this.#stage?.end();
    for (const span of this.#checks.values()) span.end();
  }

  #listenToCheck({ name, status, message }: Extract<Event, { type: "check" }>): void {
    if (status === "running") {
      this.#stage?.end();
      this.#stage = undefined;
      this.#checks.set(name, this.#start(`check ${name}`));
      return;
    }
    const labels = { ...this.#labels, check: name, result: status };
    this.#meter.createCounter("plumb.checks").add(1, labels);
    const span = this.#checks.get(name);
    this.#checks.delete(name);
    span?.setAttribute("plumb.check.result", status);
    if (status === "failed") {
      const code = this.#api.SpanStatusCode.ERROR;
      span?.setStatus({ code, ...(message === undefined ? {} : { message }) });
    }
    span?.end();
  }

  get #meter() {
    return this.#api.metrics.getMeter("plumb", VERSION);
  }

  get #labels() {
    return { component: this.#component };
  }

  #start(name: string): Span {
    const { context, trace } = this.#api;
    const parent = trace.setSpan(context.active(), this.#root);
    return trace.getTracer("plumb", VERSION).startSpan(name, {}, parent);
  }
}
