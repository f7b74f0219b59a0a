import { Type } from "typebox";
import { expect, test } from "vitest";
import { ConfigError, readEnvironment } from "./environment.ts";

const Schema = Type.Object(
  {
    BOAT_NAME: Type.String({ pattern: "^[a-z]+$" }),
    BOAT_SEATS: Type.Integer({ minimum: 1, maximum: 9, default: 4 }),
    ANCHOR: Type.Optional(Type.Integer({ minimum: 0 })),
    FLAG: Type.Union([Type.Literal("red"), Type.Literal("blue")], { default: "red" }),
  },
  { additionalProperties: false },
);
const boat = { name: "the boat", ownNames: /^BOAT_/ };

test("defaults are filled in, whole numbers converted, and what others use is left alone", () => {
  const config = readEnvironment(Schema, { BOAT_NAME: "argo", ANCHOR: "0", FLAG: "", PATH: "/bin" }, boat);
  expect(config).toEqual({ BOAT_NAME: "argo", BOAT_SEATS: 4, ANCHOR: 0, FLAG: "red" });
  expect(Object.isFrozen(config)).toBe(true);
});

test("all that is wrong is named at once, and no value is quoted", () => {
  const read = () =>
    readEnvironment(Schema, { BOAT_SEATS: "12", FLAG: "SECRET", BOAT_COLOUR: "SECRET" }, boat);
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(
    "the configuration of the boat is not usable (docs/reference/configuration.md):\n" +
      "  BOAT_COLOUR is unknown\n  BOAT_NAME is missing\n  BOAT_SEATS is invalid\n  FLAG is invalid\n",
  );
  expect(read).not.toThrow("SECRET");
});

test.each(["", " 5", "5.0", "1e1", "0x5", "-1", "true", "constructor"])("%j is no whole number", (text) => {
  const environment = { BOAT_NAME: "argo", BOAT_SEATS: text };
  if (text === "") expect(readEnvironment(Schema, environment, boat).BOAT_SEATS).toBe(4);
  else expect(() => readEnvironment(Schema, environment, boat)).toThrow("BOAT_SEATS is invalid");
});

test("decimal numbers are converted where one is asked for", () => {
  const schema = Type.Object({ BOAT_LENGTH: Type.Number({ minimum: 0.5, maximum: 20, default: 2 }) });
  const read = (text: string) => readEnvironment(schema, { BOAT_LENGTH: text }, boat).BOAT_LENGTH;
  expect(["", "0.5", "7", "12.25"].map(read)).toEqual([2, 0.5, 7, 12.25]);
  for (const text of ["0.25", ".5", "5.", "1e1", "-1", "NaN"])
    expect(() => read(text)).toThrow("BOAT_LENGTH is invalid");
});
