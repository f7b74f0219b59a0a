import { type Static, Type } from "typebox";

/** How this daemon behaves where daemons differ or time matters. */
export const SettingsSchema = Type.Object(
  {
    /** How long a removal takes; its name stays reserved and a second removal gets 409 meanwhile. */
    removalMs: Type.Integer({ minimum: 0, maximum: 600_000 }),
    /** Ends every pull with this error line after 200 and some progress; "" pulls. */
    pullError: Type.String({ maxLength: 500 }),
    /** Breaks every pull off in the middle of its stream, without an error line and without the image. */
    pullBreaksOff: Type.Boolean(),
  },
  { additionalProperties: false },
);
export type Settings = Static<typeof SettingsSchema>;

export const DEFAULT_SETTINGS: Settings = { removalMs: 0, pullError: "", pullBreaksOff: false };
