import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import type { ErrorObject } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { DYNAMIC_CONFIG } from "../local/temporal.ts";
import { importsOf } from "./imports.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const FILE = "docker-compose.temporal.yml";
const text = readFileSync(join(ROOT, FILE), "utf8");

/** As much of a service as these tests look at. */
const Service = Type.Object({
  image: Type.String(),
  build: Type.Optional(Type.Object({ context: Type.String(), dockerfile: Type.String() })),
  command: Type.Optional(Type.Array(Type.String())),
  restart: Type.String(),
  ports: Type.Optional(Type.Array(Type.String())),
  volumes: Type.Optional(Type.Array(Type.String())),
  environment: Type.Optional(Type.Record(Type.String(), Type.String())),
  healthcheck: Type.Optional(Type.Object({ test: Type.Array(Type.String()) })),
  depends_on: Type.Optional(Type.Record(Type.String(), Type.Object({ condition: Type.String() }))),
});
const Compose = Type.Object({
  services: Type.Record(Type.String(), Service),
  volumes: Type.Record(Type.String(), Type.Null()),
});
const { services, volumes } = Value.Parse(Compose, parse(text, { merge: true }));
const each = Object.entries(services);
const isJob = (name: string) => services[name]?.restart.startsWith("on-failure") === true;

function schemaErrors(compose: unknown): ErrorObject[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  for (const name of ["duration", "ports", "expose", "subnet_ip_address"]) ajv.addFormat(name, true);
  const schema = JSON.parse(readFileSync(join(import.meta.dirname, "testdata", "compose-spec.json"), "utf8"));
  const validate = ajv.compile(schema);
  validate(compose);
  return validate.errors ?? [];
}

/** The programs and every file of the repository that they import, types apart. */
function closure(programs: readonly string[]): ReadonlySet<string> {
  const files = new Set(programs);
  for (const file of files) {
    for (const { specifier, isType } of importsOf(readFileSync(join(ROOT, file), "utf8"))) {
      if (specifier.startsWith(".") && !isType) files.add(normalize(join(dirname(file), specifier)));
    }
  }
  return files;
}

describe(FILE, () => {
  it("follows the Compose specification", () => {
    expect(schemaErrors(parse(text, { merge: true }))).toEqual([]);
  });

  it("is checked by a schema that finds a mistake", () => {
    const wrong = parse(text, { merge: true });
    wrong.services.gateway.depends_on.migrate.condition = "service_completed";
    wrong.services.gateway.prots = [];
    expect(schemaErrors(wrong).map(({ instancePath }) => instancePath)).toEqual(
      expect.arrayContaining(["/services/gateway", "/services/gateway/depends_on/migrate/condition"]),
    );
  });

  it("has the services of a production-like Temporal and of the platform", () => {
    expect(Object.keys(services).sort()).toEqual([
      ...["claim-worker", "gateway", "migrate", "postgres", "temporal", "temporal-namespace"],
      ...["temporal-schema", "temporal-ui", "workers"],
    ]);
  });

  it("binds every port to this machine only", () => {
    const ports = each.flatMap(([, service]) => service.ports ?? []);
    expect(ports).toHaveLength(4);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\$\{[A-Z_]+_PORT:-\d+\}:\d+$/);
  });

  it("pins every image to a release", () => {
    for (const [name, { image, build }] of each) {
      if (!build) expect(image, name).toMatch(/^[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z]+)?$/);
    }
    expect(readFileSync(join(ROOT, "infra/container/Dockerfile"), "utf8")).toMatch(
      /^FROM node:24\.\d+\.\d+-/m,
    );
  });

  it("refers only to files and volumes that exist", () => {
    for (const [name, { build, volumes: mounts = [], command = [] }] of each) {
      if (build) expect(existsSync(join(ROOT, build.context, build.dockerfile)), name).toBe(true);
      for (const mount of mounts) {
        const [source = ""] = mount.split(":");
        if (source.startsWith("./")) expect(statSync(join(ROOT, source)).isFile(), source).toBe(true);
        else expect(Object.keys(volumes)).toContain(source);
      }
      for (const part of command) {
        if (part.endsWith(".ts")) expect(existsSync(join(ROOT, part)), part).toBe(true);
      }
    }
  });

  it("copies into the image only what exists, and everything that its programs import", () => {
    const dockerfile = readFileSync(join(ROOT, "infra/container/Dockerfile"), "utf8");
    const copied = [...dockerfile.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, sources = ""]) =>
      sources.split(" "),
    );
    for (const source of copied) expect(existsSync(join(ROOT, source)), source).toBe(true);
    const programs = each.flatMap(([, { command = [] }]) => command.filter((part) => part.endsWith(".ts")));
    expect(programs).toHaveLength(4);
    for (const file of closure([...programs, "workflows/index.ts", "agent/server/main.ts"])) {
      expect(
        copied.some((source) => file === source || file.startsWith(`${source}/`)),
        file,
      ).toBe(true);
      expect(file, "left out by Dockerfile.dockerignore").not.toMatch(/\.test\.ts$|\/testing\/|\/testdata\//);
    }
  });

  it("waits for what it depends on in a way that can come true", () => {
    for (const [name, { depends_on = {} }] of each) {
      for (const [target, { condition }] of Object.entries(depends_on)) {
        expect(services[target], `${name} depends on ${target}`).toBeDefined();
        const expected = isJob(target)
          ? "service_completed_successfully"
          : services[target]?.healthcheck
            ? "service_healthy"
            : "service_started";
        expect(condition, `${name} depends on ${target}`).toBe(expected);
      }
    }
  });

  it("starts every service after all that it needs, without a circle", () => {
    const needs = (name: string, path: readonly string[] = []): readonly string[] => {
      expect(path, "a circle").not.toContain(name);
      const direct = Object.keys(services[name]?.depends_on ?? {});
      return [...direct, ...direct.flatMap((next) => needs(next, [...path, name]))];
    };
    for (const name of ["gateway", "workers", "claim-worker"]) {
      expect(needs(name)).toEqual(
        expect.arrayContaining(["postgres", "temporal-schema", "temporal", "temporal-namespace", "migrate"]),
      );
    }
  });

  it("keeps every secret out of the file and out of process arguments", () => {
    for (const [name, { environment = {}, command = [] }] of each) {
      for (const [key, value] of Object.entries(environment)) {
        if (/PASSWORD|PWD|_KEY$/.test(key))
          expect(value, `${name} ${key}`).toMatch(/^\$\{[A-Z_]+:(\?[^}]+|-)\}$/);
      }
      expect(command.join(" ")).not.toContain("${");
    }
  });

  it("has separate roles for Temporal and the platform", () => {
    expect(services.temporal?.environment?.POSTGRES_USER).toBe("temporal");
    expect(services.gateway?.environment?.DATABASE_URL).toMatch(/^postgresql:\/\/convos:\$\{APP_DB_PASSWORD/);
    expect(services.temporal?.environment?.NUM_HISTORY_SHARDS).toBe("512");
  });

  it("gives the server the same settings as the local stack", () => {
    const config = parse(readFileSync(join(ROOT, "infra/temporal/dynamicconfig.yaml"), "utf8"));
    for (const [key, value] of Object.entries(DYNAMIC_CONFIG)) expect(config[key], key).toEqual([{ value }]);
  });
});
