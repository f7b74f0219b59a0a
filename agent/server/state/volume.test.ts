import { expect, it } from "vitest";
import { assertOnVolume, isOnVolume } from "./volume.ts";

const CONTAINER = String.raw`1 0 0:1 / / rw - overlay overlay rw,lowerdir=/a
2 1 0:2 / /proc rw - proc proc rw
3 1 0:3 / /tmp rw - tmpfs tmpfs rw
4 1 259:1 /vol /state rw,noatime shared:7 - ext4 /dev/nvme1n1 rw
5 1 259:1 /vol /my\040data rw - xfs /dev/nvme2n1 rw
6 4 0:9 / /state/memory rw - tmpfs tmpfs rw
`;

it.each([
  ["/state", true],
  ["/state/agent", true],
  ["/my data/agent", true],
  ["/stateless", false],
  ["/state/memory", false],
  ["/tmp/state", false],
  ["/var/lib/agent", false],
])("%s in a container: %s", (folder, expected) => {
  expect(isOnVolume(folder, CONTAINER)).toBe(expected);
});

it("goes by what is mounted last in the same place", () => {
  expect(isOnVolume("/state", `${CONTAINER}7 1 0:9 / /state rw - tmpfs tmpfs rw\n`)).toBe(false);
});

it.runIf(process.platform === "linux")("reads what this machine has mounted", () => {
  expect(() => assertOnVolume("/proc-of-nowhere/agent")).toThrow("mount one at /proc-of-nowhere/agent");
});
