import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";

/** The daemon's answers, as far as they are read. */

const Labels = Type.Union([Type.Record(Type.String(), Type.String()), Type.Null()]);
const Ports = Type.Record(
  Type.String(),
  Type.Union([Type.Array(Type.Object({ HostPort: Type.String({ pattern: "^\\d{1,5}$" }) })), Type.Null()]),
);

export const inspected = Compile(
  Type.Object({
    Id: Type.String({ minLength: 1, maxLength: 128 }),
    State: Type.Object({ Status: Type.String({ maxLength: 32 }), ExitCode: Type.Integer() }),
    Config: Type.Object({ Labels }),
    NetworkSettings: Type.Object({ Ports: Type.Optional(Type.Union([Ports, Type.Null()])) }),
  }),
);

const Listed = Type.Object({
  Names: Type.Array(Type.String({ maxLength: 256 })),
  State: Type.String({ maxLength: 32 }),
  Labels,
});
export const listedContainers = Compile(Type.Array(Listed, { maxItems: 100_000 }));

const Volume = Type.Object({ Name: Type.String({ maxLength: 256 }), Labels });
export const volumeAnswer = Compile(Volume);
export const listedVolumes = Compile(
  Type.Object({ Volumes: Type.Union([Type.Array(Volume, { maxItems: 100_000 }), Type.Null()]) }),
);
export type VolumeAnswer = Static<typeof Volume>;
