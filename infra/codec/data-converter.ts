import { fileURLToPath } from "node:url";
import type { DataConverter } from "@temporalio/common";
import type { MasterKeySet } from "../config/master-keys.ts";
import { SealingCodec } from "./payload-codec.ts";

/** How every client and worker of the platform turns values into what Temporal stores. Sealed payloads are always read. */
export function dataConverterOf(keys: MasterKeySet, codec: "on" | "off"): DataConverter {
  const payloadCodecs = [new SealingCodec(keys, codec === "on")];
  if (codec === "off") return { payloadCodecs };
  return {
    payloadCodecs,
    failureConverterPath: fileURLToPath(new URL("./failure-converter.ts", import.meta.url)),
  };
}
