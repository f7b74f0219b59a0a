import { encode } from "uqr";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { expectGoodLooks } from "./testing/shots.ts";
import { INVITE, TOKEN, useVisitor } from "./testing/visitor.ts";

const visitor = useVisitor();
/** In modules, on each side. */
const QUIET_ZONE = 4;

describe("the landing page", () => {
  beforeEach(() => visitor.open("/web-tools/agents"));

  const connect = async (token = TOKEN): Promise<void> => {
    await visitor.page.type("#token", token);
    await visitor.page.click("#connect");
  };
  const choose = async (mode: "create" | "join"): Promise<void> => {
    await visitor.untilVisible("#choice");
    await visitor.page.click(`label:has(input[value=${mode}])`);
  };
  /** The drawn modules as rows of booleans. */
  const drawn = (): Promise<unknown> =>
    visitor.page.evaluate(`(() => {
      const svg = document.querySelector("#qr svg");
      const size = svg.viewBox.baseVal.width;
      const rows = Array.from({ length: size }, () => Array(size).fill(false));
      for (const [, x, y] of svg.querySelector("path").getAttribute("d").matchAll(/M(\\d+) (\\d+)h1v1h-1z/g)) rows[y][x] = true;
      return rows;
    })()`);

  it("creates a conversation and shows its invite as code, text and link", async () => {
    await expectGoodLooks(visitor.page, "agents");
    await connect();
    await choose("create");
    await expectGoodLooks(visitor.page, "agents-create");
    expect(await visitor.nameless()).toEqual([]);
    await visitor.page.type("#name", "Trip planner");
    await visitor.page.type("#instructions", "Help us plan a weekend.");
    await visitor.page.click("#go");
    await visitor.untilVisible("#invite");
    expect(visitor.agent.calls).toEqual([
      { method: "GET", path: "/convos/status", body: undefined },
      {
        method: "POST",
        path: "/convos/conversation",
        body: { name: "Trip planner", instructions: "Help us plan a weekend." },
      },
    ]);
    expect(await visitor.value("#invite-link")).toBe(INVITE);
    expect(await visitor.page.$eval("#open", (link) => link.getAttribute("href"))).toBe(INVITE);
    expect(await drawn()).toEqual(encode(INVITE, { ecc: "M", border: QUIET_ZONE }).data);
    expect(await visitor.focused()).toBe("meeting-title");
    await expectGoodLooks(visitor.page, "agents-invite");
    expect(visitor.complaints).toEqual([]);
  });

  it("copies the link, or says how when the browser does not allow it", async () => {
    await connect();
    await choose("create");
    await visitor.page.click("#go");
    await visitor.untilVisible("#invite");
    await visitor.page.browserContext().setPermission(visitor.agent.url, {
      permission: { name: "clipboard-write" },
      state: "denied",
    });
    await visitor.page.click("#copy");
    await visitor.page.waitForFunction(
      `document.getElementById("copy-note").textContent.includes("copy it yourself")`,
    );
    expect(await visitor.page.evaluate("getSelection().toString()")).toBe(INVITE);
    for (const name of ["clipboard-write", "clipboard-read"] as const) {
      await visitor.page
        .browserContext()
        .setPermission(visitor.agent.url, { permission: { name }, state: "granted" });
    }
    await visitor.page.click("#copy");
    await visitor.page.waitForFunction(`document.getElementById("copy-note").textContent === "Copied."`);
    expect(await visitor.page.evaluate("navigator.clipboard.readText()")).toBe(INVITE);
  });

  it("joins a conversation, where the agent has no invite to give", async () => {
    await connect();
    await choose("join");
    await visitor.page.click("#go");
    expect(await visitor.text("#join-invite-error")).toBe("Please paste the invite link.");
    expect(await visitor.focused()).toBe("join-invite");
    await expectGoodLooks(visitor.page, "agents-join");
    await visitor.page.type("#join-invite", INVITE);
    await visitor.page.click("#go");
    await visitor.untilVisible("#meeting");
    await visitor.page.waitForFunction(
      `document.getElementById("invite-error").textContent.includes("somebody")`,
    );
    expect(visitor.agent.calls.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /convos/status",
      "POST /convos/join",
      "GET /convos/invite",
    ]);
    expect(visitor.agent.calls[1]?.body).toEqual({ inviteUrl: INVITE });
    expect(await visitor.isVisible("#invite")).toBe(false);
  });

  it("waits until the agent is let in", async () => {
    visitor.agent.join = { status: "pending", present: false };
    await connect();
    await choose("join");
    await visitor.page.type("#join-invite", INVITE);
    await visitor.page.click("#go");
    await visitor.untilVisible("#waiting");
    await expectGoodLooks(visitor.page, "agents-waiting");
    await vi.waitFor(() => expect(visitor.agent.calls.at(-1)?.path).toBe("/convos/status"), 10_000);
    expect(await visitor.isVisible("#waiting")).toBe(true);
    visitor.agent.admit();
    await visitor.untilVisible("#meeting");
  });

  it("says that a waiting agent was not let in, why, and that it takes another", async () => {
    visitor.agent.join = { status: "pending", present: false };
    await connect();
    await choose("join");
    await visitor.page.type("#join-invite", INVITE);
    await visitor.page.click("#go");
    await visitor.untilVisible("#waiting");
    visitor.agent.refuse("invite-revoked");
    await visitor.untilVisible("#refused");
    expect(await visitor.text("#refused")).toContain("The invite has been revoked.");
    expect(await visitor.text("#refused")).toContain("can reset it");
    expect(await visitor.focused()).toBe("refused-title");
    await expectGoodLooks(visitor.page, "agents-refused");
    await visitor.open("/web-tools/agents");
    visitor.agent.refuse("something-new");
    await connect();
    await visitor.untilVisible("#refused");
    expect(await visitor.text("#refused-reason")).toBe("The conversation did not let it in.");
  });

  it("says so at once when the answer to the request is a no", async () => {
    visitor.agent.join = { refusal: "conversation-locked" };
    await connect();
    await choose("join");
    await visitor.page.type("#join-invite", INVITE);
    await visitor.page.click("#go");
    await visitor.untilVisible("#refused");
    expect(await visitor.text("#refused-reason")).toBe("The conversation is locked.");
  });

  it("goes on where an earlier visitor left off", async () => {
    await connect();
    await choose("create");
    await visitor.page.click("#go");
    await visitor.untilVisible("#invite");
    await visitor.open("/web-tools/agents");
    await connect();
    await visitor.untilVisible("#invite");
    expect(await visitor.value("#invite-link")).toBe(INVITE);
  });

  it("says clearly that a token is wrong, and what the agent says of an invite", async () => {
    await connect("not-the-token");
    expect(await visitor.untilTold("#token-error")).toBe(
      "That token was not accepted. Please check it and try again.",
    );
    expect(await visitor.value("#token")).toBe("");
    expect(await visitor.focused()).toBe("token");
    await expectGoodLooks(visitor.page, "agents-wrong-token");
    await connect();
    await choose("join");
    await visitor.page.type("#join-invite", "nonsense");
    await visitor.page.click("#go");
    expect(await visitor.untilTold("#conversation-error")).toBe(
      "The invite is malformed or its signature is not valid.",
    );
    await visitor.page.type("#join-invite", INVITE);
    expect(await visitor.page.$eval("#go", (button) => button.hasAttribute("disabled"))).toBe(false);
  });

  it("leaves the token in no address, storage, cache or document, and forgets it on request", async () => {
    await connect();
    await choose("create");
    await visitor.page.click("#go");
    await visitor.untilVisible("#invite");
    const kept = await visitor.page.evaluate(`(async () => {
      const cached = [];
      for (const name of await caches.keys())
        for (const request of await (await caches.open(name)).keys()) cached.push(new URL(request.url).pathname);
      return {
        html: document.documentElement.outerHTML + [...document.querySelectorAll("input")].map((e) => e.id === "token" ? e.value : "").join(),
        storage: JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, await indexedDB.databases()]),
        cached,
      };
    })()`);
    expect(JSON.stringify(kept)).not.toContain(TOKEN);
    expect(kept).toMatchObject({ storage: '[{},{},"",[]]' });
    expect(visitor.page.url()).toBe(`${visitor.agent.url}/web-tools/agents`);
    expect(visitor.agent.paths.filter((path) => path.includes("?") || path.includes(TOKEN))).toEqual([]);
    await visitor.page.click("#forget");
    await visitor.untilVisible("#token-form");
    expect(await visitor.page.evaluate("document.documentElement.outerHTML")).not.toContain(INVITE);
    expect(await visitor.page.$("#qr svg")).toBeNull();
  });

  it("opens from its worker's cache while the agent is down, and says so", async () => {
    await visitor.page.evaluate("navigator.serviceWorker.ready.then(() => true)");
    visitor.agent.down = true;
    await visitor.open("/web-tools/agents?from=home");
    expect(await visitor.text("h1")).toBe("Bring this agent into a conversation");
    await connect();
    expect(await visitor.untilTold("#token-error")).toContain("does not answer");
    const cached = await visitor.page.evaluate(`caches.open("agent-landing").then((cache) => cache.keys())
      .then((keys) => keys.map(({ url }) => new URL(url)).map((url) => url.pathname + url.search))`);
    if (!Array.isArray(cached)) throw new Error("no cache");
    expect(cached).toContain("/web-tools/agents");
    expect(cached.filter((path) => /convos|\?/.test(String(path)))).toEqual([]);
  });
});
