import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { serveWork } from "../../kit/serve-work.ts";

const Request = Type.Object({ dir: Type.String() });

const fontConfig = (dir: string): string => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${dir}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${dir}/fonts-cache</cachedir>
</fontconfig>
`;

await serveWork(async (request) => {
  const { dir } = Value.Parse(Request, request);
  process.env.TMPDIR = dir;
  // With this the package also brings the libraries that Chromium needs, which a bare system has not.
  process.env.AWS_LAMBDA_JS_RUNTIME = "nodejs24.x";
  const { default: chromium } = await import("@sparticuz/chromium");
  await chromium.executablePath();
  // Its own names folders that we do not unpack to, and without any font Chromium crashes at the first field of a form.
  await writeFile(join(dir, "fonts", "fonts.conf"), fontConfig(dir));
  return null;
}, "The browser could not be unpacked: there may be no room for it.");
