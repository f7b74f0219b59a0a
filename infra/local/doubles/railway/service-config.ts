import { isDeepStrictEqual } from "node:util";
import Type from "typebox";
import { Value } from "typebox/value";
import { failure } from "./errors.ts";
import type { ServiceConfig } from "./records.ts";

const Patch = Type.Object({
  services: Type.Optional(
    Type.Record(
      Type.String(),
      Type.Object({
        source: Type.Optional(Type.Object({ image: Type.Optional(Type.String()) })),
        deploy: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
        variables: Type.Optional(
          Type.Record(Type.String(), Type.Union([Type.Object({ value: Type.String() }), Type.Null()])),
        ),
      }),
    ),
  ),
});

/** The changed configuration of each service that a patch names; those it does not change are left out. */
export function applyPatch(
  patch: unknown,
  configOf: (serviceId: string) => ServiceConfig,
): Map<string, ServiceConfig> {
  if (!Value.Check(Patch, patch)) throw failure("Invalid environment configuration");
  const changed = new Map<string, ServiceConfig>();
  for (const [serviceId, change] of Object.entries(patch.services ?? {})) {
    const config = configOf(serviceId);
    const variables = { ...config.variables };
    for (const [name, variable] of Object.entries(change.variables ?? {})) {
      if (variable === null) delete variables[name];
      else variables[name] = variable.value;
    }
    const next: ServiceConfig = {
      image: change.source?.image ?? config.image,
      deploy: { ...config.deploy, ...change.deploy },
      variables,
    };
    if (!isDeepStrictEqual(config, next)) changed.set(serviceId, next);
  }
  return changed;
}

const Variables = Type.Record(Type.String(), Type.String());

export function parseVariables(variables: unknown): Record<string, string> {
  if (!Value.Check(Variables, variables)) throw failure("Invalid variables");
  return variables;
}
