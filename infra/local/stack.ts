import { migrate } from "../postgres/migrate.ts";
import { choosePort } from "./choose-port.ts";
import { DEFAULT_PORTS } from "./options.ts";
import { platformEnvironment } from "./platform-environment.ts";
import type { Program } from "./programs.ts";
import type { Progress } from "./progress.ts";
import { modelProviderUrl, providersWithKey, providersWithoutKey } from "./provider-accounts.ts";
import { writeCredentials } from "./secrets.ts";
import { xmtpNetwork } from "./settings.ts";
import {
  type PartContext,
  runDoubles,
  runOwnProgram,
  runPostgres,
  runTemporal,
  runXmtpNode,
} from "./stack-parts.ts";
import type { TemporalSource } from "./temporal/find.ts";

export type RunningStack = {
  readonly apiUrl: string;
  readonly temporalUiUrl: string | undefined;
  readonly temporalAddress: string;
  readonly xmtpNetwork: string;
  /** Providers that a double on this machine plays. */
  readonly standIns: readonly string[];
  readonly realProviders: readonly string[];
  readonly openrouterUrl: string;
  /** Where the doubles are, by the settings that say it: `TELNYX_BASE_URL` and the like. No secret. */
  readonly standInUrls: Readonly<Record<string, string>>;
};

/**
 * Starts every part in order and returns where it is reached. With a real key in `settings` the provider's double is
 * left out, and with another network the XMTP node.
 */
export async function startStack(
  context: PartContext,
  progress: Progress,
  programs: readonly Program[],
): Promise<RunningStack> {
  const { options, settings, state, secrets, note } = context;
  const databaseUrl = await progress.step("Postgres", () => runPostgres(context), postgresSummary);
  await progress.step("Migrations", () => migrate(databaseUrl));
  const temporal = await progress.step("Temporal", () => runTemporal(context), temporalSummary);
  for (const { source, reason } of temporal.source.skipped) note(`not taken: ${source}: ${reason}`);

  const network = xmtpNetwork(settings);
  const xmtpUrl =
    network === "local" ? await progress.step("XMTP node", () => runXmtpNode(context), String) : undefined;

  const standIns = providersWithoutKey(settings);
  const doubles =
    standIns.length === 0
      ? {}
      : await progress.step(
          "Provider doubles",
          () => runDoubles(context, standIns),
          () => standIns.join(", "),
        );
  const openrouterUrl = modelProviderUrl(settings, doubles);

  const { asked, usual } = { asked: options.gatewayPort, usual: DEFAULT_PORTS.gateway };
  const apiPort = await choosePort({ part: "the gateway", asked, usual, note });
  const apiUrl = `http://127.0.0.1:${apiPort}`;
  const environment = platformEnvironment(context, {
    ...{ databaseUrl, temporal, xmtpUrl, openrouterUrl, apiPort, apiUrl },
    xmtpNetwork: network,
    doubles,
  });
  // Only now: after a crash, what an operator has set since stays.
  const firstEnv = options.pool === undefined ? {} : { POOL_RETARGET: "1" };
  for (const program of programs) {
    await progress.step(program.name, () =>
      runOwnProgram(context, { ...program, env: environment, firstEnv }),
    );
  }
  const { apiKey } = secrets;
  await writeCredentials(state.path, { apiUrl, apiKey, xmtpEnv: network, xmtpApiUrl: xmtpUrl });
  return {
    apiUrl,
    temporalUiUrl: temporal.uiUrl,
    temporalAddress: temporal.address,
    xmtpNetwork: network,
    standIns,
    realProviders: providersWithKey(settings),
    openrouterUrl,
    standInUrls: Object.fromEntries(Object.entries(doubles).filter(([name]) => name.endsWith("_BASE_URL"))),
  };
}

/** Never the URL itself: it holds the password. */
function postgresSummary(url: string): string {
  const { host } = new URL(url);
  return host;
}

function temporalSummary({ address, source }: { address: string; source: TemporalSource }): string {
  if (source.kind === "server") return `${address} (${source.source})`;
  return `${address}, server ${source.serverVersion} from ${source.source}`;
}
