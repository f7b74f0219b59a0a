import { describe, expect, it } from "vitest";
import { OptionsError, parseOptions, USAGE } from "./options.ts";

const parse = (...args: string[]) => parseOptions(args, "/repository");

describe("parseOptions", () => {
  it("has a default for everything", () => {
    expect(parse()).toEqual({
      fresh: false,
      pool: undefined,
      stateDir: "/repository/.local",
      gatewayPort: undefined,
      uiPort: undefined,
      xmtpPort: undefined,
      headless: false,
      json: false,
      help: false,
    });
  });

  it("reads every option", () => {
    const all =
      "--fresh --pool 3 --state other --port 1 --ui-port 2 --xmtp-port 65535 --headless --json --help";
    expect(parse(...all.split(" "))).toEqual({
      fresh: true,
      pool: 3,
      stateDir: "/repository/other",
      gatewayPort: 1,
      uiPort: 2,
      xmtpPort: 65_535,
      headless: true,
      json: true,
      help: true,
    });
    expect(parse("--state=/elsewhere", "--pool=0")).toMatchObject({ stateDir: "/elsewhere", pool: 0 });
  });

  it.each([
    [["--what"], "--what"],
    [["start"], "start"],
    [["--pool"], "--pool"],
    [["--pool", "51"], '--pool takes a whole number from 0 to 50, not "51"'],
    [["--pool", "1.5"], '"1.5"'],
    [["--pool", "-1"], "--pool"],
    [["--port", "0"], "--port takes a whole number from 1 to 65535"],
    [["--port", "65536"], '"65536"'],
    [["--ui-port", "0x10"], '"0x10"'],
    [["--fresh=yes"], "--fresh"],
  ])("refuses %j", (args, message) => {
    expect(() => parse(...args)).toThrow(OptionsError);
    expect(() => parse(...args)).toThrow(message);
  });

  it("mentions every option in its help", () => {
    for (const flag of [
      "fresh",
      "pool",
      "state",
      "port",
      "ui-port",
      "xmtp-port",
      "headless",
      "json",
      "help",
    ]) {
      expect(USAGE).toContain(`--${flag} `);
    }
  });
});
