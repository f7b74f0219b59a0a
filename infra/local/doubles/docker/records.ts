import { type Static, Type } from "typebox";

const Labels = Type.Record(Type.String(), Type.String());

export const ContainerStatus = Type.Enum([
  "created",
  "running",
  "paused",
  "restarting",
  "removing",
  "exited",
  "dead",
]);
export const HealthStatus = Type.Enum(["none", "starting", "healthy", "unhealthy"]);

/** What `POST /containers/create` takes, as far as this daemon looks at it; the rest is kept and does nothing. */
export const CreateBody = Type.Object({
  Image: Type.String({ minLength: 1 }),
  Env: Type.Optional(Type.Array(Type.String())),
  Labels: Type.Optional(Labels),
  HostConfig: Type.Optional(
    Type.Object({
      Mounts: Type.Optional(
        Type.Array(
          Type.Object({
            Type: Type.Literal("volume"),
            Source: Type.String({ minLength: 1 }),
            Target: Type.String({ pattern: "^/" }),
            VolumeOptions: Type.Optional(Type.Object({ Labels: Type.Optional(Labels) })),
          }),
        ),
      ),
      PortBindings: Type.Optional(
        Type.Record(
          Type.String({ pattern: "^\\d+/tcp$" }),
          Type.Array(
            Type.Object({ HostIp: Type.Optional(Type.String()), HostPort: Type.Optional(Type.String()) }),
            {
              maxItems: 1,
            },
          ),
        ),
      ),
      RestartPolicy: Type.Optional(Type.Object({ Name: Type.String() })),
    }),
  ),
});
export type CreateBody = Static<typeof CreateBody>;

export const ContainerRecord = Type.Object({
  id: Type.String(),
  name: Type.String(),
  body: CreateBody,
  status: ContainerStatus,
  health: HealthStatus,
  exitCode: Type.Integer(),
  oomKilled: Type.Boolean(),
  restartCount: Type.Integer(),
  createdAt: Type.String(),
  startedAt: Type.String(),
  finishedAt: Type.String(),
  /** When its removal ends, in ms since the epoch; 0 while nobody removes it. */
  goneAtMs: Type.Number(),
});
export type ContainerRecord = Static<typeof ContainerRecord>;

export const VolumeBody = Type.Object({
  Name: Type.String({ pattern: "^[a-zA-Z0-9][a-zA-Z0-9_.-]+$" }),
  Labels: Type.Optional(Labels),
});
export const VolumeRecord = Type.Object({ name: Type.String(), labels: Labels, createdAt: Type.String() });
export type VolumeRecord = Static<typeof VolumeRecord>;

export const ImageRecord = Type.Object({ name: Type.String() });
