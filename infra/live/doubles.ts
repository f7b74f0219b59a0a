import { createServer } from "node:http";
import { TestDouble as AgentMail } from "../local/doubles/agentmail/testing.ts";
import { TestDouble as Bankr, FULL } from "../local/doubles/bankr/testing.ts";
import { TestDouble as OpenRouter } from "../local/doubles/openrouter/testing.ts";
import { TestTelnyx } from "../local/doubles/telnyx/testing.ts";
import type { Settings } from "../local/settings.ts";

/** Somewhere in the world, as far as the doubles know it. */
const SOMEBODYS_PHONE = "+13125550142";
const SOMEBODYS_WALLET = "0x52908400098527886E0F7030069857D2E4169EE7";

export interface LiveDoubles {
  /** What would stand in `.env`. */
  settings: Settings;
  openrouter: OpenRouter;
  agentmail: AgentMail;
  telnyx: TestTelnyx;
  bankr: Bankr;
  close(): Promise<void>;
}

/** The providers on this machine, each with what a person has there before the first test. */
export async function startLiveDoubles(): Promise<LiveDoubles> {
  await using starting = new AsyncDisposableStack();
  const openrouter = await OpenRouter.start();
  starting.defer(() => openrouter.close());
  const lines = [
    { when: "the single word pong", in: "message", use: [], say: "pong" },
    { when: "the colour of this square", in: "message", use: [], say: "Red." },
  ];
  await openrouter.call("PUT", "/__double/openrouter/script", null, { lines });
  const agentmail = await AgentMail.start();
  starting.defer(() => agentmail.close());
  const telnyx = await TestTelnyx.start();
  starting.defer(() => telnyx.close());
  const number = await telnyx.buyNumber(await telnyx.createProfile());
  const bankr = await Bankr.start();
  starting.defer(() => bankr.close());
  const wallet = await bankr.wallet(FULL, { USDC: "1" });
  const page = await startPage();
  starting.defer(() => page.close());
  const doubles = starting.move();
  return {
    settings: {
      OPENROUTER_MANAGEMENT_KEY: openrouter.double.managementKey,
      OPENROUTER_BASE_URL: openrouter.double.url,
      AGENTMAIL_API_KEY: agentmail.double.apiKey,
      AGENTMAIL_BASE_URL: agentmail.double.url,
      TELNYX_API_KEY: telnyx.double.apiKey,
      TELNYX_BASE_URL: telnyx.double.url,
      TELNYX_PHONE_NUMBER: number,
      BANKR_API_KEY: wallet.key,
      BANKR_BASE_URL: bankr.double.url,
      LIVE_SMS_TO: SOMEBODYS_PHONE,
      LIVE_PAY_TO: SOMEBODYS_WALLET,
      LIVE_PAGE_URL: page.url,
    },
    ...{ openrouter, agentmail, telnyx, bankr },
    close: () => doubles.disposeAsync(),
  };
}

async function startPage(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end("<title>Example Domain</title><h1>Example Domain</h1>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the page has no port");
  return {
    url: `http://127.0.0.1:${address.port}/page`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
