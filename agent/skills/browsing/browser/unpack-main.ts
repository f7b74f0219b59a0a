import { Type } from "typebox";
import { Value } from "typebox/value";
import { serveWork } from "../../kit/serve-work.ts";

const Request = Type.Object({ dir: Type.String() });

await serveWork(async (request) => {
  const { dir } = Value.Parse(Request, request);
  process.env.TMPDIR = dir;
  // With this the package also brings the libraries that Chromium needs, which a bare system has not.
  process.env.AWS_LAMBDA_JS_RUNTIME = "nodejs24.x";
  const { default: chromium } = await import("@sparticuz/chromium");
  await chromium.executablePath();
  return null;
}, "The browser could not be unpacked: there may be no room for it.");
